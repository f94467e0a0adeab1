"""The command as a person runs it, on a real SQLite file that `petitions db upgrade` made."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.cli import main
from petitions.config import Profile, Settings
from petitions.db import db
from petitions.keyring import keyring
from petitions.models import Branch
from tests import factories

EDITOR, OWNER, SECOND_OWNER = "editor@north.example", "owner@north.example", "second@north.example"
MODERATOR, AUDITOR = "moderator@north.example", "auditor@north.example"
NEW_BRANCH = (
    "--legal-name", "North Association", "--representative", "Vera Example", "--postal-address", "North Association",
    "--postal-address", "Sample Street 1", "--reply-email", "replies@north.example", "--languages", "en,ru",
    "--place", "Sampletown",
)


@dataclass
class Cli:
    """`petitions …` with its data under `var`. Each way of running says what it expects."""

    var: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: object, typed: str | None = None) -> Result:
        environment = {
            "PETITIONS_PROFILE": "demonstration",
            "PETITIONS_VAR": str(self.var),
            "PETITIONS_DATABASE_URL": "",
            "PETITIONS_BROKER_URL": "none",
            "PETITIONS_SMTP_URL": "",
            "PETITIONS_INDEX_KEY": factories.INDEX_KEY,
            "PETITIONS_SECRET_KEY": factories.SECRET_KEY,
            **self.environment,
        }
        result = CliRunner().invoke(main, [str(word) for word in words], env=environment, input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def ok(self, *words: object) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: object) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def refused(self, *words: object, code: int = 1) -> str:
        """What is said on stderr."""
        result = self.run(*words)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.stderr

    def settings(self) -> Settings:
        """As the command has them, for a worker of the test's own."""
        return Settings(
            _env_file=None,  # type: ignore[call-arg]
            profile=Profile.DEMONSTRATION,
            var=self.var,
            broker_url="none",
            smtp_url=SecretStr("smtp://127.0.0.1:9?tls=none"),
            index_key=SecretStr(factories.INDEX_KEY),
            secret_key=SecretStr(factories.SECRET_KEY),
        )

    @contextmanager
    def connected(self) -> Iterator[Settings]:
        settings = self.settings()
        db.connect(settings.database)
        try:
            yield settings
        finally:
            db.dispose()

    @contextmanager
    def rows(self) -> Iterator[Session]:
        """A session of the test's own, committed at the end."""
        with self.connected(), db.writing() as session:
            yield session
            session.commit()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch with its members and an open petition, made once: each test gets a copy."""
    cli = Cli(tmp_path_factory.mktemp("world") / "var")
    keyring.forget()
    cli.ok("db", "upgrade")
    cli.ok("branch", "new", "north", *NEW_BRANCH)
    cli.ok("branch", "verify", "north")
    for email, role in (
        (EDITOR, "editor"), (OWNER, "owner"), (SECOND_OWNER, "owner"), (MODERATOR, "moderator"), (AUDITOR, "auditor"),
    ):
        cli.ok("member", "new", "north", "--name", f"The {role}", "--email", email, "--role", role)
    with cli.rows() as session:
        north = session.scalars(select(Branch).where(Branch.slug == "north")).one()
        use_the_key_of_factories(cli, north)
        factories.petition(session, branch=north, slug="free-anna")
    return cli.var


def use_the_key_of_factories(cli: Cli, branch: Branch) -> None:
    """Factories open what they sealed, so the branch has their key pair instead of its own."""
    path = cli.var / "keys" / f"branch-{branch.public_id}.key"
    path.unlink()
    path.write_bytes(factories.PRIVATE_KEY)
    path.chmod(0o400)
    branch.public_key = factories.PUBLIC_KEY


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Cli]:
    """A machine on which nothing was done yet."""
    keyring.forget()
    yield Cli(tmp_path / "var")
    db.dispose()


@pytest.fixture
def cli(empty: Cli, world: Path) -> Cli:
    shutil.copytree(world, empty.var)
    return empty
