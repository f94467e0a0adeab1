"""Changing one's own keys."""

import re

from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import AuditEntry, Letter, Passkey
from tests.conftest import MakeDesk
from tests.views.accounts.people import (
    NEW_PASSWORD,
    Person,
    Visitor,
    a_visitor,
    log_in,
)


def test_a_changed_password_ends_the_other_sessions_and_is_told_by_letter(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    elsewhere = a_visitor(app)
    log_in(elsewhere, person)
    log_in(visitor, person)

    answer = visitor.send("/organise/account/password", password=NEW_PASSWORD)

    assert answer.location == "/organise/account"
    assert elsewhere.get("/organise/account").status_code == 302
    assert visitor.get("/organise/account").status_code == 200
    assert session.scalars(select(Letter)).one().words["event"] == "credentials_changed"
    assert "member.password" in session.scalars(select(AuditEntry.verb)).all()


def test_the_last_way_in_cannot_be_removed(visitor: Visitor, person: Person) -> None:
    log_in(visitor, person)

    answer = visitor.send("/organise/account/password/removal")

    assert answer.status_code == 409
    assert "This is your last way in." in answer.text


def test_the_app_on_a_new_phone_takes_the_place_of_the_old_one(
    app: Flask, visitor: Visitor, person: Person
) -> None:
    log_in(visitor, person)
    page = visitor.get("/organise/account/codes").text
    secret = re.search(r'name="secret" value="([^"]+)"', page)
    assert secret is not None
    given = secret[1].replace("&#34;", '"')
    wrong = visitor.send("/organise/account/codes", secret=given, code="000000")
    assert wrong.status_code == 422
    assert "This is not the code that belongs to the picture." in wrong.text
    key = re.search(r'class="key" dir="ltr">([^<]+)<', wrong.text)
    assert key is not None

    answer = visitor.send("/organise/account/codes", secret=given, code=TOTP(key=key[1]).generate().token)

    assert answer.text.count("<li><code>") == 8
    assert log_in(a_visitor(app), person).status_code == 422


def test_a_secret_that_somebody_chose_is_not_taken(
    visitor: Visitor, person: Person, session: Session
) -> None:
    log_in(visitor, person)
    own = TOTP.new()

    answer = visitor.send(
        "/organise/account/codes", secret=own.to_json(encrypt=False), code=own.generate().token
    )

    assert answer.status_code == 422


def test_a_passkey_is_shown_and_removed_and_another_members_is_404(
    visitor: Visitor, person: Person, desk: MakeDesk, session: Session
) -> None:
    session.add(Passkey(member_id=person.id, name="Phone", credential_id=b"1", public_key=b"2"))
    session.commit()
    public_id = session.scalars(select(Passkey.public_id)).one()
    session.commit()
    log_in(visitor, person)
    assert "Phone" in visitor.get("/organise/account").text

    assert desk().get(f"/organise/account/passkeys/{public_id}/removal").status_code == 404
    answer = visitor.send(f"/organise/account/passkeys/{public_id}/removal")

    assert answer.status_code == 303
    assert session.scalars(select(Passkey)).all() == []
