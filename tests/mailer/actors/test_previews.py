"""A preview: the real layout with invented names, for organisers who have not published yet."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from pypdfium2 import PdfDocument  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from mailer.actors.previews import NAMES, drop_previews, make_previews
from mailer.actors.runtime import Runtime
from petitions.config import Settings
from petitions.db import Database
from petitions.models import Petition, Preview
from tests import factories


@pytest.fixture
def runtime(settings: Settings, database: Database) -> Iterator[Runtime]:
    made = Runtime(settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:9?tls=none")}))
    yield made
    made.close()


def asked(session: Session, petition: Petition, language: str) -> Preview:
    addressee = next((one for one in petition.addressees if one.language == language), None)
    preview = Preview(petition=petition, language=language, addressee=addressee)
    session.add(preview)
    session.commit()
    return preview


def made(session: Session, preview: Preview) -> Preview:
    session.rollback()
    wanted = select(Preview).where(Preview.id == preview.id).options(undefer(Preview.pdf))
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def pages(pdf: bytes | None) -> list[str]:
    document = PdfDocument(io.BytesIO(pdf or b""))
    return [page.get_textpage().get_text_range() for page in document]


def test_the_document_shows_the_drafts_with_invented_names_and_says_so_on_each_page(
    session: Session, runtime: Runtime
) -> None:
    petition = factories.petition(session, open=False)
    petition.write("ru", "Новый заголовок", "Освободить Анну Веренко.", "Новые факты.")
    factories.signature(session, petition, name="Real Signer")
    preview = asked(session, petition, "ru")

    assert make_previews(runtime) == 1

    found = made(session, preview)
    shown = pages(found.pdf)
    assert (found.state, found.pages) == (Preview.State.MADE, len(shown))
    assert all("ЧЕРНОВИК" in page for page in shown)
    whole = "\n".join(shown)
    assert "Новый заголовок" in whole
    assert NAMES[0][0] in whole
    assert "Real Signer" not in whole


def test_the_letter_is_the_one_that_signers_get(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session)
    preview = asked(session, petition, "en")

    make_previews(runtime)

    letter = made(session, preview).letter
    assert "Free Anna Verenko" in letter
    assert "To confirm that it is yours, open this page and press the button on it" in letter


def test_without_an_addressee_of_the_language_there_is_a_letter_only(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session, addressees=False, open=False)
    preview = asked(session, petition, "ru")

    make_previews(runtime)

    found = made(session, preview)
    assert (found.state, found.pdf) == (Preview.State.MADE, None)
    assert found.letter


def test_a_preview_that_cannot_be_made_is_tried_again_and_then_fails(
    session: Session, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = asked(session, factories.petition(session), "en")
    monkeypatch.setattr("mailer.actors.previews.RETRY_SECONDS", 0)
    monkeypatch.setattr("mailer.actors.previews._letter", lambda *_: 1 / 0)

    make_previews(runtime)

    found = made(session, preview)
    assert (found.state, found.tries, found.last_error_class) == (Preview.State.FAILED, 3, "ZeroDivisionError")


def test_previews_go_by_themselves(session: Session, runtime: Runtime) -> None:
    old = asked(session, factories.petition(session), "en")
    old.created_at = datetime.now(UTC) - timedelta(minutes=61)
    asked(session, factories.petition(session), "en")

    drop_previews(runtime)

    assert len(session.scalars(select(Preview.id)).all()) == 1
