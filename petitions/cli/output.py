"""How answers look: tables on a terminal, tab-separated lines in a pipe, JSON where it is asked for."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from petitions.text import clean_line

Record = Mapping[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


def as_json(command: F) -> F:
    """The option of every command that reads."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON value on stdout, nothing else.")(command)


def show_rows(records: Iterable[Record], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """A table with these columns; in JSON every field of every record. `empty` is said when there are none."""
    found = list(records)
    if as_json:
        show_json(found)
    elif not found:
        click.echo(empty)
    elif sys.stdout.isatty():
        Console().print(_table(found, columns))
    else:
        for line in _lines(found, columns):
            click.echo(line)


def show_record(record: Record, *, as_json: bool) -> None:
    """One record, field by field; a list of records within it becomes a table of its own."""
    if as_json:
        show_json(record)
        return
    tables = {name: value for name, value in record.items() if _is_table(value)}
    width = max(len(name) for name in record) + 1
    for name, value in record.items():
        if name not in tables:
            click.echo(f"{_heading(name) + ':':<{width}}  {cell(value)}")
    for name, rows in tables.items():
        click.echo(f"\n{_heading(name)}:")
        columns = list(dict.fromkeys(key for row in rows for key in row))
        show_rows(rows, columns, as_json=False, empty="-")


def show_json(value: Any) -> None:
    """ASCII only: what a mail server answered must not steer a terminal."""
    click.echo(json.dumps(value, default=_plain, indent=2 if sys.stdout.isatty() else None))


def cell(value: Any) -> str:
    """One value on one line, without characters that steer a terminal."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_within(one)}" for key, one in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(one) for one in value) or "-"
    return clean_line(str(value))


def folded(by_country: Mapping[str, int], least: int) -> dict[str, int]:
    """Countries with few signers together as "other": a count of 1 is a person (privacy.md)."""
    large = {code: count for code, count in by_country.items() if code and count >= least}
    rest = sum(by_country.values()) - sum(large.values())
    ordered = dict(sorted(large.items(), key=lambda item: (-item[1], item[0])))
    return {**ordered, "other": rest} if rest else ordered


def stands_on_terminal() -> bool:
    """Whether a progress bar has somebody to look at it."""
    return sys.stderr.isatty()


def _within(value: Any) -> str:
    return f"({cell(value)})" if isinstance(value, Mapping) and value else cell(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _table(records: Sequence[Record], columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = all(isinstance(record.get(column), (int, float)) for record in records)
        key = column == columns[0]  # an id must be copied in one piece
        table.add_column(_heading(column), justify="right" if right else "left", overflow="fold", no_wrap=key)
    for record in records:
        table.add_row(*(Text(cell(record.get(column))) for column in columns))
    return table


def _lines(records: Sequence[Record], columns: Sequence[str]) -> Iterable[str]:
    yield "\t".join(_heading(column) for column in columns)
    for record in records:
        yield "\t".join(cell(record.get(column)) for column in columns)


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    raise TypeError(type(value).__name__)
