"""A real browser and a real server in front of a database made by factories."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from petitions.app import create_app
from petitions.config import Profile, Settings
from petitions.db import Database

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """The system's chromium, which asks nobody for anything."""
    executable = os.environ.get("PETITIONS_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    return {"executable_path": executable, "args": quiet}


class _Quiet(WSGIRequestHandler):
    def log(self, *_anything: object) -> None:
        """Nothing: its lines carry addresses and tokens."""


Serve = Callable[[Settings], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an installation as the demonstration does; gives the address of its site."""
    with ExitStack() as stack:

        def begin(settings: Settings) -> str:
            server = _serve(settings)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://localhost:{server.server_port}"

        yield begin


@pytest.fixture
def site(settings: Settings, database: Database, serve: Serve) -> str:
    """The address of the site, over the database that the test arranges."""
    return serve(settings)


def _serve(settings: Settings) -> BaseWSGIServer:
    listening = make_server("127.0.0.1", 0, _placeholder, threaded=True, request_handler=_Quiet)
    address = f"http://localhost:{listening.server_port}"
    listening.app = create_app(
        settings.model_copy(update={"profile": Profile.DEMONSTRATION, "base_url": address, "count_seconds": 0})
    )
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    return listening


_placeholder = Flask("placeholder")


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A phone whose browser runs no scripts."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(browser: Browser) -> Iterator[BrowserContext]:
    """With scripts: only axe needs them."""
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    yield context
    context.close()
