"""Records for tests, all invented: each call makes a whole, valid thing; a test names only what it is about."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.actors import subscribing
from mailer.unseal import open_key
from petitions import crypto, signing
from petitions.keyring import keyring, new_data_key
from petitions.mailboxes import canonical
from petitions.models import (
    Addressee,
    Authority,
    Branch,
    Channel,
    Conditions,
    DataKey,
    Delivery,
    Disclosure,
    Document,
    Edition,
    Handout,
    Invalidation,
    Member,
    Petition,
    PetitionText,
    PetitionUpdate,
    Photo,
    Prisoner,
    PrisonerEvent,
    Report,
    Signature,
    Subscription,
    UpdateText,
    Volume,
)
from petitions.replycode import reply_key

INDEX_KEY = "index-key-for-tests-0123456789abcdef"
SECRET_KEY = "secret-key-for-tests-0123456789abcdef"
PRIVATE_KEY, PUBLIC_KEY = crypto.new_key_pair()  # of every branch a test makes
LOG_KEY = bytes(range(32))

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
            "verified_at": datetime.now(UTC),
            **fields,
        }
    )
    session.add(made)
    session.flush()
    return made


def member(session: Session, of: Branch, role: Member.Role = Member.Role.OWNER, **fields: Any) -> Member:
    number = next(_numbers)
    named = {"name": f"Member {number}", "email": f"member{number}@opendoor.example.org", **fields}
    made = Member(branch=of, role=role, **named)
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
            "harm_assessment": "Her name is in the press; the family asks for attention.",
            "harm_result": Prisoner.Harm.GO,
            "harm_assessed_on": date(2026, 1, 12),
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


def subscription(session: Session, of: Petition, email: str = "", language: str = "en") -> tuple[Subscription, str]:
    """Somebody who wants news, as the worker makes it; with the token that only the letters hold."""
    email = email or f"reader.{next(_numbers)}@example.org"
    public_key = of.branch.public_key
    key_id, cipher = new_data_key(session, of.id, of.public_id, public_key, DataKey.Purpose.UPDATES)
    tag = Subscription.tag_of(INDEX_KEY.encode(), of.public_id, canonical(email))
    made = Subscription(**subscribing.sealed_row(of.id, key_id, cipher, tag, email, language))
    session.add(made)
    session.flush()
    assert made.box is not None
    _, token = crypto.open_fields(cipher, crypto.record_info("news", made.public_id), made.box)
    return made, token


def news(session: Session, of: Petition, by: Member, **fields: Any) -> PetitionUpdate:
    """News in English and Russian, not sent yet."""
    made = PetitionUpdate(**{"petition": of, "written_by": by, **fields})
    for language, title in (("en", "She was moved"), ("ru", "Её перевели")):
        body = f"**{title}** to [another prison](https://news.example.org/1).\n\n- Write to her"
        made.texts.append(UpdateText(language=language, title=title, body=body))
    session.add(made)
    session.flush()
    return made


def delivery(session: Session, of: Petition, channel: Channel | None = None, **fields: Any) -> Delivery:
    """One delivery to the petition's first addressee, with the rows it hangs on; compiled by nobody."""
    number = next(_numbers)
    to = next(one for one in of.addressees if channel is None or one.authority_id == channel.authority_id)
    edition = Edition(
        petition=of, number=number, log_size=1, totals={}, texts={}, facts={}, state=Edition.State.COMPILED
    )
    document = Document(
        edition=edition, addressee=to, language=to.language, verification_code=f"CODE{number}",
        names=1, count_only=0, roll_digest=b"",
    )
    volume = Volume(document=document, file_name=f"PET-E{number}-V1of1.pdf", sha256="0" * 64, size=1, pages=1)
    made = Delivery(volume=volume, channel=channel or to.authority.channels[0], **fields)
    session.add(made)
    session.flush()
    return made


def fetched(session: Session, of: Delivery, by: Member) -> Handout:
    """Somebody has its document in hand."""
    made = Handout(
        branch_id=by.branch_id, member_id=by.id, delivery_id=of.id, state=Handout.State.FETCHED,
        expires_at=datetime.now(UTC), file_name="PET.pdf",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def certificate() -> bytes:
    """Of a seal, in DER, good for a year from today."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Open Door Association")])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment)
        .not_valid_after(moment + timedelta(days=365))
        .sign(key, None)
    )
    return made.public_bytes(Encoding.DER)


def invalidation(
    session: Session,
    of: Petition,
    member: Member,
    ids: list[str],
    act: Invalidation.Act = Invalidation.Act.STRIKE,
) -> Invalidation:
    """Previewed, with a reason, and put before a second person."""
    made = Invalidation.preview(session, of, member, act, Conditions(ids=tuple(ids)))
    made.give_reason(Invalidation.Class.ROBOT, "All within one minute")
    made.move_to(Invalidation.State.ASKED)
    session.flush()
    return made


def report(session: Session, of: Branch, code: str = "123456781234567812345678", **told: str) -> Report:
    """What somebody told us, sealed as the web seals it; it is found by its code."""
    of.takes_reports = True
    told = {"what": "A man was taken from the square and has not come back.", "who": "Pavel Zimin", **told}
    made = Report.receive(session, of, told, reply_key(code, INDEX_KEY.encode()), language="en", doubt=None)
    assert made is not None
    return made


def photo(session: Session, of: Prisoner, image: bytes | None = None) -> Photo:
    """A photograph: with an image as the worker makes it ready, without one as it was uploaded."""
    made = Photo.of_prisoner(
        session, of, image or b"upload", rights="by her brother", alt={"en": "A woman"}, quota=100_000_000
    )
    if image is not None:
        made.move_to(Photo.State.READY)
        made.image, made.upload_box, made.width, made.height = image, None, 80, 100
    session.flush()
    return made
