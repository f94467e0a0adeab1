"""The whole path of an edition: sealed rows in the database, opened, rendered, sealed, checked, archived, recorded.

Against the names table alone in the same run, and the seal by itself on a file of a hundred megabytes.
"""

import shutil
import sys
from pathlib import Path

from bench.measure import Cost, figure, median, note, run, short
from bench.names_table import Runs

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 3
LARGE = 100  # MB


def main(work: Path) -> None:
    runs = Runs(work)
    for count in SIZES:
        whole = _whole(runs, work, count)
        size = short(count)
        cpu, bare = median(one.cpu for one in whole), median(one.said["cpu"] for one in whole)
        figure(f"compile {size} cpu s", cpu)
        figure(f"compile {size} cpu s without start-up", bare)
        figure(f"compile {size} wall s", median(one.wall for one in whole))
        figure(f"compile {size} peak MB", median(one.peak for one in whole))
        figure(f"compile {size} us a row", bare / count * 1e6)
        figure(f"compile {size} cpu ratio names table", cpu / runs.cpu("ours", count))
        figure(f"compile {size} cpu ratio names table without start-up", bare / runs.bare_cpu("ours", count))
    _seal(work)


def _whole(runs: Runs, work: Path, count: int) -> list[Cost]:
    site = work / f"site-{count}"
    run("bench.edition", "prepare", site, count)
    whole = []
    for number in range(ROUNDS):
        copy = work / f"site-{count}-{number}"
        shutil.copytree(site, copy)
        whole.append(run("bench.edition", "compile", copy))
        runs.compile("ours", count)
        note(f"  whole path {short(count)}: {whole[-1].cpu:.2f} s CPU, {whole[-1].wall:.2f} s")
        shutil.rmtree(copy)
    return whole


def _seal(work: Path) -> None:
    large = run("bench.edition", "render-large", work, LARGE)
    sealed = run("bench.sealing", work)
    figure("seal 100 MB file MB", large.said["size"])
    figure("seal 100 MB compile cpu s", large.said["cpu"])
    figure("seal 100 MB cpu s", sealed.said["cpu"])
    figure("seal 100 MB cpu percent of compile", 100 * sealed.said["cpu"] / large.said["cpu"])
    figure("seal 100 MB peak MB", sealed.peak)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
