"""What the evidence log shows: to everybody its checkpoint, its key and its growth; to a signer the own place."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from petitions import merkle, notes
from petitions.leaves import Kind, read
from petitions.models import Checkpoint, Edition, EvidenceLog, Petition, Signature
from tests import factories
from tests.factories import Signed

ORIGIN = "petitions.example.org/log/free-anna"
KEY = Ed25519PrivateKey.from_private_bytes(factories.LOG_KEY)
PUBLIC = notes.LogKey(ORIGIN, KEY.public_key().public_bytes_raw())


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def ines(session: Session, petition: Petition) -> Signed:
    """One of three in edition 1; two more have signed since."""
    made = factories.signature(session, petition, name="Ines Karlsen", email="ines@example.org", confirmed=True)
    batch(session, petition, 2)
    edition = Edition(
        petition=petition, number=1, log_size=petition.log_size, totals={}, texts={}, facts={},
        state=Edition.State.COMPILED, compiled_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    session.add(edition)
    batch(session, petition, 2)
    return made


def batch(session: Session, petition: Petition, number: int) -> None:
    """Counted and signed, as the worker does it."""
    factories.signatures(session, petition, [factories.typed() for _ in range(number)], confirmed=True)
    petition.count_new(session)
    root = EvidenceLog(session, petition.id).root(petition.log_size)
    note = notes.signed(notes.TreeHead(ORIGIN, petition.log_size, root), KEY)
    session.add(
        Checkpoint(
            petition_id=petition.id, size=petition.log_size, root=root, origin=ORIGIN, note=note,
            public_key=PUBLIC.public,
        )
    )
    session.commit()


def test_everybody_can_see_how_large_the_log_is(client: FlaskClient, ines: Signed) -> None:
    answer = client.get("/log/free-anna/checkpoint")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert notes.opened(answer.text, notes.LogKey.read(client.get("/log/free-anna/key").text)).size == 5


def test_everybody_can_see_that_it_only_grew(client: FlaskClient, session: Session, ines: Signed) -> None:
    answer = client.get("/log/free-anna/proof?from=3&to=5")
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    petition = session.get_one(Signature, ines.id).petition
    small, large = (EvidenceLog(session, petition.id).root(size) for size in (3, 5))
    assert merkle.proves_consistency(3, 5, notes.hashes_of(answer.text), small, large)
    assert client.get("/log/free-anna/proof?from=3").text == answer.text


@pytest.mark.parametrize("query", ["", "?from=0", "?from=4&to=3", "?from=1&to=6", "?from=x", "?from=-1&to=-1"])
def test_there_is_no_proof_of_what_is_not_signed(client: FlaskClient, ines: Signed, query: str) -> None:
    assert client.get(f"/log/free-anna/proof{query}").status_code == 404


def test_a_petition_that_is_not_public_shows_no_log(client: FlaskClient, session: Session, ines: Signed) -> None:
    session.get_one(Signature, ines.id).petition.hide()
    session.commit()
    for page in ("checkpoint", "key", "proof?from=1"):
        assert client.get(f"/log/free-anna/{page}").status_code == 410


def test_a_petition_that_nobody_has_signed_has_no_log(client: FlaskClient, petition: Petition) -> None:
    assert client.get("/log/free-anna/checkpoint").status_code == 404


def test_a_signer_is_told_in_which_editions_she_is(client: FlaskClient, ines: Signed) -> None:
    page = " ".join(client.get(f"/s/{ines.token}").text.split())
    assert "You are in edition 1 of November 20, 2026: leaf" in page
    assert f'href="/s/{ines.token}/proofs/1"' in page


def test_her_proof_can_be_checked_by_anybody_and_names_nobody(
    client: FlaskClient, session: Session, ines: Signed
) -> None:
    answer = client.get(f"/s/{ines.token}/proofs/1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="edition-1.tlog-proof"'
    proof = notes.Inclusion.read(answer.text)
    head = proof.verify(PUBLIC)
    row = session.get_one(Signature, ines.id)
    assert (head.size, proof.index + 1) == (3, row.position)
    leaf = read(proof.leaf)
    assert (leaf.kind, leaf.text_hash, leaf.commitment) == (Kind.CONFIRM, row.text.hash, row.commitment)
    assert not [word for word in ("Ines", "Karlsen", "ines@", row.public_id, ines.token) if word in answer.text]


def test_who_signed_later_is_not_in_the_edition(client: FlaskClient, session: Session, ines: Signed) -> None:
    petition = session.get_one(Signature, ines.id).petition
    late = factories.signature(session, petition, name="Late", email="late@example.org", confirmed=True)
    petition.count_new(session)
    session.commit()
    assert "You are in edition" not in client.get(f"/s/{late.token}").text
    assert client.get(f"/s/{late.token}/proofs/1").status_code == 404


def test_who_has_withdrawn_is_in_no_edition(client: FlaskClient, session: Session, ines: Signed) -> None:
    session.get_one(Signature, ines.id).withdraw(session)
    session.commit()
    assert "You are in edition" not in client.get(f"/s/{ines.token}").text
    assert client.get(f"/s/{ines.token}/proofs/1").status_code == 404


def test_who_was_held_while_an_edition_was_compiled_is_not_told_to_be_in_it(
    client: FlaskClient, session: Session, ines: Signed
) -> None:
    """The log holds her place all the same, and the proof of that is hers."""
    row = session.get_one(Signature, ines.id)
    row.hold(session, "looked_at")
    session.flush()
    row.release(session)
    session.get_one(Edition, 1).requested_at = datetime(2026, 11, 20, tzinfo=UTC)
    session.commit()
    page = " ".join(client.get(f"/s/{ines.token}").text.split())
    assert "You are in edition" not in page
    assert "The log of edition 1 of November 20, 2026 holds your place: leaf" in page
    assert client.get(f"/s/{ines.token}/proofs/1").status_code == 200


def test_no_number_of_an_edition_breaks_the_page(client: FlaskClient, ines: Signed) -> None:
    for number in ("0", "2", "-1", "99999999999999999999999", "x"):
        assert client.get(f"/s/{ines.token}/proofs/{number}").status_code == 404
