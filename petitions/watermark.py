"""The largest state of each evidence log that was ever signed here, kept outside of the database.

A database restored from an old backup does not remember what it has published since; this file does. It is written and
synced before a checkpoint is committed, so it never knows less than the world.
"""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from petitions.config import Settings
from petitions.notes import LogKey, NoteRefused, TreeHead, opened


class Departure(StrEnum):
    """How a log is not the one that was published."""

    SMALLER = "smaller"  # leaves are missing: an old database
    DIFFERS = "differs"  # other leaves stand where published ones stood
    UNREADABLE = "unreadable"  # what was signed last was not signed with this key


def marked(settings: Settings, petition: str) -> str | None:
    """The last checkpoint that was signed for a petition, by its public id."""
    try:
        return _file(settings, petition).read_text()
    except FileNotFoundError:
        return None


def mark(settings: Settings, petition: str, note: str) -> None:
    """Takes the place of the former mark, whole or not at all, and is on the disk when this returns."""
    path = _file(settings, petition)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    with unfinished.open("w") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def lay_aside(settings: Settings, petition: str, number: int) -> None:
    """The mark of a log that is not gone on with stays, as evidence."""
    path = _file(settings, petition)
    if path.exists():
        path.rename(path.with_name(f"{petition}.{number}.former"))


def departure(note: str, public_key: bytes, size: int, root_at: Callable[[int], bytes]) -> Departure | None:
    """Whether a log of `size` goes on from what a checkpoint of ours says; None if it does."""
    try:
        head = stated(note, public_key)
    except NoteRefused:
        return Departure.UNREADABLE
    if size < head.size:
        return Departure.SMALLER
    return None if root_at(head.size) == head.root else Departure.DIFFERS


def stated(note: str, public_key: bytes) -> TreeHead:
    """What a checkpoint of ours says, under whatever name the log had then. Raises NoteRefused."""
    return opened(note, LogKey(note.partition("\n")[0], public_key))


def _file(settings: Settings, petition: str) -> Path:
    return settings.log_marks / f"{petition}.checkpoint"
