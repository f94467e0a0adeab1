"""Branches, members and the keys made with them."""

from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import select

from petitions import crypto
from petitions.keys import KeysExist
from petitions.models import Branch, Petition
from tests import factories
from tests.cli.conftest import NEW_BRANCH, OWNER, Cli


def key_file(cli: Cli) -> Path:
    return next((cli.var / "keys").glob("branch-*.key"))


def test_a_new_branch_gets_its_key_pair_and_seal_with_it(cli: Cli) -> None:
    with cli.rows() as session:
        branch = session.scalars(select(Branch)).one()
        private = (cli.var / "keys" / f"branch-{branch.public_id}.key").read_bytes()

        assert crypto.public_half(private) == branch.public_key
        assert branch.seal_certificate
    assert all(S_IMODE(path.stat().st_mode) == 0o400 for path in (cli.var / "keys").iterdir())


def test_the_postal_address_keeps_its_lines(cli: Cli) -> None:
    with cli.rows() as session:
        assert session.scalars(select(Branch.postal_address)).one() == "North Association\nSample Street 1"


def test_a_second_branch_of_the_same_name_is_refused(cli: Cli) -> None:
    assert "already" in cli.refused("branch", "new", "north", *NEW_BRANCH)


def test_a_branch_that_was_not_made_leaves_no_key_behind(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted((cli.var / "keys").iterdir())

    def no_seal(*_: object) -> bytes:
        raise KeysExist("seal.p12 is there already")

    monkeypatch.setattr("petitions.keys.new_seal", no_seal)

    assert "there already" in cli.refused("branch", "new", "south", *NEW_BRANCH)
    assert sorted((cli.var / "keys").iterdir()) == before
    assert len(cli.json("branch", "list")) == 1


def test_a_branch_in_a_language_the_service_does_not_speak_is_wrong_usage(cli: Cli) -> None:
    words = [*NEW_BRANCH]
    words[words.index("en,ru")] = "en,xx"

    assert "--languages" in cli.refused("branch", "new", "south", *words, code=2)


def test_keys_that_are_there_are_not_made_again(cli: Cli) -> None:
    before = key_file(cli).read_bytes()

    assert "Nothing to make" in cli.ok("keys", "new", "--branch", "north")
    assert key_file(cli).read_bytes() == before


def test_a_lost_private_key_is_not_replaced_once_records_are_sealed_to_it(cli: Cli) -> None:
    with cli.rows() as session:
        factories.signature(session, session.scalars(select(Petition)).one())
    key_file(cli).unlink()

    assert "could not open them" in cli.refused("keys", "new")
    assert not list((cli.var / "keys").glob("branch-*.key"))


def test_a_branch_that_has_sealed_nothing_yet_may_get_a_new_pair(cli: Cli) -> None:
    key_file(cli).unlink()

    assert "key pair" in cli.ok("keys", "new", "--branch", "north")
    assert cli.json("keys", "list")[0]["private_half"] == "here"


def test_keys_list_shows_where_the_private_halves_are(cli: Cli) -> None:
    assert cli.json("keys", "list")[0]["private_half"] == "here"
    key_file(cli).unlink()
    assert cli.json("keys", "list")[0]["private_half"] == "elsewhere"


def test_keys_list_tells_a_wrong_key_from_the_right_one(cli: Cli) -> None:
    path = key_file(cli)
    path.unlink()
    path.write_bytes(crypto.new_key_pair()[0])

    assert cli.json("keys", "list")[0]["private_half"] == "differs"


def test_one_mailbox_is_one_member(cli: Cli) -> None:
    words = ("member", "new", "north", "--name", "Somebody", "--role", "editor", "--email")

    said = cli.refused(*words, OWNER.upper())

    assert "already" in said
    assert "owner" not in said.lower()
    cli.refused(*words, "no address", code=2)


def test_members_are_listed_with_what_they_may_do(cli: Cli) -> None:
    roles = [member["role"] for member in cli.json("member", "list", "--branch", "north")]

    assert roles == ["editor", "owner", "owner", "moderator", "auditor"]
