"""The evidence log: leaves for whoever is counted and whoever takes it back, in batches, never rewritten."""

import time

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from petitions import crypto, merkle
from petitions.config import Settings
from petitions.leaves import Kind, Leaf
from petitions.models import Edition, EvidenceLog, LogDamaged, NothingNew, Petition, Signature, Tile
from petitions.models import recorded_leaves as recorded
from petitions.signing import open_own
from tests import factories


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Each of the two databases."""
    if request.param == "sqlite":
        return settings
    return settings.model_copy(update={"database_url": str(request.getfixturevalue("postgres_url"))})


@pytest.fixture
def petition(session: Session) -> Petition:
    return factories.petition(session)


def sign(session: Session, petition: Petition, number: int = 1) -> list[factories.Signed]:
    people = [factories.typed() for _ in range(number)]
    return factories.signatures(session, petition, people, confirmed=True)


def log_of(session: Session, petition: Petition) -> EvidenceLog:
    return EvidenceLog(session, petition.id)


def leaf_of(session: Session, signed: factories.Signed, kind: Kind = Kind.CONFIRM) -> bytes:
    row = session.get_one(Signature, signed.id)
    return merkle.leaf_hash(Leaf(kind, row.text.hash, row.commitment).data)


def test_every_counted_signature_is_a_leaf_at_its_position(session: Session, petition: Petition) -> None:
    signed = sign(session, petition, 5)
    petition.count_new(session)
    log = log_of(session, petition)
    assert log.size == petition.log_size == 5
    root = log.root(5)
    for one in signed:
        session.expire_all()
        position = session.get_one(Signature, one.id).position
        assert position is not None
        proof = log.inclusion_proof(position - 1, 5)
        assert merkle.proves_inclusion(position - 1, 5, leaf_of(session, one), proof, root)


def test_the_root_is_that_of_all_leaves_in_their_order(session: Session, petition: Petition) -> None:
    for number in (1, 2, 255, 7):
        sign(session, petition, number)
        petition.count_new(session)
        leaves = [merkle.leaf_hash(leaf.data) for leaf in recorded(session, petition.id)]
        log = log_of(session, petition)
        assert list(log.leaves(log.size)) == leaves
        assert log.root(log.size) == merkle.root_of(leaves)


def test_the_log_only_grows_at_its_end(session: Session, petition: Petition) -> None:
    sizes = []
    for number in (3, 260, 1, 40):
        sign(session, petition, number)
        petition.count_new(session)
        log = log_of(session, petition)
        sizes.append((log.size, log.root(log.size)))
    large, root = sizes[-1]
    for small, before in sizes:
        assert log.root(small) == before
        assert merkle.proves_consistency(small, large, log.consistency_proof(small, large), before, root)


def test_order_within_a_batch_is_by_lot(session: Session, petition: Petition) -> None:
    """E6: who was confirmed first must not be seen."""
    signed = sign(session, petition, 40)
    petition.count_new(session)
    session.expire_all()
    places = [session.get_one(Signature, one.id).position for one in signed]
    assert sorted(places, key=lambda place: place or 0) == list(range(1, 41))
    assert places != sorted(places, key=lambda place: place or 0)


def test_who_withdraws_before_delivery_gets_a_leaf_that_says_so(session: Session, petition: Petition) -> None:
    """M8: not in the list, one less in the count, a leaf of kind "withdraw"; the leaf of the signature stays."""
    one, other = sign(session, petition, 2)
    petition.count_new(session)
    before = log_of(session, petition).root(2)
    session.expire_all()
    session.get_one(Signature, one.id).withdraw(session)
    assert petition.count_new(session) == 0
    session.expire_all()
    assert session.get_one(Signature, one.id).withdrawal_position == 3
    assert session.get_one(Signature, other.id).withdrawal_position is None
    assert (petition.log_size, petition.confirmed_count) == (3, 1)
    log = log_of(session, petition)
    assert log.root(2) == before
    proof = log.inclusion_proof(2, 3)
    assert merkle.proves_inclusion(2, 3, leaf_of(session, one, Kind.WITHDRAW), proof, log.root(3))
    petition.count_new(session)
    assert log_of(session, petition).size == 3  # once


def test_who_withdraws_before_being_counted_leaves_no_trace(session: Session, petition: Petition) -> None:
    (one,) = sign(session, petition)
    session.get_one(Signature, one.id).withdraw(session)
    petition.count_new(session)
    assert log_of(session, petition).size == petition.log_size == 0


def test_a_withdrawal_alone_is_no_reason_for_an_edition(session: Session, petition: Petition) -> None:
    one, _ = sign(session, petition, 2)
    first = Edition.freeze(session, petition, gap_days=0)
    first.move_to(Edition.State.CHECKED)
    first.move_to(Edition.State.APPROVED)
    first.move_to(Edition.State.COMPILED)
    session.flush()
    session.expire_all()
    session.get_one(Signature, one.id).withdraw(session)
    session.flush()
    with pytest.raises(NothingNew):
        Edition.freeze(session, petition, gap_days=0)


def test_counter_list_and_log_agree_after_withdrawals(session: Session, petition: Petition) -> None:
    one, *_ = sign(session, petition, 3)
    petition.count_new(session)
    session.expire_all()
    session.get_one(Signature, one.id).withdraw(session)
    sign(session, petition)
    edition = Edition.freeze(session, petition, gap_days=0)
    session.expire_all()
    assert edition.log_size == 5
    assert edition.disagreements(session) == []
    assert edition.totals["confirmed"] == 3


def test_erasing_leaves_a_leaf_that_nobody_can_open_any_more(session: Session, petition: Petition) -> None:
    """The random bytes of the commitment go with the boxes; the log is not rewritten."""
    (one,) = sign(session, petition)
    petition.count_new(session)
    before = log_of(session, petition).root(1)
    session.expire_all()
    row = session.get_one(Signature, one.id)
    salt = bytes.fromhex(open_own(row, one.token)["salt"])
    typed = open_own(row, one.token)
    opening = (typed["text_hash"], typed["name"], typed["city"], typed["country"])
    assert crypto.commitment(salt, opening) == row.commitment
    row.erase(session)
    petition.count_new(session)
    session.expire_all()
    row = session.scalars(select(Signature)).one()
    assert (row.self_box, row.token_hash, row.name_key_id) == (None, None, None)
    assert log_of(session, petition).root(1) == before
    assert [leaf.kind for leaf in recorded(session, petition.id)] == [Kind.CONFIRM, Kind.WITHDRAW]


def test_positions_given_before_there_was_a_log_get_their_leaves(session: Session, petition: Petition) -> None:
    sign(session, petition, 600)
    petition.count_new(session)
    root = log_of(session, petition).root(600)
    session.execute(delete(Tile))
    session.expire_all()
    sign(session, petition)
    petition.count_new(session)
    log = log_of(session, petition)
    assert (log.size, log.root(600)) == (601, root)


def test_nothing_is_added_behind_a_hole(session: Session, petition: Petition) -> None:
    sign(session, petition, 3)
    petition.count_new(session)
    session.execute(delete(Tile))
    session.execute(update(Signature).where(Signature.position == 2).values(position=None, state="invalidated"))
    session.expire_all()
    sign(session, petition)
    with pytest.raises(LogDamaged):
        petition.count_new(session)


def test_ten_thousand_leaves_take_a_moment_and_a_proof_a_few_rows(session: Session, petition: Petition) -> None:
    log = log_of(session, petition)
    leaves = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(10_000)]
    began = time.process_time()
    log.append(leaves)
    appending = time.process_time() - began
    began = time.process_time()
    proof = EvidenceLog(session, petition.id).inclusion_proof(4_711, 10_000)
    proving = time.process_time() - began
    assert merkle.proves_inclusion(4_711, 10_000, leaves[4_711], proof, merkle.root_of(leaves))
    assert len(proof) == 14
    assert appending < 1.0
    assert proving < 0.2
