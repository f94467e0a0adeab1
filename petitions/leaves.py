"""What one leaf of the evidence log says, and drawing leaves by lot, so that nobody can have chosen them. Pure.

A leaf holds no name: its commitment is SHA-256 over 32 random bytes and what was signed, and the bytes lie only in the
signer's own box. Who has them can open the commitment; once they are erased nobody can.
"""

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

BEGINS = b"petitions leaf v1\n"
HASH_BYTES = 32
LOT = b"petitions sample v1\n"


class Kind(StrEnum):
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


class Leaf(NamedTuple):
    """`text_hash` is that of the text that was signed, hexadecimal as it is printed."""

    kind: Kind
    text_hash: str
    commitment: bytes

    @property
    def data(self) -> bytes:
        """What is hashed: every field but the kind has a fixed length, so no two leaves read the same."""
        return BEGINS + bytes.fromhex(self.text_hash) + self.kind.encode() + self.commitment


class NotALeaf(ValueError):
    """Bytes that no leaf of ours has."""


def read(data: bytes) -> Leaf:
    """Raises NotALeaf."""
    fields = data.removeprefix(BEGINS)
    kind = fields[HASH_BYTES:-HASH_BYTES].decode("ascii", "replace")
    if fields == data or kind not in set(Kind):
        raise NotALeaf("this is not a leaf of an evidence log")
    return Leaf(Kind(kind), fields[:HASH_BYTES].hex(), fields[-HASH_BYTES:])


def drawn(root: bytes, size: int, nonce: str, count: int) -> list[int]:
    """So many different leaves of a log of `size`, in the order drawn.

    The log's keeper cannot steer it: the nonce is chosen after the root was printed, and not by him. Whoever doubts
    could, by trying many, if he chose it alone: so it had better be what neither side decides, such as the numbers of
    a lottery drawn later. Anybody can draw again and must find the same."""
    seed = hashlib.sha256(LOT + root + nonce.encode()).digest()
    found: dict[int, None] = {}
    for number in _numbers(seed, size):
        found[number] = None
        if len(found) >= min(count, size):
            break
    return list(found)


def most_invented(count: int) -> float:
    """If so many drawn leaves are all genuine: below which part of all leaves the invented ones are, at 95 %."""
    return float(1 - 0.05 ** (1 / count))


def _numbers(seed: bytes, below: int) -> Iterator[int]:
    """Evenly spread: what would favour the first leaves is thrown away."""
    limit = 2**64 - 2**64 % below
    counter = 0
    while True:
        number = int.from_bytes(hashlib.sha256(seed + counter.to_bytes(8)).digest()[:8])
        if number < limit:
            yield number % below
        counter += 1
