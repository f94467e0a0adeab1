"""The operator has stopped signing for the whole site: nothing typed is lost, and nobody is told that it is over."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from petitions.models import Petition, Switch
from petitions.views.facts import FactsCache
from tests import factories
from tests.conftest import MakeDesk
from tests.views import steps


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


def throw(app: Flask, session: Session, name: Switch.Name) -> None:
    Switch.throw(session, name, by="operator", reason="we look into something")
    session.commit()
    cache: FactsCache = app.extensions["petition_facts"]
    cache.forget()


def reset(app: Flask, session: Session, name: Switch.Name) -> None:
    Switch.reset(session, name)
    session.commit()
    cache: FactsCache = app.extensions["petition_facts"]
    cache.forget()


def test_the_page_says_that_signing_is_stopped_for_a_while(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    throw(app, session, Switch.Name.SIGNING)

    page = client.get("/en/petitions/free-anna").text

    assert "Signing is stopped for a while" in page
    assert "no longer takes signatures" not in page
    assert 'name="email"' not in page


def test_what_was_typed_is_kept_until_signing_goes_on(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    checked = steps.check(client, "free-anna", name="Zoë O’Brien")
    throw(app, session, Switch.Name.SIGNING)

    stopped = client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(checked.text))

    assert stopped.status_code == 503
    assert "Nothing of what you wrote has been sent or stored" in stopped.text
    assert steps.rows(petition) == []
    kept = steps.hidden_fields(stopped.text)
    assert kept["name"] == "Zoë O’Brien"
    reset(app, session, Switch.Name.SIGNING)
    again = client.post("/en/petitions/free-anna/signatures/check", data=kept)
    assert again.status_code == 200
    signed = client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(again.text))
    assert signed.status_code == 303
    assert len(steps.rows(petition)) == 1


def test_a_closed_petition_is_over_whatever_is_switched_off(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    session.get_one(Petition, petition.id).close(datetime.now(UTC))
    throw(app, session, Switch.Name.SIGNING)

    assert steps.check(client, "free-anna").status_code == 410


def test_who_has_signed_still_confirms(app: Flask, client: FlaskClient, session: Session, petition: Petition) -> None:
    signed = factories.signature(session, petition)
    throw(app, session, Switch.Name.SIGNING)

    assert client.post(f"/s/{signed.token}/confirmation").status_code in {200, 303}
    assert steps.row(petition).state == "confirmed"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (Switch.Name.SIGNING, "Signing is stopped on the whole site."),
        (Switch.Name.DELIVERIES, "Deliveries are stopped on the whole site."),
        (Switch.Name.LETTERS, "Letters to signers are stopped on the whole site."),
        (Switch.Name.UPDATES, "News to signers is stopped on the whole site."),
    ],
)
def test_organisers_see_what_is_stopped_on_every_page(
    app: Flask, session: Session, desk: MakeDesk, name: Switch.Name, words: str
) -> None:
    throw(app, session, name)
    member = desk()

    for path in ("/organise/members/", "/organise/branch/"):
        page = member.get(path).text
        assert words in page
        assert "we look into something" in page
    reset(app, session, name)
    assert words not in member.get("/organise/members/").text
