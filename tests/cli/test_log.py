"""`petitions log`: whoever doubts can compute everything again, and a rewritten log is found."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors.counting import count
from mailer.actors.runtime import Runtime
from petitions import keys, leaves, merkle, notes, watermark
from petitions.app import create_app
from petitions.config import Settings
from petitions.models import Checkpoint, Edition, EvidenceLog, Petition, Signature, Tile
from tests import factories
from tests.cli.conftest import OWNER, Cli

ANNA = "free-anna"


@pytest.fixture
def signed(cli: Cli) -> factories.Signed:
    """One of five that are counted; edition 1 holds the first three."""
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        ines = factories.signature(session, petition, name="Ines Karlsen", email="ines@example.org", confirmed=True)
        factories.signatures(session, petition, [factories.typed(), factories.typed()], confirmed=True)
    work(cli)
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        edition = Edition(
            petition=petition, number=1, log_size=3, totals={}, texts={}, facts={}, state=Edition.State.COMPILED,
            compiled_at=petition.counted_at,
        )
        session.add(edition)
        factories.signatures(session, petition, [factories.typed(), factories.typed()], confirmed=True)
    work(cli)
    return ines


def work(cli: Cli) -> None:
    with cli.connected() as settings:
        count(Runtime(settings))


def root(cli: Cli, size: int) -> str:
    with cli.rows() as session:
        return EvidenceLog(session, session.scalars(select(Petition.id)).one()).root(size).hex()


def key(cli: Cli) -> str:
    with cli.rows() as session:
        return session.scalars(select(Checkpoint.public_key).limit(1)).one().hex()


def proof_file(cli: Cli, signed: factories.Signed, folder: Path) -> tuple[Path, Path]:
    """What the signer downloads: the proof for edition 1 and everything stored about her."""
    with cli.connected() as settings:
        client = create_app(settings).test_client()
        proof, data = folder / "edition-1.tlog-proof", folder / "signature.json"
        proof.write_bytes(client.get(f"/s/{signed.token}/proofs/1", base_url=settings.base_url).data)
        data.write_bytes(client.get(f"/s/{signed.token}/data.json", base_url=settings.base_url).data)
    return proof, data


def test_a_log_that_holds_is_said_to_hold(cli: Cli, signed: factories.Signed) -> None:
    (found,) = cli.json("log", "check")
    assert found == {"petition": ANNA, "leaves": 5, "checkpoints": 2, "root": root(cli, 5), "problems": []}


def test_a_record_that_was_altered_is_found(cli: Cli, signed: factories.Signed) -> None:
    with cli.rows() as session:
        session.execute(update(Signature).where(Signature.position == 2).values(commitment=b"\0" * 32))
    assert "the leaves are not those of the signatures' records" in cli.refused("log", "check")


def test_a_leaf_that_was_altered_is_found(cli: Cli, signed: factories.Signed) -> None:
    with cli.rows() as session:
        tile = session.scalars(select(Tile)).one()
        tile.hashes = tile.hashes[:-32] + merkle.leaf_hash(b"invented")
    said = cli.refused("log", "check", "--petition", ANNA)
    assert "the checkpoint of 5 leaves is not of this tree" in said
    assert "other leaves than were published" in said


def test_a_log_rewritten_with_all_its_checkpoints_fails_against_a_saved_one(
    cli: Cli, signed: factories.Signed, tmp_path: Path
) -> None:
    """M5: to the authority another tree than to the public; whoever kept a checkpoint can tell."""
    saved = tmp_path / "saved.checkpoint"
    with cli.rows() as session:
        saved.write_text(session.scalars(select(Checkpoint.note).where(Checkpoint.size == 3)).one())
        rewrite(session, cli.settings())
    for mark in (cli.var / "log").iterdir():
        mark.unlink()
    work(cli)
    assert cli.json("log", "check")[0]["problems"] == []  # all that is here agrees with itself
    said = cli.refused("log", "check", "--petition", ANNA, "--checkpoint", saved)
    assert "other leaves than were published" in said


def rewrite(session: Session, settings: Settings) -> None:
    """What an operator with the database and the key could do."""
    session.execute(update(Signature).where(Signature.position == 1).values(commitment=b"\0" * 32))
    for model in (Tile, Checkpoint):
        for row in session.scalars(select(model)):
            session.delete(row)


def test_a_signers_proof_is_checked_without_us(cli: Cli, signed: factories.Signed, tmp_path: Path) -> None:
    proof, data = proof_file(cli, signed, tmp_path)
    elsewhere = Cli(tmp_path / "nothing here")
    typed = ("log", "verify-proof", proof, "--key", key(cli), "--root", root(cli, 3))
    found = elsewhere.json(*typed)
    assert (found["size"], found["root"], found["kind"]) == (3, root(cli, 3), "confirm")
    assert "Ines" not in elsewhere.ok(*typed)
    assert "Ines Karlsen" in elsewhere.ok(*typed, "--opening", data)
    assert not elsewhere.var.exists()


def test_a_forged_proof_is_refused(cli: Cli, signed: factories.Signed, tmp_path: Path) -> None:
    proof, data = proof_file(cli, signed, tmp_path)
    right = ("--key", key(cli))
    assert "another root" in cli.refused("log", "verify-proof", proof, *right, "--root", root(cli, 5))
    assert "not signed with this key" in cli.refused("log", "verify-proof", proof, "--key", "ab" * 32)
    said = json.loads(data.read_text())
    data.write_text(json.dumps(said | {"you_typed": said["you_typed"] | {"name": "Otto"}}))
    assert "not the one of this signer" in cli.refused("log", "verify-proof", proof, *right, "--opening", data)
    cli.refused("log", "verify-proof", proof, "--key", "ab", code=2)
    proof.write_text(proof.read_text().replace("index ", "index 1"))
    assert "NOT PROVEN" in cli.refused("log", "verify-proof", proof, *right)
    proof.write_bytes(b"\xff\xfe\0")
    assert "not text" in cli.refused("log", "verify-proof", proof, *right)


def test_the_printed_root_is_computed_again_from_the_list_of_leaves(
    cli: Cli, signed: factories.Signed, tmp_path: Path
) -> None:
    """I18; what is printed is tried in tests/mailer/actors/test_printed_log.py."""
    file = tmp_path / "leaves.txt"
    cli.ok("log", "export", ANNA, "--edition", 1, "--out", file)
    elsewhere = Cli(tmp_path / "nothing here")
    assert "THE SAME" in elsewhere.ok("log", "verify-leaves", file, "--root", root(cli, 3), "--size", 3)
    cli.ok("log", "export", ANNA, "--out", file)
    assert "THE SAME" in elsewhere.ok("log", "verify-leaves", file, "--root", root(cli, 3), "--size", 3)
    assert "THE SAME" in elsewhere.ok("log", "verify-leaves", file, "--root", root(cli, 5))
    assert "NOT THE SAME" in elsewhere.refused("log", "verify-leaves", file, "--root", root(cli, 5), "--size", 3)
    assert "has 5 leaves, not 6" in elsewhere.refused("log", "verify-leaves", file, "--root", root(cli, 5), "--size", 6)
    file.write_text(file.read_text().replace("\n5\n", "\n5\nnonsense\n"))
    assert "not a list of leaves" in elsewhere.refused("log", "verify-leaves", file, "--root", root(cli, 5))
    file.write_bytes(b"%PDF-\xff")
    assert "not a list of leaves" in elsewhere.refused("log", "verify-leaves", file, "--root", root(cli, 5))


def test_both_sides_draw_the_same_leaves(cli: Cli, signed: factories.Signed, tmp_path: Path) -> None:
    """M6: neither the organisation nor the authority can choose who is asked."""
    lot = ("--nonce", "room 12, 4 March", "--count", 2)
    elsewhere = Cli(tmp_path / "nothing here")
    drawn = [row["leaf"] for row in elsewhere.json("log", "sample", "--root", root(cli, 3), "--size", 3, *lot)]
    assert len(set(drawn)) == 2
    ours = cli.json("log", "sample", ANNA, "--edition", 1, *lot)
    assert [row["leaf"] for row in ours] == drawn
    with cli.rows() as session:
        for row in ours:
            signature = session.scalars(select(Signature).where(Signature.public_id == row["signature"])).one()
            assert signature.position == row["leaf"] + 1
            assert row["can_be_asked"] is True


def test_who_withdrew_since_is_drawn_and_not_asked(cli: Cli, signed: factories.Signed) -> None:
    with cli.rows() as session:
        session.get_one(Signature, signed.id).withdraw(session)
    work(cli)
    rows = cli.json("log", "sample", ANNA, "--edition", 1, "--nonce", "x", "--count", 3)
    assert sorted(row["can_be_asked"] for row in rows) == [False, True, True]
    assert cli.json("log", "check")[0]["leaves"] == 6


def test_a_draw_says_what_it_shows(cli: Cli) -> None:
    said = cli.run("log", "sample", "--root", "ab" * 32, "--size", "1000", "--nonce", "x")
    assert "If all 60 are genuine, with 95 % confidence fewer than 4.9% of all are not." in said.stderr
    assert leaves.most_invented(60) < 0.05
    cli.refused("log", "sample", "--root", "ab" * 32, "--nonce", "x", code=2)
    cli.refused("log", "sample", "--nonce", "x", code=2)
    assert "no edition 7" in cli.refused("log", "sample", ANNA, "--edition", 7, "--nonce", "x")


def test_the_doctor_finds_the_key_and_an_old_database(cli: Cli, signed: factories.Signed) -> None:
    said = {finding["name"]: finding for finding in findings(cli)}
    assert said["evidence log key"]["level"] == "good"
    assert said["evidence logs"]["words"] == "1 go on from what was published"
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        head = notes.TreeHead(f"localhost:8000/log/{ANNA}", 9, bytes(32))
        mine = cli.settings()

        watermark.mark(mine, petition.public_id, notes.signed(head, keys.log_key(mine)))
    found = [finding for finding in findings(cli) if finding["name"] == f"evidence log of {ANNA}"]
    assert [finding["level"] for finding in found] == ["problem"]
    assert "an old database was put back" in found[0]["words"]


def findings(cli: Cli) -> list[dict[str, str]]:
    result = cli.run("doctor", "--json")
    return list(json.loads(result.stdout)["findings"])


def test_a_missing_key_is_a_problem_where_editions_are_compiled(cli: Cli) -> None:
    (cli.var / "keys" / "log.key").unlink()
    found = {finding["name"]: finding["level"] for finding in findings(cli)}
    assert found["evidence log key"] == "problem"
    assert "evidence logs: made its key" in cli.ok("keys", "new")
    found = {finding["name"]: finding["level"] for finding in findings(cli)}
    assert found["evidence log key"] == "good"
    assert (cli.var / "keys" / "log.key").stat().st_mode & 0o777 == 0o400


def test_a_lost_key_is_not_silently_replaced(cli: Cli, signed: factories.Signed) -> None:
    (cli.var / "keys" / "log.key").unlink()
    assert "logs are signed with it" in cli.refused("keys", "new")
    assert not (cli.var / "keys" / "log.key").exists()


def test_each_printed_number_leads_to_its_leaf(cli: Cli, signed: factories.Signed) -> None:
    with cli.rows() as session:
        slug = session.scalars(select(Petition)).one().addressees[0].authority.slug
    rows = cli.json("log", "serials", ANNA, "--edition", 1, "--addressee", slug)
    assert [row["serial"] for row in rows] == [1, 2, 3]
    assert sorted(row["leaf"] for row in rows) == [0, 1, 2]
    assert "no addressee" in cli.refused("log", "serials", ANNA, "--edition", 1, "--addressee", "nobody")


def test_where_the_newest_database_is_lost_another_log_is_begun(cli: Cli, signed: factories.Signed) -> None:
    """The old one ended, and whoever holds its checkpoints sees it; the petition goes on."""
    anew = ("log", "begin-anew", ANNA, "--reason", "The disk burnt; the backup is of Monday", "--by", OWNER)
    assert "no reason to begin another" in cli.refused(*anew)
    published = key(cli)
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        mine = cli.settings()
        head = notes.TreeHead(f"localhost:8000/log/{ANNA}", 9, bytes(32))
        watermark.mark(mine, petition.public_id, notes.signed(head, keys.log_key(mine)))
    sign_again(cli)
    assert any("old database" in said["words"] for said in findings(cli))
    assert "localhost:8000/log/free-anna/2" in cli.ok(*anew)
    work(cli)
    with cli.rows() as session:
        made = session.scalars(select(Checkpoint).order_by(Checkpoint.size)).all()
        assert [one.size for one in made] == [3, 6]
        assert {one.origin for one in made} == {"localhost:8000/log/free-anna/2"}
        assert made[0].public_key.hex() == published
    assert cli.json("log", "check")[0]["problems"] == []
    assert [file.suffix for file in sorted((cli.var / "log").iterdir())] == [".former", ".checkpoint"]


def sign_again(cli: Cli) -> None:
    with cli.rows() as session:
        factories.signature(session, session.scalars(select(Petition)).one(), confirmed=True)
    work(cli)
