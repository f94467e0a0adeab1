"""The directory from a CSV file: cases.md H7 and H8."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import func, select

from petitions.models import Addressee, Authority, Letter, Member
from tests.cli.conftest import Cli

HEADER = "slug,kind,country,name_en,salutation_en,email,postal_address\n"
COURT = "court-one,court,BY,The First Court,Dear Court,court@authority.example,Square 1\n"


def imported(cli: Cli, content: str | bytes, *words: str) -> str:
    return cli.ok("authority", "import", written(cli, content), *words)


def refusal(cli: Cli, content: str | bytes, there_already: int = 3) -> str:
    """What is said; nothing was added to the authorities of the petition."""
    said = cli.refused("authority", "import", written(cli, content))
    with cli.rows() as session:
        assert session.scalar(select(func.count(Authority.id))) == there_already
    return said


def written(cli: Cli, content: str | bytes) -> Path:
    path = cli.var.parent / "authorities.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_row_becomes_an_authority_with_its_channel(cli: Cli) -> None:
    imported(cli, HEADER + COURT)

    shown = cli.json("authority", "show", "court-one")
    assert shown["names"] == {"en": "The First Court"}
    assert shown["channels"][0]["address"] == "court@authority.example"
    assert shown["channels"][0]["legal_effect"] == "courtesy"


@pytest.mark.parametrize("change", [
    lambda text: "\ufeff" + text,
    lambda text: text.replace(",", ";"),
    lambda text: text.replace(",", "\t"),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.encode("utf-16"),
], ids=["byte order mark", "semicolons", "tabs", "carriage returns", "utf-16"])
def test_what_spreadsheets_write_is_read(cli: Cli, change: object) -> None:
    imported(cli, change(HEADER + COURT))  # type: ignore[operator]

    assert cli.json("authority", "show", "court-one")["name"] == "The First Court"


def test_a_dry_run_checks_and_changes_nothing(cli: Cli) -> None:
    assert "1 new" in imported(cli, HEADER + COURT, "--dry-run")
    assert "no authority" in cli.refused("authority", "show", "court-one")


def test_the_same_file_again_changes_nothing(cli: Cli) -> None:
    imported(cli, HEADER + COURT)

    assert "0 new, 0 changed, 1 unchanged" in imported(cli, HEADER + COURT)
    assert "0 new, 1 changed" in imported(cli, HEADER + COURT.replace("Square 1", "Square 2"))


def test_every_error_is_said_at_once_with_its_row(cli: Cli) -> None:
    rows = "court-one,court,by,The First Court,Dear Court,court@authority.example,\n"
    rows += "Court Two,tribunal,BY,,Dear Court,court@authority.example,\n"
    rows += "court-3,court,BY,Third,Dear,court,\n"

    said = refusal(cli, HEADER + rows)

    for where in ("row 2, country", "row 3, slug", "row 3, kind", "row 3, name_", "row 4, email"):
        assert where in said


def test_a_bad_row_keeps_out_the_good_ones(cli: Cli) -> None:
    refusal(cli, HEADER + COURT + COURT.replace("court-one", "Not A Slug"))


@pytest.mark.parametrize(("content", "words"), [
    ((HEADER + COURT).encode("utf-16")[2:], "has a NUL"),
    ((HEADER + COURT).encode("utf-16") + b"x", "not UTF-8"),
    ((HEADER + COURT).encode() + b"court-two,court,BY,Caf\xe9,,,\n", "line 3 is not UTF-8"),
    ((HEADER + COURT).replace("First", "Fi\0st"), "line 2 has a NUL"),
    (HEADER + COURT.replace("The First", '"The First') + COURT.replace("one", "two"), "row 1"),
    (HEADER + 'court-one,court,BY,"' + "x" * 11_000 + '",,,\n', "10,000 characters"),
    (HEADER + COURT * 3, "row 3, slug: row 2 has it already"),
    (HEADER, "no row below"),
    ("", "the column “slug” is missing"),
    (HEADER.replace("email", "fax") + COURT, "no column is called “fax”"),
    (HEADER.replace("\n", ",slug\n") + COURT, "there twice"),
    (HEADER + COURT.replace("\n", ",more\n"), "row 2: there are 8 cells"),
    (HEADER + "x" * 1_000_001, "larger than 1,000,000"),
    (HEADER + "".join(f"c{n},court,BY,C,,,\n" for n in range(5_001)), "more than 5,000 rows"),
    (HEADER + COURT.replace("BY", ""), "a country is needed"),
], ids=[
    "utf-16 without its mark", "half a character", "not utf-8", "nul", "unbalanced quote", "huge cell", "slug twice",
    "header only", "empty",
    "unknown column", "column twice", "too many cells", "too large", "too many rows", "no country",
])
def test_a_file_that_cannot_be_right_is_refused_in_plain_words(cli: Cli, content: str | bytes, words: str) -> None:
    assert words in refusal(cli, content)


@pytest.mark.parametrize("address", [
    "a@b.example\nBcc: x@y.example", "a@b.example,c@d.example", "Name <a@b.example>", '"a b"@b.example',
    "a@[127.0.0.1]", "a@localhost",
])
def test_an_address_that_could_carry_a_header_is_refused(cli: Cli, address: str) -> None:
    assert "row 2, email" in refusal(cli, HEADER + COURT.replace("court@authority.example", quoted(address)))


def test_a_line_break_in_a_name_is_refused(cli: Cli) -> None:
    assert "row 2, name_en" in refusal(cli, HEADER + COURT.replace("The First Court", quoted("Court\r\nBcc: x")))


def test_a_formula_is_stored_as_text(cli: Cli) -> None:
    imported(cli, HEADER + COURT.replace("Square 1", quoted("=HYPERLINK(1)")))

    assert cli.json("authority", "show", "court-one")["postal_address"] == "=HYPERLINK(1)"


def test_the_limit_on_cells_is_put_back(cli: Cli) -> None:
    before = csv.field_size_limit(123_456)
    try:
        imported(cli, HEADER + COURT)
        refusal(cli, HEADER + '"', there_already=4)
        assert csv.field_size_limit() == 123_456
    finally:
        csv.field_size_limit(before)


def test_an_import_cannot_turn_aside_what_a_petition_sends(cli: Cli) -> None:
    """G13: not even the operator changes it alone."""
    with cli.rows() as session:
        slug = session.scalars(select(Authority.slug).join(Addressee)).first()
        address = session.get_one(Authority, 1).channels[0].address
        owners = {member.id for member in session.scalars(select(Member)) if member.role is Member.Role.OWNER}
    row = f"{slug},court,BY,Another name,Dear,elsewhere@authority.example,\n"

    assert "would wait for two owners" in imported(cli, HEADER + row, "--dry-run")
    said = imported(cli, HEADER + row)

    assert f"{slug}, email: waits for two owners" in said
    assert cli.json("authority", "show", slug)["channels"][0]["address"] == address
    assert cli.json("authority", "show", slug)["name"] == "Another name"
    assert [change["state"] for change in cli.json("authority", "changes")] == ["imported"]
    with cli.rows() as session:
        told = session.scalars(select(Letter)).all()
        assert {letter.member_id for letter in told} == owners
        assert {letter.words["event"] for letter in told} == {"channel_change_asked"}
    assert "another change of this channel waits" in cli.refused("authority", "import", written(cli, HEADER + row))


def test_the_bodies_of_known_countries_are_loaded_once(cli: Cli) -> None:
    assert "Would be: 31 new" in cli.ok("authority", "seed", "--dry-run")
    assert "Done: 31 new" in cli.ok("authority", "seed")
    assert "Done: 0 new, 0 changed, 31 unchanged" in cli.ok("authority", "seed")

    assert cli.json("authority", "show", "ru-prosecutor-general")["asks"] == ["supervision", "cassation"]


def test_what_is_exported_changes_nothing_when_it_is_imported_again(cli: Cli) -> None:
    imported(cli, HEADER + COURT.replace("The First Court", "=1+1"))
    text = cli.ok("authority", "export")

    assert "'=1+1" in text
    assert "0 new, 0 changed" in imported(cli, text)


def test_the_address_of_an_authority_nobody_writes_to_may_be_corrected(cli: Cli) -> None:
    imported(cli, HEADER + COURT)
    imported(cli, HEADER + COURT.replace("court@", "office@"))

    assert cli.json("authority", "show", "court-one")["channels"][0]["address"] == "office@authority.example"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
