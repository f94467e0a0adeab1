"""Supporters with a browser of the simplest kind, and the inbox that their letters come to."""

import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from flask import Flask

from petitions.app import create_app
from tests.faults.machine import Machine
from tests.smtp import Received

BASE_URL = "https://petitions.example.org"
AT_ONCE = 25  # connections: what one process's pool gives
_LINK = re.compile(r"https://petitions\.example\.org(/s/[A-Za-z0-9_-]{43})(?![A-Za-z0-9_/-])")


class Answer(NamedTuple):
    status_code: int
    text: str


class Browser:
    """One connection of a supporter who came to the site under its own address; keeps no cookie."""

    def __init__(self, app: Flask, address: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self._client.environ_base["REMOTE_ADDR"] = address

    def get(self, path: str) -> Answer:
        answer = self._client.get(path, base_url=BASE_URL)
        return Answer(answer.status_code, answer.text)

    def post(self, path: str, form: dict[str, str]) -> Answer:
        answer = self._client.post(path, data=form, base_url=BASE_URL)
        return Answer(answer.status_code, answer.text)


class RemoteBrowser(Browser):
    """The same over the network, through a reverse proxy that says who came."""

    def __init__(self, port: int, address: str) -> None:
        self._port = port
        self._headers = {
            "Host": urlsplit(BASE_URL).netloc,
            "X-Forwarded-For": address,
            "X-Forwarded-Proto": "https",
            "User-Agent": f"Agent of {address}",
        }

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, self._headers)

    def post(self, path: str, form: dict[str, str]) -> Answer:
        more = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(form), self._headers | more)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode())
        finally:
            connection.close()


class Site:
    """The web application of a machine, in this process."""

    def __init__(self, machine: Machine) -> None:
        self._app: Flask = create_app(machine.settings)

    def fill_in(
        self, slug: str, language: str = "en", address: str = "203.0.113.7", **typed: Any
    ) -> dict[str, str]:
        """What the check page would send, for a supporter who typed this."""
        path = f"/{language}/petitions/{slug}"
        page = self.browser(address).get(path)
        assert page.status_code == 200, page.status_code
        form = {
            **_hidden_fields(page.text),
            "name": "Ines Karlsen",
            "email": "ines.karlsen@example.org",
            "country": "NO",
            "city": "Bergen",
            "disclosure": "all",
            "consent": "y",
            **typed,
        }
        checked = self.browser(address).post(f"{path}/signatures/check", form)
        assert checked.status_code == 200, checked.status_code
        return _hidden_fields(checked.text)

    def sign(self, slug: str, language: str = "en", address: str = "203.0.113.7", **typed: Any) -> None:
        answer = self.send(slug, self.fill_in(slug, language, address, **typed), language, address)
        assert answer.status_code == 303, answer.status_code

    def send(
        self, slug: str, form: dict[str, str], language: str = "en", address: str = "203.0.113.7"
    ) -> Answer:
        return self.browser(address).post(f"/{language}/petitions/{slug}/signatures", form)

    def press(self, link: str, button: str, **form: str) -> Answer:
        """One of the buttons behind a letter's link: confirmation, withdrawal, …"""
        return self.browser().post(f"{link}/{button}", form)

    def browser(self, address: str = "203.0.113.7") -> Browser:
        return Browser(self._app, address)


class RemoteSite(Site):
    """A web process of its own."""

    def __init__(self, port: int) -> None:
        self._port = port

    def browser(self, address: str = "203.0.113.7") -> Browser:
        return RemoteBrowser(self._port, address)


def together(count: int, act: Any) -> list[Any]:
    """`act(number)` so many times, many at once; what each gave."""
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        return list(crowd.map(act, range(count)))


def link_in(mail: Received) -> str:
    """The path of the confirmation link in a letter."""
    body = message_from_bytes(mail.data, policy=policy.default).get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found is not None
    return urlsplit(found.group(0)).path


class _HiddenFields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields.setdefault(str(given["name"]), given.get("value") or "")


def _hidden_fields(page: str) -> dict[str, str]:
    parser = _HiddenFields()
    parser.feed(page)
    return parser.fields
