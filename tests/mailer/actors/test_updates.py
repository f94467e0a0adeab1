"""News on its way: to whom it goes and what it says, how fast, and that it can be stopped (cases.md B14, J15, M17)."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer.actors import updates
from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from mailer.actors.updates import advance_updates, send_updates
from petitions import crypto
from petitions.db import database_time, db, now
from petitions.mailboxes import canonical
from petitions.member_letters import write_to
from petitions.models import (
    AuditEntry,
    Branch,
    Letter,
    Petition,
    PetitionUpdate,
    Subscription,
    Suppression,
    Switch,
    UpdateLetter,
)
from tests import factories
from tests.faults.machine import Machine, states
from tests.faults.work import write_letters
from tests.smtp import Answer, Received, SmtpServer

State = PetitionUpdate.State


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        session.commit()
        return petition.id


@pytest.fixture
def fast(machine: Machine) -> Runtime:  # type: ignore[misc]
    with machine.runtime(updates_per_minute=1_000_000) as runtime:
        yield runtime


def readers(petition_id: int, *addresses: str, language: str = "en") -> list[str]:
    """The tokens of the links in their letters."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        made = [factories.subscription(session, petition, email, language)[1] for email in addresses]
        session.commit()
        return made


def scheduled(petition_id: int, **fields: object) -> int:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        made = factories.news(session, petition, factories.member(session, petition.branch), **fields)
        made.schedule(session, database_time(session), per_week=3)
        session.commit()
        return made.id


def change(update_id: int, act: str, *arguments: object) -> None:
    with db.writing() as session:
        getattr(session.get_one(PetitionUpdate, update_id), act)(*arguments)
        session.commit()


def became() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        found = session.scalars(select(UpdateLetter).order_by(UpdateLetter.id))
        return [(row.state.value, row.reason) for row in found]


def next_turn() -> None:
    with db.writing() as session:
        session.execute(update(UpdateLetter).values(not_before=now()))
        session.commit()


def message(mail: Received) -> EmailMessage:
    found = message_from_bytes(mail.data, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


# -- to whom, and what ------------------------------------------------------------------------------------------


def test_only_who_asked_for_it_gets_it(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    """M17."""
    readers(petition_id, "Ana@Example.org")
    with db.writing() as session:
        factories.signature(session, session.get_one(Petition, petition_id), email="eva@example.org", confirmed=True)
        session.commit()
    scheduled(petition_id)
    assert send_updates(fast) == 1
    assert [mail.recipient for mail in server.messages] == ["Ana@Example.org"]
    assert states(PetitionUpdate) == ["sent"]


def test_news_planned_for_few_does_not_go_to_many_without_a_second_person(
    petition_id: int, machine: Machine, server: SmtpServer
) -> None:
    """M17: its readers may have become many since."""
    readers(petition_id, "ana@example.org", "eva@example.org")
    scheduled(petition_id)
    with machine.runtime(update_alone=1) as careful:
        assert send_updates(careful) == 0
    assert server.messages == []
    assert states(PetitionUpdate) == ["draft"]


def test_each_reads_it_in_their_language(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, "ana@example.org", language="en")
    readers(petition_id, "olga@example.org", language="ru")
    scheduled(petition_id)
    send_updates(fast)
    english, russian = map(message, server.messages)
    assert (english["Content-Language"], russian["Content-Language"]) == ("en", "ru")
    assert "She was moved" in english.get_content()
    assert "Её перевели" in russian.get_content()
    assert "Свободу Анне Веренко" in russian.get_content()


def test_who_reads_neither_gets_the_petition_s_first_language(
    petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    readers(petition_id, "ana@example.org", language="de")
    scheduled(petition_id)
    send_updates(fast)
    assert message(server.messages[0])["Content-Language"] == "en"


def test_the_letter_is_plain_and_ends_with_one_click(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    """RFC 8058; no tracking, nothing from elsewhere."""
    [token] = readers(petition_id, "ana@example.org")
    scheduled(petition_id)
    send_updates(fast)
    mail = message(server.messages[0])
    link = f"https://petitions.example.org/u/{token}"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "text/plain"
    assert link in mail.get_content()
    assert "She was moved to another prison (https://news.example.org/1)." in mail.get_content()
    assert "Verenko" not in str(mail["Subject"])


def test_the_links_of_two_readers_differ(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    first, second = readers(petition_id, "ana@example.org", "eva@example.org")
    scheduled(petition_id)
    send_updates(fast)
    assert first.encode() in server.messages[0].data
    assert second.encode() in server.messages[1].data
    assert first.encode() not in server.messages[1].data


def test_who_ended_it_meanwhile_gets_nothing(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, "ana@example.org", "eva@example.org")
    scheduled(petition_id)
    advance_updates(fast)
    with db.writing() as session:
        session.scalars(select(Subscription).order_by(Subscription.id)).first().end(session)  # type: ignore[union-attr]
        session.commit()
    send_updates(fast)
    assert became() == [("withheld", "ended"), ("sent", None)]


def test_who_wants_no_letter_ever_gets_none_and_is_forgotten(
    petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    """J15."""
    readers(petition_id, "ana@example.org")
    key = crypto.lasting_key(factories.INDEX_KEY.encode(), "suppression")
    with db.writing() as session:
        session.add(Suppression(tag=crypto.tag(key, "mailbox", canonical("ana@example.org"))))
        session.commit()
    scheduled(petition_id)
    send_updates(fast)
    assert server.messages == []
    assert became() == [("withheld", "suppressed")]
    with db.reading() as session:
        assert session.scalars(select(Subscription.ended_at)).one() is not None


def test_what_the_relay_refuses_for_good_is_counted_as_refused(
    petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    readers(petition_id, "ana@example.org", "eva@example.org")
    server.faults = {"rcpt": Answer("550 5.1.1 nobody", times=1)}
    made = scheduled(petition_id)
    send_updates(fast)
    with db.reading() as session:
        assert session.get_one(PetitionUpdate, made).progress(session) == (1, 0, 1)
        said = session.scalars(select(AuditEntry).where(AuditEntry.verb == "update.sent")).one()
        assert said.details == {"sent": 1, "refused": 1}


def test_a_test_goes_to_the_organiser_alone_and_says_that_it_is_one(
    petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    readers(petition_id, "ana@example.org")
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        mara = factories.member(session, petition.branch, language="ru")
        news = factories.news(session, petition, mara)
        write_to(session, mara, Letter.Kind.UPDATE_TEST, cause="test", words={"update": news.public_id})
        session.commit()
    assert send_letters(fast) == 1
    [mail] = server.messages
    assert mail.recipient == mara.email
    assert "Её перевели" in message(mail).get_content()
    assert message(mail)["List-Unsubscribe"] is None
    assert states(UpdateLetter) == []


# -- when, how fast, and stop -----------------------------------------------------------------------------------


def test_nothing_goes_before_its_time(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, "ana@example.org")
    made = scheduled(petition_id)
    with db.writing() as session:
        session.get_one(PetitionUpdate, made).not_before = database_time(session) + timedelta(hours=1)
        session.commit()
    assert send_updates(fast) == 0
    assert states(PetitionUpdate) == ["scheduled"]


def test_the_rate_is_kept_over_all_workers(
    petition_id: int, machine: Machine, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J14: five at a time, and then not before their minute's share is over; another worker has no turn meanwhile."""
    readers(petition_id, *(f"reader{number}@example.org" for number in range(12)))
    scheduled(petition_id)
    monkeypatch.setattr(updates, "TURN_SECONDS", 0.0)
    with machine.runtime(updates_per_minute=30) as one, machine.runtime(updates_per_minute=30) as other:
        assert send_updates(one) == 5
        assert send_updates(other) == 0
        assert len(server.messages) == 5


def test_confirmations_do_not_wait_behind_news(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, *(f"reader{number}@example.org" for number in range(20)))
    scheduled(petition_id)
    advance_updates(fast)
    with db.writing() as session:
        write_letters(session, session.get_one(Petition, petition_id), 1)
        session.commit()
    assert send_letters(fast) == 1
    assert states(Letter) == ["sent"]
    assert set(states(UpdateLetter)) == {"ready"}


def stopped(session: Session, made: int) -> None:
    session.get_one(PetitionUpdate, made).stop(database_time(session))


def frozen(session: Session, _made: int) -> None:
    session.execute(update(Branch).values(frozen_at=now()))


def switched_off(session: Session, _made: int) -> None:
    Switch.throw(session, Switch.Name.UPDATES, by="operator", reason="test")


def hidden(session: Session, _made: int) -> None:
    session.execute(update(Petition).values(state=Petition.State.HIDDEN))


@pytest.mark.parametrize("what", [stopped, frozen, switched_off, hidden])
def test_what_has_not_left_is_held_back_at_once(
    what: object, petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    readers(petition_id, "ana@example.org", "eva@example.org")
    made = scheduled(petition_id)
    advance_updates(fast)
    with db.writing() as session:
        what(session, made)  # type: ignore[operator]
        session.commit()
    assert send_updates(fast) == 0
    assert set(states(UpdateLetter)) == {"ready"}


def test_stopped_in_the_middle_it_goes_on_with_the_rest_and_with_nobody_twice(
    petition_id: int, fast: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"reader{number}@example.org" for number in range(15)]
    readers(petition_id, *addresses)
    made = scheduled(petition_id)
    monkeypatch.setattr(updates, "TURN_SECONDS", 0.0)
    assert send_updates(fast) == 10
    with db.writing() as session:
        stopped(session, made)
        session.commit()
    monkeypatch.undo()
    assert send_updates(fast) == 0
    change(made, "go_on")
    assert send_updates(fast) == 5
    assert sorted(mail.recipient for mail in server.messages) == sorted(addresses)


def test_ended_for_good_the_rest_is_withheld(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, "ana@example.org", "eva@example.org")
    made = scheduled(petition_id)
    advance_updates(fast)
    with db.writing() as session:
        news = session.get_one(PetitionUpdate, made)
        news.stop(database_time(session))
        assert news.end(session, database_time(session)) == 2
        session.commit()
    send_updates(fast)
    assert server.messages == []
    assert became() == [("withheld", "stopped")] * 2


def test_called_back_before_it_began_it_is_a_draft_again(petition_id: int, fast: Runtime, server: SmtpServer) -> None:
    readers(petition_id, "ana@example.org")
    made = scheduled(petition_id)
    change(made, "rewrite")
    send_updates(fast)
    assert (states(PetitionUpdate), server.messages) == (["draft"], [])


# -- what survives a crash ----------------------------------------------------------------------------------------


def test_writing_the_letters_goes_on_where_it_broke_off(
    petition_id: int, fast: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "WRITTEN_AT_ONCE", 2)
    readers(petition_id, *(f"reader{number}@example.org" for number in range(5)))
    made = scheduled(petition_id)
    with db.writing() as session:  # killed after the first two letters: its lease has ended
        first_two = session.scalars(select(Subscription.id).order_by(Subscription.id).limit(2)).all()
        session.add_all(UpdateLetter(update_id=made, subscription_id=row) for row in first_two)
        session.get_one(PetitionUpdate, made).written_to = first_two[-1]
        session.commit()
    assert send_updates(fast) == 5
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(UpdateLetter)) == 5


def test_no_reader_ever_has_two_letters_of_one_update(petition_id: int, machine: Machine) -> None:
    readers(petition_id, "ana@example.org")
    made = scheduled(petition_id)
    with db.writing() as session:
        reader = session.scalars(select(Subscription.id)).one()
        session.add(UpdateLetter(update_id=made, subscription_id=reader))
        session.commit()
        session.add(UpdateLetter(update_id=made, subscription_id=reader))
        with pytest.raises(Exception, match=r"(?i)unique"):
            session.flush()


def test_a_private_key_that_is_missing_keeps_the_letters(
    machine: Machine, petition_id: int, fast: Runtime, server: SmtpServer
) -> None:
    readers(petition_id, "ana@example.org")
    with db.reading() as session:
        branch = session.get_one(Petition, petition_id).branch.public_id
    (machine.settings.keys / f"branch-{branch}.key").unlink()
    scheduled(petition_id)
    send_updates(fast)
    assert became() == [("ready", None)]
    assert states(PetitionUpdate) == ["sending"]


def test_news_for_nobody_is_done_at_once_and_stands_on_the_page(petition_id: int, fast: Runtime) -> None:
    scheduled(petition_id)
    advance_updates(fast)
    with db.reading() as session:
        news = PetitionUpdate.last_on_page(session, petition_id)
        assert news is not None
        assert news.state is State.SENT
