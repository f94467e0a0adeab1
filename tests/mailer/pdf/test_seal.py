"""The seal: readers call it valid, and any change is found."""

import io
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms, core, x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from mailer.pdf.seal import SealExpired, SealKeyMissing, SealKeyRefused, seal
from petitions.inspection import Problem
from petitions.verify import inspect
from tests.mailer.pdf.documents import compile_names
from tests.mailer.pdf.seals import PASSPHRASE, Sealer, make_chained_sealer, make_sealer


@pytest.fixture(scope="session")
def sealed(sealer: Sealer) -> bytes:
    return sealed_with(sealer)


def sealed_with(sealer: Sealer) -> bytes:
    pdf = io.BytesIO(compile_names(["Anna", "Мария"]).data)
    seal(pdf, sealer.pkcs12, PASSPHRASE, reason="Edition 3")
    return pdf.getvalue()


def problem(data: bytes, *sealers: Sealer) -> Problem:
    return inspect(io.BytesIO(data), [sealer.certificate for sealer in sealers]).problem


def test_a_sealed_document_is_ours_whole_and_unaltered(sealed: bytes, sealer: Sealer) -> None:
    found = inspect(io.BytesIO(sealed), [sealer.certificate])

    assert (found.sealed, found.intact, found.trusted, found.covers_whole) == (True, True, True, True)
    assert found.bottom_line
    assert found.problem is Problem.NONE
    assert (
        found.fingerprint == load_der_x509_certificate(sealer.certificate).fingerprint(hashes.SHA256()).hex()
    )
    assert found.signed_at is not None
    assert datetime.now(UTC) - found.signed_at < timedelta(minutes=10)


@pytest.mark.skipif(
    not shutil.which("pdfsig"), reason="poppler's pdfsig is a second opinion where it is installed"
)
def test_another_reader_calls_the_seal_valid_and_whole(sealed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed)
    told = subprocess.run(["pdfsig", path], capture_output=True, text=True).stdout

    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    assert "SHA-256" in told


def test_a_seal_forbids_every_change(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        signature = pdf.Root.Perms.DocMDP
        assert int(signature.Reference[0].TransformParams.P) == 1
        assert str(pdf.Root.AcroForm.Fields[0].T) == "Petition seal"


def test_a_sealed_file_tells_neither_program_nor_time_zone(sealed: bytes) -> None:
    assert b"pyHanko" not in sealed
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert "/Producer" not in pdf.docinfo
        assert str(pdf.Root.Perms.DocMDP.M).endswith("Z")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_one_byte_changed_is_found(sealed: bytes, sealer: Sealer, place: float) -> None:
    at = int(len(sealed) * place)
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]

    found = inspect(io.BytesIO(changed), [sealer.certificate])
    assert not found.bottom_line
    assert found.problem in {Problem.ALTERED, Problem.BROKEN}


def test_one_byte_changed_in_the_seal_itself_is_found(sealed: bytes, sealer: Sealer) -> None:
    """The seal covers all but itself: there too nothing may be hidden, nor anything be written in another way."""
    begin = sealed.rindex(b"/Contents <") + len(b"/Contents ")
    end = sealed.index(b">", begin) + 1
    for at in [*range(begin, begin + 120, 2), *range(begin + 120, end - 40, 97), *range(end - 40, end)]:
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert not inspect(io.BytesIO(changed), [sealer.certificate]).bottom_line, at - begin
    written_small = sealed[:begin] + sealed[begin:end].lower() + sealed[end:]
    assert problem(written_small, sealer) is Problem.ALTERED


def test_nothing_is_added_within_the_seal(sealed: bytes, sealer: Sealer, other_sealer: Sealer) -> None:
    """What the seal does not cover of itself: certificates that nobody needs, lists, attributes, all unread."""

    def stranger(data: cms.SignedData) -> None:
        other = x509.Certificate.load(other_sealer.certificate)
        data["certificates"].append(cms.CertificateChoices("certificate", other))

    def remark(data: cms.SignedData) -> None:
        note = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.OctetString(b"a remark")]})
        data["signer_infos"][0]["unsigned_attrs"] = [note]

    def empty_list(data: cms.SignedData) -> None:
        data["crls"] = []

    assert problem(resealed(sealed, lambda _: None), sealer) is Problem.NONE
    for change in (stranger, remark, empty_list):
        assert problem(resealed(sealed, change), sealer) is Problem.ALTERED, change.__name__


def test_the_certificates_that_vouch_for_the_seals_own_belong_in_it() -> None:
    chained = make_chained_sealer()
    data = sealed_with(chained)
    assert problem(data, chained) is Problem.NONE


def resealed(pdf: bytes, change: Callable[[cms.SignedData], None]) -> bytes:
    """With something changed in the seal, and none of what it covers."""
    begin = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", begin)
    whole = cms.ContentInfo.load(bytes.fromhex(pdf[begin:end].decode()), strict=False)
    change(whole["content"])
    der: bytes = whole.dump(force=True)
    written = der.hex().upper().encode().ljust(end - begin, b"0")
    assert len(written) == end - begin
    return pdf[:begin] + written + pdf[end:]


def test_room_is_kept_for_the_seal_and_little_more(sealed: bytes) -> None:
    """Sealing twice only to learn its size would take as long again."""
    begin = sealed.rindex(b"/Contents <") + 11
    digits = sealed[begin : sealed.index(b">", begin)]
    used = len(digits.rstrip(b"0"))
    assert 200 < len(digits) - used < 4_000


def test_an_update_appended_after_the_seal_is_found(sealed: bytes, sealer: Sealer) -> None:
    pdf = io.BytesIO(sealed)
    writer = IncrementalPdfFileWriter(pdf)
    writer.root[pdf_name("/Lang")] = pdf_name("/x")
    writer.update_root()  # type: ignore[no-untyped-call]
    writer.write_in_place()  # type: ignore[no-untyped-call]

    found = inspect(pdf, [sealer.certificate])
    assert found.intact
    assert found.problem is Problem.APPENDED
    assert not found.bottom_line


def test_bytes_after_the_end_are_found(sealed: bytes, sealer: Sealer) -> None:
    assert problem(sealed + b"\n% and more\n", sealer) is Problem.APPENDED


def test_a_second_seal_is_found(sealed: bytes, sealer: Sealer, other_sealer: Sealer) -> None:
    assert problem(sealed, other_sealer, sealer) is Problem.NONE
    assert problem(sealed, other_sealer) is Problem.UNKNOWN_SEAL
    assert problem(sealed) is Problem.UNKNOWN_SEAL
    assert problem(sealed_with(other_sealer), sealer) is Problem.UNKNOWN_SEAL


def test_a_file_cut_short_is_refused(sealed: bytes, sealer: Sealer) -> None:
    assert problem(sealed[:-300], sealer) is Problem.TRUNCATED


def test_a_document_without_a_seal_is_told_apart_from_what_is_no_document(sealer: Sealer) -> None:
    assert problem(compile_names(["Anna"]).data, sealer) is Problem.NOT_SEALED
    assert problem(b"hello", sealer) is Problem.NOT_PDF
    assert problem(b"", sealer) is Problem.NOT_PDF
    assert problem(b"%PDF-1.7\nrubbish\n%%EOF", sealer) is Problem.BROKEN


@given(share=st.floats(0, 1, exclude_max=True), rubbish=st.binary(min_size=1, max_size=40))  # sealed anew each run
@settings(max_examples=60, deadline=None)
def test_damage_anywhere_never_raises_and_never_passes(
    sealed: bytes, sealer: Sealer, share: float, rubbish: bytes
) -> None:
    at = int(len(sealed) * share)
    changed = sealed[:at] + rubbish + sealed[at + len(rubbish) :]

    if changed != sealed:
        assert not inspect(io.BytesIO(changed), [sealer.certificate]).bottom_line


def test_a_seal_made_in_time_stays_good_after_its_certificate_ran_out() -> None:
    short = make_sealer(datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(seconds=4))
    data = sealed_with(short)
    end = load_der_x509_certificate(short.certificate).not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1)

    assert problem(data, short) is Problem.NONE


def test_without_a_usable_key_nothing_is_sealed(sealer: Sealer, expired_sealer: Sealer) -> None:
    """I14."""
    elliptic = make_sealer(
        datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1), elliptic=True
    )
    not_yet = make_sealer(datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) + timedelta(days=30))
    document = compile_names(["Anna"]).data
    for key, passphrase, refusal in [
        (b"", PASSPHRASE, SealKeyMissing),
        (sealer.pkcs12, b"wrong", SealKeyRefused),
        (sealer.pkcs12, None, SealKeyRefused),
        (b"rubbish", PASSPHRASE, SealKeyRefused),
        (elliptic.pkcs12, PASSPHRASE, SealKeyRefused),
        (expired_sealer.pkcs12, PASSPHRASE, SealExpired),
        (not_yet.pkcs12, PASSPHRASE, SealExpired),
    ]:
        pdf = io.BytesIO(document)
        with pytest.raises(refusal) as refused:
            seal(pdf, key, passphrase, reason="Edition 3")
        assert pdf.getvalue() == document
        assert "wrong" not in str(refused.value).replace("wrong passphrase", "")
