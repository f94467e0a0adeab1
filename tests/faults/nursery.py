"""Worker processes by the dozen: forked from one that has imported all of it, since importing takes seconds."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """The test's side. Ends its children with itself."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._said = threading.Condition()
        self._born: list[int] = []
        self._gone: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        cradle, line, answers = self._process, self._process.stdin, self._process.stdout
        assert line is not None
        assert answers is not None
        line.close()
        cradle.wait(30)
        self._listener.join(5)
        answers.close()

    def start(self, environment: dict[str, str], log: Path, arguments: tuple[str, ...]) -> "Child":
        cradle = self._process or self._cradle()
        assert cradle.stdin is not None
        with self._said:
            cradle.stdin.write(
                json.dumps({"environment": environment, "log": str(log), "arguments": arguments}) + "\n"
            )
            cradle.stdin.flush()
            assert self._said.wait_for(lambda: self._born, 60), "the nursery does not answer"
            return Child(self, self._born.pop())

    def _cradle(self) -> "subprocess.Popen[str]":
        """Begun when the first worker is wanted."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.cradle"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        return self._process

    def status(self, pid: int, seconds: float) -> int | None:
        """The exit status of a child, negative for a signal; None if it still runs after so many seconds."""
        with self._said:
            self._said.wait_for(lambda: pid in self._gone, seconds)
            return self._gone.get(pid)

    def _listen(self, cradle: "subprocess.Popen[str]") -> None:
        assert cradle.stdout is not None
        for line in cradle.stdout:
            word: dict[str, Any] = json.loads(line)
            with self._said:
                if "born" in word:
                    self._born.append(word["born"])
                else:
                    self._gone[word["gone"]] = word["status"]
                self._said.notify_all()


class Child:
    """What a `subprocess.Popen` of the worker would be."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery, self.pid = nursery, pid

    def poll(self) -> int | None:
        return self._nursery.status(self.pid, 0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._nursery.status(self.pid, 60 if timeout is None else timeout)
        if status is None:
            raise subprocess.TimeoutExpired(["mailer.worker"], timeout or 60)
        return status
