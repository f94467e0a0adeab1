"""Letters to members: who gets one, what it holds, and what is forgotten once it has gone."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from petitions import crypto, tokens
from petitions.db import database_time, db
from petitions.mailboxes import canonical
from petitions.member_letters import write_to, write_to_address
from petitions.models import Branch, Letter, Member, Suppression
from tests import factories
from tests.faults.machine import Machine
from tests.smtp import Answer, Received, SmtpServer

KIND = Letter.Kind


@pytest.fixture
def branch(machine: Machine) -> Branch:
    with db.writing() as session:
        branch = factories.branch(session)
        machine.arm(session, branch)
        session.commit()
        return branch


def member_of(session: Session, branch: Branch, **fields: object) -> Member:
    return factories.member(session, session.get_one(Branch, branch.id), **fields)  # type: ignore[arg-type]


def letters() -> list[Letter]:
    with db.reading() as session:
        boxes = (undefer(Letter.address_box), undefer(Letter.secret_box))
        return list(session.scalars(select(Letter).order_by(Letter.id).options(*boxes)))


def text_of(mail: Received) -> str:
    message = message_from_bytes(mail.data, policy=policy.default)
    return str(message.get_content()).replace("\r\n", "\n")


def invite(branch: Branch, email: str, token: str, *, language: str = "en", cause: str = "one") -> None:
    with db.writing() as session:
        at_home = session.get_one(Branch, branch.id)
        words = {"role": "moderator"}
        write_to_address(
            session, at_home, email, language, KIND.MEMBER_INVITATION, cause=cause, words=words, secret=token
        )
        session.commit()


def test_an_invitation_leads_to_its_page_and_says_to_what(
    branch: Branch, runtime: Runtime, server: SmtpServer
) -> None:
    token = tokens.new_token()
    invite(branch, "Mara@Example.org", token)
    assert send_letters(runtime) == 1
    [mail] = server.messages
    assert mail.recipient == "Mara@Example.org"
    assert f"https://petitions.example.org/organise/invitations/{token}\n" in text_of(mail)
    assert "moderator" in text_of(mail)
    assert branch.legal_name in text_of(mail)


def test_it_speaks_the_language_it_was_asked_in(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    invite(branch, "mara@example.org", tokens.new_token(), language="ru")
    send_letters(runtime)
    assert message_from_bytes(server.messages[0].data, policy=policy.default)["Content-Language"] == "ru"


def test_no_table_shows_the_address_or_the_token_and_both_are_forgotten_when_it_has_gone(
    branch: Branch, runtime: Runtime
) -> None:
    token = tokens.new_token()
    invite(branch, "mara@example.org", token)
    [row] = letters()
    stored = " ".join(repr(getattr(row, column.name)) for column in Letter.__table__.columns)
    assert "mara" not in stored
    assert token not in stored
    send_letters(runtime)
    [row] = letters()
    assert (row.state, row.address_box, row.secret_box) == (Letter.State.SENT, None, None)


def test_a_letter_that_is_refused_for_good_forgets_them_too(
    branch: Branch, runtime: Runtime, server: SmtpServer
) -> None:
    invite(branch, "mara@example.org", tokens.new_token())
    server.faults = {"rcpt": Answer("550 5.1.1 nobody")}
    send_letters(runtime)
    [row] = letters()
    assert (row.state, row.reason) == (Letter.State.FAILED, "bad_address")
    assert (row.address_box, row.secret_box) == (None, None)


def test_who_wants_no_mail_from_us_is_not_invited(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    """J15."""
    key = crypto.lasting_key(factories.INDEX_KEY.encode(), "suppression")
    with db.writing() as session:
        session.add(Suppression(tag=crypto.tag(key, "mailbox", canonical("mara@example.org"))))
        session.commit()
    invite(branch, "mara@example.org", tokens.new_token())
    send_letters(runtime)
    assert server.messages == []
    assert letters()[0].reason == "suppressed"


def test_nobody_is_invited_more_than_three_times_an_hour(
    branch: Branch, runtime: Runtime, server: SmtpServer
) -> None:
    """D5: whoever has many branches, or a stolen account, cannot molest a mailbox with us."""
    for number in range(5):
        invite(branch, "mara@example.org", tokens.new_token(), cause=f"no. {number}")
    send_letters(runtime)
    assert len(server.messages) == 3
    assert [row.reason for row in letters()] == [None, None, None, "over_cap", "over_cap"]


def test_a_lost_key_finds_its_way_back(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    token = tokens.new_token()
    with db.writing() as session:
        member = member_of(session, branch, language="ru")
        write_to(session, member, KIND.MEMBER_RESET, cause="reset one", secret=token)
        session.commit()
    send_letters(runtime)
    [mail] = server.messages
    assert mail.recipient == member.email
    assert f"/organise/reset/{token}" in text_of(mail)


def test_one_cause_is_one_letter_to_each_member(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        members = [member_of(session, branch), member_of(session, branch)]
        for member in (*members, *members):
            write_to(
                session, member, KIND.MEMBER_NOTICE, cause="frozen 1", words={"event": "x", "path": "/organise/branch"}
            )
        session.commit()
    assert send_letters(runtime) == 2
    assert {mail.recipient for mail in server.messages} == {member.email for member in members}
    assert "https://petitions.example.org/organise/branch\n" in text_of(server.messages[0])


@pytest.mark.parametrize(("event", "sent"), [("update_asked", 0), ("member_left", 1)])
def test_who_has_left_gets_only_the_news_of_it(
    event: str, sent: int, branch: Branch, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        member = member_of(session, branch)
        words = {"event": event, "who": "Mara", "person": member.name, "happened_at": "2026-11-22T10:00:00+00:00"}
        write_to(session, member, KIND.MEMBER_NOTICE, cause=event, words=words)
        member.left_at = database_time(session)
        session.commit()
    assert send_letters(runtime) == sent


def test_words_that_are_missing_stop_no_other_letter(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        member = member_of(session, branch)
        write_to(session, member, KIND.MEMBER_NOTICE, cause="one", words={"event": "update_asked"})  # by whom?
        write_to(session, member, KIND.MEMBER_NOTICE, cause="two", words={"event": "x"})
        session.commit()
    assert send_letters(runtime) == 1
    assert [row.reason for row in letters()] == ["words_missing", None]


def test_a_name_with_line_ends_makes_no_header(branch: Branch, runtime: Runtime, server: SmtpServer) -> None:
    """J1."""
    with db.writing() as session:
        member = member_of(session, branch)
        member.name = "Mara\r\nBcc: everybody@example.org"
        write_to(session, member, KIND.MEMBER_NOTICE, cause="one", words={"event": "x"})
        session.commit()
    send_letters(runtime)
    assert message_from_bytes(server.messages[0].data, policy=policy.default)["Bcc"] is None


def test_a_private_key_that_is_missing_keeps_the_letter(
    machine: Machine, branch: Branch, runtime: Runtime, server: SmtpServer
) -> None:
    (machine.settings.keys / f"branch-{branch.public_id}.key").unlink()
    invite(branch, "mara@example.org", tokens.new_token())
    assert send_letters(runtime) == 0
    [row] = letters()
    assert (row.state, row.last_error_class) == (Letter.State.READY, "key_missing")
