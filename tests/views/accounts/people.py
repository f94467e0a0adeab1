"""Visitors with their browsers, and members with the apps on their phones."""

import re
import time
from typing import Any

from flask import Flask
from passlib.totp import TOTP
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.login import accounts
from petitions.login.sessions import COOKIE
from petitions.models import Member
from tests.conftest import Reader

PASSWORD = "tram lilac granite seven"
NEW_PASSWORD = "quiet harbour mustard lamp"


class Visitor(Reader):
    """Somebody with a browser: keeps cookies, and sends a form with the token of the page that showed it."""

    def send(self, page: str, to: str = "", **data: Any) -> TestResponse:
        shown = self.get(page).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        assert token is not None, shown
        return self.post(to or page, data={"csrf_token": token[1], **data})


class Person:
    """A member with password and codes, as an app on her phone makes them."""

    def __init__(self, member: Member, recovery_codes: list[str], key: str) -> None:
        self.id, self.email, self.public_id = member.id, member.email, member.public_id
        self.recovery_codes = recovery_codes
        self._codes = TOTP(key=key)
        self._step = -1

    @property
    def code(self) -> str:
        """One that was not used before: the window takes three."""
        self._step += 1
        return str(self._codes.generate(time.time() + 30 * (self._step - 1)).token)

    @property
    def proof(self) -> dict[str, str]:
        return {"password": PASSWORD, "code": self.code}


def a_visitor(app: Flask, address: str = "203.0.113.7") -> Visitor:
    made = Visitor(app, app.response_class)
    made.environ_base["REMOTE_ADDR"] = address
    return made


def a_person(app: Flask, session: Session, member: Member) -> Person:
    with app.app_context():
        secret = accounts.new_code_secret()
        codes = member.use_codes(secret)
        member.password = accounts.hashed(PASSWORD)
        key = accounts.code_key(secret)
    session.commit()
    return Person(member, codes, key)


def log_in(visitor: Visitor, person: Person, **given: str) -> TestResponse:
    proof = {"password": PASSWORD} if "code" in given else person.proof
    return visitor.send("/organise/login", **{"email": person.email, **proof, **given})


def guess(visitor: Visitor, person: Person) -> TestResponse:
    return log_in(visitor, person, password="wrong wrong wrong", code="000000")


def cookie_of(visitor: Visitor) -> str:
    found = visitor.get_cookie(COOKIE, domain="petitions.example.org")
    return found.value if found is not None else ""


def asked(visitor: Visitor, page: str, to: str) -> dict[str, Any]:
    """The options that the page's button would hand to the device."""
    options = visitor.send(page, to).json
    assert options is not None
    return dict(options)


def asked_at_login(visitor: Visitor) -> dict[str, Any]:
    return asked(visitor, "/organise/login", "/organise/login/challenge")


def log_in_by(visitor: Visitor, answer: str) -> TestResponse:
    return visitor.send("/organise/login", "/organise/login/passkey", answer=answer)


def join(visitor: Visitor, token: str, **given: str) -> TestResponse:
    page = visitor.get(f"/organise/invitations/{token}").text
    secret = re.search(r'name="secret" value="([^"]+)"', page)
    key = re.search(r'class="key" dir="ltr">([^<]+)<', page)
    assert secret is not None
    assert key is not None
    data = {
        "name": "Ana Petrova",
        "language": "ru",
        "password": PASSWORD,
        "secret": secret[1].replace("&#34;", '"'),
        "code": TOTP(key=key[1]).generate().token,
        **given,
    }
    return visitor.send(f"/organise/invitations/{token}", **data)
