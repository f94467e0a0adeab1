"""Plugins of the whole suite; the fixtures are in tests/conftest.py."""

pytest_plugins = ("tests.ci", "tests.once", "tests.postgres", "tests.faults.fixtures")
