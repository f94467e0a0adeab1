"""Seals made for the tests: an RSA key takes seconds to make, so once a session."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.mailer.pdf.seals import Sealer, make_sealer

NOW = datetime.now(UTC)


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return make_sealer(NOW - timedelta(days=1), NOW + timedelta(days=30))


@pytest.fixture(scope="session")
def other_sealer() -> Sealer:
    return make_sealer(NOW - timedelta(days=1), NOW + timedelta(days=30))


@pytest.fixture(scope="session")
def expired_sealer() -> Sealer:
    return make_sealer(NOW - timedelta(days=30), NOW - timedelta(days=1))
