"""A directory of authorities as CSV, read into checked rows: all errors at once, each with its row (cases.md H7, H8).

Row 1 is the header, as in a spreadsheet. What is longer than the limits is refused before it is parsed.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator

from petitions.cli.fields import (
    Cells,
    Country,
    Email,
    FileRefused,
    Filled,
    Language,
    Line,
    Part,
    Slug,
    TimeZone,
    Word,
    errors_of,
    lines,
)
from petitions.models import Authority, Channel

MOST_BYTES, MOST_ROWS, MOST_IN_CELL = 1_000_000, 5_000, 10_000
ERRORS_SHOWN = 50
_BY_LANGUAGE = {"name": "names", "salutation": "salutations"}  # name_en, name_ru, salutation_en …

COLUMNS = {
    "slug": "needed; small letters, digits and hyphens; a row with a known slug changes that authority",
    "kind": f"needed; {', '.join(kind.value for kind in Authority.Kind)}",
    "country": "ISO 3166-1 code; empty for international bodies only",
    "name_en, name_ru, …": "needed in one language at least",
    "salutation_en, salutation_ru, …": "how a letter to it begins",
    "email": "one address; empty: it takes nothing by e-mail",
    "legal_effect": "of the e-mail: appeal or courtesy (default: courtesy)",
    "max_bytes": "of PDF that its e-mail takes; empty: the setting's default",
    "required": "what its law asks for, with | between: representative|postal_address|birth_year|case_number …",
    "time_zone": "such as Europe/Minsk (default: UTC)",
    "postal_address": "may have several lines within quotes",
    "languages": "accepted, with | between: be|ru",
    "note": "for organisers",
    "source": "where this is known from",
    "verified_on": "YYYY-MM-DD; empty: shown as not verified",
}


class AuthorityRow(Part):
    slug: Slug
    kind: Authority.Kind
    country: Country | None = None
    names: dict[Language, Filled] = Field(min_length=1)
    salutations: dict[Language, Line] = Field(default_factory=dict)
    email: Email | None = None
    legal_effect: Channel.LegalEffect = Channel.LegalEffect.COURTESY
    max_bytes: int | None = Field(default=None, ge=100_000, le=1_000_000_000)
    required: Annotated[tuple[Word, ...], Cells] = ()
    time_zone: TimeZone = "UTC"
    postal_address: str = Field(default="", max_length=1_000)
    languages: Annotated[tuple[Language, ...], Cells] = ()
    note: Line = ""
    source: Line = ""
    verified_on: date | None = None

    @field_validator("postal_address")
    @classmethod
    def _lines(cls, typed: str) -> str:
        return lines(typed)

    @field_validator("verified_on")
    @classmethod
    def _not_to_come(cls, day: date | None) -> date | None:
        if day is not None and day > datetime.now(UTC).date():
            raise ValueError("this day has not come yet")
        return day

    @model_validator(mode="after")
    def _country_fits_kind(self) -> "AuthorityRow":
        international = self.kind is Authority.Kind.INTERNATIONAL
        if international == (self.country is not None):
            raise ValueError("a country is needed, except for international bodies, which have none")
        return self


def read_authorities(path: Path) -> list[tuple[int, AuthorityRow]]:
    """Rows with their numbers. Raises FileRefused."""
    text = decoded(path)
    errors: list[str] = []
    rows: list[tuple[int, AuthorityRow]] = []
    seen: dict[str, int] = {}
    for number, cells in _records(text):
        try:
            row = AuthorityRow.model_validate(cells)
        except ValidationError as error:
            errors += [f"row {number}{_column(where)}: {what}" for where, what in errors_of(error)]
            continue
        if row.slug in seen:
            errors.append(f"row {number}, slug: row {seen[row.slug]} has it already")
        seen[row.slug] = number
        rows.append((number, row))
    if errors:
        more = [f"and {len(errors) - ERRORS_SHOWN} more"] if len(errors) > ERRORS_SHOWN else []
        raise FileRefused([*errors[:ERRORS_SHOWN], *more])
    if not rows:
        raise FileRefused(["it has a header and no row below it"])
    return rows


def decoded(path: Path) -> str:
    """The text of a small UTF-8 file, with or without a mark at its beginning. Raises FileRefused."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileRefused([f"it is larger than {MOST_BYTES:,} bytes; split it"])
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused(["it is UTF-16; save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileRefused([f"line {line} is not UTF-8; save the file as UTF-8 (“CSV UTF-8”)"]) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileRefused([f"line {line} has a NUL byte: this is no text file"])
    return text


def _records(text: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Each row's filled cells by field. The limit on a cell is the module's for all, so it is put back."""
    limit = csv.field_size_limit(MOST_IN_CELL)
    number = 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = _checked_header(next(reader, []))
        for number, cells in enumerate(reader, start=2):
            if number > MOST_ROWS + 1:
                raise FileRefused([f"it has more than {MOST_ROWS:,} rows; split it"])
            if len(cells) > len(header):
                more = f"row {number} has {len(cells)} cells, the header {len(header)}"
                raise FileRefused([f"{more}: is a quote missing?"])
            if any(cell.strip() for cell in cells):
                yield number, _by_field(header, cells)
    except csv.Error as error:
        raise FileRefused([f"after row {number}: {_unquoted(error)}"]) from None
    finally:
        csv.field_size_limit(limit)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _checked_header(cells: list[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    known = {name for name in COLUMNS if "," not in name}
    unknown = [name for name in header if name not in known and name.partition("_")[0] not in _BY_LANGUAGE]
    errors = [f"row 1: no column is called “{name[:40]}”; see: petitions authority import --help" for name in unknown]
    errors += [f"row 1: the column “{name}” is there twice" for name in set(header) if header.count(name) > 1]
    errors += [f"row 1: the column “{name}” is missing" for name in ("slug", "kind") if name not in header]
    if not any(name.startswith("name_") for name in header):
        errors.append("row 1: a column such as name_en is missing")
    if errors:
        raise FileRefused(errors)
    return header


def _by_field(header: list[str], cells: list[str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    by_language: dict[str, dict[str, str]] = {"names": {}, "salutations": {}}
    for name, cell in zip(header, cells, strict=False):
        word, _, language = name.partition("_")
        if not cell.strip():
            continue
        if word in _BY_LANGUAGE:
            by_language[_BY_LANGUAGE[word]][language] = cell.strip()
        else:
            fields[name] = cell.strip()
    return {**fields, **by_language}


def _column(where: str) -> str:
    """`names.en` is the column name_en; `required[2]` the column required."""
    field, _, rest = where.partition(".")
    for word, name in _BY_LANGUAGE.items():
        if field == name:
            return f", {word}_{rest.partition('.')[0] or '…'}"
    return f", {field.partition('[')[0]}" if field else ""


def _unquoted(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"a cell is longer than {MOST_IN_CELL:,} characters; is a quote missing?"
    return "the quotes do not match; a quote within a cell is written twice"
