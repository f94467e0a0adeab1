"""Loads the demonstration's records through the same models and rules as a real petition's."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import keys
from petitions.authorities.profiles import directory
from petitions.config import Settings
from petitions.db import db, new_public_id
from petitions.demo import data
from petitions.models import (
    Addressee,
    Approval,
    AuditEntry,
    Authority,
    Branch,
    Channel,
    Member,
    Petition,
    PetitionText,
    Prisoner,
    PrisonerEvent,
    Trigger,
)


def load_once(settings: Settings, thresholds: tuple[int, ...]) -> None:
    """Loads the records unless they are there; the petition is opened by two members, as any other."""
    with db.writing() as session:
        if session.scalar(select(Branch.id).where(Branch.slug == data.BRANCH["slug"])) is not None:
            return
        branch = _branch(session, settings)
        editor, owner = _members(session, branch)
        petition = _petition(session, branch, editor, owner, thresholds)
        _open(session, petition, editor, owner)
        session.commit()


def _branch(session: Session, settings: Settings) -> Branch:
    public_id = new_public_id()
    keys.new_log_key(settings)
    branch = Branch(
        public_id=public_id,
        **data.BRANCH,
        verified_at=datetime.now(UTC),
        public_key=keys.new_branch_keys(settings, public_id),
        seal_certificate=keys.new_seal(settings, public_id, data.BRANCH["legal_name"]),
    )
    session.add(branch)
    return branch


def _members(session: Session, branch: Branch) -> tuple[Member, Member]:
    members = [
        Member(branch=branch, name=one["name"], email=one["email"], role=Member.Role(one["role"]))
        for one in data.MEMBERS
    ]
    session.add_all(members)
    session.flush()
    return members[0], members[1]


def _petition(
    session: Session, branch: Branch, editor: Member, owner: Member, thresholds: tuple[int, ...]
) -> Petition:
    today = datetime.now(UTC)
    prisoner = Prisoner(
        branch=branch, consent_on=date(2026, 3, 2), harm_result=Prisoner.Harm.GO,
        harm_assessed_on=date(2026, 3, 2), **data.PRISONER,
    )
    for event in data.EVENTS:
        prisoner.events.append(
            PrisonerEvent(
                kind=PrisonerEvent.Kind(event["kind"]),
                happened=event["happened"],
                what=event["what"],
                source=event["source"],
            )
        )
    petition = Petition(branch=branch, prisoner=prisoner, slug=data.SLUG, goal=data.GOAL)
    for text in data.TEXTS:
        petition.texts.append(PetitionText(version=1, approved_by_id=owner.id, approved_at=today, **text))
        petition.texts[-1].fix_hash()
    session.add(petition)
    session.flush()
    for one in data.AUTHORITIES:
        petition.addressees.append(_addressee(one))
    petition.triggers.extend(
        Trigger(threshold=threshold, asked_by_id=editor.id, approved_by_id=owner.id) for threshold in thresholds
    )
    session.flush()
    return petition


def _addressee(one: dict[str, Any]) -> Addressee:
    fields = {key: one[key] for key in ("slug", "names", "salutations", "country", "time_zone", "languages",
                                        "postal_address", "clocks")}
    kind = Authority.Kind(one["kind"])
    authority = Authority(
        kind=kind, asks=[ask.value for ask in directory().asks[kind]], sources=["invented"],
        verified_on=datetime.now(UTC).date(), verified_by="demonstration", **fields,
    )
    authority.channels.append(
        Channel(kind=Channel.Kind.EMAIL, address=one["email"], required=one["required"], source="invented")
    )
    return Addressee(
        authority=authority, circle=Addressee.Circle(one["circle"]), language=str(one["language"])
    )


def _open(session: Session, petition: Petition, editor: Member, owner: Member) -> None:
    petition.move_to(Petition.State.IN_REVIEW)
    petition.open(datetime.now(UTC))
    session.add(Approval.given(Approval.Kind.PUBLICATION, petition.public_id, editor, owner))
    AuditEntry.write(session, owner.public_id, "petition.open", petition.public_id, asked_by=editor.public_id)
