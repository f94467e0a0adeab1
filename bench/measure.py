"""What a child process costs, and how a figure is said.

The parent must stay small: Linux counts the parent's memory at the moment of the fork into the child's peak.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
MB = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")
_compiled: set[str] = set()  # modules


class Cost(NamedTuple):
    cpu: float  # seconds of user and system time, start-up included
    wall: float
    peak: float  # MB
    said: Mapping[str, Any]  # the JSON object on the child's last line


class ChildFailed(Exception):
    pass


def run(module: str, *arguments: object, timeout: float = 600) -> Cost:
    """Runs `python -m module` to its end. Its imports are compiled before: no engine's first run pays for that."""
    if module not in _compiled:
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, timeout=timeout)
        _compiled.add(module)
    command = [sys.executable, "-m", module, *map(str, arguments)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    alarm = threading.Timer(timeout, process.kill)
    alarm.start()
    assert process.stdout is not None
    lines = process.stdout.read().decode().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    alarm.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ChildFailed(f"{module} ended with {process.returncode}")
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - began,
        peak=usage.ru_maxrss * MAXRSS_UNIT / MB,
        said=said,
    )


def timed(work: Callable[[], Mapping[str, Any] | None]) -> None:
    """For a child: does the work and says what it cost without the start of Python and the imports."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work() or {}
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, **found}))


def tree_cpu(pid: int) -> float:
    """Seconds of CPU that a process and its living descendants have used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(tree_cpu(int(child)) for child in children)


def figure(name: str, value: float) -> None:
    """One line of a bench: three digits that mean something, no more."""
    print(f"{name}: {rounded(value)}", flush=True)


def rounded(value: float) -> str:
    digits = 3 - len(str(int(abs(value)))) if abs(value) >= 1 else 3
    shown = f"{value:.{max(digits, 0)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def median(values: Iterable[float]) -> float:
    """Here because `statistics` is slow to import, and every engine's process imports this module."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-middle - 1]) / 2


def short(count: int) -> str:
    """1000 -> "1k"."""
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}k"


def note(text: str) -> None:
    """Progress, for whoever watches; no figure."""
    print(text, file=sys.stderr, flush=True)
