"""Freeze, look at the check, approve as a second person; and is a compiled PDF what it says it is."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, update

from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.models import (
    Approval,
    Branch,
    Channel,
    Disclosure,
    Document,
    Edition,
    Petition,
    Volume,
)
from tests import factories
from tests.cli.conftest import EDITOR, MODERATOR, OWNER, SECOND_OWNER, Cli

SIGNER = "Ines Canary"


def worked(cli: Cli) -> None:
    """A worker comes by once."""
    with cli.connected() as settings:
        advance_editions(Runtime(settings))


def signed(cli: Cli, count: int = 3) -> None:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        choices = (Disclosure.ALL, Disclosure.INTERNATIONAL, Disclosure.COUNT_ONLY)
        people = [factories.typed(name=f"{SIGNER} {n}", disclosure=choices[n % 3]) for n in range(count)]
        factories.signatures(session, petition, people, confirmed=True)


def frozen(cli: Cli) -> None:
    signed(cli)
    cli.ok("edition", "freeze", "free-anna", "--by", EDITOR)


def compiled(cli: Cli) -> None:
    frozen(cli)
    worked(cli)
    cli.ok("edition", "approve", "free-anna", 1, "--by", OWNER)
    worked(cli)


def files(cli: Cli, folder: Path) -> list[Path]:
    """The compiled documents, opened with the worker's key, as their addressees have them."""
    with cli.rows() as session:
        archive = Archive(cli.var / "archive", session.scalars(select(Branch)).one().public_key)
        hashes = session.scalars(select(Volume.sha256).order_by(Volume.id)).all()
    paths = []
    for number, sha256 in enumerate(hashes):
        paths.append(folder / f"{number}.pdf")
        paths[-1].write_bytes(archive.read(sha256, factories.PRIVATE_KEY))
    return paths


def set_state(cli: Cli, **values: object) -> None:
    with cli.rows() as session:
        session.execute(update(Edition).values(**values))


# -- the way of an edition ------------------------------------------------------------------------------


def test_a_frozen_edition_is_checked_approved_and_compiled(cli: Cli) -> None:
    frozen(cli)
    assert cli.json("edition", "list", "free-anna")[0]["state"] == "requested"

    worked(cli)
    shown = cli.json("edition", "show", "free-anna", 1)
    assert shown["state"] == "checked"
    assert shown["totals"]["by_disclosure"] == {"count_only": 1, "international": 1, "all": 1}
    assert sorted(one["names"] for one in shown["check"]) == [1, 1, 2]
    assert all(one["pages"] and one["size"] for one in shown["check"])

    cli.ok("edition", "approve", "free-anna", 1, "--by", OWNER)
    worked(cli)
    shown = cli.json("edition", "show", "free-anna", 1)
    assert shown["state"] == "compiled"
    assert len(shown["documents"]) == len(shown["deliveries"]) == 3
    assert all(len(one["sha256"][0]) == 64 and one["code"] for one in shown["documents"])


def test_nothing_that_is_shown_of_an_edition_names_a_signer(cli: Cli) -> None:
    compiled(cli)

    printed = [cli.ok("edition", "show", "free-anna", 1), cli.ok("edition", "show", "free-anna", 1, "--json")]
    printed += [cli.ok("delivery", "list", "--json"), cli.ok("audit", "list", "--json"), cli.ok("petition", "list")]

    assert not any(SIGNER in page for page in printed)
    assert not any("ines.karlsen" in page for page in printed)


def test_who_asked_cannot_approve(cli: Cli) -> None:
    signed(cli)
    cli.ok("edition", "freeze", "free-anna", "--by", OWNER)
    worked(cli)

    assert "cannot approve" in cli.refused("edition", "approve", "free-anna", 1, "--by", OWNER)
    assert "only an owner" in cli.refused("edition", "approve", "free-anna", 1, "--by", EDITOR).lower()
    cli.ok("edition", "approve", "free-anna", 1, "--by", SECOND_OWNER)


def test_an_unchecked_edition_cannot_be_approved(cli: Cli) -> None:
    frozen(cli)

    assert "requested" in cli.refused("edition", "approve", "free-anna", 1, "--by", OWNER)


def test_a_moderator_cannot_freeze(cli: Cli) -> None:
    signed(cli)

    cli.refused("edition", "freeze", "free-anna", "--by", MODERATOR)
    assert cli.json("edition", "list", "free-anna") == []


def test_nothing_new_is_said_in_a_sentence(cli: Cli) -> None:
    assert "No signature" in cli.refused("edition", "freeze", "free-anna", "--by", EDITOR)
    compiled(cli)
    assert "since the last edition" in cli.refused("edition", "freeze", "free-anna", "--by", EDITOR)


def test_a_second_request_waits_for_the_first(cli: Cli) -> None:
    frozen(cli)
    signed(cli)

    assert "still requested" in cli.refused("edition", "freeze", "free-anna", "--by", EDITOR)


def test_a_request_that_nobody_approved_in_time_says_so(cli: Cli) -> None:
    frozen(cli)
    worked(cli)
    with cli.rows() as session:
        edition = session.scalars(select(Edition)).one()
        edition.requested_at -= timedelta(hours=73)

    assert "too old" in cli.refused("edition", "approve", "free-anna", 1, "--by", OWNER)


def test_what_the_check_found_stands_in_the_way_and_is_shown(cli: Cli) -> None:
    with cli.rows() as session:
        session.execute(update(Channel).where(Channel.id == 1).values(required=["fingerprints"]))
    frozen(cli)
    worked(cli)

    assert any("fingerprints" in one for one in cli.json("edition", "show", "free-anna", 1)["problems"])
    assert "fingerprints" in cli.refused("edition", "approve", "free-anna", 1, "--by", OWNER)


def test_a_declined_edition_makes_way_for_another(cli: Cli) -> None:
    frozen(cli)
    cli.ok("edition", "decline", "free-anna", 1, "--by", OWNER)

    assert "Froze edition 2" in cli.ok("edition", "freeze", "free-anna", "--by", EDITOR)


def test_a_failed_edition_is_checked_and_approved_anew_by_the_same_owner(cli: Cli) -> None:
    frozen(cli)
    worked(cli)
    cli.ok("edition", "approve", "free-anna", 1, "--by", OWNER)
    set_state(cli, state=Edition.State.FAILED, last_error_class="SealExpired", tries=5)

    cli.ok("edition", "retry", "free-anna", 1, "--by", EDITOR)
    with cli.rows() as session:
        assert session.scalars(select(Approval).where(Approval.kind == Approval.Kind.EDITION)).all() == []
    worked(cli)
    cli.ok("edition", "approve", "free-anna", 1, "--by", OWNER)
    worked(cli)

    assert cli.json("edition", "list", "free-anna")[0]["state"] == "compiled"


def test_only_what_failed_is_tried_again(cli: Cli) -> None:
    frozen(cli)

    assert "only one that failed" in cli.refused("edition", "retry", "free-anna", 1, "--by", EDITOR)


# -- waiting --------------------------------------------------------------------------------------------


def test_waiting_ends_with_what_the_worker_found(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(cli)
    looks = []

    def look_and_work(seconds: float) -> None:
        looks.append(seconds)
        advance_editions(Runtime(cli.settings()))  # on the command's own connection

    monkeypatch.setattr("petitions.cli.waiting.time.sleep", look_and_work)

    shown = cli.json("edition", "freeze", "free-anna", "--by", EDITOR, "--wait")
    assert shown["state"] == "checked"
    shown = cli.json("edition", "approve", "free-anna", 1, "--by", OWNER, "--wait")
    assert shown["state"] == "compiled"
    assert len(looks) == 2


def test_waiting_for_a_worker_that_is_not_there_ends_and_says_so(cli: Cli) -> None:
    signed(cli)

    said = cli.refused("edition", "freeze", "free-anna", "--by", EDITOR, "--wait", "--timeout", 0)

    assert "is a worker running" in said
    assert cli.json("edition", "list", "free-anna")[0]["state"] == "requested"


# -- verify ---------------------------------------------------------------------------------------------


def test_a_document_of_ours_is_authentic_and_says_which_it_is(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)

    for path in files(cli, tmp_path):
        answer = cli.json("verify", path)
        assert answer["authentic"]
        assert (answer["petition"], answer["edition"]) == ("free-anna", 1)
        assert answer["names"] == (2 if answer["circle"] == "international" else 1)
        assert answer["superseded_by"] is None
    assert "AUTHENTIC" in cli.ok("verify", path)


def test_one_byte_changed_or_added_is_not_authentic(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    content = files(cli, tmp_path)[0].read_bytes()
    changed, longer = tmp_path / "changed.pdf", tmp_path / "longer.pdf"
    middle = len(content) // 2
    changed.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    longer.write_bytes(content + b"\n% more\n")

    for path in (changed, longer):
        result = cli.run("verify", path)
        assert result.exit_code == 1
        assert result.stdout.startswith("NOT AUTHENTIC")


def test_a_sealed_file_the_records_do_not_know_is_not_authentic(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    path = files(cli, tmp_path)[0]
    with cli.rows() as session:
        session.execute(update(Volume).values(sha256="0" * 64))

    result = cli.run("verify", path)

    assert result.exit_code == 1
    assert "records know no such document" in result.stdout


def test_a_superseded_document_is_authentic_and_names_its_successor(cli: Cli, tmp_path: Path) -> None:
    compiled(cli)
    path = files(cli, tmp_path)[0]
    with cli.rows() as session:
        document = session.scalars(select(Document).order_by(Document.id)).first()
        assert document is not None
        document.move_to(Document.State.SUPERSEDED)
        session.flush()
        live = Document(
            edition_id=document.edition_id, addressee_id=document.addressee_id, language="ru",
            verification_code="SUCCESSOR234", names=0, count_only=3, roll_digest=b"",
        )
        session.add(live)

    answer = cli.json("verify", path)

    assert answer["authentic"]
    assert answer["superseded_by"]["code"] == "SUCCESSOR234"


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_certificate_alone_is_enough_to_verify(cli: Cli, tmp_path: Path, encoding: Encoding) -> None:
    compiled(cli)
    path = files(cli, tmp_path)[0]
    certificate = tmp_path / "seal.cer"
    with cli.rows() as session:
        der = session.scalars(select(Branch.seal_certificate)).one()
        assert der is not None
        certificate.write_bytes(x509.load_der_x509_certificate(der).public_bytes(encoding))
    nowhere = Cli(tmp_path / "nowhere", {"PETITIONS_PROFILE": "production", "PETITIONS_SECRET_KEY": ""})

    assert nowhere.json("verify", path, "--certificate", certificate)["authentic"]
    assert not nowhere.var.exists()


def test_what_is_no_pdf_is_not_authentic(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all")

    result = cli.run("verify", path)

    assert result.exit_code == 1
    assert "not a PDF" in result.stdout
    cli.refused("verify", path, "--certificate", path, code=2)
    cli.refused("verify", tmp_path / "nothing.pdf", code=2)
