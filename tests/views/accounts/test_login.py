"""Coming in with password and code (cases.md E2, G6, G17)."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.login import accounts
from petitions.models import Member
from tests import factories
from tests.views.accounts.people import Person, Visitor, a_person, a_visitor, log_in


def test_password_and_code_open_the_desk(visitor: Visitor, person: Person) -> None:
    answer = log_in(visitor, person)

    assert (answer.status_code, answer.location) == (303, "/organise/")
    assert visitor.get("/organise/account").status_code == 200


def test_the_login_leads_back_to_the_page_that_was_asked_for(visitor: Visitor, person: Person) -> None:
    asked = visitor.get("/organise/account")

    answer = visitor.send(asked.location, email=person.email, **person.proof)

    assert answer.location == "/organise/account"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/organise", "/en/petitions", "/organise\\@evil.example"],
)
def test_the_login_leads_to_no_other_site(visitor: Visitor, person: Person, elsewhere: str) -> None:
    answer = visitor.send(f"/organise/login?next={elsewhere}", email=person.email, **person.proof)

    assert answer.location == "/organise/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "tram lilac granite eight"},
        {"code": "000000"},
        {"email": "nobody@example.org"},
        {"password": "x" * 1_000_000},
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    visitor: Visitor, person: Person, wrong: dict[str, str]
) -> None:
    """E2, G17: an address nobody has, a wrong password, a wrong code, a password of a megabyte."""
    answer = log_in(visitor, person, **wrong)

    if len(wrong.get("password", "")) > 100_000:
        assert answer.status_code == 413
    else:
        assert answer.status_code == 422
        assert "Address, password and code do not belong together." in answer.text
    assert visitor.get("/organise/account").status_code == 302


def test_a_password_of_more_than_128_characters_is_refused_before_hashing(
    visitor: Visitor, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G17."""
    monkeypatch.setattr(accounts, "verify_password", lambda *_: pytest.fail("was hashed"))

    assert log_in(visitor, person, password="x" * 129).status_code == 422


def test_an_unknown_address_costs_a_hash_too(
    visitor: Visitor, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E2: identical time."""
    hashed: list[str] = []

    def verify(_typed: str, kept: str) -> bool:
        hashed.append(kept)
        return False

    monkeypatch.setattr(accounts, "verify_password", verify)

    log_in(visitor, person, email="nobody@example.org")

    assert hashed == [accounts.NOBODY]


def test_the_password_is_read_however_the_keyboard_composed_it(
    app: Flask, visitor: Visitor, session: Session
) -> None:
    """G17: Unicode, 64 characters, spaces in front are kept."""
    member = factories.member(session, factories.branch(session))
    person = a_person(app, session, member)
    with app.app_context():
        member.password = accounts.hashed("  Äpfel und Birnen, dreißig Körbe voll, im Schuppen hinterm Haus")
    session.commit()

    typed = "  A\u0308pfel und Birnen, dreißig Ko\u0308rbe voll, im Schuppen hinterm Haus"

    assert log_in(visitor, person, password=typed.strip()).status_code == 422
    assert log_in(visitor, person, password=typed).status_code == 303


def test_a_member_who_left_cannot_log_in(visitor: Visitor, person: Person, session: Session) -> None:
    session.execute(update(Member).where(Member.id == person.id).values(left_at=Member.joined_at))
    session.commit()

    assert log_in(visitor, person).status_code == 422


def test_a_code_works_once(app: Flask, visitor: Visitor, person: Person) -> None:
    """G6: by another browser, within the same half minute."""
    code = person.code
    assert log_in(visitor, person, code=code).status_code == 303

    assert log_in(a_visitor(app), person, code=code).status_code == 422


def test_the_code_of_another_member_does_not_work(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    """G6."""
    other = a_person(app, session, factories.member(session, factories.branch(session)))

    assert log_in(visitor, person, code=other.code).status_code == 422


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    """G6."""
    code = person.recovery_codes[3]
    assert log_in(visitor, person, code=code.upper().replace("-", " ")).status_code == 303

    assert log_in(a_visitor(app), person, code=code).status_code == 422
    kept = session.scalars(
        select(Member).where(Member.id == person.id).execution_options(populate_existing=True)
    ).one()
    assert len(kept.recovery_hashes) == len(person.recovery_codes) - 1
    assert code not in repr(kept.recovery_hashes)


def test_the_secret_of_the_codes_is_not_readable_in_the_database(person: Person, session: Session) -> None:
    kept = session.get_one(Member, person.id)

    assert kept.tf_totp_secret is not None
    assert person._codes.base32_key not in kept.tf_totp_secret
    assert '"key"' not in kept.tf_totp_secret


def test_codes_go_on_working_while_the_secret_key_rotates(app: Flask, person: Person) -> None:
    old, new = "a" * 43, "b" * 43
    with app.app_context():
        before = accounts.OneTimeCodes(accounts._code_keys([old]), "x")
        secret = before.generate_totp_secret()

        after = accounts.OneTimeCodes(accounts._code_keys([old, new]), "x")

        assert after.get_totp_pretty_key(secret) == before.get_totp_pretty_key(secret)
        assert after.generate_totp_secret()[:60] != secret[:60]
