"""The names table against ReportLab's Platypus and canvas, Typst, WeasyPrint and fpdf2, and against zlib alone.

Ours runs before and after each peer, in processes of their own. "Without start-up" leaves out the start of Python and
the imports, on both sides alike.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.measure import MB, Cost, figure, median, note, run, short

FAST = ("platypus", "canvas", "typst")  # those that bear 100,000 rows
SLOW = ("fpdf2", "weasyprint")
PLAN = ((1_000, (*FAST, *SLOW), 2), (10_000, FAST, 2), (10_000, SLOW, 1), (100_000, FAST, 1))  # rows, peers, rounds
MODULES = {
    "ours": "bench.ours",
    "platypus": "bench.peers.platypus",
    "canvas": "bench.peers.canvas",
    "typst": "bench.peers.typst_table",
    "weasyprint": "bench.peers.weasyprint_table",
    "fpdf2": "bench.peers.fpdf2_table",
}
MILLION = 1_000_000


class Runs:
    """What each engine cost at each size, and how large its file was."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self.costs: dict[tuple[str, int], list[Cost]] = defaultdict(list)
        self.sizes: dict[tuple[str, int], int] = {}

    def rows(self, count: int, *options: str) -> Path:
        path = self._work / f"{count}{''.join(options)}.tsv"
        if not path.exists():
            run("bench.people", count, path, *options)
        return path

    def compile(self, engine: str, count: int) -> None:
        pdf = self.pdf(engine, count)
        cost = run(MODULES[engine], self.rows(count), pdf)
        self.costs[engine, count].append(cost)
        self.sizes[engine, count] = pdf.stat().st_size
        note(f"  {engine} {short(count)}: {cost.cpu:.2f} s CPU, {cost.wall:.2f} s, {cost.peak:.0f} MB")

    def pdf(self, engine: str, count: int) -> Path:
        return self._work / f"{engine}.{count}.pdf"

    def cpu(self, engine: str, count: int) -> float:
        return median(cost.cpu for cost in self.costs[engine, count])

    def bare_cpu(self, engine: str, count: int) -> float:
        """Without start-up."""
        return median(cost.said["cpu"] for cost in self.costs[engine, count])

    def peak(self, engine: str, count: int) -> float:
        return median(cost.peak for cost in self.costs[engine, count])


def main(work: Path) -> None:
    runs = Runs(work)
    for count, peers, rounds in PLAN:
        for _ in range(rounds):
            runs.compile("ours", count)
            for peer in peers:
                runs.compile(peer, count)
                runs.compile("ours", count)
    for count in (MILLION, 100_000, MILLION):
        runs.compile("ours", count)
    many = run("bench.ours", runs.rows(100_000, "many-scripts"), work / "many.pdf")
    floors = [run("bench.floor", runs.pdf("ours", MILLION)).said["cpu"] for _ in range(2)]
    _say(runs, many, min(floors))


def _say(runs: Runs, many: Cost, floor: float) -> None:
    for count in (1_000, 10_000, 100_000, MILLION):
        _say_ours(runs, count)
    for count, peer in dict.fromkeys(_pairs()):
        _say_peer(runs, count, peer)
    million, hundred = runs.bare_cpu("ours", MILLION), runs.bare_cpu("ours", 100_000)
    figure("names-table 1M cpu ratio zlib floor", million / floor)
    figure("names-table 1M cpu ratio zlib floor with start-up", runs.cpu("ours", MILLION) / floor)
    figure("names-table peak ratio 1M to 10k", runs.peak("ours", MILLION) / runs.peak("ours", 10_000))
    figure("names-table cost of a row ratio 1M to 100k", million / 10 / hundred)
    figure("names-table 100k cpu ratio many scripts to plain", many.said["cpu"] / hundred)


def _pairs() -> Iterator[tuple[int, str]]:
    return ((count, peer) for count, peers, _ in PLAN for peer in peers)


def _say_ours(runs: Runs, count: int) -> None:
    size = short(count)
    figure(f"names-table {size} ours cpu s", runs.cpu("ours", count))
    figure(f"names-table {size} ours cpu s without start-up", runs.bare_cpu("ours", count))
    figure(f"names-table {size} ours us a row", runs.bare_cpu("ours", count) / count * 1e6)
    figure(f"names-table {size} ours wall s", median(cost.wall for cost in runs.costs["ours", count]))
    figure(f"names-table {size} ours peak MB", runs.peak("ours", count))
    figure(f"names-table {size} ours file MB", runs.sizes["ours", count] / MB)


def _say_peer(runs: Runs, count: int, peer: str) -> None:
    size = short(count)
    figure(f"names-table {size} {peer} cpu s", runs.cpu(peer, count))
    figure(f"names-table {size} {peer} peak MB", runs.peak(peer, count))
    figure(f"names-table {size} cpu ratio {peer}", runs.cpu(peer, count) / runs.cpu("ours", count))
    bare = runs.bare_cpu(peer, count) / runs.bare_cpu("ours", count)
    figure(f"names-table {size} cpu ratio {peer} without start-up", bare)
    figure(f"names-table {size} memory ratio {peer}", runs.peak(peer, count) / runs.peak("ours", count))
    figure(f"names-table {size} file ratio {peer}", runs.sizes["ours", count] / runs.sizes[peer, count])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
