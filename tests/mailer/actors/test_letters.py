"""What becomes of a letter that is due: each is looked at again before it goes (cases.md B12, C9, J15, K3, K20)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from petitions import crypto
from petitions.db import database_time, db, now
from petitions.mailboxes import canonical
from petitions.models import Letter, MailCap, Petition, Signature, Suppression
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import message_id, write_letters, write_letters_for
from tests.smtp import Answer, SmtpServer


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        session.commit()
        return petition.id


def signed(session: Session, petition_id: int, *, letter: bool = True, **fields: object) -> factories.Signed:
    made = factories.signature(session, session.get_one(Petition, petition_id), **fields)  # type: ignore[arg-type]
    if letter:
        write_letters_for(session, [made])
    session.commit()
    return made


def became() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        return [(row.state.value, row.reason) for row in session.scalars(select(Letter).order_by(Letter.id))]


def come_due() -> None:
    with db.writing() as session:
        session.execute(update(Letter).values(not_before=now()))
        session.commit()


def change(signature: factories.Signed, **values: object) -> None:
    with db.writing() as session:
        session.execute(update(Signature).where(Signature.id == signature.id).values(**values))
        session.commit()


def test_a_pending_signature_gets_its_letter(petition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        one = signed(session, petition_id, name="Ana Ćirić", email="Ana@Example.org")
    assert send_letters(runtime) == 1
    assert became() == [("sent", None)]
    [mail] = server.messages
    assert mail.recipient == "Ana@Example.org"  # as typed: canonical addresses are for tags only
    assert one.token.encode() in mail.data
    with db.reading() as session:
        letter = session.scalars(select(Letter)).one()
        assert letter.sent_at is not None
        assert message_id(mail) == f"<letter.{letter.public_id}@petitions.example.org>"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": Signature.State.HELD}, "not_pending"),
        ({"state": Signature.State.CONFIRMED}, "not_pending"),
        ({"state": Signature.State.VOID}, "not_pending"),
        ({"state": Signature.State.EXPIRED}, "not_pending"),
        ({"expires_at": now(-1)}, "expired"),
        ({"mail_box": None}, "gone"),
        ({"name_box": b"\0" * 92}, "box_damaged"),
    ],
)
def test_what_has_changed_since_it_was_written_keeps_it_back(
    values: dict[str, object], reason: str, petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        one = signed(session, petition_id)
        other = signed(session, petition_id)
    change(one, **values)
    assert send_letters(runtime) == 1
    assert became() == [("withheld", reason), ("sent", None)]
    assert other.token.encode() in server.messages[0].data


@pytest.mark.parametrize("state", [Petition.State.WITHDRAWN, Petition.State.HIDDEN, Petition.State.ENDED])
def test_a_petition_that_takes_no_confirmations_asks_nobody_for_one(
    state: Petition.State, petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        signed(session, petition_id)
        session.execute(update(Petition).values(state=state))
        session.commit()
    send_letters(runtime)
    assert became() == [("withheld", "petition_over")]
    assert server.messages == []


def test_a_suppressed_mailbox_gets_nothing_under_any_petition(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    key = crypto.lasting_key(factories.INDEX_KEY.encode(), "suppression")
    with db.writing() as session:
        session.add(Suppression(tag=crypto.tag(key, "mailbox", canonical("ana@example.org"))))
        signed(session, petition_id, email="Ana+news@example.org")
    send_letters(runtime)
    assert became() == [("withheld", "suppressed")]
    assert server.messages == []


def test_nobody_who_knows_an_address_gets_it_more_than_three_letters(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        for number in range(5):
            signed(session, petition_id, name=f"Somebody {number + 1}x", email="ana@example.org")
    send_letters(runtime)
    assert [state for state, _ in became()] == ["sent", "sent", "sent", "ready", "ready"]
    assert len(server.messages) == 3
    come_due()  # within the same day
    send_letters(runtime)
    assert len(server.messages) == 3
    with db.reading() as session:
        tomorrow = database_time(session) + timedelta(hours=23)
        left = session.scalars(select(Letter).where(Letter.state == Letter.State.READY)).all()
        assert {(row.last_error_class, row.not_before > tomorrow) for row in left} == {("over_cap", True)}


def test_who_could_not_be_written_to_for_three_days_is_not_written_to(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        for number in range(4):
            signed(session, petition_id, name=f"Somebody {number + 1}x", email="ana@example.org")
    send_letters(runtime)
    with db.writing() as session:
        session.execute(update(Letter).values(created_at=database_time(session) - timedelta(days=4)))
        session.commit()
    come_due()
    send_letters(runtime)
    assert became()[3] == ("withheld", "over_cap")


def test_five_letters_over_all_petitions(machine: Machine, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        ids = [machine.petition(session).id for _ in range(7)]
        for number in ids:
            signed(session, number, email="ana@example.org")
    send_letters(runtime)
    assert [state for state, _ in became()] == ["sent"] * 5 + ["ready"] * 2


def test_a_signature_that_stands_is_told_of_and_the_new_row_is_void(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        standing = signed(session, petition_id, letter=False, email="ana@example.org", confirmed=True)
        again = signed(session, petition_id, email="ana+x@example.org", name="Ana Again")
    send_letters(runtime)
    [mail] = server.messages
    assert f"/s/{standing.token}\r\n".encode() in mail.data
    assert f"/s/{again.token}\r\n".encode() not in mail.data
    assert mail.recipient == "ana@example.org"
    with db.reading() as session:
        assert session.get_one(Signature, again.id).state is Signature.State.VOID


def test_that_letter_is_not_lost_when_the_relay_puts_it_off(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        standing = signed(session, petition_id, letter=False, email="ana@example.org", confirmed=True)
        signed(session, petition_id, email="ana@example.org", name="Ana Again")
    server.faults = {"rcpt": Answer("451 4.3.0 later", times=1)}
    assert send_letters(runtime) == 0
    come_due()
    assert send_letters(runtime) == 1
    assert standing.token.encode() in server.messages[0].data


def test_that_letter_is_not_sent_when_the_signature_has_been_withdrawn_meanwhile(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        standing = signed(session, petition_id, letter=False, email="ana@example.org", confirmed=True)
        signed(session, petition_id, email="ana@example.org", name="Ana Again")
    server.faults = {"rcpt": Answer("451 4.3.0 later", times=1)}
    send_letters(runtime)
    with db.writing() as session:
        session.get_one(Signature, standing.id).withdraw(session)
        session.commit()
    come_due()
    send_letters(runtime)
    assert server.messages == []
    assert became() == [("withheld", "not_pending")]


def test_of_two_pending_rows_each_gets_a_letter_and_the_owner_chooses(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        both = [signed(session, petition_id, email="ana@example.org", name=name) for name in ("Ana One", "Ana Two")]
    send_letters(runtime)
    assert [one.token.encode() in mail.data for one, mail in zip(both, server.messages, strict=True)] == [True, True]
    with db.writing() as session:
        session.get_one(Signature, both[1].id).confirm(session, grace_hours=72)
        session.commit()
        assert session.get_one(Signature, both[0].id).state is Signature.State.VOID


def test_a_private_key_that_is_missing_holds_up_its_own_branch_alone(
    machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        lost, kept = machine.petition(session), machine.petition(session)
        (machine.settings.keys / f"branch-{lost.branch.public_id}.key").unlink()
        write_letters(session, lost, 2)
        write_letters(session, kept, 2)
        session.commit()
        branch = lost.branch
    assert send_letters(runtime) == 2
    assert [state for state, _ in became()] == ["ready", "ready", "sent", "sent"]
    with db.writing() as session:
        machine.arm(session, session.merge(branch))
        assert session.scalar(select(func.min(Letter.not_before))) is not None
    come_due()
    assert send_letters(runtime) == 2


def test_a_letter_is_given_up_when_its_link_would_have_ended(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        signed(session, petition_id)
        session.execute(update(Letter).values(created_at=database_time(session) - timedelta(hours=49)))
        session.commit()
    server.faults = {"rcpt": Answer("451 4.3.0 later")}
    send_letters(runtime)
    assert became() == [("failed", "temporary")]


def test_what_the_caps_keep_names_nobody(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        signed(session, petition_id)
    send_letters(runtime)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(MailCap)) == 2
