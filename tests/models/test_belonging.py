"""Whose a record is: what the audit log of a branch may show."""

from sqlalchemy.orm import Session

from petitions.db import Base
from petitions.models import AuditEntry, Signature
from petitions.models.belonging import branch_of, path_to_branch
from tests import factories

SHARED = {"authorities", "channels", "channel_changes", "letters"}  # by all branches, or by none for certain


def test_every_record_that_can_be_named_belongs_to_a_branch() -> None:
    """A new table without a way to the branches is shared by all: say so here, or give it one."""
    named = [table for table in Base.metadata.sorted_tables if "public_id" in table.columns]

    assert {table.name for table in named if path_to_branch(table) is None} <= SHARED


def test_a_record_is_found_by_its_public_id(session: Session) -> None:
    petition = factories.petition(session)
    other = factories.petition(session)
    signature = session.get_one(Signature, factories.signature(session, petition).id)

    for record in (petition, petition.branch, petition.prisoner, petition.addressees[0], signature):
        assert branch_of(session, record.public_id) == petition.branch_id
    assert branch_of(session, other.public_id) == other.branch_id
    assert branch_of(session, petition.addressees[0].authority.public_id) is None
    for name in ("worker", "operator", "x" * 24, ""):
        assert branch_of(session, name) is None


def test_an_entry_is_the_branchs_of_who_acted_or_of_what_was_acted_on(session: Session) -> None:
    petition = factories.petition(session)
    member = factories.member(session, petition.branch)

    def branch_id(actor: str, subject: str, **details: str) -> int | None:
        return AuditEntry.write(session, actor, "x.y", subject, **details).branch_id

    assert branch_id(member.public_id, "anything") == petition.branch_id
    assert branch_id("worker", petition.public_id) == petition.branch_id
    assert branch_id("operator", "seal", branch=petition.branch.public_id) == petition.branch_id
    assert branch_id("operator", "seal") is None
