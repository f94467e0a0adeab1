"""How answers look on a terminal; what a record holds must not steer it."""

from datetime import UTC, datetime

import pytest

from petitions.cli import output


@pytest.mark.parametrize(("value", "shown"), [
    (None, "-"), ("", "-"), ([], "-"), (True, "yes"), (0, "0"), (["a", "b"], "a, b"), ({"en": "Name"}, "en: Name"),
    ({"by": {"all": 1}}, "by: (all: 1)"), (datetime(2026, 3, 1, 9, 5, tzinfo=UTC), "2026-03-01 09:05 UTC"),
    ("two\nlines", "two lines"), ("\x1b[31mred\u202e", "[31mred"),
])
def test_a_cell_is_one_plain_line(value: object, shown: str) -> None:
    assert output.cell(value) == shown


def test_on_a_terminal_rows_are_a_table_that_takes_no_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")

    output.show_rows([{"slug": "free-anna", "goal": 10, "title": "[red]x[/red]"}], ("slug", "goal", "title"),
                     as_json=False, empty="none")

    printed = capsys.readouterr().out
    assert "[red]x[/red]" in printed
    assert "free-anna" in printed


def test_countries_with_few_signers_are_one_number() -> None:
    assert output.folded({"NO": 12, "SE": 30, "IS": 3, "": 4}, 10) == {"SE": 30, "NO": 12, "other": 7}
    assert output.folded({"NO": 12}, 10) == {"NO": 12}
