"""What the command line does with the shapes of petitions/shapes.py: options, and small text files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from petitions.textfile import MOST_BYTES, NotText, decoded


class FileRefused(Exception):
    """What is wrong with a file, all of it at once."""

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(self.errors))


def checked(kind: Any, typed: str, option: str) -> str:
    """The value in the shape of a field, or a usage error that names the option."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    try:
        return adapter.validate_python(typed)
    except ValidationError as error:
        words = error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]
        raise click.BadParameter(words.removeprefix("Value error, "), param_hint=option) from None


def small_file(path: Path) -> bytes:
    """Its bytes; of a large one no more than shows that it is too large."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def text_of(path: Path) -> str:
    """Raises FileRefused."""
    try:
        return decoded(small_file(path))
    except NotText as error:
        raise FileRefused([str(error)]) from None
