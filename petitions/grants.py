"""Who may do what in PostgreSQL, as SQL: no web role reads a sealed box (privacy.md).

Two web roles, one for each door. The signers' deletes no row; an injection into its pages, or its stolen password,
yields no sealed name, no address, no organiser's credential, and alters no text, addressee, edition or delivery, and
no position in the log. What it can do is what signers do on the web, to every signature: withdraw it, erase it, change
its choice and country. It can read what rows hold openly, such as names listed on a page. The log keeps a position and
a commitment of whatever was counted. The organisers' can change what organisers change, and no signature but its
state. One process that serves both doors has both rights. A further role owns the tables and runs
`petitions db upgrade`; none of these may own them.
"""

from collections.abc import Iterable, Mapping

from psycopg.sql import Identifier
from sqlalchemy import Table

from petitions.db import Base
from petitions.migrate import REVISIONS_TABLE
from petitions.models import Branch  # and with it every table

UNREADABLE = {  # by either web role
    "signatures": {"name_box", "mail_box"},
    "data_keys": {"sealed_key"},
    "letters": {"address_box", "secret_box"},
    "photos": {"upload_box", "image_box"},
    "subscriptions": {"box"},
}
APPEND_ONLY = {"audit_entries"}

THE_LOGS = {  # columns that only the worker fills: a place in a log, and how far the log is
    "signatures": {"position", "withdrawal_position"},
    "petitions": {"log_size", "log_number", "log_stopped_at", "counted_at"},
}

# -- the signers' door
HIDDEN = {
    "held_copies": {"name", "city"},
    "prisoners": {"consent_by", "consent_evidence", "health", "harm_assessment", "harm_limits"},
}
NOT_FOR_SIGNERS = {
    "approvals", "authority_imports", "channel_changes", "delivery_attempts", "document_progress", "erasures",
    "exports", "handouts", "invalidation_rows", "invalidations", "invitations", "mail_caps",
    "mail_domain_days", "mail_domains", "member_sessions", "members", "named_leases", "passkeys",
    "password_resets", "previews", "proposals", "report_copies", "trends", "update_letters",
}
INSERTED = (
    "audit_entries", "data_keys", "letters", "photos", "report_messages", "reports", "signatures", "slots",
    "suppressions",
)
UPDATED = {
    "held_copies": ("state", "name", "city"),  # erasing ends them
    "petitions": ("confirmed_count",),
    "links": ("downloads", "first_downloaded_at", "last_downloaded_at"),
    "reports": ("state", "settled_on"),
    "signatures": (
        "state", "held_reason", "disclosure", "shows_city", "wants_listing", "wants_news", "public_name",
        "owner_confirmed_on", "confirmed_on", "withdrawn_on", "erased_at", "expires_at",
        "confirm_net_tag", "confirm_pace",
        # what erasing empties:
        "country",
        "name_box", "mail_box", "self_box", "dedup_tag", "content_tag", "net_tag", "token_hash",
        "name_key_id", "mail_key_id",
    ),
    "slots": ("tag",),
    "subscriptions": ("ended_at", "tag", "token_hash", "key_id", "box"),
}

# -- the organisers' door
NOT_FOR_DESK = {"mail_caps", "named_leases", "suppressions", "data_keys"}
# What a preview froze and what was noted of a delivery stay so; a released signature takes its place.
DESK_ADDS = {"delivery_attempts", "invalidation_rows", "slots"}
DESK_ONLY_READS = {
    "document_progress", "former_seals", "log_checkpoints", "log_tiles", "mail_domain_days", "mail_domains",
    "subscriptions", "switches", "volumes",
}
DESK_UPDATES = {
    # neither its keys, nor that the operator knows it: `verified_at` may only be taken away, which no grant can say
    "branches": (*Branch.PRINTED, "verified_at", "frozen_at", "frozen_by", "takes_reports", "report_countries"),
    "documents": ("state",),  # superseded before it left
    "links": ("revoked_at", "revoked_by_id"),
    "update_letters": ("state", "reason", "lease_owner", "lease_until"),  # news that is ended
    # holding takes the name off the page; releasing counts, or gives the letter a whole term
    "signatures": ("state", "held_reason", "public_name", "confirmed_on", "expires_at", "counts_again_since"),
}
DESK_DELETES = (
    "addressees", "approvals", "authority_imports", "passkeys", "password_resets", "petition_texts", "photos",
    "prisoner_events", "triggers", "update_texts",
)


def grants(web: str, desk: str, worker: str) -> str:
    """The statements for existing roles, in one transaction; run them as the owner after every upgrade. `web` answers
    signers and `desk` organisers; they may be one role."""
    web, desk, worker = _quote(web), _quote(desk), _quote(worker)
    roles = ", ".join(dict.fromkeys((web, desk, worker)))
    tables = Base.metadata.sorted_tables
    every = ", ".join([*(_quote(table.name) for table in tables), REVISIONS_TABLE])
    sequences = ", ".join(_sequence(table.name) for table in tables)
    lines = [
        "BEGIN;",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {roles};",
        f"REVOKE ALL ON {every} FROM PUBLIC, {roles};",
        f"REVOKE ALL ON SEQUENCE {sequences} FROM PUBLIC, {roles};",
        f"GRANT SELECT ON {REVISIONS_TABLE} TO {roles};",
    ]
    for table in tables:
        lines += _signers_may(table, web)
        lines += _organisers_may(table, desk)
        rights = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        lines.append(f"GRANT {rights} ON {_quote(table.name)} TO {worker};")
        lines.append(f"GRANT USAGE ON SEQUENCE {_sequence(table.name)} TO {worker};")
    return "\n".join([*lines, "COMMIT;", ""])


def _signers_may(table: Table, role: str) -> list[str]:
    lines = []
    if table.name not in NOT_FOR_SIGNERS:
        lines.append(_select(table, role, HIDDEN.get(table.name, set())))
    if table.name in INSERTED:
        lines += _insert(table, role, THE_LOGS)
    if table.name in UPDATED:
        lines.append(f"GRANT UPDATE{_columns(UPDATED[table.name])} ON {_quote(table.name)} TO {role};")
    return lines


def _organisers_may(table: Table, role: str) -> list[str]:
    name = table.name
    if name in NOT_FOR_DESK:
        return []
    lines = [_select(table, role, set())]
    if name in APPEND_ONLY or name in DESK_ADDS:
        return [*lines, *_insert(table, role)]
    if name in DESK_UPDATES:
        return [*lines, f"GRANT UPDATE{_columns(DESK_UPDATES[name])} ON {_quote(name)} TO {role};"]
    if name not in DESK_ONLY_READS:
        lines += [*_insert(table, role), f"GRANT UPDATE{_but(table, THE_LOGS)} ON {_quote(name)} TO {role};"]
    if name in DESK_DELETES:
        lines.append(f"GRANT DELETE ON {_quote(name)} TO {role};")
    return lines


def _select(table: Table, role: str, hidden: set[str]) -> str:
    hidden = hidden | UNREADABLE.get(table.name, set())
    return f"GRANT SELECT{_but(table, {table.name: hidden})} ON {_quote(table.name)} TO {role};"


def _insert(table: Table, role: str, kept: Mapping[str, set[str]] | None = None) -> list[str]:
    return [
        f"GRANT INSERT{_but(table, kept or {})} ON {_quote(table.name)} TO {role};",
        f"GRANT USAGE ON SEQUENCE {_sequence(table.name)} TO {role};",
    ]


def _but(table: Table, kept: Mapping[str, set[str]]) -> str:
    """The columns of a table but for those that are kept from a role; nothing for all of them."""
    without = kept.get(table.name, set())
    return _columns(column.name for column in table.columns if column.name not in without) if without else ""


def _columns(names: Iterable[str]) -> str:
    return f" ({', '.join(_quote(name) for name in names)})"


def _sequence(table: str) -> str:
    return _quote(f"{table}_id_seq")


def _quote(name: str) -> str:
    return Identifier(name).as_string()
