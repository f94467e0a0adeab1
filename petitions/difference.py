"""What changed between two wordings, word by word: pure."""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_WORDS = re.compile(r"\s+|[^\s]+")


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Piece(NamedTuple):
    change: Change
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """The pieces of both in order: without the added ones they are the one, without the removed ones the other."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    return list(_pieces(_joined(_steps(old, new))))


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for _tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        yield "".join(old[old_start:old_end]), "".join(new[new_start:new_end])


def _joined(steps: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Changes that only a space parts are one: a sentence written anew is read whole, not word by word."""
    removed, added, space = "", "", ""
    for before, after in steps:
        if before != after:
            removed, added, space = removed + space + before, added + space + after, ""
        elif before.isspace() and (removed or added):
            space = before
        else:
            yield removed, added
            yield space + before, space + after
            removed = added = space = ""
    yield removed, added
    yield space, space


def _pieces(steps: Iterable[tuple[str, str]]) -> Iterator[Piece]:
    for removed, added in steps:
        if removed == added:
            if added:
                yield Piece(Change.SAME, added)
            continue
        if removed:
            yield Piece(Change.REMOVED, removed)
        if added:
            yield Piece(Change.ADDED, added)
