"""The proof that is asked once more."""

import time

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import MemberSession
from tests import factories
from tests.views.accounts.people import PASSWORD, Person, Visitor, a_person, log_in


def test_what_cannot_be_undone_asks_for_the_proof_once_more(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    log_in(visitor, person)
    assert visitor.get("/organise/account/password").status_code == 200
    row = session.scalars(select(MemberSession)).one()
    row.data = {**row.data, "fs_paa": time.time() - 301}
    session.commit()

    asked = visitor.get("/organise/account/password")
    assert asked.location == "/organise/verify?next=%2Forganise%2Faccount%2Fpassword"

    refused = visitor.send(asked.location, password=PASSWORD, code="000000")
    assert refused.status_code == 422

    proved = visitor.send(asked.location, **person.proof)
    assert proved.location == "/organise/account/password"
    assert visitor.get(proved.location).status_code == 200


def test_the_proof_of_another_member_counts_for_nothing(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    log_in(visitor, person)
    other = a_person(app, session, factories.member(session, factories.branch(session)))

    answer = visitor.send("/organise/verify", password=PASSWORD, code=other.code)

    assert answer.status_code == 422
