"""Where the lines and bars of a chart stand: plain numbers for `organise/_charts.html`, without words or colours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log10

WIDTH, HEIGHT = 600, 160
SPARK_WIDTH, SPARK_HEIGHT = 120, 28
TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers over time. `line` and `area` are the `d` of SVG paths in a box of `width` × `height`."""

    points: tuple[tuple[date, int], ...]
    width: int
    height: int
    line: str
    area: str
    ticks: tuple[Tick, ...]

    @property
    def total(self) -> int:
        return sum(value for _, value in self.points)

    @property
    def highest(self) -> tuple[date, int]:
        return max(self.points, key=lambda point: point[1])


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int
    length: float  # per cent of the longest
    share: float  # per cent of all


@dataclass(frozen=True, slots=True)
class Part:
    """Of a bar that is a whole: begins at `x` per cent and is `length` per cent long."""

    key: str
    value: int
    x: float
    length: float


def line(points: Sequence[tuple[date, int]], width: int = WIDTH, height: int = HEIGHT) -> Line:
    top = round_up(max((value for _, value in points), default=0))
    step = width / max(1, len(points) - 1)
    places = [(round(step * index, 1), _y(value, top, height)) for index, (_, value) in enumerate(points)]
    if len(places) == 1:
        places.append((float(width), places[0][1]))  # a single day is a level line, not nothing
    drawn = "M" + " L".join(f"{x:g} {y:g}" for x, y in places) if places else ""
    area = f"{drawn} L{places[-1][0]:g} {height} L0 {height} Z" if places else ""
    values = range(0, top + 1, top // TICKS or 1)
    return Line(tuple(points), width, height, drawn, area, tuple(Tick(at, _y(at, top, height)) for at in values))


def spark(values: Iterable[tuple[date, int]]) -> Line:
    return line(list(values), SPARK_WIDTH, SPARK_HEIGHT)


def bars(values: Iterable[tuple[str, int]]) -> list[Bar]:
    found = list(values)
    longest, whole = max((value for _, value in found), default=0), sum(value for _, value in found)
    return [Bar(label, value, _per_cent(value, longest), _per_cent(value, whole)) for label, value in found]


def parts(values: Iterable[tuple[str, int]]) -> list[Part]:
    found, x = list(values), 0.0
    whole, made = sum(value for _, value in found), []
    for key, value in found:
        length = _per_cent(value, whole)
        made.append(Part(key, value, round(x, 2), length))
        x += length
    return made


def round_up(value: int) -> int:
    """The end of a scale that people can read, and that four steps divide: 4, 8, 20, 40, 80, 200…"""
    if value <= TICKS:
        return TICKS
    magnitude = 10 ** int(log10(value))
    for step in (1, 2, 4, 8, 10):
        top = step * magnitude if step * magnitude % TICKS == 0 else ceil(step * magnitude / TICKS) * TICKS
        if value <= top:
            return int(top)
    raise AssertionError("ten times its magnitude is more than any number")


def _y(value: int, top: int, height: int) -> float:
    return round(height - height * value / top, 1)


def _per_cent(value: int, of: int) -> float:
    return round(100 * value / of, 2) if of else 0.0
