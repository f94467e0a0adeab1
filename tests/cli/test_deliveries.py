"""What a person settles, above all an uncertain delivery: never sent again by itself, and never without a reason."""

import pytest
from sqlalchemy import select

from petitions.models import AuditEntry, Delivery, DeliveryAttempt, Document, Edition, Petition, Volume
from tests import factories
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, Cli

S = Delivery.State
EVIDENCE = "relay log: 4F2 removed before DATA"


def delivery(cli: Cli, state: Delivery.State = S.UNCERTAIN, **fields: object) -> str:
    """One delivery in a state, with the rows it hangs on; compiled by nobody. Returns its id."""
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        factories.signature(session, petition, confirmed=True)
        edition = Edition.freeze(session, petition, gap_days=0)
        edition.state = Edition.State.COMPILED
        addressee = petition.addressees[0]
        document = Document(
            edition_id=edition.id, addressee_id=addressee.id, language="ru", verification_code="CODE23456789",
            names=1, count_only=0, roll_digest=b"",
        )
        volume = Volume(document=document, file_name="PET-E01-V1of1.pdf", sha256="0" * 64, size=1, pages=1)
        made = Delivery(
            volume=volume, channel_id=addressee.authority.channels[0].id, state=state, tries=3, crashes=2,
            **fields,
        )
        session.add(made)
        session.flush()
        return made.public_id


def resolved(cli: Cli, delivery_id: str, answer: str, by: str = OWNER) -> tuple[str, ...]:
    return ("delivery", "resolve", delivery_id, "--as", answer, "--evidence", EVIDENCE, "--by", by)


@pytest.mark.parametrize(("answer", "state"), [
    ("accepted", S.ACCEPTED), ("not-sent", S.READY), ("bounced", S.BOUNCED), ("cancelled", S.CANCELLED),
])
def test_an_uncertain_delivery_becomes_what_a_person_says(cli: Cli, answer: str, state: Delivery.State) -> None:
    found = delivery(cli)

    cli.ok(*resolved(cli, found, answer))

    assert cli.json("delivery", "show", found)["state"] == state
    with cli.rows() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert entry.verb == "delivery.resolve"
        assert entry.details == {"before": "uncertain", "after": state.value, "evidence": EVIDENCE}
        assert session.scalars(select(DeliveryAttempt.reply)).one() == EVIDENCE


def test_what_was_not_sent_is_due_at_once_with_its_tries_forgotten(cli: Cli) -> None:
    found = delivery(cli, last_error_class="dropped")
    cli.ok(*resolved(cli, found, "not-sent"))

    with cli.rows() as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.tries, row.crashes, row.settled_at, row.last_error_class) == (0, 0, None, None)


@pytest.mark.parametrize("by", [EDITOR, MODERATOR, AUDITOR])
def test_only_an_owner_settles(cli: Cli, by: str) -> None:
    found = delivery(cli)

    cli.refused(*resolved(cli, found, "not-sent", by))
    assert cli.json("delivery", "show", found)["state"] == "uncertain"


def test_nothing_is_settled_without_evidence(cli: Cli) -> None:
    found = delivery(cli)

    cli.refused("delivery", "resolve", found, "--as", "not-sent", "--by", OWNER, code=2)
    cli.refused("delivery", "resolve", found, "--as", "not-sent", "--by", OWNER, "--evidence", " . ", code=2)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.DELIVERED, S.READY, S.SUPERSEDED])
def test_what_has_left_is_not_sent_again_by_a_word(cli: Cli, state: Delivery.State) -> None:
    found = delivery(cli, state)

    assert "cannot become ready" in cli.refused(*resolved(cli, found, "not-sent"))


@pytest.mark.parametrize(("state", "fields"), [(S.TRANSMITTING, {}), (S.READY, {"lease_owner": "a worker"})])
def test_what_a_worker_has_in_hand_is_left_to_it(cli: Cli, state: Delivery.State, fields: dict[str, str]) -> None:
    found = delivery(cli, state, **fields)

    assert "A worker has it in hand" in cli.refused(*resolved(cli, found, "cancelled"))


def test_a_delivery_is_held_by_one_and_lifted_by_an_owner(cli: Cli) -> None:
    found = delivery(cli, S.READY)

    cli.ok("delivery", "hold", found, "--reason", "the address is doubted")
    assert [one["id"] for one in cli.json("delivery", "list", "--held")] == [found]
    cli.refused("delivery", "lift", found, "--by", MODERATOR)
    cli.ok("delivery", "lift", found, "--by", OWNER)

    assert cli.json("delivery", "list", "--held") == []
    assert "Nothing holds" in cli.refused("delivery", "lift", found, "--by", OWNER)


def test_what_has_left_cannot_be_held(cli: Cli) -> None:
    assert "not left" in cli.refused("delivery", "hold", delivery(cli, S.ACCEPTED), "--reason", "late")


def test_lifting_lets_a_row_that_killed_its_workers_try_again(cli: Cli) -> None:
    found = delivery(cli, S.READY, hold_reason="crashed")
    cli.ok("delivery", "lift", found, "--by", OWNER)

    with cli.rows() as session:
        assert session.scalars(select(Delivery.crashes)).one() == 0


def test_deliveries_are_found_by_state_and_petition(cli: Cli) -> None:
    found = delivery(cli)

    assert [one["id"] for one in cli.json("delivery", "list", "--state", "uncertain")] == [found]
    assert [one["id"] for one in cli.json("delivery", "list", "--petition", "free-anna")] == [found]
    assert cli.json("delivery", "list", "--state", "accepted") == []
    cli.refused("delivery", "show", "nothing")


def test_what_a_mail_server_said_does_not_steer_the_terminal(cli: Cli) -> None:
    found = delivery(cli)
    with cli.rows() as session:
        row = session.scalars(select(Delivery)).one()
        row.attempts.append(DeliveryAttempt(outcome="permanent", code=550, reply="no \x1b[2J\u202e such \x9b user"))

    for printed in (cli.ok("delivery", "show", found), cli.ok("delivery", "show", found, "--json")):
        assert not {"\x1b", "\u202e", "\x9b"} & set(printed)
        assert "550" in printed
