"""`petitions retention`: the dry run and the two steps by hand."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models import Erasure, NamedLease, Petition
from tests import factories
from tests.cli.conftest import Cli


def closed(session: Session, days_ago: int) -> Petition:
    petition = session.scalars(select(Petition)).one()
    factories.signature(session, petition, confirmed=True)
    petition.close(database_time(session) - timedelta(days=days_ago))
    session.flush()
    return petition


def test_the_plan_says_what_there_is_and_changes_nothing(cli: Cli) -> None:
    with cli.rows() as session:
        closed(session, days_ago=40)
    rows = {(row["petition"], row["what"]): row["rows"] for row in cli.json("retention", "plan")}
    assert rows[("free-anna", "signers")] == 1
    assert rows[("", "never_confirmed")] == 0
    with cli.rows() as session:
        assert session.scalars(select(Erasure)).all() == []


def test_marking_marks_what_is_due_and_only_once(cli: Cli) -> None:
    with cli.rows() as session:
        closed(session, days_ago=40)
    assert cli.ok("retention", "mark").startswith("1 marked.")
    assert cli.ok("retention", "mark").startswith("0 marked.")
    assert [row["goes_at"] for row in cli.json("retention", "plan") if row["what"] == "signers"] == ["marked"]


def test_what_is_not_due_is_not_marked(cli: Cli) -> None:
    with cli.rows() as session:
        closed(session, days_ago=29)
    assert cli.ok("retention", "mark").startswith("0 marked.")


def test_erasing_only_lets_the_worker_look_now(cli: Cli) -> None:
    with cli.rows() as session:
        petition = closed(session, days_ago=40)
        Erasure.mark(session, petition, Erasure.Kind.SIGNERS, "worker", 1)
        moment = database_time(session)
        session.execute(update(Erasure).values(marked_at=moment - timedelta(hours=25)))
        session.add(NamedLease(name="job:purge", owner="worker", lease_until=moment + timedelta(minutes=50)))
    assert cli.ok("retention", "erase").startswith("1 marked a day ago or longer.")
    with cli.rows() as session:
        assert session.scalars(select(NamedLease)).all() == []
        assert session.scalars(select(Erasure.state)).one() is Erasure.State.MARKED
