"""Runs the benches and keeps their figures: in bench/results.json, and as tables in docs/benchmarks.md.

python -m bench [names-table | shaped | compile | sign | page | letters]
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import tables
from bench.goals import GOALS

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
BENCHES = {
    "names-table": "bench.names_table",
    "shaped": "bench.shaped",
    "compile": "bench.compiling",
    "sign": "bench.sign",
    "page": "bench.page",
    "letters": "bench.letters",
}
PACKAGES = ("reportlab", "typst", "weasyprint", "fpdf2", "flask", "granian", "sqlalchemy")
_FIGURE = re.compile(r"(\S.*): (-?[0-9.]+)\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="?", choices=BENCHES, help="one bench; all by default")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench", help="on a disk, not in memory")
    arguments = parser.parse_args()
    failed = []
    for name in [arguments.only] if arguments.only else BENCHES:
        if not _bench(name, arguments.work / name):
            failed.append(name)
    _say_goals(_kept())
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _bench(name: str, work: Path) -> bool:
    """Runs one bench in a process of its own, passing on what it says; keeps its figures if it got to its end."""
    print(f"== {name}", file=sys.stderr, flush=True)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    began, figures = time.monotonic(), {}
    command = [sys.executable, "-m", BENCHES[name], str(work)]
    with subprocess.Popen(command, cwd=ROOT, env=_environment(work), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := _FIGURE.fullmatch(line):
                figures[found[1]] = float(found[2])
    shutil.rmtree(work, ignore_errors=True)
    if process.returncode == 0:
        _keep(name, figures, round(time.monotonic() - began))
    return process.returncode == 0


def _environment(work: Path) -> dict[str, str]:
    """Ours, and compiled imports are kept: an installation has them, though this machine may forbid it."""
    others = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return others | {"PYTHONPYCACHEPREFIX": str(work / "bytecode")}


def _keep(name: str, figures: dict[str, float], seconds: int) -> None:
    results = _kept()
    results["machine"] = _machine()
    results["packages"] = {package: version(package) for package in PACKAGES}
    day = datetime.now(UTC).date().isoformat()
    results.setdefault("benches", {})[name] = {"day": day, "seconds": seconds, "figures": figures}
    unfinished = RESULTS.with_suffix(".json.tmp")
    unfinished.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.replace(RESULTS)
    tables.write(results, ROOT / "docs" / "benchmarks.md")


def _kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return found


def _machine() -> dict[str, object]:
    """What the figures depend on, and nothing that tells whose machine it is."""
    try:
        said = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        said = None
    return {
        "cores": os.cpu_count(),
        "processor": said[1] if said else platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _say_goals(results: dict[str, Any]) -> None:
    figures = tables.all_figures(results)
    print("== goals", file=sys.stderr, flush=True)
    for goal in GOALS:
        if goal.figure in figures:
            print(f"  {goal.said(figures[goal.figure])}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
