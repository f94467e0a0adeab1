"""One of everything in a branch, and the address of every organisers' page for it.

Rows that no factory makes are filled in by their columns' types, so a new table is in the world from its first day.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Enum, Integer, LargeBinary, String, Table, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from petitions.db import Base, UTCDateTime
from petitions.models import Branch, Member, PrisonerEvent
from petitions.tokens import new_token
from tests import factories

# which record the `public_id` of a blueprint's address names: a table
NAMED = {
    "organise_account": "member_sessions",
    "organise_addressees": "addressees",
    "organise_authority_imports": "authority_imports",
    "organise_branch": "proposals",
    "organise_channel_changes": "channel_changes",
    "organise_clocks": "clocks",
    "organise_credentials": "passkeys",
    "organise_delivery": "deliveries",
    "organise_editions": "documents",
    "organise_events": "prisoners",
    "organise_exports": "exports",
    "organise_fraud": "trends",
    "organise_handouts": "handouts",
    "organise_invalidations": "invalidations",
    "organise_invitations": "invitations",
    "organise_members": "members",
    "organise_photos": "prisoners",
    "organise_previews": "previews",
    "organise_prisoners": "prisoners",
    "organise_proposals": "proposals",
    "organise_report_copies": "reports",
    "organise_reports": "reports",
    "organise_safeguards": "prisoners",
    "organise_sending": "petition_updates",
    "organise_signatures": "signatures",
    "organise_triggers": "triggers",
    "organise_updates": "petition_updates",
}
ALSO_FILLED = {("photos", "prisoner_id"), ("handouts", "delivery_id"), ("letters", "branch_id")}  # if nullable too
OF_AUTHORITIES = {"organise_authorities", "organise_channels"}  # whose `slug` is an authority's, not a petition's


@dataclass
class World:
    """Of each table the row that belongs to this branch, as it was inserted."""

    branch: Branch
    rows: dict[str, dict[str, Any]]

    def arguments(self, rule: Rule) -> dict[str, Any]:
        """For an address of this world; an argument that nobody knows is named."""
        blueprint = rule.endpoint.partition(".")[0]
        known: dict[str, Any] = {
            "slug": self.rows["authorities" if blueprint in OF_AUTHORITIES else "petitions"]["slug"],
            "authority": self.rows["authorities"]["slug"],
            "number": self.rows["editions"]["number"],
            "code": "en",
            "kind": "email",
            "step": "printed",
            "token": new_token(),
            "event_id": self.rows["prisoner_events"]["public_id"],
            "photo_id": self.rows["photos"]["public_id"],
        }
        if blueprint in NAMED:
            known["public_id"] = self.rows[_table(rule, blueprint)]["public_id"]
        unknown = rule.arguments - set(known)
        assert not unknown, f"{rule.endpoint}: say in {__file__} what {sorted(unknown)} names"
        return {name: known[name] for name in rule.arguments}


def new_world(session: Session, branch: Branch, owner: Member) -> World:
    petition = factories.petition(session, branch=branch)
    factories.event(session, petition.prisoner, PrisonerEvent.Kind.ARREST, "2026-01-02")
    first = petition.addressees[0]
    ids = {
        "branches": branch.id,
        "members": owner.id,
        "prisoners": petition.prisoner_id,
        "prisoner_events": petition.prisoner.events[0].id,
        "petitions": petition.id,
        "petition_texts": petition.texts[0].id,
        "addressees": first.id,
        "authorities": first.authority_id,
        "channels": first.authority.channels[0].id,
    }
    for table in Base.metadata.sorted_tables:
        if table.name not in ids:
            values = {column.name: _value(column, ids) for column in table.columns if _has_to_be_filled(column)}
            ids[table.name] = session.execute(table.insert().values(values).returning(table.c.id)).scalar_one()
    session.flush()
    return World(branch, {name: _row(session, Base.metadata.tables[name], id_) for name, id_ in ids.items()})


def fingerprint(session: Session) -> dict[str, int]:
    """Of every table but the sessions, which remember when they were last seen."""
    return {
        table.name: hash(repr(session.execute(select(table).order_by(table.c.id)).all()))
        for table in Base.metadata.sorted_tables
        if table.name != "member_sessions"
    }


def _table(rule: Rule, blueprint: str) -> str:
    """The releases of handouts stand under deliveries' addresses, and under those of the request."""
    if blueprint == "organise_handouts" and "/deliveries/" in rule.rule:
        return "deliveries"
    if blueprint == "organise_handouts" and "/releases/" in rule.rule:
        return "proposals"
    return NAMED[blueprint]


def _row(session: Session, table: Table, id_: int) -> dict[str, Any]:
    return dict(session.execute(select(table).where(table.c.id == id_)).one()._mapping)


def _has_to_be_filled(column: Column[Any]) -> bool:
    if (column.table.name, column.name) in ALSO_FILLED:
        return True
    if column.primary_key or column.nullable:
        return False
    return column.default is None and column.server_default is None


def _value(column: Column[Any], ids: dict[str, int]) -> Any:
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    kind = column.type
    if isinstance(kind, Enum):
        assert kind.enum_class is not None
        return next(iter(kind.enum_class))
    if isinstance(kind, String):
        return secrets.token_hex(40)[: kind.length or 20]
    if isinstance(kind, Boolean):
        return False
    made = {UTCDateTime: datetime.now(UTC), Date: datetime.now(UTC).date(), LargeBinary: os.urandom(32), JSON: {}}
    return next((value for type_, value in made.items() if isinstance(kind, type_)), 1 if _counts(kind) else None)


def _counts(kind: Any) -> bool:
    return isinstance(kind, Integer)
