"""Checkpoints and proofs as text: what the tools of other logs read, and what a forger cannot write."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from petitions import leaves, merkle, notes
from petitions.leaves import Kind, Leaf

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "petitions.example.org/log/free-anna"
PUBLIC = notes.LogKey(ORIGIN, KEY.public_key().public_bytes_raw())
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
DATA = [Leaf(Kind.CONFIRM, "ab" * 32, bytes([number]) * 32).data for number in range(5)]
HASHES = [merkle.leaf_hash(data) for data in DATA]
ROOT = merkle.root_of(HASHES)
HEAD = notes.TreeHead(ORIGIN, 5, ROOT)
NOTE = notes.signed(HEAD, KEY)


def node(level: int, index: int) -> bytes:
    return merkle.merged(HASHES[index << level : (index + 1) << level])


PROOF = notes.Inclusion(DATA[3], 3, tuple(merkle.inclusion_proof(3, 5, node)), NOTE)


def test_a_published_note_is_read() -> None:
    """The example of golang.org/x/mod/sumdb/note."""
    key = notes.LogKey.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert key.text == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    with pytest.raises(notes.NoteRefused, match="another log"):  # its signature holds; it is no checkpoint
        notes.opened(text, key)
    with pytest.raises(notes.NoteRefused, match="altered"):
        notes.opened(text.replace("answer", "Answer"), key)


def test_a_checkpoint_has_the_lines_of_tlog_checkpoint() -> None:
    assert NOTE.split("\n")[:4] == [ORIGIN, "5", base64.b64encode(ROOT).decode(), ""]
    assert NOTE.endswith("\n")
    assert NOTE.split("\n")[4].startswith(f"— {ORIGIN} ")
    assert notes.opened(NOTE, PUBLIC) == HEAD


def test_a_witness_may_sign_beside_us() -> None:
    assert notes.opened(NOTE + "— witness.example AAAAAAAA\n", PUBLIC) == HEAD
    first, _, last = NOTE.partition("\n\n")
    assert notes.opened(f"{first}\n\n— witness.example AAAAAAAA\n{last}", PUBLIC) == HEAD


@pytest.mark.parametrize(
    "forged",
    [
        NOTE.replace("\n5\n", "\n6\n"),
        NOTE.replace("free-anna", "free-otto"),
        NOTE.replace(base64.b64encode(ROOT).decode(), base64.b64encode(bytes(32)).decode()),
        notes.signed(HEAD, OTHER),
        notes.signed(notes.TreeHead("elsewhere.example/log", 5, ROOT), KEY),
        NOTE.partition("\n\n")[0],
        NOTE.replace("\n\n", "\n"),
        "",
        "x" * 100_000,
    ],
)
def test_a_forged_checkpoint_is_refused(forged: str) -> None:
    with pytest.raises(notes.NoteRefused):
        notes.opened(forged, PUBLIC)


def test_a_proof_is_the_file_of_tlog_proof() -> None:
    lines = PROOF.text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"extra {base64.b64encode(DATA[3]).decode()}"
    assert lines[2] == "index 3"
    assert PROOF.text.endswith("\n\n" + NOTE)
    assert notes.Inclusion.read(PROOF.text) == PROOF
    assert notes.Inclusion.read(PROOF.text).verify(PUBLIC) == HEAD


def test_the_only_leaf_of_a_log_needs_no_hashes() -> None:
    note = notes.signed(notes.TreeHead(ORIGIN, 1, HASHES[0]), KEY)
    proof = notes.Inclusion.read(notes.Inclusion(DATA[0], 0, (), note).text)
    assert proof.verify(PUBLIC).size == 1


def test_a_proof_for_another_leaf_is_refused() -> None:
    for forged in (
        notes.Inclusion(DATA[2], 3, PROOF.hashes, NOTE),
        notes.Inclusion(DATA[3], 2, PROOF.hashes, NOTE),
        notes.Inclusion(DATA[3], 3, PROOF.hashes[:-1], NOTE),
        notes.Inclusion(DATA[3], 3, PROOF.hashes, notes.signed(HEAD, OTHER)),
    ):
        with pytest.raises(notes.NoteRefused):
            notes.Inclusion.read(forged.text).verify(PUBLIC)


@given(some.text(max_size=300) | some.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_garbage_is_refused_and_breaks_nothing(garbage: str) -> None:
    for reading in (notes.Inclusion.read, notes.LogKey.read, lambda text: notes.opened(text, PUBLIC), notes.hashes_of):
        try:
            reading(garbage)
        except notes.NoteRefused:
            continue
        assert not garbage or reading is notes.hashes_of


@given(some.integers(0, len(PROOF.text) - 1), some.characters(codec="utf-8"))
def test_no_altered_character_of_a_proof_goes_unseen(at: int, other: str) -> None:
    forged = PROOF.text[:at] + other + PROOF.text[at + 1 :]
    if forged == PROOF.text:
        return
    try:
        found = notes.Inclusion.read(forged)
        found.verify(PUBLIC)
    except notes.NoteRefused:
        return
    assert (found.leaf, found.index) == (DATA[3], 3)  # no more than how it is written: padding bits, a line's end


def test_a_leaf_says_what_it_was_made_of() -> None:
    for kind in Kind:
        leaf = Leaf(kind, "cd" * 32, b"\1" * 32)
        assert leaves.read(leaf.data) == leaf
    for garbage in (b"", DATA[0][:-1], DATA[0].replace(b"confirm", b"xonfirm"), b"x" * 100):
        with pytest.raises(leaves.NotALeaf):
            leaves.read(garbage)


def test_the_draw_is_the_same_for_everybody_and_follows_the_nonce() -> None:
    drawn = leaves.drawn(ROOT, 1_000, "office 12, 22 November", 60)
    assert drawn == leaves.drawn(ROOT, 1_000, "office 12, 22 November", 60)
    assert len(set(drawn)) == 60
    assert all(0 <= index < 1_000 for index in drawn)
    assert drawn != leaves.drawn(ROOT, 1_000, "office 12, 23 November", 60)
    assert drawn != leaves.drawn(bytes(32), 1_000, "office 12, 22 November", 60)
    assert sorted(leaves.drawn(ROOT, 7, "x", 60)) == list(range(7))


def test_the_draw_favours_nobody() -> None:
    hits = [0] * 10
    for number in range(2_000):
        hits[leaves.drawn(ROOT, 10, str(number), 1)[0]] += 1
    assert all(140 < count < 260 for count in hits)  # 4.5 standard deviations about 200


def test_sixty_genuine_ones_leave_room_for_one_in_twenty() -> None:
    assert 0.048 < leaves.most_invented(60) < 0.05
