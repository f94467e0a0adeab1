"""An organisation's own certificate takes the place of the one we made; what was sealed before stays ours."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.keys import seal_key
from petitions.models import AuditEntry, Branch, Document, Edition, FormerSeal, Petition
from tests import factories
from tests.cli.conftest import EDITOR, MODERATOR, OWNER, Cli
from tests.cli.test_editions import compiled, files, worked

TYPED = "typed passphrase"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def issuer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate_of(key: Key, *, days: tuple[int, int] = (-1, 365), signs: bool = True) -> x509.Certificate:
    """As an authority would issue it to an organisation."""
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "North Association")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Invented Trust Service")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=signs, key_encipherment=not signs, **usage), critical=True)
        .sign(issuer(), hashes.SHA256())
    )


def pkcs12(folder: Path, key: Key | None = None, certificate: x509.Certificate | None = None) -> Path:
    key = key or rsa.generate_private_key(65537, 2048)
    content = serialize_key_and_certificates(
        b"seal", key, certificate or certificate_of(key), None, BestAvailableEncryption(TYPED.encode())
    )
    path = folder / "own.p12"
    path.write_bytes(content)
    return path


def take(cli: Cli, file: Path, by: str = OWNER, typed: str = TYPED) -> tuple[int, str]:
    result = cli.run("keys", "import-seal", "north", file, "--by", by, typed=f"{typed}\n")
    return result.exit_code, result.stdout + result.stderr


def north(session: Session) -> Branch:
    return session.scalars(select(Branch)).one()


def key_files(cli: Cli) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (cli.var / "keys").iterdir()}


def test_documents_sealed_before_and_after_are_both_ours(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    code, said = take(cli, pkcs12(tmp_path))
    assert code == 0, said

    with cli.rows() as session:
        factories.signature(session, session.scalars(select(Petition)).one(), confirmed=True)
    cli.ok("edition", "freeze", "free-anna", "--by", EDITOR, "--urgent")
    worked(cli)
    cli.ok("edition", "approve", "free-anna", 2, "--by", OWNER)
    worked(cli)

    answers = [cli.json("verify", path) for path in files(cli, tmp_path)]
    assert [answer["authentic"] for answer in answers] == [True] * 6
    fingerprints = [answer["fingerprint"] for answer in answers]
    assert len(set(fingerprints[:3])) == len(set(fingerprints[3:])) == 1
    assert fingerprints[0] != fingerprints[3]
    with cli.rows() as session:
        branch = north(session)
        for document, answer in zip(session.scalars(select(Document).order_by(Document.id)), answers, strict=True):
            seal = branch.seal_at(document.compiled_at)
            assert seal is not None
            assert x509.load_der_x509_certificate(seal).fingerprint(hashes.SHA256()).hex() == answer["fingerprint"]


def test_the_new_seal_is_kept_under_a_passphrase_of_its_own_and_the_former_beside_it(
    cli: Cli, tmp_path: Path
) -> None:
    before = key_files(cli)
    take(cli, pkcs12(tmp_path))

    assert cli.json("keys", "list")[0]["seal"] == "here"
    with cli.connected() as settings, cli.rows() as session:
        assert seal_key(settings, north(session).public_id).passphrase != TYPED.encode()
    former = {name.split("-", 2)[2]: content for name, content in key_files(cli).items() if name.startswith("former-")}
    assert former == {name: content for name, content in before.items() if name.startswith("seal-")}
    assert all(S_IMODE(path.stat().st_mode) == 0o400 for path in (cli.var / "keys").iterdir())


def test_it_is_recorded_who_took_which_seal(cli: Cli, tmp_path: Path) -> None:
    take(cli, pkcs12(tmp_path))

    with cli.rows() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert entry.verb == "keys.import_seal"
        assert entry.details["seal"] == cli.json("keys", "list")[0]["seal_certificate"]
        assert entry.details["former"] not in {None, entry.details["seal"]}


def test_a_passphrase_that_is_set_opens_the_file_and_keeps_it(cli: Cli, tmp_path: Path) -> None:
    cli.environment["PETITIONS_SEAL_PASSPHRASE"] = TYPED

    assert "from now on" in cli.ok("keys", "import-seal", "north", pkcs12(tmp_path), "--by", OWNER)

    assert cli.json("keys", "list")[0]["seal"] == "here"
    assert not [name for name in key_files(cli) if name.startswith("seal-") and name.endswith(".pass")]


def unfit(folder: Path, what: str) -> Path:
    key = rsa.generate_private_key(65537, 1024 if what == "short" else 2048)
    if what == "elliptic":
        return pkcs12(folder, ec.generate_private_key(ec.SECP256R1()))
    days = {"expired": (-30, -1), "not yet": (1, 30)}.get(what, (-1, 30))
    return pkcs12(folder, key, certificate_of(key, days=days, signs=what != "encrypts"))


@pytest.mark.parametrize(("what", "words"), [
    ("expired", "not today"), ("not yet", "not today"), ("encrypts", "key usage"), ("short", "1024 bits"),
    ("elliptic", "RSA"),
])
def test_what_cannot_seal_is_refused_and_nothing_is_changed(
    cli: Cli, tmp_path: Path, what: str, words: str
) -> None:
    before = key_files(cli)

    code, said = take(cli, unfit(tmp_path, what))

    assert (code, words in said) == (1, True), said
    assert key_files(cli) == before
    with cli.rows() as session:
        assert session.scalars(select(FormerSeal)).all() == []


def test_a_wrong_passphrase_or_another_file_does_not_open(cli: Cli, tmp_path: Path) -> None:
    assert "does not open" in take(cli, pkcs12(tmp_path), typed="wrong")[1]
    (tmp_path / "own.p12").write_text("nonsense")
    assert "does not open" in take(cli, tmp_path / "own.p12")[1]


@pytest.mark.parametrize("by", [EDITOR, MODERATOR])
def test_only_an_owner_changes_the_seal(cli: Cli, tmp_path: Path, by: str) -> None:
    before = key_files(cli)

    assert take(cli, pkcs12(tmp_path), by=by)[0] == 1
    assert key_files(cli) == before


def test_the_same_certificate_is_not_taken_twice(cli: Cli, tmp_path: Path) -> None:
    file = pkcs12(tmp_path)
    take(cli, file)

    assert "already" in take(cli, file)[1]


def test_while_an_edition_is_compiled_the_seal_stays(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    with cli.rows() as session:
        session.scalars(select(Edition)).one().state = Edition.State.APPROVED

    assert "being compiled" in take(cli, pkcs12(tmp_path))[1]


def test_it_is_taken_where_the_private_key_is(cli: Cli, tmp_path: Path) -> None:
    next((cli.var / "keys").glob("branch-*.key")).unlink()

    assert "where the worker runs" in take(cli, pkcs12(tmp_path))[1]


def test_a_seal_that_could_not_be_recorded_leaves_the_former_in_its_place(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, commit = key_files(cli), Session.commit

    def fails(session: Session) -> None:
        monkeypatch.setattr(Session, "commit", commit)
        raise OSError("no space left")

    file = pkcs12(tmp_path)
    monkeypatch.setattr(Session, "commit", fails)
    with pytest.raises(OSError, match="no space"):
        take(cli, file)

    assert key_files(cli) == before
    with cli.rows() as session:
        assert session.scalars(select(FormerSeal)).all() == []
