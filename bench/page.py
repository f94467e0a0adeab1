"""The petition's page: kept for everybody, rendered for each, and a Flask route that does nothing."""

import sys
from contextlib import ExitStack
from pathlib import Path

from bench import load, sign, world
from bench.measure import figure
from bench.server import serving
from bench.turns import CONNECTIONS, Target, Turns
from petitions.demo import data

PATH = f"/en/petitions/{data.SLUG}"
STORED = 10_000
ROUNDS = 3
# Recorded on an earlier machine of this kind (2 shared cores), not in this run: pages a second.
RECORDED_PYTITION = 53


def main(work: Path) -> None:
    with ExitStack() as stack:
        empty = stack.enter_context(serving("bench.empty:app", work / "empty.log"))
        site = sign.start(stack, work / "site", STORED)
        keeps_nothing = {**site.environment, "PETITIONS_COUNT_SECONDS": "0"}
        other = stack.enter_context(serving("wsgi:app", work / "rendered.log", keeps_nothing))
        page, nothing = load.get(PATH, world.HOST), load.get("/", world.HOST)
        turns = Turns(
            {
                "kept": Target(site.server, lambda count: [page] * count, times=sign.MANY),
                "rendered": Target(other, lambda count: [page] * count, times=300),
                "empty route": Target(empty, lambda count: [nothing] * count, times=sign.MANY),
            },
            rounds=ROUNDS,
        )
    turns.say("page")
    for connections in CONNECTIONS:
        what = f"page {connections} connections"
        rate = turns.rate("kept", connections)
        figure(f"{what} rate ratio empty route", rate / turns.rate("empty route", connections))
        kept, rendered = turns.cpu("kept", connections), turns.cpu("rendered", connections)
        figure(f"{what} cpu ratio rendered to kept", rendered / kept)
    figure("page rate ratio pytition as recorded", turns.rate("kept", 16) / RECORDED_PYTITION)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
