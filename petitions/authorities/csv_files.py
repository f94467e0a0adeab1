"""The directory as CSV: read into checked rows with all errors at once, and written so that a spreadsheet runs nothing
(cases.md A9, H7, H8).

Row 1 is the header, as in a spreadsheet. What is longer than the limits is refused before it is parsed. An empty cell
says nothing, so a file with few columns changes little.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from petitions.authorities.rows import TERMS, AuthorityRow, Fact, facts_of
from petitions.models import Authority, Channel
from petitions.shapes import place_of
from petitions.spreadsheet import neutral
from petitions.textfile import NotText, decoded

MOST_ROWS, MOST_IN_CELL = 5_000, 10_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BY_LANGUAGE = {"name": "names", "salutation": "salutations"}  # name_en, name_ru, salutation_en …
_YES_NO = {"yes": True, "no": False}

COLUMNS = {
    "slug": "needed; small letters, digits and hyphens; a row with a known slug changes that authority",
    "kind": f"needed; {', '.join(kind.value for kind in Authority.Kind)}",
    "country": "ISO 3166-1 code; empty for international bodies only",
    "name_en, name_ru, …": "needed in one language at least",
    "salutation_en, salutation_ru, …": "how a letter to it begins",
    "time_zone": "such as Europe/Minsk",
    "opens": "HH:MM, when its office opens",
    "closes": "HH:MM",
    "working_days": "with | between: mon|tue|wed|thu|fri",
    "languages": "accepted, with | between: be|ru",
    "postal_address": "may have several lines within quotes",
    "publishes_received": "yes or no: it publishes what it receives",
    "asks": f"what it can grant, with | between: {', '.join(ask.value for ask in Authority.Ask)}",
    **{f"clock_{term}": "days it has by law: 30; 15w for working days; 30r from registration" for term in TERMS},
    "profile": "whose rules; empty: those of its country and kind",
    "note": "for organisers",
    "sources": "where all this is known from, with | between",
    "verified_on": "YYYY-MM-DD; empty: shown as not verified",
    "email": "one address",
    "email_mode": "attached or link: the document comes with the letter, or is fetched by a secret link in it",
    "portal": "a web address",
    "by_hand": "where documents are handed over",
    "post": "yes: it takes documents at its postal address",
    **{
        f"{kind}_{name}": words
        for kind in Channel.Kind
        for name, words in (
            ("effect", "appeal or courtesy"),
            ("required", "what its law asks for, with | between: representative|postal_address|case_number"),
            ("bytes", "of PDF that it takes"),
            ("pages", "of a document, or of one volume of it"),
            ("characters", "of text that it takes"),
            ("note", "for organisers"),
            ("source", "where this is known from"),
        )
    },
}
_OF_CHANNEL = {"effect": "legal_effect", "bytes": "max_bytes", "pages": "max_pages", "characters": "max_characters"}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, in English; `code` and `values` are for pages that speak other languages."""

    row: int  # 0: the whole file
    column: str
    code: str
    words: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        where = [f"row {self.row}"] if self.row else []
        where += [self.column] if self.column else []
        return f"{', '.join(where)}: {self.words}" if where else self.words


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says: the rows that are right, with their numbers, and what is wrong with the others."""

    sha256: str
    rows: list[tuple[int, AuthorityRow]] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


class _Stop(Exception):
    """The file cannot be read on."""

    def __init__(self, *flaws: Flaw) -> None:
        self.flaws = flaws


def read_rows(content: bytes) -> Reading:
    reading, seen = Reading(hashlib.sha256(content).hexdigest()), dict[str, int]()
    try:
        text = decoded(content)
    except NotText as error:
        reading.flaws.append(Flaw(0, "", error.code, str(error), {"line": error.line}))
        return reading
    try:
        for number, cells in _records(text):
            _read(reading, seen, number, cells)
    except _Stop as stop:
        reading.flaws.extend(stop.flaws)
    if not reading.rows and not reading.flaws:
        reading.flaws.append(Flaw(0, "", "no_rows", "it has a header and no row below it"))
    return reading


def written(authorities: Iterable[Authority]) -> str:
    """Everything, for a spreadsheet; the same file read again changes nothing."""
    rows = [_cells(authority) for authority in authorities]
    named = {name for row in rows for name in row}
    known = [name for name in COLUMNS if ", " not in name]
    columns = ["slug", *sorted(named - set(known)), *(name for name in known if name in named - {"slug"})]
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: neutral(cell) for name, cell in row.items()} for row in rows)
    return file.getvalue()


# -- reading ----------------------------------------------------------------------------------------------


def _read(reading: Reading, seen: dict[str, int], number: int, cells: dict[str, Any]) -> None:
    try:
        row = AuthorityRow.model_validate(cells)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            words = detail["msg"].removeprefix("Value error, ")
            column = _column(place_of(detail["loc"]))
            reading.flaws.append(Flaw(number, column, detail["type"], words, dict(detail.get("ctx") or {})))
        return
    if (first := seen.setdefault(row.slug, number)) != number:
        words = f"row {first} has it already"
        reading.flaws.append(Flaw(number, "slug", "slug_twice", words, {"first": first}))
    reading.rows.append((number, row))


def _records(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row's filled cells by field. The limit on a cell is the module's for all, so it is put back."""
    limit = csv.field_size_limit(MOST_IN_CELL)
    number = 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = _checked_header(next(reader, []))
        for number, cells in enumerate(reader, start=2):
            if number > MOST_ROWS + 1:
                raise _Stop(Flaw(0, "", "too_many_rows", f"it has more than {MOST_ROWS:,} rows; split it"))
            if len(cells) > len(header):
                words = f"there are {len(cells)} cells, the header has {len(header)}: is a quote missing?"
                raise _Stop(Flaw(number, "", "too_many_cells", words, {"cells": len(cells), "columns": len(header)}))
            if any(cell.strip() for cell in cells):
                yield number, _by_field(header, cells)
    except csv.Error as error:
        if "field limit" in str(error):
            words = f"a cell after this row is longer than {MOST_IN_CELL:,} characters; is a quote missing?"
            raise _Stop(Flaw(number, "", "cell_too_long", words)) from None
        words = "after this row the quotes do not match; a quote within a cell is written twice"
        raise _Stop(Flaw(number, "", "quotes", words)) from None
    finally:
        csv.field_size_limit(limit)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _checked_header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    known = {name for name in COLUMNS if ", " not in name}
    flaws = []
    for name in dict.fromkeys(header):
        if name not in known and name.partition("_")[0] not in _BY_LANGUAGE:
            words = f"no column is called “{name[:40]}”"
            flaws.append(Flaw(1, "", "unknown_column", words, {"name": name[:40]}))
        if header.count(name) > 1:
            flaws.append(Flaw(1, "", "column_twice", f"the column “{name[:40]}” is there twice", {"name": name[:40]}))
    missing = [name for name in ("slug", "kind") if name not in header]
    missing += [] if any(name.startswith("name_") for name in header) else ["name_en"]
    flaws += [
        Flaw(1, "", "column_missing", f"the column “{name}” is missing", {"name": name}) for name in missing
    ]
    if flaws:
        raise _Stop(*flaws)
    return header


def _by_field(header: list[str], cells: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, typed in zip(header, cells, strict=False):
        cell = typed.strip()
        cell = cell[1:] if cell[:1] == "'" and neutral(cell[1:]) == cell else cell  # as we write it ourselves
        if cell:
            _place(fields, name, cell)
    return fields


def _place(fields: dict[str, Any], name: str, cell: str) -> None:
    noun, _, part = name.partition("_")
    if noun in _BY_LANGUAGE:
        fields.setdefault(_BY_LANGUAGE[noun], {})[part] = cell
    elif noun == "clock":
        fields.setdefault("clocks", {})[part] = _term(cell)
    elif name == "post":
        if _YES_NO.get(cell.lower(), True):
            fields.setdefault("post", {})
    elif (kind := _kind(name)) is not None:
        part = name.removeprefix(kind).removeprefix("_")
        fields.setdefault(kind.value, {})[_OF_CHANNEL.get(part, part) or "address"] = cell
    elif name == "publishes_received":
        fields[name] = _YES_NO.get(cell.lower(), cell)
    elif name == "working_days":
        days = [day.strip().lower() for day in cell.split("|")]
        fields[name] = [DAYS.index(day) if day in DAYS else day for day in days]
    else:
        fields[name] = cell


def _kind(column: str) -> Channel.Kind | None:
    return next((kind for kind in Channel.Kind if column == kind or column.startswith(f"{kind}_")), None)


def _term(cell: str) -> dict[str, Any]:
    days = cell.rstrip("wr")
    marks = cell[len(days) :]
    return {"days": days, "working": "w" in marks, **({"from": "registration"} if "r" in marks else {})}


def _column(where: str) -> str:
    """`names.en` is the column name_en, `required[2]` the column required, `email.address` the column email."""
    noun, _, rest = where.partition("[")[0].partition(".")
    part = rest.partition(".")[0]
    for word, name in {**_BY_LANGUAGE, "clock": "clocks"}.items():
        if noun == name:
            return f"{word}_{part or '…'}"
    if part and part != "address":
        of_channel = {name: word for word, name in _OF_CHANNEL.items()}
        return f"{noun}_{of_channel.get(part, part)}"
    return noun


# -- writing ----------------------------------------------------------------------------------------------


def _cells(authority: Authority) -> dict[str, str]:
    facts = facts_of(authority)
    cells = {"slug": authority.slug}
    for name, value in facts.items():
        column = _column(name)
        cells[column] = _cell(name, value)
    if authority.channel(Channel.Kind.POST) is not None:
        cells["post"] = "yes"
    return cells


def _cell(name: str, value: Fact) -> str:
    if value is None:
        return ""
    if name.startswith("clocks."):
        return f"{value['days']}{'w' if value['working'] else ''}{'r' if value.get('from') == 'registration' else ''}"
    if name == "working_days":
        return "|".join(DAYS[day] for day in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in {"opens", "closes"}:
        return str(value)[:5]
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)
