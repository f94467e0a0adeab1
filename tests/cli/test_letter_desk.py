"""Letters that broke are found and taken up again; nobody's name or address is shown."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from petitions.models import AuditEntry, Letter, Petition, Signature
from tests import factories
from tests.cli.conftest import Cli

NAME, EMAIL = "Canary Letter", "canary.letter@example.org"
S = Letter.State


def letter(cli: Cli, state: Letter.State = S.PARKED, reason: str | None = None, email: str = EMAIL) -> str:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        signed = factories.signature(session, petition, name=NAME, email=email)
        made = Letter(
            kind=Letter.Kind.CONFIRM_SIGNATURE, cause=signed.public_id, signature_id=signed.id, state=state,
            reason=reason, crashes=3, tries=5,
        )
        session.add(made)
        session.flush()
        return made.public_id


def row(cli: Cli, public_id: str) -> Letter:
    with cli.rows() as session:
        return session.scalars(select(Letter).where(Letter.public_id == public_id)).one()


def test_letters_are_listed_with_what_became_of_them_and_never_to_whom(cli: Cli) -> None:
    found = letter(cli, S.FAILED, "bad_mailbox")

    listed = cli.json("letter", "list", "--state", "failed")
    assert [(one["id"], one["kind"], one["reason"]) for one in listed] == [(found, "confirm_signature", "bad_mailbox")]
    assert listed[0]["created_at"]
    assert cli.json("letter", "list", "--petition", "free-anna") == listed
    assert cli.json("letter", "list", "--state", "sent") == []
    for printed in (cli.ok("letter", "list"), cli.ok("letter", "list", "--json")):
        assert NAME not in printed
        assert EMAIL not in printed


@pytest.mark.parametrize("state", [S.PARKED, S.FAILED])
def test_a_letter_that_broke_is_due_again_as_if_new(cli: Cli, state: Letter.State) -> None:
    found = letter(cli, state, "bad_mailbox")

    assert "1 go once more" in cli.ok("letter", "retry", found)

    again = row(cli, found)
    assert (again.state, again.reason, again.crashes, again.tries) == (S.READY, None, 0, 0)
    assert again.not_before <= datetime.now(UTC) + timedelta(seconds=1)
    with cli.rows() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert (entry.verb, entry.subject) == ("letter.retry", found)
        assert entry.details == {"before": state.value, "reason": "bad_mailbox"}


@pytest.mark.parametrize("state", [S.READY, S.SENT, S.WITHHELD])
def test_what_did_not_break_is_not_sent_again(cli: Cli, state: Letter.State) -> None:
    found = letter(cli, state)

    assert found in cli.refused("letter", "retry", found)
    assert row(cli, found).state is state


@pytest.mark.parametrize("values", [
    {"state": Signature.State.CONFIRMED}, {"state": Signature.State.HELD}, {"state": Signature.State.VOID},
    {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
], ids=["confirmed", "held", "void", "expired"])
def test_who_need_not_be_asked_any_more_gets_no_letter(cli: Cli, values: dict[str, object]) -> None:
    found = letter(cli)
    with cli.rows() as session:
        session.execute(update(Signature).values(**values))

    assert "not pending" in cli.refused("letter", "retry", found)
    assert row(cli, found).state is S.PARKED


def test_one_that_cannot_go_refuses_all(cli: Cli) -> None:
    found, sent = letter(cli), letter(cli, S.SENT, email="another@example.org")

    cli.refused("letter", "retry", found, sent)
    assert "nobody" in cli.refused("letter", "retry", found, "nobody")
    assert row(cli, found).state is S.PARKED
