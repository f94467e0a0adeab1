"""The figures of the last run as tables between two marks in docs/benchmarks.md; the words around are a person's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.goals import GOALS
from bench.measure import rounded

BEGIN, END = "<!-- figures of the last run: begin -->", "<!-- figures of the last run: end -->"
SIZES = ("1k", "10k", "100k", "1M")
ENGINES = ("ours", "platypus", "canvas", "typst", "fpdf2", "weasyprint")
CONNECTIONS = ("1", "16", "64")
SIGN = ("1k stored", "1M stored", "own health route", "empty route")
PAGE = ("kept", "rendered", "empty route")

Figures = Mapping[str, float]


def all_figures(results: Mapping[str, Any]) -> dict[str, float]:
    return {name: value for bench in results.get("benches", {}).values() for name, value in bench["figures"].items()}


def write(results: Mapping[str, Any], page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    page.write_text(f"{before}{BEGIN}\n\n{_tables(results)}\n{END}{after}", encoding="utf-8")


def _tables(results: Mapping[str, Any]) -> str:
    figures = all_figures(results)
    parts = [_circumstances(results), _goals(figures)]
    engines = {name: name for name in ENGINES}
    for title, ending in (("CPU seconds, start-up included", "cpu s"), ("Peak memory, MB", "peak MB")):
        names = {label: f"names-table {{}} {engine} {ending}" for label, engine in engines.items()}
        parts.append(_matrix(f"Names table: {title}", "rows", SIZES, names, figures))
    kinds = ("cpu s without start-up", "us a row", "wall s", "peak MB", "cpu ratio names table without start-up")
    whole = {kind: f"compile {{}} {kind}" for kind in kinds}
    parts.append(_matrix("Compile: the whole path", "rows", SIZES[:3], whole, figures))
    for bench, targets in (("sign", SIGN), ("page", PAGE)):
        for kind in ("a second", "server cpu ms", "p50 ms", "p99 ms"):
            rows = {target: f"{bench} {target} {{}} connections {kind}" for target in targets}
            parts.append(_matrix(f"{bench.capitalize()}: {kind}", "connections", CONNECTIONS, rows, figures))
    parts.append(_letters(figures))
    return "\n".join(part for part in parts if part)


def _circumstances(results: Mapping[str, Any]) -> str:
    machine, packages = results["machine"], results["packages"]
    days = sorted({bench["day"] for bench in results["benches"].values()})
    versions = ", ".join(f"{name} {number}" for name, number in packages.items())
    return (
        f"Measured on {' and '.join(days)}: {machine['cores']} cores ({machine['processor']}), {machine['system']}, "
        f"Python {machine['python']}; {versions}.\n"
    )


def _goals(figures: Figures) -> str:
    rows = [
        (goal.figure, goal.words, rounded(figures[goal.figure]), "yes" if goal.met(figures[goal.figure]) else "**no**")
        for goal in GOALS
        if goal.figure in figures
    ]
    return f"### Goals\n\n{_table(('figure', 'goal', 'reached', 'met'), rows)}"


def _matrix(title: str, head: str, columns: Sequence[str], rows: Mapping[str, str], figures: Figures) -> str:
    """A row for each label, with the figures that its pattern names; empty where none was measured."""
    cells = [
        (label, *(rounded(figures[name]) if (name := pattern.format(column)) in figures else "" for column in columns))
        for label, pattern in rows.items()
    ]
    measured = [row for row in cells if any(row[1:])]
    return f"### {title}\n\n{_table((head, *columns), measured)}" if measured else ""


def _letters(figures: Figures) -> str:
    rows = [(name, rounded(value)) for name, value in figures.items() if name.startswith("letters ")]
    return f"### Letters\n\n{_table(('figure', 'value'), rows)}" if rows else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
