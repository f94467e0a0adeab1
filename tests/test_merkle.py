"""The tree against the published vectors, a naive implementation as oracle, and forgers."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from petitions import merkle

MOST = 200
# The inputs of Certificate Transparency's own tests (google/certificate-transparency, merkle_tree_test.cc), which RFC
# 6962 and 9162 describe; roots of their first 1, 2, … 8.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {  # (leaf, size): from the leaf up
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
STEPS = {  # (small, large)
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


# -- the oracle: the definitions of RFC 6962, section 2.1, as they stand ------------------------------------


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = naive_half(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = naive_half(len(leaves))
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


def naive_steps(small: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if small == len(leaves):
        return [] if whole else [naive_root(leaves)]
    half = naive_half(len(leaves))
    if small <= half:
        return [*naive_steps(small, leaves[:half], whole), naive_root(leaves[half:])]
    return [*naive_steps(small - half, leaves[half:], False), naive_root(leaves[:half])]


def naive_half(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


DATA = [number.to_bytes(2, "big") for number in range(MOST)]
HASHES = [merkle.leaf_hash(data) for data in DATA]
NAIVE_ROOTS = [naive_root(DATA[:size]) for size in range(MOST + 1)]


def nodes_of(hashes: list[bytes]) -> merkle.Nodes:
    def node(level: int, index: int) -> bytes:
        found = hashes[index << level : (index + 1) << level]
        assert len(found) == 1 << level, "only complete subtrees may be asked for"
        return merkle.merged(found)

    return node


NODES = nodes_of(HASHES)
sizes = some.integers(1, MOST)


@some.composite
def places(draw: some.DrawFn) -> tuple[int, int]:
    """A leaf and the size of a tree that has it."""
    size = draw(sizes)
    return draw(some.integers(0, size - 1)), size


@some.composite
def pairs(draw: some.DrawFn) -> tuple[int, int]:
    large = draw(sizes)
    return draw(some.integers(1, large)), large


# -- the vectors ---------------------------------------------------------------------------------------------


def vector_nodes() -> merkle.Nodes:
    return nodes_of([merkle.leaf_hash(bytes.fromhex(data)) for data in INPUTS])


def hexadecimal(hashes: list[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root(0, NODES).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of([]) == merkle.EMPTY


def test_roots_are_the_published_ones() -> None:
    assert [merkle.root(size, vector_nodes()).hex() for size in range(1, 9)] == ROOTS


def test_inclusion_proofs_are_the_published_ones() -> None:
    found = {key: hexadecimal(merkle.inclusion_proof(*key, vector_nodes())) for key in PATHS}
    assert found == PATHS


def test_consistency_proofs_are_the_published_ones() -> None:
    found = {key: hexadecimal(merkle.consistency_proof(*key, vector_nodes())) for key in STEPS}
    assert found == STEPS


# -- every size up to 200 against the oracle --------------------------------------------------------------------


def test_roots_of_every_size_are_the_oracles() -> None:
    assert [merkle.root(size, NODES) for size in range(MOST + 1)] == NAIVE_ROOTS
    assert [merkle.root_of(HASHES[:size]) for size in range(MOST + 1)] == NAIVE_ROOTS


def test_every_leaf_of_every_size_is_proven() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, NODES)
            assert merkle.proves_inclusion(index, size, HASHES[index], proof, NAIVE_ROOTS[size])


def test_every_two_sizes_are_proven_consistent() -> None:
    for large in range(1, MOST + 1):
        for small in range(1, large + 1):
            proof = merkle.consistency_proof(small, large, NODES)
            assert merkle.proves_consistency(small, large, proof, NAIVE_ROOTS[small], NAIVE_ROOTS[large])


@settings(max_examples=150, deadline=None)
@given(places())
def test_inclusion_proofs_are_the_oracles(place: tuple[int, int]) -> None:
    index, size = place
    assert merkle.inclusion_proof(index, size, NODES) == naive_path(index, DATA[:size])


@settings(max_examples=150, deadline=None)
@given(pairs())
def test_consistency_proofs_are_the_oracles(pair: tuple[int, int]) -> None:
    small, large = pair
    assert merkle.consistency_proof(small, large, NODES) == naive_steps(small, DATA[:large])


# -- forgers -----------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(places(), some.data())
def test_an_altered_inclusion_proof_proves_nothing(place: tuple[int, int], data: some.DataObject) -> None:
    index, size = place
    proof, root = merkle.inclusion_proof(index, size, NODES), NAIVE_ROOTS[size]
    forged = data.draw(some.sampled_from(alterations(proof)))
    assert not merkle.proves_inclusion(index, size, HASHES[index], forged, root)
    assert not merkle.proves_inclusion(index, size, merkle.leaf_hash(b"invented"), proof, root)
    assert not merkle.proves_inclusion(index, size, HASHES[index], proof, merkle.leaf_hash(root))


@settings(max_examples=300, deadline=None)
@given(places(), some.integers(-1, MOST + 1))
def test_a_proof_holds_for_its_own_leaf_number_only(place: tuple[int, int], other: int) -> None:
    index, size = place
    proof = merkle.inclusion_proof(index, size, NODES)
    holds = merkle.proves_inclusion(other, size, HASHES[index], proof, NAIVE_ROOTS[size])
    assert holds == (other == index)


@settings(max_examples=300, deadline=None)
@given(pairs(), some.data())
def test_a_rewritten_log_is_found_out(pair: tuple[int, int], data: some.DataObject) -> None:
    """M5: who shows one tree to the authority and another to the public cannot prove them consistent."""
    small, large = pair
    rewritten = list(HASHES[:large])
    rewritten[data.draw(some.integers(0, small - 1))] = merkle.leaf_hash(b"rewritten")
    other = nodes_of(rewritten)
    shown, proof = merkle.root(large, other), merkle.consistency_proof(small, large, other)
    assert not merkle.proves_consistency(small, large, proof, NAIVE_ROOTS[small], shown)
    honest = merkle.consistency_proof(small, large, NODES)
    assert not merkle.proves_consistency(small, large, honest, NAIVE_ROOTS[small], shown)
    for forged in alterations(honest):
        assert not merkle.proves_consistency(small, large, forged, NAIVE_ROOTS[small], NAIVE_ROOTS[large])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_of_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(index, size, NODES)


@pytest.mark.parametrize(("small", "large"), [(0, 3), (4, 3), (-1, 3)])
def test_no_tree_is_within_a_smaller_one(small: int, large: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency_proof(small, large, NODES)
    assert not merkle.proves_consistency(small, large, [], merkle.EMPTY, NAIVE_ROOTS[3])


def alterations(proof: list[bytes]) -> list[list[bytes]]:
    """What a forger can make of a proof: longer, shorter, other hashes, another order."""
    other = merkle.leaf_hash(b"forged")
    made = [[*proof, other], [other, *proof]]
    for at in range(len(proof)):
        made += [proof[:at] + proof[at + 1 :], [*proof[:at], other, *proof[at + 1 :]]]
    if len(proof) > 1:
        made.append(proof[::-1])
    return made
