"""What is drawn of a petition, and where its deliveries stand."""

import re
from datetime import date, timedelta
from math import isclose

import pytest
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models import (
    Channel,
    Clock,
    Delivery,
    Letter,
    MailDomain,
    MailDomainDay,
    Member,
    Petition,
    Signature,
)
from petitions.models import statistics as figures
from petitions.views.organise import charts
from tests import factories
from tests.conftest import MakeDesk
from tests.views.organise.looking import rows

DAY = date(2026, 3, 2)


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session)
    session.commit()
    return made


def at(petition: Petition) -> str:
    return f"/organise/petitions/{petition.slug}/statistics"


def test_before_anybody_has_signed_the_page_says_what_will_be_drawn(desk: MakeDesk, petition: Petition) -> None:
    page = desk(branch=petition.branch).get(at(petition))
    assert page.status_code == 200
    assert "Nobody has signed yet." in page.text


def test_days_countries_languages_and_choices_are_drawn_with_their_numbers(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    people = [factories.typed() for _ in range(10)] + [factories.typed(country="FR", language="ru")]
    factories.signatures(session, petition, people, confirmed=True)
    petition.count_new(session)
    session.commit()
    page = desk(Member.Role.AUDITOR, branch=petition.branch).get(at(petition)).text
    assert '<svg viewBox="0 0 600 160"' in page
    assert re.search(r"<th scope=\"row\">[^<]+</th><td class=\"number\">11</td>", page)
    assert "Norway" in page
    assert "France" not in page  # one person
    assert "Other, or not said" in page
    assert "Русский" in page
    assert "all addressees" in page
    assert not re.search(r"<(script|style)|style=", page)


def test_editors_do_not_see_them(desk: MakeDesk, petition: Petition) -> None:
    assert desk(Member.Role.EDITOR, branch=petition.branch).get(at(petition)).status_code == 403


def test_letters_are_told_by_domain_and_rare_domains_together(session: Session, petition: Petition) -> None:
    """No address is stored or opened for it: a letter remembers its domain's row."""
    big, rare = (
        MailDomain(petition_id=petition.id, tag=tag, name=name, letters=letters)
        for tag, name, letters in ((b"a" * 16, "mail.example", 12), (b"b" * 16, None, 1))
    )
    session.add_all([big, rare])
    session.flush()
    for number, domain in enumerate([big, big, big, rare]):
        one = factories.signature(session, petition, confirmed=number < 2)
        row = session.get_one(Signature, one.id)
        row.confirm_pace = 1 if number < 2 else None
        state = Letter.State.FAILED if number == 2 else Letter.State.SENT
        session.add(
            Letter(
                kind=Letter.Kind.CONFIRM_SIGNATURE, cause=f"c{number}", signature_id=one.id, state=state,
                reason="bad_address" if number == 2 else None, mail_domain_id=domain.id,
            )
        )
    session.flush()
    for _again in range(2):  # counting anew adds nothing
        MailDomainDay.recount(session, database_time(session) - timedelta(days=15))
    named, others = figures.by_domain(session, petition)
    assert (named.name, named.letters, named.refused, named.confirmed) == ("mail.example", 3, 1, 2)
    assert named.median_pace == 1
    assert (others.name, others.letters) == ("", 1)
    refused = figures.refusals(session, petition)
    assert [(one.reason, one.domain, one.letters) for one in refused] == [("bad_address", "mail.example", 1)]


def test_no_day_is_left_out_and_weeks_begin_on_monday(session: Session, petition: Petition) -> None:
    one = factories.signature(session, petition, confirmed=True)
    session.get_one(Signature, one.id).confirmed_on = DAY
    session.flush()
    days = figures.by_day(session, petition, DAY + timedelta(days=9), since=DAY)
    assert [count for _, count in days] == [1, *[0] * 9]
    assert figures.weekly(days) == [(DAY, 1), (DAY + timedelta(days=7), 0)]


# -- drawing --------------------------------------------------------------------------------------------------


def test_a_line_begins_left_ends_right_and_stands_on_its_scale() -> None:
    drawn = charts.line([(DAY, 0), (DAY + timedelta(days=1), 5), (DAY + timedelta(days=2), 8)])
    assert drawn.line == "M0 160 L300 60 L600 0"
    assert [tick.value for tick in drawn.ticks] == [0, 2, 4, 6, 8]
    assert drawn.highest[1] == 8


def test_nothing_and_a_single_day_are_drawn_too() -> None:
    assert charts.line([]).line == ""
    assert charts.line([(DAY, 3)]).line == "M0 40 L600 40"
    assert charts.bars([]) == []
    assert charts.parts([("a", 0)])[0].length == 0


@pytest.mark.parametrize(("value", "top"), [(0, 4), (3, 4), (5, 8), (9, 12), (45, 80), (100, 100), (101, 200)])
def test_a_scale_ends_at_a_round_number_above(value: int, top: int) -> None:
    assert charts.round_up(value) == top


def test_the_parts_of_a_whole_follow_each_other() -> None:
    first, second, third = charts.parts([("a", 1), ("b", 1), ("c", 2)])
    assert (first.x, second.x, third.x) == (0, 25, 50)
    assert isclose(sum(part.length for part in (first, second, third)), 100)


# -- the board and the clocks -----------------------------------------------------------------------------------


def started(session: Session, petition: Petition, days_ago: int) -> Clock:
    delivery = factories.delivery(session, petition, state=Delivery.State.ACCEPTED)
    delivery.channel.legal_effect = Channel.LegalEffect.APPEAL
    delivery.sent_on = database_time(session).date() - timedelta(days=days_ago)
    session.flush()
    clock = Clock.start_for(session, delivery)[0]
    session.commit()
    return clock


def test_the_board_says_what_is_late_what_is_awaited_and_what_went_wrong(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    started(session, petition, 47)
    factories.delivery(session, petition, state=Delivery.State.UNCERTAIN)
    factories.delivery(session, petition, state=Delivery.State.READY, hold_reason="petition_stopped")
    session.commit()
    member = desk(branch=petition.branch)
    page = member.get("/organise/deliveries").text
    assert "no answer, day 47" in page
    assert "outcome unknown" in page
    assert "held: the petition is stopped" in page
    assert re.findall(r'id="lane-(\w+)"', page) == ["wrong", "waiting"]
    assert "No delivery fits." in member.get("/organise/deliveries?petition=other").text
    assert "outcome unknown" not in desk(branch=None).get("/organise/deliveries").text


def test_the_public_page_says_that_no_answer_has_come(client, session: Session, petition: Petition) -> None:  # type: ignore[no-untyped-def]
    started(session, petition, 47)
    page = client.get(f"/en/petitions/{petition.slug}").text
    assert "no answer, day 47" in page


def test_a_term_that_runs_is_told_with_its_end(client, session: Session, petition: Petition) -> None:  # type: ignore[no-untyped-def]
    started(session, petition, 10)
    page = client.get(f"/en/petitions/{petition.slug}").text
    assert "an answer is due by" in page
    assert "no answer, day" not in page


def test_what_has_come_stops_the_clock_and_is_written_down(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    clock = started(session, petition, 47)
    editor = desk(Member.Role.EDITOR, branch=petition.branch)
    address = f"/organise/clocks/{clock.public_id}"
    assert "no answer, day 47" in editor.get(address).text
    assert editor.post(address).status_code == 422
    assert editor.post(address, data={"answer": "done", "note": "No. 12-345"}).status_code == 303
    stopped = rows(Clock.running().where(Clock.id == clock.id))
    assert stopped == []
    assert "No. 12-345" in editor.get(address).text
    assert editor.post(address, data={"answer": "done"}).status_code == 409
    assert desk(Member.Role.MODERATOR, branch=petition.branch).post(address).status_code == 403
    assert desk().get(address).status_code == 404
