"""A third party says when a seal was there; what does not count is refused, nobody waits for ever (cases.md I15)."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem  # type: ignore[import-untyped]

from mailer import timestamps
from mailer.pdf.seal import seal
from mailer.timestamps import TRIES, NoTimeStamp, Stamper, StampServer, read_roots
from petitions.inspection import Problem
from petitions.verify import inspect
from tests.mailer.pdf.authority import Authority, authority, certified
from tests.mailer.pdf.documents import compile_names
from tests.mailer.pdf.seals import PASSPHRASE, Sealer


@pytest.fixture(scope="session")
def document() -> bytes:
    return compile_names(["Anna", "Мария"]).data


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The authority; patience is short here."""
    monkeypatch.setattr(timestamps, "PAUSE", 0.0)
    monkeypatch.setattr(timestamps, "SECONDS", 0.4)
    with authority() as server:
        yield server


def stamper(clock: Authority, *roots: str) -> Stamper:
    return Stamper(StampServer.from_url(clock.url), [certified(name, True)[0] for name in roots])


def stamped(document: bytes, sealer: Sealer, by: Stamper) -> bytes:
    pdf = io.BytesIO(document)
    seal(pdf, sealer.pkcs12, PASSPHRASE, reason="Edition 3", stamps=by)
    return pdf.getvalue()


def test_a_sealed_document_carries_the_time_of_the_authority(
    document: bytes, sealer: Sealer, clock: Authority
) -> None:
    found = inspect(io.BytesIO(stamped(document, sealer, stamper(clock))), [sealer.certificate])

    assert found.bottom_line
    assert found.stamped_at is not None
    assert abs(datetime.now(UTC) - found.stamped_at) < timedelta(minutes=5)
    assert "Invented Clock" in found.stamped_by


def test_the_authority_learns_neither_who_asks_nor_for_what(document: bytes, sealer: Sealer, clock: Authority) -> None:
    stamped(document, sealer, stamper(clock))

    told = {name.lower() for headers in clock.headers for name in headers}
    assert told == {"host", "content-type", "accept", "content-length", "connection"}


def test_its_size_is_asked_for_once(document: bytes, sealer: Sealer, clock: Authority) -> None:
    by = stamper(clock)
    for _ in range(3):
        stamped(document, sealer, by)

    assert clock.asked == 4


@pytest.mark.parametrize("behaviour", [
    "down", "drip", "long", "garbage", "wrong nonce", "no nonce", "wrong digest", "refused", "other purpose",
])
def test_what_does_not_count_is_refused_after_three_tries(clock: Authority, behaviour: str) -> None:
    """I15."""
    clock.behaviour = behaviour
    began = time.monotonic()

    with pytest.raises(NoTimeStamp):
        stamper(clock).ready()

    assert clock.asked == TRIES
    assert time.monotonic() - began < 3 * 0.4 + 2.0


def test_a_redirection_is_not_followed(clock: Authority) -> None:
    """F-13: whoever answers for the authority must not send us into our own network."""
    with authority() as inside:
        clock.behaviour, clock.redirected_to = "redirect", inside.url
        with pytest.raises(NoTimeStamp, match="307"):
            stamper(clock).ready()
        assert inside.asked == 0


def test_nobody_there_is_no_time_stamp(clock: Authority) -> None:
    """I15."""
    nobody = Stamper(StampServer("127.0.0.1", 1, secure=False))
    with pytest.raises(NoTimeStamp, match=r"127\.0\.0\.1: ConnectionRefusedError"):
        nobody.ready()


def test_one_failure_is_not_the_end(
    document: bytes, sealer: Sealer, clock: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.behaviour = "down"
    monkeypatch.setattr(time, "sleep", lambda _seconds: setattr(clock, "behaviour", "well"))

    assert inspect(io.BytesIO(stamped(document, sealer, stamper(clock))), [sealer.certificate]).stamped_at


def test_where_roots_are_named_only_theirs_counts(clock: Authority, tmp_path: Path) -> None:
    stamper(clock, "Invented Clock").ready()
    with pytest.raises(NoTimeStamp):
        stamper(clock, "Another Clock").ready()

    file = tmp_path / "roots.pem"
    root = certified("Invented Clock", True)[0]
    file.write_bytes(pem.armor("CERTIFICATE", root.dump()))
    assert [found.sha256 for found in read_roots(file)] == [root.sha256]


def test_a_time_stamp_taken_from_another_seal_is_found(document: bytes, sealer: Sealer, clock: Authority) -> None:
    class Replayed(Stamper):
        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> object:
            return await super().async_timestamp(message_digest[::-1], md_algorithm)

    swapped = stamped(document, sealer, Replayed(StampServer.from_url(clock.url)))

    found = inspect(io.BytesIO(swapped), [sealer.certificate])
    assert found.problem is Problem.ALTERED
    assert found.stamped_at is None


@pytest.mark.parametrize(("url", "server"), [
    ("https://tsa.example.org", StampServer("tsa.example.org", 443, secure=True)),
    ("http://tsa.example.org:318/tsr?p=1", StampServer("tsa.example.org", 318, secure=False, path="/tsr?p=1")),
    ("https://me:p%40ss@tsa.example.org/x", StampServer("tsa.example.org", 443, True, "/x", "me:p@ss")),
])
def test_an_address_says_where_to_ask(url: str, server: StampServer) -> None:
    assert StampServer.from_url(url) == server
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize("url", ["ftp://tsa.example.org", "tsa.example.org", "https://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="PETITIONS_TSA_URL"):
        StampServer.from_url(url)
