"""Photographs from upload to page (cases.md H). The worker is asked as the bell asks it."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import undefer

from mailer.actors.photos import prepare_photos
from mailer.actors.runtime import Runtime
from petitions.db import db
from petitions.models import Branch, Member, Petition, Photo, Prisoner
from petitions.models.photo import UPLOAD_BYTES
from tests import factories, pictures
from tests.conftest import Desk, MakeDesk

WORDS = {"rights": "taken by her brother, who lets us show it", "alt.en": "A woman with short hair"}


@pytest.fixture
def prisoner(session: Any) -> Prisoner:
    made = factories.petition(session).prisoner
    session.commit()
    return made


@pytest.fixture
def editor(desk: MakeDesk, prisoner: Prisoner) -> Desk:
    return desk(Member.Role.EDITOR, branch=prisoner.branch)


@pytest.fixture
def runtime(settings: Any, prisoner: Prisoner) -> Iterator[Runtime]:
    settings.keys.mkdir(mode=0o700, parents=True)
    (settings.keys / f"branch-{prisoner.branch.public_id}.key").write_bytes(factories.PRIVATE_KEY)
    made = Runtime(settings.model_copy(update={"smtp_url": SecretStr("smtp://localhost:1")}))
    yield made
    made.close()


def upload(editor: Desk, prisoner: Prisoner, content: bytes, name: str = "me.jpg", **fields: str) -> Any:
    data = {**WORDS, "csrf_token": editor.csrf_token, **fields}
    form = pictures.upload(data, ("upload", content, name))
    return editor.open(f"/organise/prisoners/{prisoner.public_id}/photos", method="POST", **form)


def row() -> Photo:
    with db.reading() as session:
        everything = [undefer(Photo.upload_box), undefer(Photo.image), undefer(Photo.image_box)]
        return session.scalars(select(Photo).options(*everything)).one()


def page(editor: Desk, prisoner: Prisoner) -> str:
    return editor.get(f"/organise/prisoners/{prisoner.public_id}").text


def slug() -> str:
    with db.reading() as session:
        return session.scalars(select(Petition.slug)).one()


def test_a_photograph_is_seen_only_when_the_worker_has_made_it_plain(
    editor: Desk, prisoner: Prisoner, runtime: Runtime
) -> None:
    """H4."""
    assert upload(editor, prisoner, pictures.with_place()).status_code == 303
    assert "being prepared" in page(editor, prisoner)
    waiting = row()
    assert waiting.upload_box is not None
    assert pictures.SECRET.encode() not in waiting.upload_box  # sealed: not even the web can look

    prepare_photos(runtime)

    made = row()
    assert (made.state, made.upload_box) == (Photo.State.READY, None)
    shown = editor.get(f"/en/petitions/{slug()}").text
    assert f'src="/media/{made.name}"' in shown
    assert 'alt="A woman with short hair"' in shown
    image = editor.get(f"/media/{made.name}")
    assert image.data == made.image
    assert pictures.SECRET.encode() not in image.data


def test_opened_by_itself_it_can_do_nothing(editor: Desk, prisoner: Prisoner, runtime: Runtime) -> None:
    """H12."""
    upload(editor, prisoner, pictures.photo())
    prepare_photos(runtime)
    own = f"/organise/prisoners/{prisoner.public_id}/photos/{row().public_id}/image"
    for address in (f"/media/{row().name}", own):
        answer = editor.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.mimetype == "image/jpeg"


@pytest.mark.parametrize("name", ["../../x.jpg", "x" * 300, "\u202egpj.exe", "con.png", "a\x00b.jpg"])
def test_what_the_file_is_called_is_nowhere(editor: Desk, prisoner: Prisoner, runtime: Runtime, name: str) -> None:
    """H5."""
    upload(editor, prisoner, pictures.photo(), name)
    prepare_photos(runtime)
    assert row().ready
    assert name not in page(editor, prisoner)


@pytest.mark.parametrize("content", [pictures.SVG, pictures.HTML, pictures.bomb()], ids=["svg", "html", "bomb"])
def test_what_is_none_is_said_to_be_none(
    editor: Desk, prisoner: Prisoner, runtime: Runtime, content: bytes
) -> None:
    """H1, H3: the worker lives, and does the next one."""
    upload(editor, prisoner, content, "photo.png")
    prepare_photos(runtime)

    assert row().state is Photo.State.REFUSED
    assert row().upload_box is None
    assert "not usable" in page(editor, prisoner)
    assert "/media/" not in editor.get(f"/en/petitions/{slug()}").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"rights": ""}, "rights"), ({"alt.en": ""}, "alt"), ({"content": b"", "name": ""}, "upload"),
     ({"content": b""}, "upload"), ({"content": b"x" * (UPLOAD_BYTES + 1)}, "upload")],
    ids=["rights", "alt", "none", "empty", "large"],
)
def test_without_rights_words_or_file_nothing_is_kept(
    editor: Desk, prisoner: Prisoner, fields: dict[str, Any], field: str
) -> None:
    answer = upload(editor, prisoner, **{"content": pictures.photo(), **fields})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    with db.reading() as session:
        assert session.scalars(select(Photo)).all() == []


def test_far_too_much_is_refused_before_it_is_read(editor: Desk, prisoner: Prisoner) -> None:
    """A11."""
    answer = editor.open(
        f"/organise/prisoners/{prisoner.public_id}/photos", method="POST",
        input_stream=BytesIO(bytes(2 * UPLOAD_BYTES)), content_type="multipart/form-data; boundary=b",
    )
    assert answer.status_code == 413


def test_a_branch_has_so_much_room_and_no_more(editor: Desk, prisoner: Prisoner, app: Any) -> None:
    """H6."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"photo_quota": 300_000})
    small = pictures.photo(size=(300, 300))
    answers = [upload(editor, prisoner, small + b"\0" * 100_000).status_code for _ in range(4)]
    assert answers[0] == 303
    assert answers[-1] == 422


def test_a_hidden_petition_hides_the_photograph(
    editor: Desk, prisoner: Prisoner, runtime: Runtime, session: Any
) -> None:
    """M14."""
    upload(editor, prisoner, pictures.photo())
    prepare_photos(runtime)
    session.scalars(select(Petition)).one().hide()
    session.commit()
    assert editor.get(f"/media/{row().name}").status_code == 404


@pytest.mark.parametrize("name", ["x", "../../etc/passwd", "%2e%2e%2fetc%2fpasswd", "%00", "x" * 500])
def test_whatever_is_asked_for_is_not_there(client: Any, name: str) -> None:
    """F-12."""
    assert client.get(f"/media/{name}").status_code == 404


def test_a_photograph_is_erased_after_a_look(editor: Desk, prisoner: Prisoner, runtime: Runtime) -> None:
    upload(editor, prisoner, pictures.photo())
    prepare_photos(runtime)
    there = f"/organise/prisoners/{prisoner.public_id}/photos/{row().public_id}/removal"
    name = row().name
    assert "for good" in editor.get(there).text

    editor.post(there)

    assert editor.get(f"/media/{name}").status_code == 404
    assert "No photograph" in page(editor, prisoner)


def test_another_branch_sees_no_photograph(
    desk: MakeDesk, editor: Desk, prisoner: Prisoner, runtime: Runtime, session: Any
) -> None:
    """G1."""
    upload(editor, prisoner, pictures.photo())
    prepare_photos(runtime)
    stranger = desk(Member.Role.OWNER)
    there = f"/organise/prisoners/{prisoner.public_id}/photos/{row().public_id}"
    assert stranger.get(f"{there}/image").status_code == 404
    assert stranger.get(f"{there}/removal").status_code == 404
    assert stranger.post(f"{there}/removal").status_code == 404
    assert session.scalars(select(Branch)).all()


def test_without_the_key_it_waits(editor: Desk, prisoner: Prisoner, runtime: Runtime) -> None:
    (runtime.settings.keys / f"branch-{prisoner.branch.public_id}.key").unlink()
    upload(editor, prisoner, pictures.photo())
    prepare_photos(runtime)
    assert (row().state, row().last_error_class) == (Photo.State.WAITING, "PrivateKeyMissing")
