"""The moderator's desk: ids and circumstances, never a name; nobody skips the inbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from petitions.models import AuditEntry, Disclosure, Letter, Petition, Signature, SignatureHeld
from tests import factories
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, Cli

NAME, EMAIL = "Canary Held", "canary.held@example.org"
S = Signature.State


def held(cli: Cli, **fields: Any) -> str:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        whole = {"name": NAME, "email": EMAIL, "disclosure": Disclosure.ALL, "held_reason": "network", **fields}
        made = factories.signature(session, petition, **whole)
        signature = session.get_one(Signature, made.id)
        if signature.state is not S.HELD:
            signature.hold(session, "network")
        return made.public_id


def row(cli: Cli, public_id: str) -> Signature:
    with cli.rows() as session:
        return session.scalars(select(Signature).where(Signature.public_id == public_id)).one()


def letters(cli: Cli) -> list[Letter]:
    with cli.rows() as session:
        return list(session.scalars(select(Letter)))


def test_the_list_tells_why_and_how_long_and_never_who(cli: Cli) -> None:
    found = held(cli, moment=datetime.now(UTC) - timedelta(hours=30), country="NO")

    listed = cli.json("held", "list", "--petition", "free-anna")[0]
    assert listed["id"] == found
    assert (listed["reason"], listed["country"], listed["disclosure"]) == ("network", "NO", "all")
    assert listed["age_hours"] >= 29
    for printed in (cli.ok("held", "list"), cli.ok("held", "list", "--json")):
        assert NAME not in printed
        assert EMAIL not in printed


def test_a_released_signature_gets_its_letter_and_time_to_answer_it(cli: Cli) -> None:
    found = held(cli, moment=datetime.now(UTC) - timedelta(days=13))

    assert "1 get their letter" in cli.ok("held", "release", found, "--by", MODERATOR)

    signature = row(cli, found)
    assert signature.state is S.PENDING
    assert signature.expires_at > datetime.now(UTC) + timedelta(days=13, hours=23)
    assert signature.expires_at.minute == 0
    assert [letter.state for letter in letters(cli)] == [Letter.State.READY]


def test_a_second_release_sends_a_second_letter(cli: Cli) -> None:
    found = held(cli)
    cli.ok("held", "release", found, "--by", MODERATOR)
    with cli.rows() as session:
        session.scalars(select(Letter)).one().state = Letter.State.WITHHELD
        session.scalars(select(Signature)).one().hold(session, "network")

    cli.ok("held", "release", found, "--by", MODERATOR)

    assert sorted(letter.state for letter in letters(cli)) == ["ready", "withheld"]


def test_who_had_said_yes_already_counts_without_another_letter(cli: Cli) -> None:
    found = held(cli, held_reason=None, confirmed=True)

    assert "1 count" in cli.ok("held", "release", found, "--by", OWNER)
    assert row(cli, found).state is S.CONFIRMED
    assert letters(cli) == []


def test_a_release_gives_way_to_what_the_same_mailbox_has_confirmed_meanwhile(cli: Cli) -> None:
    found = held(cli)
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        with pytest.raises(SignatureHeld):
            session.scalars(select(Signature)).one().confirm(session, grace_hours=0)
        other = factories.signature(session, petition, name="Another Name", email=EMAIL, confirmed=True)

    assert "1 became void" in cli.ok("held", "release", found, "--by", MODERATOR)
    assert (row(cli, found).state, row(cli, other.public_id).state) == (S.VOID, S.CONFIRMED)


def test_one_unknown_or_settled_id_refuses_all(cli: Cli) -> None:
    found = held(cli)

    assert "nobody" in cli.refused("held", "release", found, "nobody", "--by", MODERATOR)
    with cli.rows() as session:
        other = factories.signature(session, session.scalars(select(Petition)).one()).public_id
    assert other in cli.refused("held", "release", found, other, "--by", MODERATOR)
    assert row(cli, found).state is S.HELD
    assert letters(cli) == []


@pytest.mark.parametrize("by", [EDITOR, AUDITOR])
def test_only_a_moderator_or_an_owner_decides(cli: Cli, by: str) -> None:
    found = held(cli)

    cli.refused("held", "release", found, "--by", by)
    cli.refused("held", "invalidate", found, "--reason", "robot", "--by", by)
    assert row(cli, found).state is S.HELD


def test_an_invalidated_signature_keeps_its_reason(cli: Cli) -> None:
    found = held(cli)

    cli.ok("held", "invalidate", found, "--reason", "robot", "--by", MODERATOR)

    assert (row(cli, found).state, row(cli, found).held_reason) == (S.INVALIDATED, "robot")
    with cli.rows() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert (entry.verb, entry.subject) == ("signature.invalidate", found)


@pytest.mark.parametrize("reason", ["", "x" * 41, "two\x1blines"])
def test_a_reason_is_a_few_plain_words(cli: Cli, reason: str) -> None:
    cli.refused("held", "invalidate", held(cli), "--reason", reason, "--by", MODERATOR, code=2)


def test_striking_many_needs_a_second_person(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petitions.cli.held.ROWS_ALONE", 1)
    found = [held(cli, email=f"held{number}@example.org") for number in range(2)]
    words = ("held", "invalidate", *found, "--reason", "robot", "--by", MODERATOR)

    assert "second person" in cli.refused(*words)
    assert "cannot approve" in cli.refused(*words[:-1], OWNER, "--approved-by", OWNER)
    cli.ok(*words, "--approved-by", OWNER)

    assert [row(cli, one).state for one in found] == [S.INVALIDATED] * 2
