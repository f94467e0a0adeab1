"""The evidence log's tree: RFC 6962 hashes, proofs and their verification (RFC 9162, section 2.1). Pure functions.

A tree is known by its complete subtrees: `nodes(level, index)` is the hash over the leaves from `index << level` on, as
many as `1 << level`. Whoever keeps some of them proves anything in O(log n) without looking at the other leaves.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

Nodes = Callable[[int, int], bytes]

EMPTY = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merged(hashes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4, 8 … neighbours."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in one pass; keeps one hash for each level."""
    peaks: list[bytes] = []
    for count, leaf in enumerate(leaves, start=1):
        peaks.append(leaf)
        while count % 2 == 0:
            right = peaks.pop()
            peaks.append(node_hash(peaks.pop(), right))
            count //= 2
    return _folded(peaks)


def root(size: int, nodes: Nodes) -> bytes:
    return _span(0, size, nodes) if size else EMPTY


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """From the leaf's neighbour up. Raises IndexError for a leaf outside of the tree."""
    if not 0 <= index < size:
        raise IndexError(f"there is no leaf {index} in a tree of {size}")
    proof, first, end = [], 0, size
    while end - first > 1:
        middle = first + _left_of(end - first)
        if index < middle:
            proof.append(_span(middle, end, nodes))
            end = middle
        else:
            proof.append(_span(first, middle, nodes))
            first = middle
    return proof[::-1]


def consistency_proof(small: int, large: int, nodes: Nodes) -> list[bytes]:
    """That the tree of `small` leaves is the beginning of that of `large`. Raises IndexError outside of it."""
    if not 0 < small <= large:
        raise IndexError(f"there is no tree of {small} within one of {large}")
    proof, first, end = [], 0, large
    while small != end:
        middle = first + _left_of(end - first)
        if small <= middle:
            proof.append(_span(middle, end, nodes))
            end = middle
        else:
            proof.append(_span(first, middle, nodes))
            first = middle
    if first:  # else it is the old tree itself, whose root the verifier has
        proof.append(_span(first, end, nodes))
    return proof[::-1]


def proves_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, seen = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            seen = node_hash(hash_, seen)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            seen = node_hash(seen, hash_)
        place, last = place >> 1, last >> 1
    return last == 0 and seen == root


def proves_consistency(small: int, large: int, proof: Sequence[bytes], small_root: bytes, large_root: bytes) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if small == large:
        return not proof and small_root == large_root
    if not 0 < small < large:
        return False
    path = [small_root, *proof] if small & (small - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = small - 1, large - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    of_small = of_large = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            of_small, of_large = node_hash(hash_, of_small), node_hash(hash_, of_large)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            of_large = node_hash(of_large, hash_)
        place, last = place >> 1, last >> 1
    return last == 0 and of_small == small_root and of_large == large_root


def _span(first: int, end: int, nodes: Nodes) -> bytes:
    """The hash over the leaves [first, end) of a subtree that begins at `first`."""
    return _folded([nodes(level, index) for level, index in _complete(first, end)])


def _complete(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that a span is made of, largest first."""
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _folded(peaks: Sequence[bytes]) -> bytes:
    """Complete subtrees, largest first, under one root."""
    if not peaks:
        return EMPTY
    *others, folded = peaks
    for peak in reversed(others):
        folded = node_hash(peak, folded)
    return folded


def _left_of(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << (size - 1).bit_length() - 1
