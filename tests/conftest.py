"""What the whole suite shares: settings, a fresh database, the web application and a browserless client for it."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemBytecodeCache
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Base, Database, db
from petitions.keyring import keyring
from petitions.login.sessions import COOKIE
from petitions.models import Branch, Member, MemberSession
from petitions.tokens import new_token, token_hash
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


@pytest.fixture(scope="session")
def all_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, made once: copying it is twenty times cheaper than making it."""
    path = tmp_path_factory.mktemp("tables") / "petitions.db"
    made = Database()
    made.connect(f"sqlite:///{path}")
    with made.writing() as session:
        Base.metadata.create_all(session.connection())
        session.commit()
    made.dispose()
    return path


@pytest.fixture
def database(settings: Settings, all_tables: Path) -> Iterator[Database]:
    """An empty database with all tables. The keyring is emptied too: its keys belong to rows."""
    settings.var.mkdir(parents=True, exist_ok=True)
    keyring.forget()
    if settings.embedded_database:
        shutil.copyfile(all_tables, settings.var / "petitions.db")
    db.connect(settings.database)
    if not settings.embedded_database:
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


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an application of its own; a template needs to be compiled only once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, database: Database, compiled_templates: FileSystemBytecodeCache) -> Flask:
    made = create_app(settings)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


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


class Desk(Reader):
    """An organiser who is logged in; forms are sent with the token that their page would have given."""

    member: Member
    csrf_token: str

    def post(self, *args: Any, data: dict[str, Any] | None = None, **keywords: Any) -> TestResponse:
        return super().post(*args, data={"csrf_token": self.csrf_token, **(data or {})}, **keywords)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(app: Flask, database: Database) -> MakeDesk:
    """`desk(role, branch=…, fresh=…)`: logs a new member in (or `member=…`). Whatever the test has arranged before must
    be committed."""

    def log_in(
        role: Member.Role = Member.Role.OWNER,
        *,
        branch: Branch | None = None,
        member: Member | None = None,
        fresh: bool = True,
    ) -> Desk:
        token, raw = new_token(), new_token()
        with database.writing() as session:
            if member is None:
                of = session.merge(branch) if branch is not None else factories.branch(session)
                member = factories.member(session, of, role)
            data = {"_user_id": member.fs_uniquifier, "_fresh": True, "csrf_token": raw}
            data["fs_paa"] = time.time() if fresh else time.time() - 3600  # when passkey or password were given
            session.add(MemberSession(token_hash=token_hash(token), member_id=member.id, data=data))
            session.commit()
            _ = member.branch.legal_name
        made = Desk(app, app.response_class)
        made.environ_base["REMOTE_ADDR"] = "203.0.113.7"
        made.set_cookie(COOKIE, token, domain=app.config["SETTINGS"].host, secure=True)
        made.member = member
        made.csrf_token = str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(raw))
        return made

    return log_in
