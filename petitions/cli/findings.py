"""What `petitions doctor` finds: one line each, in plain words."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    GOOD = "good"
    NOTE = "note"  # how things are: a promise that holds, or one that cannot in this configuration
    WARNING = "warning"  # will become a problem
    PROBLEM = "problem"  # somebody must do something


class Finding(NamedTuple):
    level: Level
    name: str
    words: str


def good(name: str, words: str) -> Finding:
    return Finding(Level.GOOD, name, words)


def note(name: str, words: str) -> Finding:
    return Finding(Level.NOTE, name, words)


def warning(name: str, words: str) -> Finding:
    return Finding(Level.WARNING, name, words)


def problem(name: str, words: str) -> Finding:
    return Finding(Level.PROBLEM, name, words)
