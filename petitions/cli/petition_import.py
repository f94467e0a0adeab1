"""From a checked petition file to rows: what only the records can refuse, then a draft nobody sees yet."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.fields import FileRefused
from petitions.cli.petition_file import AddresseePart, PetitionFile, PrisonerPart
from petitions.models import (
    Addressee,
    Authority,
    Branch,
    Member,
    Petition,
    PetitionText,
    Prisoner,
    PrisonerEvent,
    Trigger,
)


def draft(session: Session, file: PetitionFile, languages: list[str], asked_by: str) -> Petition:
    """The petition as a draft, added to the session. Raises FileRefused with everything that is wrong."""
    errors = []
    branch = session.scalars(select(Branch).where(Branch.slug == file.petition.branch)).one_or_none()
    if branch is None:
        errors.append(f"petition.branch: there is no branch “{file.petition.branch}”")
    if session.scalar(select(exists().where(Petition.slug == file.petition.slug))):
        errors.append(f"petition.slug: there is a petition “{file.petition.slug}” already")
    for number, text in enumerate(file.texts, start=1):
        if text.language not in languages:
            errors.append(f"texts[{number}].language: this service speaks {', '.join(languages)} (PETITIONS_LANGUAGES)")
    prisoner, prisoner_errors = _prisoner(session, file, branch)
    authorities, addressee_errors = _authorities(session, file.addressees, prisoner)
    errors += [*prisoner_errors, *addressee_errors]
    if errors or branch is None or prisoner is None:
        raise FileRefused(errors)
    member = find.asking(session, asked_by, branch)
    petition = Petition(
        branch=branch,
        prisoner=prisoner,
        slug=file.petition.slug,
        goal=file.petition.goal,
        closes_at=file.petition.closes_at,
        forbids_naming=file.petition.forbids_naming,
        count_only_countries=list(file.petition.count_only_countries),
        texts=[_text(text.language, text.title, text.demand, text.background) for text in file.texts],
        addressees=[
            Addressee(
                authority=authorities[one.authority], circle=one.in_circle, language=one.language,
                transliterates=one.transliterates,
            )
            for one in file.addressees
        ],
        triggers=_triggers(file.thresholds, member),
    )
    session.add(petition)
    petition.block_names()
    return petition


def _prisoner(session: Session, file: PetitionFile, branch: Branch | None) -> tuple[Prisoner | None, list[str]]:
    """The person in the file, or the one another petition of the same branch is for."""
    if file.prisoner is not None:
        return (_new_prisoner(file.prisoner, branch), []) if branch else (None, [])
    other = session.scalars(select(Petition).where(Petition.slug == file.petition.prisoner_of)).one_or_none()
    if other is None or (branch is not None and other.branch_id != branch.id):
        return None, [f"petition.prisoner_of: “{file.petition.branch}” has no petition “{file.petition.prisoner_of}”"]
    return other.prisoner, []


def _new_prisoner(part: PrisonerPart, branch: Branch) -> Prisoner:
    consent = part.consent
    return Prisoner(
        branch=branch,
        names=dict(part.names),
        other_spellings=list(part.other_spellings),
        birth_year=part.birth_year,
        citizenships=list(part.citizenships),
        country=part.country,
        case_number=part.case_number,
        article=dict(part.article),
        held_at=dict(part.held_at),
        consent_by=consent.by if consent else "",
        consent_scope=consent.scope if consent else "",
        consent_evidence=consent.evidence if consent else "",
        consent_on=consent.on if consent else None,
        consent_review_on=consent.review_on if consent else None,
        photo_rights=part.photo_rights,
        invented=part.invented,
        events=[
            PrisonerEvent(
                kind=event.kind,
                happened=event.happened,
                what=dict(event.what),
                source=event.source,
                visibility=event.visibility,
            )
            for event in part.events
        ],
    )


def _authorities(
    session: Session, addressees: Sequence[AddresseePart], prisoner: Prisoner | None
) -> tuple[dict[str, Authority], list[str]]:
    slugs = [one.authority for one in addressees]
    found = {one.slug: one for one in session.scalars(select(Authority).where(Authority.slug.in_(slugs)))}
    errors = []
    for number, one in enumerate(addressees, start=1):
        authority = found.get(one.authority)
        if authority is None:
            errors.append(f"addressees[{number}].authority: the directory has no “{one.authority}”")
        elif prisoner and one.in_circle is Addressee.Circle.INTERNATIONAL and authority.country == prisoner.country:
            errors.append(
                f"addressees[{number}].circle: “{one.authority}” is of the country that holds the prisoner; "
                "signers who chose international bodies only would be shown to it"
            )
    return found, errors


def _text(language: str, title: str, demand: str, background: str) -> PetitionText:
    text = PetitionText(language=language, version=1, title=title, demand=demand, background=background)
    text.fix_hash()
    return text


def _triggers(thresholds: Sequence[int], member: Member) -> list[Trigger]:
    """Asked for by who brings the file; approved by a second person when the petition is opened."""
    return [Trigger(threshold=threshold, asked_by=member) for threshold in sorted(thresholds)]
