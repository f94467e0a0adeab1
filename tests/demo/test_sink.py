"""The demonstration's mail server, as a process, and the outbox that shows what it took."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mailer.transport import Outcome, Relay, Transport
from petitions.demo.outbox import Attached, MailMissing, Outbox

LETTER = (
    "From: Service <p@mail.example>\r\nTo: anna@x.example\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Hello Zoë\r\n.\r\nhttps://p.example/s/abc\r\nhttps://p.example/s/abc\r\n<https://p.example/x>\r\n"
).encode()
DOCUMENT = (
    b'MIME-Version: 1.0\r\nSubject: Doc\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="d.pdf"\r\n\r\n'
    b"JVBERg==\r\n--b--\r\n"
)


class Sink(NamedTuple):
    process: "subprocess.Popen[str]"
    relay: Relay
    folder: Path


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    folder = tmp_path / "outbox"
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "petitions.demo.sink",
        "--port",
        "0",
        "--dir",
        str(folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = process.stdout.readline().strip().rpartition(":")[2]
        yield Sink(process, Relay.from_url(f"smtp://127.0.0.1:{port}?tls=none"), folder)
        process.terminate()


def put(sink: Sink, *messages: bytes, to: str = "anna@x.example") -> None:
    with Transport(sink.relay) as transport:
        outcomes = {
            transport.send("b+1.m@mail.example", to, message, dot_timeout=30).outcome for message in messages
        }
    assert outcomes == {Outcome.ACCEPTED}


def test_a_mail_is_there_when_it_was_accepted(sink: Sink) -> None:
    put(sink, LETTER, to="вася@пример.рф")
    [mail] = Outbox(sink.folder).messages()
    assert (mail.recipient, mail.sender, mail.subject) == (
        "вася@xn--e1afmkfd.xn--p1ai",
        "Service <p@mail.example>",
        "Café",
    )
    assert mail.text.splitlines()[:2] == ["Hello Zoë", "."]
    assert mail.links == ("https://p.example/s/abc", "https://p.example/x")
    assert mail.sent_at is not None
    assert mail.sent_at.isoformat() == "2026-11-22T12:00:00+00:00"
    assert Outbox(sink.folder).read(mail.id) == mail


def test_the_mail_itself_is_kept_byte_for_byte_and_for_nobody_else(sink: Sink) -> None:
    put(sink, LETTER)
    [path] = sink.folder.iterdir()
    assert path.read_bytes() == b"X-Rcpt-To: anna@x.example\r\n" + LETTER
    assert path.stat().st_mode & 0o777 == 0o600
    assert sink.folder.stat().st_mode & 0o777 == 0o700


def test_the_newest_come_first_and_no_more_than_wanted(sink: Sink) -> None:
    put(sink, *(f"Subject: {n}\r\n\r\n.\r\n".encode() for n in range(5)))
    assert [mail.subject for mail in Outbox(sink.folder).messages(3)] == ["4", "3", "2"]


def test_a_file_in_a_mail_can_be_taken_out(sink: Sink) -> None:
    put(sink, DOCUMENT)
    outbox = Outbox(sink.folder)
    [mail] = outbox.messages()
    assert mail.attachments == (Attached("d.pdf", 4),)
    assert outbox.attachment(mail.id, 0) == ("d.pdf", b"%PDF")
    with pytest.raises(MailMissing):
        outbox.attachment(mail.id, 1)


def test_it_ends_cleanly_even_with_somebody_connected(sink: Sink) -> None:
    with Transport(sink.relay) as transport:
        transport.send("b+1.m@mail.example", "anna@x.example", LETTER, dot_timeout=30)
        sink.process.send_signal(signal.SIGTERM)
        assert sink.process.wait(10) == 0


@pytest.mark.parametrize("id_", ["../outside", "", "..", "inside", "0" * 19 + "-00000000\n"])
def test_only_an_id_of_ours_is_looked_up(tmp_path: Path, id_: str) -> None:
    (tmp_path / "outbox").mkdir()
    for name in ("outside.eml", "outbox/inside.eml", f"outbox/{id_}.eml"):
        (tmp_path / name).write_bytes(b"Subject: secret\r\n\r\n")
    with pytest.raises(MailMissing):
        Outbox(tmp_path / "outbox").read(id_)


def test_an_outbox_that_was_never_used_is_empty(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "none").messages() == []
    with pytest.raises(MailMissing):
        Outbox(tmp_path).read("0" * 19 + "-00000000")


def test_a_mail_without_any_header_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / f"{'0' * 19}-00000000.eml").write_bytes(b"\r\nnothing\r\n")
    [mail] = Outbox(tmp_path).messages()
    assert (mail.subject, mail.sent_at, mail.text.strip()) == ("", None, "nothing")
