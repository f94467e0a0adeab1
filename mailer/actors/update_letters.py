"""What a letter with news says, and to whom it still may go."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from mailer import claims, news
from mailer.actors.caps import suppressed_among
from mailer.actors.opening import keys_not_opened
from mailer.actors.posting import KEY_MISSING_SECONDS, Outgoing, settle
from mailer.actors.runtime import Runtime, log
from mailer.addresses import AddressRefused, message_id
from mailer.news import News
from petitions import crypto
from petitions.mailboxes import canonical
from petitions.models import Letter, PetitionUpdate, Subscription, UpdateLetter
from petitions.plain import as_plain_text

WITHHELD = Letter.State.WITHHELD


def compose(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Outgoing]:
    """Of claimed letters those that go; the others are settled."""
    letters = session.scalars(select(UpdateLetter).where(UpdateLetter.id.in_(ids)).order_by(UpdateLetter.id)).all()
    wanted = Subscription.id.in_([letter.subscription_id for letter in letters])
    running = select(Subscription).where(wanted, Subscription.ended_at.is_(None)).options(undefer(Subscription.box))
    readers = {reader.id: reader for reader in session.scalars(running)}
    closed = keys_not_opened(runtime, session, {reader.key_id for reader in readers.values()})
    told: dict[tuple[int, str], News] = {}
    for letter in letters:
        reader = readers.get(letter.subscription_id or 0)
        if reader is None:
            settle(runtime, session, UpdateLetter, letter.id, WITHHELD, "ended")
        elif reader.key_id in closed:
            claims.retry(
                session, UpdateLetter, runtime.owner, letter.id,
                tries=letter.tries, seconds=KEY_MISSING_SECONDS, reason="key_missing",
            )
        else:
            key = (letter.update_id, reader.language)
            if key not in told:
                told[key] = what_it_tells(runtime, session.get_one(PetitionUpdate, letter.update_id), reader.language)
            yield from _addressed(runtime, session, letter, reader, told[key])


def compose_tests(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Outgoing]:
    """The same letters to the organisers who wrote them."""
    for letter in session.scalars(select(Letter).where(Letter.id.in_(ids))):
        wanted = select(PetitionUpdate).where(PetitionUpdate.public_id == letter.words.get("update"))
        update = session.scalars(wanted).one_or_none()
        if update is None or not update.texts or letter.member is None:
            settle(runtime, session, Letter, letter.id, WITHHELD, "gone")
            continue
        told = what_it_tells(runtime, update, str(letter.words.get("language") or letter.language), test=True)
        mail = news.petition_update(
            told,
            sender=runtime.sender,
            to=letter.member.email,
            message_id=message_id(letter.public_id, runtime.settings.mail_domain),
            date=letter.created_at,
            end_url=runtime.url("u", "test"),
        )
        yield Outgoing(letter.id, letter.public_id, letter.tries, letter.created_at, mail)


def what_it_tells(runtime: Runtime, update: PetitionUpdate, language: str, *, test: bool = False) -> News:
    text, petition = update.text_for(language), update.petition
    titles = [found.title for code in (language, *petition.languages) if (found := petition.text_in(code))]
    return News(
        language=language,
        text_language=text.language,
        petition_title=titles[0] if titles else petition.slug,
        petition_url=runtime.url(language, "petitions", petition.slug),
        title=text.title,
        body=as_plain_text(text.body),
        demonstration=runtime.settings.demonstration,
        test=test,
    )


def _addressed(
    runtime: Runtime, session: Session, letter: UpdateLetter, reader: Subscription, told: News
) -> Iterator[Outgoing]:
    assert reader.key_id is not None  # both go only when it ends
    assert reader.box is not None
    try:
        email, token = runtime.unsealer.fields("news", reader.public_id, reader.key_id, reader.box)
        if suppressed_among(session, runtime.index_key, [canonical(email)]):
            reader.end(session)
            settle(runtime, session, UpdateLetter, letter.id, WITHHELD, "suppressed")
            return
        mail = news.petition_update(
            told,
            sender=runtime.sender,
            to=email,
            message_id=message_id(letter.public_id, runtime.settings.mail_domain, kind="update"),
            date=letter.created_at,
            end_url=runtime.url("u", token),
        )
    except crypto.BoxDamaged:
        log.error("update.box_damaged", letter=letter.public_id)
        settle(runtime, session, UpdateLetter, letter.id, WITHHELD, "box_damaged")
    except AddressRefused:
        settle(runtime, session, UpdateLetter, letter.id, Letter.State.FAILED, "bad_address")
    else:
        yield Outgoing(letter.id, letter.public_id, letter.tries, letter.created_at, mail)
