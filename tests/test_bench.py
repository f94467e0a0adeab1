"""What the figures of the benches pass through on their way to the page."""

from pathlib import Path

import pytest

from bench import tables
from bench.goals import Goal
from bench.load import get, post
from bench.measure import rounded
from bench.people import names


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0844, "0.084"), (1.0, "1"), (31.24, "31.2"), (300.0, "300"), (5505.4, "5505"), (99.96, "100")],
)
def test_a_figure_has_the_digits_that_mean_something(value: float, shown: str) -> None:
    assert rounded(value) == shown


def test_a_goal_is_met_at_its_edge_and_missed_beyond_it() -> None:
    assert Goal("speed", least=25).met(25)
    assert not Goal("speed", least=25).met(24.9)
    assert Goal("memory", most=96).met(96)
    assert not Goal("memory", most=96).met(96.1)


def test_the_tables_are_put_between_their_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n")
    machine = {"cores": 2, "processor": "some", "system": "Linux", "python": "3.11"}
    figures = {"names-table 100k cpu ratio platypus": 24.0, "names-table 100k ours cpu s": 0.9}
    bench = {"day": "2026-11-22", "seconds": 9, "figures": figures}
    tables.write({"machine": machine, "packages": {}, "benches": {"names-table": bench}}, page)
    text = page.read_text()
    assert text.startswith(f"before\n{tables.BEGIN}\n")
    assert text.endswith(f"{tables.END}\nafter\n")
    assert "| names-table 100k cpu ratio platypus | ≥ 25 | 24 | **no** |" in text
    assert "| ours |  |  | 0.9 |  |" in text
    assert "old" not in text


def test_half_of_the_invented_signers_write_in_cyrillic() -> None:
    made = [name for name, _ in names(2_000)]
    cyrillic = sum(any("а" <= letter <= "я" for letter in name.casefold()) for name in made)
    assert 0.45 < cyrillic / len(made) < 0.55
    assert made == [name for name, _ in names(2_000)]


def test_a_request_says_how_long_it_is() -> None:
    assert b"\r\nContent-Length: 7\r\n" in post("/a", "site.example", "a=b&c=d")
    assert get("/a", "site.example").endswith(b"\r\n\r\n")
