"""News by letter, as supporters meet it: asked for on the form, ended with one click, apart from the signature."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import db
from petitions.models import Petition, Signature, Subscription
from tests import factories
from tests.views.steps import check, row, sign, token


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session)
    session.commit()
    return made


def ended() -> list[bool]:
    with db.reading() as looking:
        return [found.ended_at is not None for found in looking.scalars(select(Subscription).order_by(Subscription.id))]


def subscribed(session: Session, petition: Petition, email: str) -> tuple[factories.Signed, str]:
    """Somebody whose signature counts and who gets news: the links of both letters."""
    signed = factories.signature(session, petition, email=email, confirmed=True)
    _, link = factories.subscription(session, petition, email=email)
    session.commit()
    return signed, link


# -- asking for it ----------------------------------------------------------------------------------------------


def test_the_box_is_not_ticked_for_anybody(client: FlaskClient, petition: Petition) -> None:
    page = client.get(f"/en/petitions/{petition.slug}").text
    box = page[page.index('name="wants_news"') :].partition(">")[0]
    assert "checked" not in box
    sign(client, petition.slug)
    assert row(petition).wants_news is False


def test_who_ticks_it_sees_it_on_the_check_page_and_it_is_kept(client: FlaskClient, petition: Petition) -> None:
    page = check(client, petition.slug, wants_news="yes").text
    assert "Yes, of this petition" in page
    sign(client, petition.slug, wants_news="yes")
    assert row(petition).wants_news is True


def test_what_was_ticked_is_kept_when_something_else_is_wrong(client: FlaskClient, petition: Petition) -> None:
    page = check(client, petition.slug, wants_news="yes", name="").text
    assert "checked" in page[page.index('name="wants_news"') :].partition(">")[0]


# -- the link in each letter with news --------------------------------------------------------------------------


def test_the_link_only_shows_a_button(client: FlaskClient, session: Session, petition: Petition) -> None:
    _, link = subscribed(session, petition, "ana@example.org")
    answer = client.get(f"/u/{link}")
    assert answer.status_code == 200
    assert "No more news" in answer.text
    assert ended() == [False]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://mail.example.net", "Sec-Fetch-Site": "cross-site"}],
    ids=["from a server", "from another site"],
)
def test_one_click_of_a_mail_provider_ends_the_news_and_nothing_else(
    headers: dict[str, str], client: FlaskClient, session: Session, petition: Petition
) -> None:
    """B14, RFC 8058."""
    signed, link = subscribed(session, petition, "ana@example.org")
    answer = client.post(f"/u/{link}", data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert answer.status_code == 200
    assert ended() == [True]
    with db.reading() as looking:
        assert looking.get_one(Signature, signed.id).state is Signature.State.CONFIRMED


def test_no_other_form_is_taken_from_another_site(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed, _ = subscribed(session, petition, "ana@example.org")
    headers = {"Origin": "https://mail.example.net", "Sec-Fetch-Site": "cross-site"}
    assert client.post(f"/s/{signed.token}/news", headers=headers).status_code == 403
    assert ended() == [False]


def test_a_second_click_is_answered_like_the_first(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    _, link = subscribed(session, petition, "ana@example.org")
    first, second = client.post(f"/u/{link}"), client.post(f"/u/{link}")
    assert (first.status_code, first.text) == (second.status_code, second.text) == (200, first.text)


def test_the_page_speaks_the_language_of_the_letters(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    _, link = factories.subscription(session, petition, language="ru")
    session.commit()
    assert '<html lang="ru"' in client.get(f"/u/{link}", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("wrong", ["x" * 43, "short", "../etc/passwd"])
def test_a_link_that_is_none_of_ours_is_no_page(wrong: str, client: FlaskClient, petition: Petition) -> None:
    assert client.get(f"/u/{wrong}").status_code == 404
    assert client.post(f"/u/{wrong}").status_code == 404


def test_the_link_of_the_news_opens_no_signature(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed, link = subscribed(session, petition, "ana@example.org")
    assert client.get(f"/s/{link}").status_code == 404
    assert client.get(f"/u/{signed.token}").status_code == 404


# -- on the signer's own page -----------------------------------------------------------------------------------


def test_the_signer_ends_it_on_her_page_and_stays_counted(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed, _ = subscribed(session, petition, "ana@example.org")
    assert "You get a letter when there is news." in client.get(f"/s/{signed.token}").text
    client.post(f"/s/{signed.token}/news")
    assert ended() == [True]
    page = client.get(f"/s/{signed.token}").text
    assert "You get no letters with news." in page
    assert "Your signature counts" in page


def test_the_signer_asks_for_it_later(client: FlaskClient, petition: Petition) -> None:
    sign(client, petition.slug)
    link = token(row(petition))
    client.post(f"/s/{link}/confirmation")
    client.post(f"/s/{link}/news", data={"wanted": "yes"})
    assert row(petition).wants_news is True
    assert "You get a letter when there is news." in client.get(f"/s/{link}").text
    client.post(f"/s/{link}/news")
    assert row(petition).wants_news is False


def test_withdrawing_the_signature_leaves_the_news(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed, _ = subscribed(session, petition, "ana@example.org")
    client.post(f"/s/{signed.token}/withdrawal")
    assert ended() == [False]
    client.post(f"/s/{signed.token}/news")
    assert ended() == [True]


@pytest.mark.parametrize(("data", "ends"), [({"end_news": "yes"}, True), ({}, False)])
def test_erasing_the_signature_asks_about_the_news(
    data: dict[str, str], ends: bool, client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed, _ = subscribed(session, petition, "ana@example.org")
    assert 'name="end_news"' in client.get(f"/s/{signed.token}").text
    client.post(f"/s/{signed.token}/erasure", data=data)
    assert ended() == [ends]


def test_never_write_to_me_again_ends_it_too(client: FlaskClient, session: Session, petition: Petition) -> None:
    signed, _ = subscribed(session, petition, "ana@example.org")
    client.post(f"/s/{signed.token}/no-more-mail")
    assert ended() == [True]


def test_one_mailbox_cannot_be_told_from_another(client: FlaskClient, session: Session, petition: Petition) -> None:
    """Her page finds her own subscription and no other."""
    signed = factories.signature(session, petition, email="eva@example.org", confirmed=True)
    subscribed(session, petition, "ana@example.org")
    assert "You get no letters with news." in client.get(f"/s/{signed.token}").text


def test_her_data_say_whether_she_gets_news(client: FlaskClient, session: Session, petition: Petition) -> None:
    """M10."""
    signed, _ = subscribed(session, petition, "ana@example.org")
    assert client.get(f"/s/{signed.token}/data.json").get_json()["gets_news"] is True
