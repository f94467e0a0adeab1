"""What the whole suite shares: settings, a fresh database, the web application and a browserless client for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Base, Database, db
from petitions.keyring import keyring
from tests import factories


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Production's rules with keys for tests; https, as production must."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        var=tmp_path / "var",
        base_url="https://petitions.example.org",
        secret_key=SecretStr(factories.SECRET_KEY),
        index_key=SecretStr(factories.INDEX_KEY),
        broker_url="none",
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty database with all tables. The keyring is emptied too: its keys belong to rows."""
    settings.var.mkdir(parents=True, exist_ok=True)
    keyring.forget()
    db.connect(settings.database)
    with db.writing() as session:
        Base.metadata.create_all(session.connection())
        session.commit()
    yield db
    db.unbind()
    db.dispose()
    keyring.forget()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session for arranging and looking; commit what a request shall see."""
    with database.writing() as session:
        yield session


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Speaks to the site under its own name. It keeps no cookie: none may be needed."""
    return reader(app)


class Reader(FlaskClient):
    """Someone who came to the site under its own address."""

    def open(self, *args: Any, **keywords: Any) -> TestResponse:
        keywords.setdefault("base_url", self.application.config["SETTINGS"].base_url)
        return super().open(*args, **keywords)


def reader(app: Flask, address: str = "203.0.113.7") -> Reader:
    made = Reader(app, app.response_class, use_cookies=False)
    made.environ_base["REMOTE_ADDR"] = address
    return made
