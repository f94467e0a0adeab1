"""One file with which anybody checks our documents without us, and what it does not tell."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from petitions.models import Document, Petition
from tests.cli.conftest import OWNER, Cli
from tests.cli.test_editions import SIGNER, compiled, files
from tests.cli.test_seals import pkcs12, take


def bundle(cli: Cli, folder: Path, name: str = "north.bundle") -> Path:
    cli.ok("verify", "export-bundle", "north", folder / name)
    return folder / name


def nowhere(folder: Path) -> Cli:
    """A machine without database, keys or network."""
    return Cli(folder / "nowhere", {"PETITIONS_PROFILE": "production", "PETITIONS_SECRET_KEY": ""})


def test_with_the_bundle_a_document_is_checked_without_us(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    known, away = bundle(cli, tmp_path), nowhere(tmp_path)

    for path in files(cli, tmp_path):
        answer = away.json("verify", path, "--bundle", known)
        assert answer["authentic"]
        assert (answer["petition"], answer["edition"], answer["volume"]) == ("free-anna", 1, 1)
        assert answer["addressee_kind"] in {"court", "prosecutor", "international"}
        assert answer["bundle_signed_by"] == answer["fingerprint"]
    told = away.ok("verify", path, "--bundle", known)
    assert "AUTHENTIC. It is ours and whole." in told
    assert "Compare bundle_signed_by with a fingerprint that you know." in told  # a forger has a bundle, too
    assert not away.var.exists()


def test_a_changed_file_and_one_that_was_never_issued_are_not(cli: Cli, tmp_path: Path) -> None:
    early = bundle(cli, tmp_path, "early.bundle")
    compiled(cli)
    path, known, away = files(cli, tmp_path)[0], bundle(cli, tmp_path), nowhere(tmp_path)
    content = path.read_bytes()
    longer = tmp_path / "longer.pdf"
    longer.write_bytes(content + b"\n% more\n")

    assert away.run("verify", longer, "--bundle", known).exit_code == 1
    unknown = away.run("verify", path, "--bundle", early)
    assert unknown.exit_code == 1
    assert "knows no such document" in unknown.stdout


def test_what_a_former_seal_sealed_is_ours_and_the_present_one_signs(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    assert take(cli, pkcs12(tmp_path))[0] == 0

    answer = nowhere(tmp_path).json("verify", files(cli, tmp_path)[0], "--bundle", bundle(cli, tmp_path))

    assert answer["authentic"]
    assert answer["bundle_signed_by"] != answer["fingerprint"]


def test_the_code_on_paper_must_be_this_documents(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    paths, known, away = files(cli, tmp_path), bundle(cli, tmp_path), nowhere(tmp_path)
    with cli.rows() as session:
        mine, other, *_ = session.scalars(select(Document.verification_code).order_by(Document.id)).all()
    printed = f"{mine[:4]}-{mine[4:8]}-{mine[8:]}".lower()

    assert away.run("verify", paths[0], "--bundle", known, "--code", printed).exit_code == 0
    assert away.run("verify", paths[0], "--bundle", known, "--code", other).exit_code == 1
    assert cli.run("verify", paths[0], "--code", printed).exit_code == 0
    assert cli.run("verify", paths[0], "--code", other).exit_code == 1


def test_a_bundle_tells_no_name_no_code_and_nothing_of_a_petition_that_is_not_public(
    cli: Cli, tmp_path: Path
) -> None:
    compiled(cli)
    with cli.rows() as session:
        codes = session.scalars(select(Document.verification_code)).all()
    shown = bundle(cli, tmp_path).read_text()
    with cli.rows() as session:
        session.scalars(select(Petition)).one().move_to(Petition.State.HIDDEN)
    hidden = bundle(cli, tmp_path).read_text()

    for text in (shown, hidden):
        assert SIGNER not in text
        assert not [code for code in codes if code in text]
    assert "free-anna" in shown
    assert "free-anna" not in hidden
    assert [sorted(one) for one in json.loads(hidden)["bundle"]["documents"]] == [["code", "sha256"]] * 3
    assert nowhere(tmp_path).json("verify", files(cli, tmp_path)[0], "--bundle", tmp_path / "north.bundle")["authentic"]


def add_document(content: dict[str, Any]) -> None:
    content["bundle"]["documents"].append({"sha256": "0" * 64, "code": "0" * 64})


def drop_signature(content: dict[str, Any]) -> None:
    content["signature"] = ""


def other_kind(content: dict[str, Any]) -> None:
    content["bundle"]["format"] = "petitions bundle v9"


@pytest.mark.parametrize(("change", "words"), [
    (add_document, "altered"), (drop_signature, "altered"), (other_kind, "another kind"), (dict.clear, "not a bundle"),
])
def test_a_bundle_that_was_altered_is_refused(
    cli: Cli, tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    compiled(cli)
    path = bundle(cli, tmp_path)
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))

    result = nowhere(tmp_path).run("verify", files(cli, tmp_path)[0], "--bundle", path)

    assert result.exit_code == 1
    assert words in result.stderr
    assert "AUTHENTIC" not in result.stdout


@pytest.mark.parametrize("rubbish", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_bundle_is_refused_in_a_sentence(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "x.bundle").write_bytes(rubbish)
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")

    result = nowhere(tmp_path).run("verify", tmp_path / "x.pdf", "--bundle", tmp_path / "x.bundle")

    assert (result.exit_code, "not a bundle" in result.stderr) == (1, True)


def test_it_is_made_where_the_seal_is(cli: Cli, tmp_path: Path) -> None:
    next((cli.var / "keys").glob("seal-*.p12")).unlink()

    result = cli.run("verify", "export-bundle", "north", tmp_path / "x")

    assert (result.exit_code, "where the worker runs" in result.stderr) == (1, True)
    assert OWNER not in result.stderr
