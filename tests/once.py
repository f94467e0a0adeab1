"""What every test would work out again, to the same result, is worked out once a process.

The caches go by what the result depends on; nothing that a test changes lives in them.
"""

from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from werkzeug.routing import Rule

import mailer.pdf.seal
import petitions.cli.keymaking
import petitions.db


@pytest.fixture(scope="session", autouse=True)
def compiled_routes() -> Iterator[None]:
    """Of the 0.12 s that an application takes, Werkzeug spends 0.11 on the regular expressions and functions of our
    three hundred routes: they depend on the route as it is written, and on what its converters take."""
    compile_rule = Rule.compile
    compiled: dict[Hashable, dict[str, Any]] = {}

    def compile_once(rule: Rule) -> None:
        assert rule.map is not None
        converters = tuple((kind.__qualname__, kind.regex) for kind in rule.map.converters.values())
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, str(rule.defaults), converters)
        if key not in compiled:
            compile_rule(rule)
            made = {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            compiled[key] = made | {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
        found = dict(compiled[key])
        for name in ("_build", "_build_unknown"):
            found[name] = found[name].__get__(rule)
        vars(rule).update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """SQLAlchemy keeps the text of each statement with the engine, by dialect; each test has an engine of its own.
    Here all engines of SQLite share one dictionary, and their dialects, which are set up alike, count as one."""
    compiled: dict[Any, Any] = {}

    def create_sharing(url: str, **keywords: Any) -> Engine:
        if url.startswith("sqlite"):
            keywords["execution_options"] = {"compiled_cache": compiled}
        return create_engine(url, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda one: hash(type(one)))
        patch.setattr(petitions.db, "create_engine", create_sharing)
        yield


@pytest.fixture(scope="session", autouse=True)
def opened_seals() -> Iterator[None]:
    """OpenSSL takes 0.2 s to convince itself that a seal's key is one. What does not open is tried each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailer.pdf.seal, "load_pkcs12", lru_cache(pkcs12.load_pkcs12))
        opened = lru_cache(pkcs12.load_key_and_certificates)
        patch.setattr(petitions.cli.keymaking, "load_key_and_certificates", opened)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Only a power cut tells whether a commit has reached the disk, and none happens in a test's own process."""
    teach_sqlite = petitions.db._teach_sqlite

    def teach_and_hurry(engine: Engine) -> None:
        teach_sqlite(engine)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(petitions.db, "_teach_sqlite", teach_and_hurry)
        yield
