"""A names table in which every name must be shaped, against WeasyPrint with the same fonts."""

import sys
from pathlib import Path

from bench.measure import figure, note, run

COUNT = 10_000


def main(work: Path) -> None:
    rows = work / "rows.tsv"
    run("bench.people", COUNT, rows, "shaped")
    ours = [run("bench.ours", rows, work / "ours.pdf")]
    note(f"  ours: {ours[0].cpu:.2f} s CPU")
    theirs = run("bench.peers.weasyprint_table", rows, work / "weasyprint.pdf", "shaped")
    note(f"  weasyprint: {theirs.cpu:.2f} s CPU")
    ours.append(run("bench.ours", rows, work / "ours.pdf"))
    cpu = sum(cost.cpu for cost in ours) / len(ours)
    bare = sum(cost.said["cpu"] for cost in ours) / len(ours)
    figure("shaped 10k ours cpu s", cpu)
    figure("shaped 10k ours us a row", bare / COUNT * 1e6)
    figure("shaped 10k ours peak MB", ours[-1].peak)
    figure("shaped 10k weasyprint cpu s", theirs.cpu)
    figure("shaped 10k weasyprint peak MB", theirs.peak)
    figure("shaped 10k cpu ratio weasyprint", theirs.cpu / cpu)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
