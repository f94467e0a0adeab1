"""The evidence log of a petition: every counted signature and every withdrawal is a leaf, and none is ever rewritten.

Hashes are kept in tiles of 256, as in C2SP's tlog-tiles: a tile of level 1 holds the roots of full tiles of level 0.
So appending writes a few rows and a proof reads a few, however many leaves there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ForeignKey, Select, String, Text, UniqueConstraint, func, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions import merkle
from petitions.db import Base, now
from petitions.leaves import Kind, Leaf
from petitions.models.petition_text import PetitionText
from petitions.models.signature import Signature

HASH_BYTES = 32
BITS = 8  # levels of the tree in a tile
WIDTH = 1 << BITS  # hashes of a full tile
AT_ONCE = 10 * WIDTH  # leaves


class LogDamaged(Exception):
    """Leaves are missing in the middle of a log; nothing may be added behind the hole."""


class Tile(Base):
    """Up to 256 neighbouring hashes of a level; only the last of its level is not full."""

    __tablename__ = "log_tiles"
    __table_args__ = (UniqueConstraint("petition_id", "level", "number"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    level: Mapped[int]
    number: Mapped[int]
    hashes: Mapped[bytes]


class Checkpoint(Base):
    """The log at one size, signed and published."""

    __tablename__ = "log_checkpoints"
    __table_args__ = (UniqueConstraint("petition_id", "size"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    size: Mapped[int]
    root: Mapped[bytes]
    origin: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(Text)  # C2SP tlog-checkpoint
    public_key: Mapped[bytes]  # Ed25519, of the key that signed it
    signed_at: Mapped[datetime] = mapped_column(default=now())

    @classmethod
    def newest(cls, session: Session, petition_id: int) -> "Checkpoint | None":
        found = select(cls).where(cls.petition_id == petition_id).order_by(cls.size.desc()).limit(1)
        return session.scalars(found).one_or_none()

    @classmethod
    def covering(cls, session: Session, petition_id: int, size: int) -> "Checkpoint | None":
        """The smallest that holds all of the first `size` leaves: usually of that very size."""
        found = select(cls).where(cls.petition_id == petition_id, cls.size >= size).order_by(cls.size).limit(1)
        return session.scalars(found).one_or_none()


class EvidenceLog:
    """The tree of one petition. Appending needs the petition's row locked; reading needs nothing."""

    def __init__(self, session: Session, petition_id: int) -> None:
        self._session, self._petition_id = session, petition_id
        self._read: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        last = self._last(0)
        return 0 if last is None else last.number * WIDTH + len(last.hashes) // HASH_BYTES

    def append(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes at the end."""
        rest = iter(leaves)
        while some := list(islice(rest, AT_ONCE)):
            self._append(0, some)

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        return merkle.inclusion_proof(index, size, self.node)

    def consistency_proof(self, small: int, large: int) -> list[bytes]:
        return merkle.consistency_proof(small, large, self.node)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree (petitions.merkle). Raises LogDamaged."""
        step, above = level % BITS, level // BITS
        number, first = divmod(index << step, WIDTH)
        hashes = self._hashes(above, number)[first * HASH_BYTES : (first + (1 << step)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << step:
            raise LogDamaged(f"the log of petition {self._petition_id} has no node {level}/{index}")
        return merkle.merged(_split(hashes))

    def leaves(self, size: int) -> Iterator[bytes]:
        """The hashes of the first leaves."""
        for number in range(-(-size // WIDTH)):
            yield from _split(self._hashes(0, number))[: size - number * WIDTH]
            self._read.clear()

    # -- below: how -----------------------------------------------------------------------------------

    def _append(self, level: int, hashes: Sequence[bytes]) -> None:
        tile = self._last(level)
        number, kept = (0, b"") if tile is None else (tile.number, tile.hashes)
        if len(kept) == WIDTH * HASH_BYTES:
            tile, number, kept = None, number + 1, b""
        roots = []
        joined = kept + b"".join(hashes)
        for start in range(0, len(joined), WIDTH * HASH_BYTES):
            content = joined[start : start + WIDTH * HASH_BYTES]
            if tile is None:
                tile = Tile(petition_id=self._petition_id, level=level, number=number)
                self._session.add(tile)
            tile.hashes = content
            if len(content) == WIDTH * HASH_BYTES:
                roots.append(merkle.merged(_split(content)))
            tile, number = None, number + 1
        self._session.flush()
        self._read.clear()
        if roots:
            self._append(level + 1, roots)

    def _last(self, level: int) -> Tile | None:
        found = (
            select(Tile)
            .where(Tile.petition_id == self._petition_id, Tile.level == level)
            .order_by(Tile.number.desc())
            .limit(1)
        )
        return self._session.scalars(found).one_or_none()

    def _hashes(self, level: int, number: int) -> bytes:
        found = self._read.get((level, number))
        if found is None:
            wanted = (Tile.petition_id == self._petition_id, Tile.level == level, Tile.number == number)
            found = self._session.scalar(select(Tile.hashes).where(*wanted)) or b""
            self._read[level, number] = found
        return found


def recorded_leaves(session: Session, petition_id: int, after: int = 0) -> Iterator[Leaf]:
    """The leaves as the signatures' own rows say, from position `after` + 1 on. Raises LogDamaged at a hole."""
    found = session.connection().execute(_leaf_rows(petition_id, after), execution_options={"yield_per": 1_000})
    with found as rows:
        for expected, (position, kind, text_hash, commitment) in enumerate(rows, start=after + 1):
            if position != expected:
                raise LogDamaged(f"the log of petition {petition_id} has no record for position {expected}")
            yield Leaf(Kind(kind), text_hash, commitment)


def _leaf_rows(petition_id: int, after: int) -> Select[Any]:
    both = union_all(*(
        select(place.label("position"), literal(kind.value).label("kind"), PetitionText.hash, Signature.commitment)
        .join(PetitionText, Signature.text_id == PetitionText.id)
        .where(Signature.petition_id == petition_id, place > after)
        for place, kind in ((Signature.position, Kind.CONFIRM), (Signature.withdrawal_position, Kind.WITHDRAW))
    )).subquery()
    return select(both).order_by(both.c.position)


def placed(session: Session, petition_id: int) -> tuple[int, int]:
    """How many positions the signatures' rows hold, and the highest of them."""
    number = highest = 0
    for place in (Signature.position, Signature.withdrawal_position):
        found = select(func.count(place), func.max(place)).where(Signature.petition_id == petition_id)
        count, most = session.execute(found).one()
        number, highest = number + count, max(highest, most or 0)
    return number, highest


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
