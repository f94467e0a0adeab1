"""Previews: the document and the letter as they would be, from the newest drafts, with names that nobody has."""

import email
import email.policy
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import delete

from mailer import claims, letters
from mailer.actors.particulars import case_of, country_names, fingerprint, recipient_of, sender_of, wording_of
from mailer.actors.runtime import Runtime, log
from mailer.document import CountryTotal, PetitionDocument, Proof, SignatureLine, Totals, file_name
from mailer.pdf.rendering import render
from mailer.respelling import with_respelling
from mailer.wording import DOCUMENT, catalogue
from petitions.db import db, now
from petitions.models import Addressee, Petition, PetitionText, Preview

CODE = "XXXX-XXXX-XXXX"  # no document has it
COUNT_ONLY = 4
# Invented, of several scripts and lengths, so that the page looks as it will: (name, city, country).
NAMES = (
    ("Sample Supporter", "Sampletown", "NO"),
    ("Образцова Анна Петровна", "", "DE"),
    ("Maria-Magdalena von und zu Musterhausen-Beispiel", "Musterstadt", "AT"),
    ("J. Doe", "", ""),
    ("Приклад Олександр", "", "UA"),
    ("Ann O'Sample", "Exampleton", "IE"),
)
TRIES = 3
RETRY_SECONDS = 20


def make_previews(runtime: Runtime) -> int:
    """Makes what is asked for until nothing is."""
    made = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, Preview, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        made += _make(runtime, ids[0])
    return made


def drop_previews(runtime: Runtime) -> None:
    with db.writing() as session:
        oldest = now(-60.0 * runtime.settings.preview_minutes)
        session.execute(delete(Preview).where(Preview.created_at < oldest))
        session.commit()


def _make(runtime: Runtime, preview_id: int) -> int:
    try:
        with db.reading() as session:
            values = _rendered(runtime, session.get_one(Preview, preview_id))
    except Exception as error:  # recorded with the row; the worker lives
        log.error("preview.failed", preview=preview_id, error=type(error).__name__)
        _try_again(runtime, preview_id, type(error).__name__)
        return 0
    with db.writing() as session:
        claims.release(session, Preview, runtime.owner, [preview_id], state=Preview.State.MADE, **values)
        session.commit()
    return 1


def _try_again(runtime: Runtime, preview_id: int, reason: str) -> None:
    with db.writing() as session:
        tries = session.get_one(Preview, preview_id).tries + 1
        if tries >= TRIES:
            failed = {"state": Preview.State.FAILED, "last_error_class": reason}
            claims.release(session, Preview, runtime.owner, [preview_id], tries=tries, **failed)
        else:
            claims.retry(
                session, Preview, runtime.owner, preview_id, tries=tries, seconds=RETRY_SECONDS, reason=reason
            )
        session.commit()


def _rendered(runtime: Runtime, preview: Preview) -> dict[str, object]:
    petition, language = preview.petition, preview.language
    text = petition.newest_text(language)
    assert text is not None  # the page that asks shows one
    values: dict[str, object] = {"letter": _letter(runtime, text), "text_hash": text.hash}
    if preview.addressee is not None:
        out = io.BytesIO()
        notice = catalogue(language, DOCUMENT).gettext("DRAFT — names invented, not for delivery")
        document = _document(runtime, petition, preview.addressee, text)
        rendering = render(document, _sample_lines(preview.addressee), out, notice=notice)
        values |= {"pdf": out.getvalue(), "pages": rendering.pages}
    return values


def _letter(runtime: Runtime, text: PetitionText) -> str:
    """Subject and text of the letter that asks a signer to confirm."""
    mail = letters.confirm_signature(
        sender=runtime.sender,
        to="name@example.org",
        message_id="<preview@example.org>",
        date=datetime.now(UTC),
        language=text.language,
        name=NAMES[0][0],
        petition_title=text.title or "…",
        confirm_url=f"{runtime.url('s')}/…",
        not_me_url=f"{runtime.url('s')}/…/not-me",
        stop_url=f"{runtime.url('s')}/…/no-more-mail",
        expires_on=date.today() + timedelta(days=runtime.settings.confirm_days),
        demonstration=runtime.settings.demonstration,
    )
    message = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return f"{message['Subject']}\n\n{message.get_content()}"


def _sample_lines(addressee: Addressee) -> Iterator[SignatureLine]:
    language = addressee.language
    names = country_names(language)
    for serial, (name, city, country) in enumerate(NAMES, start=1):
        place = ", ".join(filter(None, (city, names.get(country, ""))))
        shown = with_respelling(name, language, country) if addressee.transliterates else name
        yield SignatureLine(serial, shown, place, date.today())


def _document(
    runtime: Runtime, petition: Petition, addressee: Addressee, text: PetitionText
) -> PetitionDocument:
    branch, facts, language = petition.branch, petition.prisoner.facts(), addressee.language
    today = date.today()
    return PetitionDocument(
        language=language,
        file_name=file_name(petition.slug, edition=1),
        dated_on=today,
        text=wording_of(text.language, text.wording),
        addressee=recipient_of(addressee),
        sender=sender_of(branch),
        case=case_of(facts, language),
        proof=Proof(runtime.url("verify", CODE), CODE, 0, "", fingerprint(branch)),
        totals=Totals(
            confirmed=len(NAMES) + COUNT_ONLY,
            named=len(NAMES),
            count_only=COUNT_ONLY,
            by_country=(CountryTotal("…", len(NAMES) + COUNT_ONLY),),
            first_on=today,
            last_on=today,
        ),
        edition=1,
        previous_edition=None,
        new_since_previous=0,
        volume=1,
        volumes=1,
        demonstration=bool(facts["invented"]) or runtime.settings.demonstration,
        respelled=addressee.transliterates,
    )
