"""Many invented supporters, each with a browser of the simplest kind: they read forms from pages and links from
mails, as a person does."""

import email
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import policy
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from rich.progress import Progress

from petitions.config import Settings
from petitions.demo import data
from petitions.demo.people import Person, people
from petitions.models import Disclosure

THREADS = 6
PATIENCE = 180.0  # seconds in which some progress must be seen
CHOICES = (Disclosure.ALL, Disclosure.INTERNATIONAL, Disclosure.COUNT_ONLY)  # by turns, so each third is known
_LINK = re.compile(rb"https?://[^\s<>\"]+/s/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_/-])")


class Failed(Exception):
    """The demonstration did not do what it promises; the message says where."""


class Patience:
    """Gives up when nothing has moved for PATIENCE seconds, or when the person has."""

    def __init__(self, complaint: str, ended: threading.Event) -> None:
        self._complaint, self._ended = complaint, ended
        self._last, self._since = -1, time.monotonic()

    def look(self, progress: int) -> None:
        if progress != self._last:
            self._last, self._since = progress, time.monotonic()
        if time.monotonic() - self._since > PATIENCE:
            raise Failed(f"{self._complaint} ({progress} so far)")
        if self._ended.wait(0.1):
            raise Failed("stopped")


class Crowd:
    """Many supporters, each with a browser of the simplest kind."""

    def __init__(self, settings: Settings, progress: Progress, ended: threading.Event) -> None:
        self._settings, self._progress, self._ended = settings, progress, ended
        self._local = threading.local()

    def sign(self, count: int) -> int:
        """Sends the form and the check page of each; returns how many were told to look in their inbox."""
        task = self._progress.add_task("signing", total=count)
        crowd = zip(people(count), _by_turns(count), strict=True)
        return self._each(task, crowd, self._sign_one)

    def confirm(self, tokens: Iterable[str]) -> int:
        tokens = list(tokens)
        task = self._progress.add_task("confirming", total=len(tokens))
        return self._each(task, tokens, self._confirm_one)

    def read_letters(self, count: int) -> list[str]:
        """The links from the letters in the sink's outbox, as they arrive."""
        task = self._progress.add_task("letters", total=count)
        tokens: dict[str, str] = {}
        seen: set[str] = set()
        patience = Patience("letters did not arrive", self._ended)
        while len(tokens) < count:
            for path in self._settings.outbox.glob("*.eml"):
                if path.name in seen:
                    continue
                seen.add(path.name)
                if token := _token_in(path):
                    tokens[token] = path.name
            self._progress.update(task, completed=len(tokens))
            patience.look(len(tokens))
        return list(tokens)

    def _each(self, task: Any, items: Iterable[Any], act: Callable[[Any], None]) -> int:
        done = 0

        def one(item: Any) -> int:
            act(item)
            self._progress.advance(task)
            return 1

        with ThreadPoolExecutor(THREADS) as pool:
            source = iter(items)
            while batch := list(islice(source, 50 * THREADS)):
                if self._ended.is_set():
                    raise Failed("stopped")
                done += sum(pool.map(one, batch))
        return done

    def _sign_one(self, one: tuple[Person, Disclosure]) -> None:
        person, disclosure = one
        path = f"/{person.language}/petitions/{data.SLUG}"
        form = {
            **self._form_of(path),
            "name": person.name,
            "email": person.email,
            "country": person.country,
            "city": person.city,
            "disclosure": disclosure.value,
            "shows_city": "y",
            "consent": "y",
        }
        status, _, page = self._ask("POST", f"{path}/signatures/check", form)
        if status != 200:
            raise Failed(f"the check page answered {status} to an invented supporter")
        status, _, _ = self._ask("POST", f"{path}/signatures", _hidden_fields(page))
        if status != 303:
            raise Failed(f"signing answered {status} to an invented supporter")

    def _confirm_one(self, token: str) -> None:
        status, _, _ = self._ask("POST", f"/s/{token}/confirmation", {})
        if status not in {200, 303}:
            raise Failed(f"a confirmation was answered with {status}")

    def _form_of(self, path: str) -> dict[str, str]:
        """The hidden fields of the sign form: read once a page, as a browser would from its cache."""
        pages: dict[str, dict[str, str]] = self._local.__dict__.setdefault("pages", {})
        if path not in pages:
            status, _, page = self._ask("GET", path)
            if status != 200:
                raise Failed(f"the petition page answered {status}")
            pages[path] = _hidden_fields(page)
        return pages[path]

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        body = urlencode(form) if form is not None else None
        headers = {"Host": urlsplit(self._settings.base_url).netloc}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        for attempt in (1, 2):
            connection = self._connection()
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read().decode()
            except (HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    raise Failed("the web process does not answer") from None
        raise AssertionError("unreachable")

    def _connection(self) -> HTTPConnection:
        found: HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = HTTPConnection("127.0.0.1", self._settings.bind_port, timeout=60)
        return found


class _HiddenFields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields.setdefault(str(given["name"]), given.get("value") or "")


def _hidden_fields(page: str) -> dict[str, str]:
    """The first form's worth of hidden fields: what a browser sends back unseen."""
    parser = _HiddenFields()
    parser.feed(page)
    return parser.fields


def _by_turns(count: int) -> Iterator[Disclosure]:
    for number in range(count):
        yield CHOICES[number % len(CHOICES)]


def _token_in(path: Path) -> str | None:
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    if body is None or any(message.iter_attachments()):
        return None
    found = _LINK.search(body.get_content().encode())
    return found.group(1).decode() if found else None
