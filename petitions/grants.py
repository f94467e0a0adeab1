"""Who may do what in PostgreSQL, as SQL: the web's role reads no sealed box and deletes no row (privacy.md).

So an injection into the web, or its stolen password, yields no sealed name and no address, and alters no text,
addressee, edition or delivery, and no position in the log. What it can do is what signers do on the web, to every
signature: withdraw it, erase it, change its choice and country. It can read what rows hold openly, such as names listed
on a page. The log keeps a position and a commitment of whatever was counted. A third role owns the tables and runs
`petitions db upgrade`; neither of these two may own them.
"""

from collections.abc import Iterable

from psycopg.sql import Identifier
from sqlalchemy import Table

import petitions.models  # noqa: F401 - fills the metadata
from petitions.db import Base
from petitions.migrate import REVISIONS_TABLE

UNREADABLE = {
    "signatures": {"name_box", "mail_box"},
    "data_keys": {"sealed_key"},
    "prisoners": {"consent_by", "consent_evidence"},  # who spoke for the prisoner
}
WORKER_ONLY = {"mail_caps", "named_leases", "delivery_attempts", "members", "approvals"}
INSERTED = ("audit_entries", "data_keys", "letters", "signatures", "slots", "suppressions")
UPDATED = {
    "petitions": ("confirmed_count",),
    "signatures": (
        "state", "held_reason", "disclosure", "shows_city", "wants_listing", "public_name",
        "owner_confirmed_on", "confirmed_on", "withdrawn_on", "erased_at", "expires_at",
        # what erasing empties:
        "country",
        "name_box", "mail_box", "self_box", "dedup_tag", "content_tag", "net_tag", "token_hash",
        "name_key_id", "mail_key_id",
    ),
    "slots": ("tag",),
}
APPEND_ONLY = {"audit_entries"}


def grants(web: str, worker: str) -> str:
    """The statements for two existing roles, in one transaction; run them as the owner after every upgrade."""
    web, worker = _quote(web), _quote(worker)
    tables = Base.metadata.sorted_tables
    every = ", ".join([*(_quote(table.name) for table in tables), REVISIONS_TABLE])
    sequences = ", ".join(_sequence(table.name) for table in tables)
    lines = [
        "BEGIN;",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {web}, {worker};",
        f"REVOKE ALL ON {every} FROM PUBLIC, {web}, {worker};",
        f"REVOKE ALL ON SEQUENCE {sequences} FROM PUBLIC, {web}, {worker};",
        f"GRANT SELECT ON {REVISIONS_TABLE} TO {web}, {worker};",
    ]
    for table in tables:
        lines += _web_may(table, web)
        rights = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        lines.append(f"GRANT {rights} ON {_quote(table.name)} TO {worker};")
        lines.append(f"GRANT USAGE ON SEQUENCE {_sequence(table.name)} TO {worker};")
    return "\n".join([*lines, "COMMIT;", ""])


def _web_may(table: Table, web: str) -> list[str]:
    name, lines = _quote(table.name), []
    if table.name not in WORKER_ONLY:
        hidden = UNREADABLE.get(table.name, set())
        columns = _columns(column.name for column in table.columns if column.name not in hidden)
        lines.append(f"GRANT SELECT{columns if hidden else ''} ON {name} TO {web};")
    if table.name in INSERTED:
        lines.append(f"GRANT INSERT ON {name} TO {web};")
        lines.append(f"GRANT USAGE ON SEQUENCE {_sequence(table.name)} TO {web};")
    if table.name in UPDATED:
        lines.append(f"GRANT UPDATE{_columns(UPDATED[table.name])} ON {name} TO {web};")
    return lines


def _columns(names: Iterable[str]) -> str:
    return f" ({', '.join(_quote(name) for name in names)})"


def _sequence(table: str) -> str:
    return _quote(f"{table}_id_seq")


def _quote(name: str) -> str:
    return Identifier(name).as_string()
