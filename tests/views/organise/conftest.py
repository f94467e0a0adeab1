"""A petition that has been signed, the two people it takes, and a worker that the test answers the bell for."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from mailer.actors.runtime import Runtime
from petitions.config import Settings
from petitions.db import Database
from petitions.models import Member, Petition
from tests import factories
from tests.conftest import MakeDesk
from tests.faults.machine import Machine

NO_RELAY = "smtp://127.0.0.1:9"


@pytest.fixture
def runtime(settings: Settings, database: Database) -> Iterator[Runtime]:
    made = Runtime(settings.model_copy(update={"smtp_url": SecretStr(NO_RELAY)}))
    yield made
    made.close()


@pytest.fixture
def signed_petition(settings: Settings, database: Database) -> Petition:
    """Three have signed; its branch's keys and seal are where the worker looks for them."""
    machine = Machine(settings.var, NO_RELAY)
    machine.settings = settings
    with database.writing() as session:
        made = machine.petition(session)
        factories.signatures(session, made, [factories.typed() for _ in range(3)], confirmed=True)
        made.count_new(session)
        session.commit()
        _ = made.branch
    return made


@pytest.fixture
def two(desk: MakeDesk, signed_petition: Petition) -> SimpleNamespace:
    """An editor who asks and an owner who decides."""
    branch = signed_petition.branch
    return SimpleNamespace(editor=desk(Member.Role.EDITOR, branch=branch), owner=desk(branch=branch))
