"""Rendered public pages, answered before anything else is done: a flood of readers costs no database read.

Keyed by path; a page is kept `seconds` and never longer. Only what a view marked as public is stored (security.py).
A query after the path makes no other page, but for views that say so: else `?1`, `?2` … would cost a read each.
Answers carry `Age`, so that a browser's copy is not fresh for longer than ours was.
"""

import hashlib
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from flask import Response
from werkzeug.http import parse_etags

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGES = 512  # a site has fewer public pages; a bound for the day it has more
HOSTS = 64


class _Page(NamedTuple):
    made: float
    headers: list[tuple[str, str]]
    etag: str  # without its quotes
    body: bytes
    any_query: bool  # else it is the answer to the bare path only


class PageCache:
    """WSGI middleware in front of the app; `keep` is called by the app with what may be shown again."""

    def __init__(self, wsgi_app: "WSGIApplication", seconds: float) -> None:
        self._wsgi_app = wsgi_app
        self._seconds = seconds
        self._pages: dict[str, _Page] = {}
        self._hosts: set[str] = set()  # that the app has found trusted
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" and environ.get("HTTP_HOST") in self._hosts:
            page = self._pages.get(environ["PATH_INFO"])
            if page is not None and (page.any_query or not environ.get("QUERY_STRING")):
                age = time.monotonic() - page.made
                if age < self._seconds:
                    return _answer(page, int(age), environ, start_response)
        return self._wsgi_app(environ, start_response)

    def keep(self, path: str, host: str, response: Response, *, any_query: bool) -> None:
        """Keeps a page that was just rendered; adds an ETag to it."""
        body = response.get_data()
        etag = hashlib.sha256(body).hexdigest()[:24]
        response.set_etag(etag)
        page = _Page(time.monotonic(), list(response.headers), etag, body, any_query)
        with self._lock:
            if len(self._hosts) < HOSTS:
                self._hosts.add(host)
            self._pages.pop(path, None)
            while len(self._pages) >= PAGES:
                self._pages.pop(next(iter(self._pages)), None)
            self._pages[path] = page

    def clear(self) -> None:
        self._pages.clear()


def _answer(page: _Page, age: int, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    headers = [*page.headers, ("Age", str(age))]
    if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(page.etag):  # a proxy that packs weakens it
        start_response("304 Not Modified", [header for header in headers if header[0] != "Content-Length"])
        return ()
    start_response("200 OK", headers)
    return (page.body,)
