"""Records by what a person types: slugs, numbers, public ids, a member's e-mail. And members by what they may do."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from petitions.cli.refusals import Refused
from petitions.models import Authority, Branch, Delivery, Edition, Letter, MayNot, Member, Petition, Signature


def branch(session: Session, slug: str) -> Branch:
    found = session.scalars(select(Branch).where(Branch.slug == slug)).one_or_none()
    if found is None:
        raise Refused(f"There is no branch “{slug}”; see: petitions branch list")
    return found


def petition(session: Session, slug: str, *, lock: bool = False) -> Petition:
    wanted = select(Petition).where(Petition.slug == slug)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise Refused(f"There is no petition “{slug}”; see: petitions petition list")
    return found


def authority(session: Session, slug: str) -> Authority:
    found = session.scalars(select(Authority).where(Authority.slug == slug)).one_or_none()
    if found is None:
        raise Refused(f"There is no authority “{slug}”; see: petitions authority list")
    return found


def edition(session: Session, slug: str, number: int, *, lock: bool = False) -> Edition:
    wanted = select(Edition).join(Petition).where(Petition.slug == slug, Edition.number == number)
    found = session.scalars(wanted.with_for_update(of=Edition) if lock else wanted).one_or_none()
    if found is None:
        raise Refused(f"“{slug}” has no edition {number}; see: petitions edition list {slug}")
    return found


def delivery(session: Session, public_id: str, *, lock: bool = False) -> Delivery:
    wanted = select(Delivery).where(Delivery.public_id == public_id)
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise Refused("There is no delivery with this id; see: petitions delivery list")
    return found


def signatures(session: Session, public_ids: Sequence[str]) -> list[Signature]:
    """All of them, locked, in the order asked for; one that is not known refuses all."""
    wanted = list(dict.fromkeys(public_ids))
    rows = session.scalars(select(Signature).where(Signature.public_id.in_(wanted)).with_for_update())
    found = {signature.public_id: signature for signature in rows}
    unknown = [public_id for public_id in wanted if public_id not in found]
    if unknown:
        raise Refused("Nothing was changed. There is no signature with the id:", *unknown)
    return [found[public_id] for public_id in wanted]


def letters(session: Session, public_ids: Sequence[str]) -> list[Letter]:
    """All of them, locked, in the order asked for; one that is not known refuses all."""
    wanted = list(dict.fromkeys(public_ids))
    rows = session.scalars(select(Letter).where(Letter.public_id.in_(wanted)).with_for_update())
    found = {letter.public_id: letter for letter in rows}
    unknown = [public_id for public_id in wanted if public_id not in found]
    if unknown:
        raise Refused("Nothing was changed. There is no letter with the id:", *unknown)
    return [found[public_id] for public_id in wanted]


def member(session: Session, named: str) -> Member:
    """By e-mail or public id."""
    found = session.scalars(
        select(Member).where(or_(Member.public_id == named, func.lower(Member.email) == named.lower()))
    ).one_or_none()
    if found is None:
        raise Refused("There is no member with this e-mail or id; see: petitions member list")
    return found


def asking(session: Session, named: str, of: Branch) -> Member:
    """Who may ask for what a second person approves: an editor or an owner of the branch."""
    found = _of_branch(session, named, of)
    if not found.may_ask_for_edition:
        raise MayNot("only an editor or an owner may ask for this")
    return found


def approving(session: Session, named: str, of: Branch) -> Member:
    found = _of_branch(session, named, of)
    if not found.may_approve_edition:
        raise MayNot("only an owner may approve this")
    return found


def moderating(session: Session, named: str, of: Branch) -> Member:
    found = _of_branch(session, named, of)
    if not found.may_moderate:
        raise MayNot("only a moderator or an owner may do this")
    return found


def stopping(session: Session, named: str, of: Branch) -> Member:
    """Stopping is everybody's right but that of who only looks on."""
    found = _of_branch(session, named, of)
    if not (found.may_ask_for_edition or found.may_moderate):
        raise MayNot("an auditor looks on; an editor, a moderator or an owner may do this")
    return found


def _of_branch(session: Session, named: str, of: Branch) -> Member:
    found = member(session, named)
    if found.branch_id != of.id:
        raise MayNot(f"this member belongs to another branch than “{of.slug}”")
    if found.left_at is not None:
        raise MayNot("this member has left the branch")
    return found
