"""Two versions of a text side by side: what was added and what was taken away."""

from dataclasses import dataclass

from petitions.difference import Piece, difference
from petitions.models import PetitionText


@dataclass(frozen=True, slots=True)
class Comparison:
    before: PetitionText | None  # None: the first version
    after: PetitionText
    parts: dict[str, list[Piece]]  # title, demand, background


def comparison(before: PetitionText | None, after: PetitionText) -> Comparison:
    def part(name: str) -> list[Piece]:
        return difference(getattr(before, name) if before is not None else getattr(after, name), getattr(after, name))

    return Comparison(before, after, {name: part(name) for name in ("title", "demand", "background")})
