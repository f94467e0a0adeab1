"""Records for tests, all invented: each call makes a whole, valid thing; a test names only what it is about."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.unseal import open_key
from petitions import crypto, signing
from petitions.keyring import keyring
from petitions.models import (
    Addressee,
    Authority,
    Branch,
    Channel,
    DataKey,
    Disclosure,
    Member,
    Petition,
    PetitionText,
    Prisoner,
    PrisonerEvent,
    Signature,
)

INDEX_KEY = "index-key-for-tests-0123456789abcdef"
SECRET_KEY = "secret-key-for-tests-0123456789abcdef"
PRIVATE_KEY, PUBLIC_KEY = crypto.new_key_pair()  # of every branch a test makes

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Signed:
    """A signature made by `signature()`, with the token that only its signer's letter holds."""

    id: int
    public_id: str
    token: str


def branch(session: Session, **fields: Any) -> Branch:
    number = next(_numbers)
    made = Branch(
        **{
            "slug": f"branch-{number}",
            "legal_name": "Open Door Association",
            "representative": "Mara Lindqvist",
            "representative_role": "chair",
            "postal_address": "Open Door Association\nMill Lane 4\n1000 Exampletown",
            "place": "Exampletown",
            "reply_email": "office@opendoor.example.org",
            "languages": ["en", "ru"],
            "public_key": PUBLIC_KEY,
            **fields,
        }
    )
    session.add(made)
    session.flush()
    return made


def member(session: Session, of: Branch, role: Member.Role = Member.Role.OWNER, **fields: Any) -> Member:
    number = next(_numbers)
    made = Member(branch=of, name=f"Member {number}", email=f"member{number}@opendoor.example.org", role=role, **fields)
    session.add(made)
    session.flush()
    return made


def prisoner(session: Session, of: Branch, **fields: Any) -> Prisoner:
    made = Prisoner(
        **{
            "branch": of,
            "names": {"en": "Anna Verenko", "ru": "Анна Веренко"},
            "other_spellings": ["Hanna Viarenka"],
            "birth_year": 1988,
            "citizenships": ["BY"],
            "country": "BY",
            "case_number": "1-17/2026",
            "article": {"en": "Article 342 of the Criminal Code", "ru": "статья 342 Уголовного кодекса"},
            "held_at": {"en": "Remand prison No. 1", "ru": "СИЗО № 1"},
            "consent_by": "the prisoner's sister",
            "consent_scope": "name, case, public petition",
            "consent_evidence": "signed letter, on file",
            "consent_on": date(2026, 1, 12),
            "invented": True,
            **fields,
        }
    )
    session.add(made)
    session.flush()
    return made


def event(session: Session, of: Prisoner, kind: PrisonerEvent.Kind, happened: str, **fields: Any) -> PrisonerEvent:
    made = PrisonerEvent(
        **{
            "prisoner": of,
            "kind": kind,
            "happened": happened,
            "what": {"en": f"{kind.value.capitalize()} at home.", "ru": "Задержана дома."},
            "source": "https://news.example.org/verenko",
            **fields,
        }
    )
    session.add(made)
    session.flush()
    return made


def authority(session: Session, name: str = "", **fields: Any) -> Authority:
    number = next(_numbers)
    name = name or f"Court No. {number}"
    email = fields.pop("email", f"post{number}@authority.example.org")
    made = Authority(
        **{
            "slug": f"authority-{number}",
            "names": {"en": name, "ru": f"{name} (рус.)"},
            "salutations": {"en": "Dear Sir or Madam,", "ru": "Уважаемые дамы и господа!"},
            "kind": Authority.Kind.COURT,
            "country": "BY",
            "time_zone": "Europe/Minsk",
            "languages": ["ru"],
            "postal_address": "Square 1\n220000 Sampleburg",
            "clocks": {"reply": {"days": 30, "working": False}},
            "verified_on": datetime.now(UTC).date(),
            "verified_by": "Member 1",
            **fields,
        }
    )
    made.channels.append(
        Channel(
            kind=Channel.Kind.EMAIL,
            address=email,
            legal_effect=Channel.LegalEffect.COURTESY,
            required=["representative", "postal_address"],
        )
    )
    session.add(made)
    session.flush()
    return made


def petition(session: Session, *, open: bool = True, addressees: bool = True, **fields: Any) -> Petition:
    """A petition in English and Russian to two domestic authorities and an international body."""
    number = next(_numbers)
    of = fields.pop("branch", None) or branch(session)
    person = fields.pop("prisoner", None) or prisoner(session, of)
    made = Petition(
        **{
            "branch": of,
            "prisoner": person,
            "slug": f"free-anna-{number}",
            "goal": 1_000,
            "count_only_countries": [],
            **fields,
        }
    )
    session.add(made)
    text(made, "en", "Free Anna Verenko", "End the pre-trial detention of Anna Verenko and let her go home.")
    text(made, "ru", "Свободу Анне Веренко", "Отмените арест Анны Веренко и отпустите её домой.")
    session.add(made)
    session.flush()
    if addressees:
        addressee(session, made, authority(session, "Court of the Central District"), Addressee.Circle.DOMESTIC)
        addressee(session, made, authority(session, "Prosecutor General"), Addressee.Circle.DOMESTIC)
        body = authority(
            session,
            "Human Rights Committee",
            kind=Authority.Kind.INTERNATIONAL,
            country="",
            time_zone="Europe/Zurich",
            languages=["en"],
        )
        addressee(session, made, body, Addressee.Circle.INTERNATIONAL, language="en")
    session.flush()
    if open:
        made.move_to(Petition.State.IN_REVIEW)
        made.open(datetime.now(UTC))
        session.flush()
    return made


def text(
    of: Petition, language: str, title: str, demand: str, *, version: int = 1, approved: bool = True
) -> PetitionText:
    made = PetitionText(
        language=language,
        version=version,
        title=title,
        demand=demand,
        background="She was arrested for **taking photographs** of a square.\n\n- No violence\n- No victim",
        approved_at=datetime.now(UTC) if approved else None,
    )
    made.fix_hash()
    of.texts.append(made)
    return made


def addressee(
    session: Session, of: Petition, who: Authority, circle: Addressee.Circle, language: str = "ru"
) -> Addressee:
    made = Addressee(authority=who, circle=circle, language=language)
    of.addressees.append(made)
    session.flush()
    return made


def typed(**fields: Any) -> signing.Typed:
    """What a supporter typed; each one has a mailbox of her own."""
    number = next(_numbers)
    whole = signing.Typed(
        name=f"Ines Karlsen {number}",
        city="Bergen",
        email=f"ines.karlsen.{number}@example.org",
        country="NO",
        language="en",
        disclosure=Disclosure.ALL,
        shows_city=False,
        wants_listing=False,
        notice_version="2026-11",
    )
    return replace(whole, **fields)


def signature(
    session: Session,
    of: Petition,
    *,
    confirmed: bool = False,
    held_reason: str | None = None,
    moment: datetime | None = None,
    index_key: str = INDEX_KEY,
    **fields: Any,
) -> Signed:
    """A signature as the web makes it: its boxes are real. Confirmed ones went through `confirm`."""
    return signatures(
        session, of, [typed(**fields)], confirmed=confirmed, held_reason=held_reason, moment=moment, index_key=index_key
    )[0]


def signatures(
    session: Session,
    of: Petition,
    people: list[signing.Typed],
    *,
    confirmed: bool = False,
    held_reason: str | None = None,
    moment: datetime | None = None,
    index_key: str = INDEX_KEY,
) -> list[Signed]:
    keys = keyring.current(session, of.id, of.public_id, of.branch.public_key)
    how = signing.Circumstances(None, held_reason, timedelta(), confirm_days=14)
    made = []
    for person in people:
        found = of.text_in(person.language)
        assert found is not None
        target = signing.Target(of.id, of.public_id, found.id, found.hash, found.version)
        row = signing.sealed_row(target, person, keys, index_key.encode(), how, moment or datetime.now(UTC))
        id_ = session.scalar(insert(Signature).values(**row).returning(Signature.id))
        assert id_ is not None
        made.append(Signed(id_, str(row["public_id"]), token_of(session, id_)))
        if confirmed:
            session.get_one(Signature, id_).confirm(session, grace_hours=72)
    session.flush()
    return made


def token_of(session: Session, signature_id: int) -> str:
    """The token of a signature's link, as the worker finds it to write the letter: with the branch's private key."""
    row = session.execute(
        select(Signature.public_id, Signature.mail_box, DataKey, Petition.public_id)
        .join(DataKey, DataKey.id == Signature.mail_key_id)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Signature.id == signature_id)
    ).one()
    public_id, box, key, petition_id = row
    assert box is not None
    info = crypto.data_key_info(petition_id, key.purpose, key.public_id)
    cipher = AESGCM(open_key(key.sealed_key, PRIVATE_KEY, info))
    return crypto.open_fields(cipher, crypto.record_info("mail", public_id), box)[2]
