"""Where a channel says so the letter is one sealed page, and the document is fetched by a secret link (I10, I11)."""

import email
import email.policy
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from mailer.actors.deliveries import deliver_documents
from mailer.actors.erasing import _erase_documents
from mailer.actors.links import remove_links
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.crypto import link_token
from petitions.db import Base, database_time, db, now
from petitions.linkfiles import LinkFileMissing, LinkFiles
from petitions.models import (
    Addressee,
    Channel,
    Delivery,
    Document,
    Edition,
    Link,
    Petition,
    Volume,
    last_received,
)
from petitions.tokens import looks_like_token, token_hash
from petitions.verify import inspect
from tests import factories
from tests.faults.machine import Machine
from tests.mailer.actors.test_volumes import change, checked, compiled, live, try_again
from tests.mailer.pdf.documents import page_texts
from tests.smtp import Answer, SmtpServer

NAMES, MANY = 30, 400
S = Delivery.State


@pytest.fixture
def petition_id(machine: Machine) -> int:
    """To one authority, which reads English and fetches its documents."""
    with db.writing() as session:
        petition = machine.petition(session)
        only, *others = petition.addressees
        only.language = "en"
        channel = only.authority.channels[0]
        channel.mode, channel.max_bytes = Channel.Mode.LINK, 5_000  # of what no attachment is measured by
        session.execute(delete(Addressee).where(Addressee.id.in_([other.id for other in others])))
        session.expire(petition, ["addressees"])
        factories.signatures(session, petition, [factories.typed() for _ in range(NAMES)], confirmed=True)
        session.commit()
        return petition.id


def letters(server: SmtpServer) -> list[EmailMessage]:
    made = [email.message_from_bytes(one.data, policy=email.policy.default) for one in server.messages]
    assert all(isinstance(one, EmailMessage) for one in made)
    return made


def words_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def attached(letter: EmailMessage) -> tuple[str, bytes]:
    [part] = [one for one in letter.walk() if one.get_content_type() == "application/pdf"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return str(part.get_filename()), content


def token_in(letter: EmailMessage) -> str:
    found = re.search(r"/d/(\S+)", words_of(letter))
    assert found is not None
    assert looks_like_token(found[1])
    return found[1]


def files(machine: Machine) -> list[Path]:
    return sorted(machine.settings.links.glob("*")) if machine.settings.links.exists() else []


def test_the_letter_is_one_sealed_page_without_a_signer_and_says_where_the_document_is(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    [letter] = letters(server)
    name, content = attached(letter)
    with db.reading() as session:
        document, link = live(session), session.scalars(select(Link)).one()
        certificate = document.edition.petition.branch.seal_certificate or b""
        assert inspect(io.BytesIO(content), [certificate]).bottom_line
        [page] = page_texts(content)
        assert name.endswith("-E01-letter.pdf")
        assert document.volumes[0].sha256 in re.sub(r"\s", "", page)
        assert "To be fetched at the address" in page
        assert "Ines Karlsen" not in page + words_of(letter)
        assert link.token_hash == token_hash(token_in(letter))
        assert f"until {link.expires_at:%-d %B %Y}" in " ".join(words_of(letter).split())
        assert timedelta(days=59) < link.expires_at - database_time(session) <= timedelta(days=60)
        assert not str(letter["Subject"]).endswith(")")


def test_the_token_opens_the_whole_document(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        link, [volume] = session.scalars(select(Link)).one(), live(session).volumes
        token = token_in(letters(server)[0])
        opened = b"".join(LinkFiles(machine.settings.links).open(token, link.public_id, volume.sha256))
        assert opened == archive.read(volume.sha256, factories.PRIVATE_KEY)


def test_all_volumes_are_behind_one_link_and_one_letter_is_the_document(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"volume_bytes": 110_000})
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        factories.signatures(session, petition, [factories.typed() for _ in range(MANY)], confirmed=True)
        session.commit()
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    assert len(server.messages) == 1
    with db.reading() as session:
        document = live(session)
        count = len(document.volumes)
        assert count > 1
        assert [row.by_link for row in document.deliveries] == [True]
        assert len(files(machine)) == count
        assert f"It has {count} volumes" in " ".join(words_of(letters(server)[0]).split())
        assert last_received(session, document.addressee) is not None


def everything_in(session: Session) -> Iterator[bytes]:
    """A full dump of the database, cell by cell."""
    for table in Base.metadata.sorted_tables:
        for row in session.execute(text(f"SELECT * FROM {table.name}")):
            for cell in row:
                if cell is not None:
                    yield bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()


def test_files_and_a_full_database_dump_open_nothing(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    token = token_in(letters(server)[0])
    [path] = files(machine)
    assert b"%PDF" not in path.read_bytes()
    assert b"Karlsen" not in path.read_bytes()
    with db.reading() as session:
        link, [volume] = session.scalars(select(Link)).one(), live(session).volumes
        store, cells = LinkFiles(machine.settings.links), set(everything_in(session))
        assert len(cells) > 300
        assert not any(token.encode() in cell for cell in cells)
        tried = {cell.decode("latin-1") for cell in cells if len(cell) < 100} | {cell.hex() for cell in cells}
        for guess in [*sorted(tried)[:3_000], link.token_hash.hex(), link_token(factories.PUBLIC_KEY, link.public_id)]:
            with pytest.raises(LinkFileMissing):
                store.open(guess, link.public_id, volume.sha256)
        store.open(token, link.public_id, volume.sha256)


@pytest.mark.parametrize("harm", ["cut", "turned", "longer", "empty"])
def test_a_harmed_file_is_never_given_out_as_whole(
    harm: str, petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    [path] = files(machine)
    content = path.read_bytes()
    turned = content[:100] + bytes([content[100] ^ 1]) + content[101:]
    path.write_bytes({"cut": content[:-20], "turned": turned, "longer": content + b"%", "empty": b""}[harm])
    with db.reading() as session:
        link, [volume] = session.scalars(select(Link)).one(), live(session).volumes
        with pytest.raises(LinkFileMissing):
            b"".join(
                LinkFiles(machine.settings.links).open(token_in(letters(server)[0]), link.public_id, volume.sha256)
            )


def test_a_letter_that_is_tried_again_carries_the_same_link(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    server.faults = {"rcpt": Answer("450 4.2.1 try later", times=1)}
    deliver_documents(runtime)
    with db.reading() as session:
        link = session.scalars(select(Link)).one()
        before, sha256 = link.token_hash, link.mail_sha256
    try_again(runtime)
    with db.reading() as session:
        link = session.scalars(select(Link)).one()
        assert (link.token_hash, link.mail_sha256) == (before, sha256)
        assert token_hash(token_in(letters(server)[0])) == before
    assert len(files(machine)) == 1


def test_after_a_revocation_a_letter_sent_anew_has_another_link(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    change(lambda session: session.execute(update(Link).values(revoked_at=now())))
    change(lambda session: session.execute(update(Delivery).values(state=S.READY)))
    try_again(runtime)
    first, second = map(token_in, letters(server))
    assert first != second
    remove_links(runtime)
    with db.reading() as session:
        old, new = session.scalars(select(Link).order_by(Link.id))
        assert old.removed_at is not None
        assert new.removed_at is None
        assert [path.name.split("-")[0] for path in files(machine)] == [new.public_id]


ENDS = {
    "expired": update(Link).values(expires_at=now(-1)),
    "revoked": update(Link).values(revoked_at=now()),
    "superseded": update(Delivery).values(state=S.SUPERSEDED),
    "cancelled": update(Delivery).values(state=S.CANCELLED),
    "erased": update(Volume).values(erased_at=now()),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_files_go_when_the_link_is_over(
    how: str, petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    assert remove_links(runtime) == 0
    assert len(files(machine)) == 1
    change(lambda session: session.execute(ENDS[how]))
    assert remove_links(runtime) == 1
    assert files(machine) == []
    assert remove_links(runtime) == 0


def test_the_files_the_letter_and_its_copies_go_with_an_erased_document(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    with db.writing() as session:
        _erase_documents(session, runtime, session.get_one(Petition, petition_id))
        session.commit()
    assert files(machine) == []
    assert not [path for path in machine.settings.archive.rglob("*") if path.is_file()]
    with db.reading() as session:
        document = session.scalars(select(Document)).one()
        assert (document.letter, document.front_matter) == (None, None)
        assert document.letter_sha256 is not None  # still proves a copy


def test_a_channel_that_is_changed_later_sends_what_was_compiled_as_it_was_planned(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: session.execute(update(Channel).values(mode=Channel.Mode.ATTACHED, max_bytes=None)))
    compiled(petition_id, runtime)
    change(lambda session: session.execute(update(Channel).values(mode=Channel.Mode.LINK)))
    deliver_documents(runtime)
    assert attached(letters(server)[0])[0].endswith("-V1of1.pdf")
    assert files(machine) == []


def test_the_check_before_approval_measures_no_mail_server(petition_id: int, runtime: Runtime) -> None:
    edition_id = checked(petition_id, runtime)
    with db.reading() as session:
        report = session.get_one(Edition, edition_id).report
        assert report is not None
        assert not [one for one in report["findings"] if one["rule"] in {"size", "volumes"}]
