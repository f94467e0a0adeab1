"""JSON logs that carry no personal datum: request id, route, status, milliseconds; of an error its type and place."""

import sys
import traceback
from types import TracebackType

import structlog

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def configure() -> None:
    """Once a process, before the first line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_names: object) -> structlog.WriteLogger:
    """Standard output belongs to what a command answers."""
    return structlog.WriteLogger(sys.stderr)


def place_of(error: ExcInfo) -> dict[str, str]:
    """Type and place of an error. Its message is left out: databases put what was typed into theirs."""
    kind, _, trace = error
    frames = traceback.extract_tb(trace, limit=-1)
    at = f"{_inside(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    ours = [frame for frame in traceback.extract_tb(trace) if "/site-packages/" not in frame.filename]
    through = f"{_inside(ours[-1].filename)}:{ours[-1].lineno}" if ours else ""
    return {"error": kind.__name__ if kind else "", "at": at, "through": through}


def _inside(file_name: str) -> str:
    """The last two parts of a path: enough to find the line, nothing about the machine."""
    return "/".join(file_name.split("/")[-2:])
