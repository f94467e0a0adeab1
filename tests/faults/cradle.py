"""Where the workers of a Nursery are born: a process with one thread that has imported all of the worker.

`python -m tests.faults.cradle` reads one JSON line a child, {"environment", "log", "arguments"}, and answers with
{"born": pid}; when a child has ended it says {"gone": pid, "status": …}. A child runs `mailer.worker.main` and
nothing else of ours.
"""

import contextlib
import json
import os
import signal
import sys
import traceback
from typing import Any

from mailer import worker


def main() -> None:
    """The nursery's side: one thread, so that nothing is held when it forks; a child of its own waits for each."""
    answers = sys.stdout
    children: dict[int, int] = {}  # by their midwives: while one lives, the number is its child's alone
    for line in sys.stdin:
        wanted = json.loads(line)
        read, write = os.pipe()
        midwife = os.fork()
        if midwife == 0:  # starts the worker, says how it ended
            os.close(read)
            pid = os.fork()
            if pid == 0:
                os.close(write)
                _live(wanted)
            os.write(write, b"%d" % pid)
            os.close(write)
            os.close(sys.stdin.fileno())
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            os.write(answers.fileno(), json.dumps({"gone": pid, "status": code}).encode() + b"\n")
            os._exit(0)
        os.close(write)
        born = int(os.read(read, 20))
        os.close(read)
        children[midwife] = born
        os.write(answers.fileno(), json.dumps({"born": born}).encode() + b"\n")
        _forget_gone(children)
    _forget_gone(children)
    for pid in children.values():  # the tests are over, however they ended
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _forget_gone(children: dict[int, int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while midwife := os.waitpid(-1, os.WNOHANG)[0]:
            del children[midwife]


def _live(wanted: dict[str, Any]) -> None:
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(wanted["environment"])
    code = 70
    try:
        code = worker.main(wanted["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
