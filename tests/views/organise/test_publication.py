"""From a draft to an open petition by two people, and its life after that: stops, closing, outcome, hiding."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import (
    Approval,
    AuditEntry,
    Authority,
    Member,
    Petition,
    Prisoner,
    PrisonerEvent,
    Proposal,
    Trigger,
)
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import fresh, rows


def at(petition: Petition, rest: str = "") -> str:
    return f"/organise/petitions/{petition.slug}{rest}"


def ready_draft(session: Session) -> Petition:
    """A draft that lacks nothing."""
    petition = factories.petition(session, open=False)
    prisoner = petition.prisoner
    prisoner.harm_result, prisoner.harm_assessed_on = Prisoner.Harm.GO, datetime.now(UTC).date()
    for addressee in petition.addressees:
        addressee.authority.kind = Authority.Kind.PROSECUTOR
    session.flush()
    return petition


def waiting() -> Proposal:
    return rows(select(Proposal).where(Proposal.state == Proposal.State.WAITING))[0]


def decision(petition: Petition) -> str:
    return at(petition, f"/proposals/{waiting().public_id}")


@pytest.fixture
def draft(session: Session) -> Petition:
    petition = ready_draft(session)
    session.commit()
    return petition


@pytest.fixture
def opened(session: Session) -> Petition:
    petition = factories.petition(session)
    session.commit()
    return petition


@pytest.fixture
def two(desk: MakeDesk, request: pytest.FixtureRequest) -> tuple[Desk, Desk]:
    """An editor who asks and an owner who decides, of the petition that the test has."""
    name = "draft" if "draft" in request.fixturenames else "opened"
    branch = request.getfixturevalue(name).branch
    return desk(Member.Role.EDITOR, branch=branch), desk(branch=branch)


# -- publication -----------------------------------------------------------------------------------------


def test_two_people_publish(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    draft.write("en", "Free Anna now", "Release Anna Verenko.", "She is ill.")
    session.commit()

    assert editor.post(at(draft, "/publication/"), data={"opens": "now"}).status_code == 303
    page = owner.get(decision(draft))
    assert "With your yes it is public at once" in page.text
    assert "<ins>" in page.text
    assert owner.post(decision(draft) + "/approval").status_code == 303

    draft = fresh(draft)
    assert draft.state is Petition.State.OPEN
    assert draft.text_in("en").title == "Free Anna now"  # type: ignore[union-attr]
    assert "Free Anna now" in owner.get(f"/en/petitions/{draft.slug}").text
    verbs = rows(select(AuditEntry.verb).order_by(AuditEntry.sequence))
    assert verbs[-2:] == ["petition.ask", "publication.approve"]


def test_one_owner_alone_publishes_nothing(session: Session, draft: Petition, desk: MakeDesk) -> None:
    owner = desk(branch=draft.branch)
    desk(branch=draft.branch)  # somebody who could approve
    owner.post(at(draft, "/publication/"), data={"opens": "now"})

    assert owner.post(decision(draft) + "/approval").status_code == 409

    draft = fresh(draft)
    assert draft.state is Petition.State.IN_REVIEW


def test_an_unready_draft_cannot_be_asked_for(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, _ = two
    draft.prisoner.consent_by = ""
    session.commit()

    answer = editor.post(at(draft, "/publication/"), data={"opens": "now"})

    assert answer.status_code == 409
    assert "Something that it needs is missing" in answer.text


def test_a_branch_the_operator_does_not_know_cannot_publish(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    """cases.md M13."""
    editor, _ = two
    draft.branch.verified_at = None
    session.commit()

    assert editor.post(at(draft, "/publication/"), data={"opens": "now"}).status_code == 409

    draft = fresh(draft)
    assert draft.state is Petition.State.DRAFT


def test_what_went_missing_after_the_request_stops_the_approval(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    editor.post(at(draft, "/publication/"), data={"opens": "now"})
    draft.prisoner.harm_result = Prisoner.Harm.STOP
    session.commit()

    assert owner.post(decision(draft) + "/approval").status_code == 409

    draft = fresh(draft)
    assert draft.state is Petition.State.IN_REVIEW


def test_warnings_have_to_be_ticked(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, _ = two
    draft.write("en", "Free Anna", "Release her.", "See https://news.example.org/a")
    session.commit()
    page = at(draft, "/publication/")
    assert 'value="link:en:background:"' in editor.get(page).text

    refused = editor.post(page, data={"opens": "now"})
    asked = editor.post(page, data={"opens": "now", "read": "link:en:background:"})

    assert refused.status_code == 422
    assert "Read each warning and tick it" in refused.text
    assert asked.status_code == 303
    assert waiting().details["read"] == ["link:en:background:"]


def test_nothing_of_it_changes_while_somebody_decides(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, _ = two
    editor.post(at(draft, "/publication/"), data={"opens": "now"})
    text = draft.newest_text("en")
    assert text is not None

    for path, data in (
        ("/texts/en", {"title": "Other", "demand": "x", "background": "y", "seen": text.hash}),
        ("/limits", {"goal": "5"}),
        (f"/addressees/{draft.addressees[0].public_id}/removal", {}),
    ):
        answer = editor.post(at(draft, path), data=data)
        assert answer.status_code == 409
        assert "what is approved must be what was seen" in answer.text


def test_it_can_be_approved_for_an_hour_to_come(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    soon = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)

    editor.post(at(draft, "/publication/"), data={"opens": "at", "opens_at": soon.strftime("%Y-%m-%dT%H:%M")})
    owner.post(decision(draft) + "/approval")

    draft = fresh(draft)
    assert (draft.state, draft.opens_at) == (Petition.State.IN_REVIEW, soon)
    assert "It opens by itself on" in owner.get(at(draft)).text
    assert owner.get(f"/en/petitions/{draft.slug}").status_code == 404
    assert editor.post(at(draft, "/publication/draft")).status_code == 303
    draft = fresh(draft)
    assert (draft.state, draft.opens_at) == (Petition.State.DRAFT, None)


@pytest.mark.parametrize("opens_at", ["", "yesterday", "2020-01-01T00:00"])
def test_an_hour_that_is_none_or_past_is_refused(
    session: Session, draft: Petition, two: tuple[Desk, Desk], opens_at: str
) -> None:
    editor, _ = two

    assert editor.post(at(draft, "/publication/"), data={"opens": "at", "opens_at": opens_at}).status_code == 422

    draft = fresh(draft)
    assert draft.state is Petition.State.DRAFT


def test_what_is_sent_back_is_a_draft_again(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    editor.post(at(draft, "/publication/"), data={"opens": "now"})

    owner.post(decision(draft) + "/refusal", data={"reason": "Ask her sister first."})

    draft = fresh(draft)
    assert draft.state is Petition.State.DRAFT


def test_whoever_asked_takes_it_back_and_nobody_else(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    editor.post(at(draft, "/publication/"), data={"opens": "now"})
    path = decision(draft) + "/retraction"

    assert owner.post(path).status_code == 409
    assert editor.post(path).status_code == 303

    draft = fresh(draft)
    assert draft.state is Petition.State.DRAFT


def test_a_request_nobody_decided_is_asked_again(session: Session, draft: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    editor.post(at(draft, "/publication/"), data={"opens": "now"})
    old = session.merge(waiting())
    old.asked_at = datetime.now(UTC) - timedelta(hours=73)
    session.commit()
    late = owner.post(at(draft, f"/proposals/{old.public_id}/approval"))
    assert "asked for too long ago" in late.text
    old.lapse(datetime.now(UTC))
    session.commit()

    assert "the request has lapsed" in editor.get(at(draft, "/publication/")).text
    assert editor.post(at(draft, "/publication/"), data={"opens": "now"}).status_code == 303


def test_standing_orders_on_the_page_are_approved_with_it(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    editor.post(at(draft, "/triggers/"), data={"kind": "count", "threshold": "100"})
    owner.post(at(draft, "/triggers/"), data={"kind": "count", "threshold": "500"})
    editor.post(at(draft, "/publication/"), data={"opens": "now"})
    publication = rows(select(Proposal).where(Proposal.kind == Proposal.Kind.PUBLICATION))[0]

    owner.post(at(draft, f"/proposals/{publication.public_id}/approval"))

    draft = fresh(draft)
    assert {order.threshold: order.armed for order in draft.triggers} == {100: True, 500: False}


def test_a_petition_of_another_branch_is_not_there(draft: Petition, desk: MakeDesk) -> None:
    """cases.md G1."""
    foreign = desk()

    for path in ("", "/publication/", "/texts/", "/addressees/", "/triggers/", "/stops/", "/closing", "/hiding"):
        assert foreign.get(at(draft, path)).status_code == 404


# -- stops -----------------------------------------------------------------------------------------------


def test_any_who_acts_stops_signing_at_once_and_the_page_says_so(
    session: Session, opened: Petition, desk: MakeDesk
) -> None:
    moderator = desk(Member.Role.MODERATOR, branch=opened.branch)

    assert moderator.post(at(opened, "/stops/"), data={"what": "signing"}).status_code == 303

    page = moderator.get(f"/en/petitions/{opened.slug}")
    assert "Signing is paused" in page.text
    assert "sign-form" not in page.text
    opened = fresh(opened)
    assert opened.may_deliver


def test_deliveries_stop_while_people_go_on_signing(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    editor, _ = two

    editor.post(at(opened, "/stops/"), data={"what": "deliveries"})

    opened = fresh(opened)
    assert (opened.takes_signatures, opened.may_deliver) == (True, False)
    assert "sign-form" in editor.get(f"/en/petitions/{opened.slug}").text


def test_an_owner_takes_up_again_alone_within_a_day(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    editor.post(at(opened, "/stops/"), data={"what": "all"})
    assert "you may take it up again alone" in owner.get(at(opened, "/stops/resumption")).text

    assert editor.post(at(opened, "/stops/resumption/alone")).status_code == 403
    assert owner.post(at(opened, "/stops/resumption/alone")).status_code == 303

    opened = fresh(opened)
    assert opened.state is Petition.State.OPEN


def test_after_a_day_a_second_person_looks_too(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    opened.pause(datetime.now(UTC) - timedelta(hours=25))
    session.commit()
    owner.post(at(opened, "/stops/resumption/alone"))
    opened = fresh(opened)
    assert opened.state is Petition.State.PAUSED

    editor.post(at(opened, "/stops/resumption"))
    owner.post(decision(opened) + "/approval")

    opened = fresh(opened)
    assert opened.state is Petition.State.OPEN


# -- endings ---------------------------------------------------------------------------------------------


def test_closing_shows_whom_it_meets_and_needs_a_second_person(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    factories.signature(session, opened)
    session.commit()
    assert "1 person has not confirmed yet." in editor.get(at(opened, "/closing")).text

    editor.post(at(opened, "/closing"), data={"reason": "The verdict is in force."})
    opened = fresh(opened)
    assert opened.state is Petition.State.OPEN
    owner.post(decision(opened) + "/approval")

    opened = fresh(opened)
    assert opened.state is Petition.State.CLOSED
    assert opened.closed_at is not None


def test_the_outcome_and_its_words_are_on_the_page(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    _, owner = two
    opened.close(datetime.now(UTC) - timedelta(days=5))
    session.commit()

    answer = owner.post(
        at(opened, "/outcome"), data={"outcome": "released", "words_en": "She is home.", "words_ru": ""}
    )

    page = owner.get(f"/ru/petitions/{opened.slug}")
    assert answer.status_code == 303
    assert "She is home." in page.text
    opened = fresh(opened)
    assert opened.outcome_words == {"en": "She is home."}


def test_an_open_petition_has_no_outcome_yet(opened: Petition, two: tuple[Desk, Desk]) -> None:
    _, owner = two

    assert owner.get(at(opened, "/outcome")).status_code == 409


def test_withdrawing_needs_two_and_then_the_page_is_gone(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    editor.post(at(opened, "/withdrawal"), data={"reason": "The family asked."})
    owner.post(decision(opened) + "/approval")

    page = owner.get(f"/en/petitions/{opened.slug}")

    assert page.status_code == 410
    assert "The organisers have withdrawn it." in page.text


def test_hiding_takes_one_owner_and_tells_only_the_class_of_reason(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    """cases.md M14."""
    editor, owner = two
    wish = {"because": "asked", "reason": "her brother wrote to us"}
    assert editor.post(at(opened, "/hiding"), data=wish).status_code == 403

    assert owner.post(at(opened, "/hiding"), data=wish).status_code == 303

    page = owner.get(f"/en/petitions/{opened.slug}")
    assert page.status_code == 410
    assert "The prisoner or the family asked for it." in page.text
    assert "brother" not in page.text


def test_hiding_asks_for_the_reason(opened: Petition, two: tuple[Desk, Desk], session: Session) -> None:
    _, owner = two

    assert owner.post(at(opened, "/hiding"), data={"because": "", "reason": ""}).status_code == 422

    opened = fresh(opened)
    assert opened.state is Petition.State.OPEN


# -- addressees ------------------------------------------------------------------------------------------


def test_addressees_are_suggested_with_what_they_can_do(session: Session, draft: Petition, desk: MakeDesk) -> None:
    factories.event(session, draft.prisoner, PrisonerEvent.Kind.ARREST, "2026-02-01")
    factories.authority(session, "Pardon Office", kind=Authority.Kind.PRESIDENT)
    factories.authority(session, "District Prosecutor", kind=Authority.Kind.PROSECUTOR)
    factories.authority(session, "Court of Elsewhere", country="NO")
    session.commit()

    page = desk(branch=draft.branch).get(at(draft, "/addressees/")).text

    assert "before the trial" in page
    assert "Court of Elsewhere" not in page
    assert page.index("District Prosecutor") < page.index("Pardon Office")


def test_before_publication_an_addressee_is_simply_chosen(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, _ = two
    court = factories.authority(session, "Supreme Court", publishes_received=True)
    session.commit()
    path = at(draft, f"/addressees/new/{court.slug}")
    page = editor.get(path).text
    assert "this court is given numbers only" in page
    assert "It publishes what it receives" in page

    assert editor.post(path, data={"circle": "domestic", "language": "ru"}).status_code == 303

    draft = fresh(draft)
    chosen = draft.addressees[-1]
    assert (chosen.authority_id, chosen.names_blocked) == (court.id, True)


def test_an_authority_of_the_prisoners_country_is_no_international_body(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, _ = two
    court = factories.authority(session)
    session.commit()

    answer = editor.post(
        at(draft, f"/addressees/new/{court.slug}"), data={"circle": "international", "language": "ru"}
    )

    assert answer.status_code == 422
    assert "would be shown to it" in answer.text


def test_an_authority_is_written_to_in_a_language_that_the_pages_do_not_have(
    session: Session, draft: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, _ = two
    office = factories.authority(session, languages=["uk"], country="UA")
    session.commit()

    assert '<option value="uk" selected>Українська</option>' in editor.get(
        at(draft, f"/addressees/new/{office.slug}")
    ).text
    typed = {"circle": "international", "language": "uk", "transliterates": "yes"}
    editor.post(at(draft, f"/addressees/new/{office.slug}"), data=typed)

    draft = fresh(draft)
    assert (draft.addressees[-1].language, draft.addressees[-1].transliterates) == ("uk", True)
    assert "names in its letters too" in editor.get(at(draft, "/addressees/")).text
    texts = editor.get(at(draft, "/texts/")).text
    assert "an addressee needs it" in texts.split('lang="uk"', 1)[1]
    assert editor.get(at(draft, "/texts/uk")).status_code == 200


def test_after_publication_a_new_addressee_needs_a_second_person(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    body = factories.authority(session, "Committee", kind=Authority.Kind.INTERNATIONAL, country="")
    session.commit()
    before = len(opened.addressees)

    typed = {"circle": "international", "language": "en", "transliterates": "yes"}
    editor.post(at(opened, f"/addressees/new/{body.slug}"), data=typed)
    opened = fresh(opened)
    assert len(opened.addressees) == before
    owner.post(decision(opened) + "/approval")

    opened = fresh(opened)
    assert opened.addressees[-1].authority_id == body.id
    assert opened.addressees[-1].transliterates
    assert opened.opened_at is not None
    assert opened.addressees[-1].listed_at > opened.opened_at
    assert "only who signed after that is named to it" in owner.get(at(opened, "/addressees/")).text


def test_one_that_is_removed_gets_nothing_more_and_stays_in_the_history(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, _ = two
    gone = opened.addressees[0]

    assert editor.post(at(opened, f"/addressees/{gone.public_id}/removal")).status_code == 303

    opened = fresh(opened)
    assert gone.id not in [addressee.id for addressee in opened.addressees]
    assert fresh(gone).removed_at is not None


# -- standing orders -------------------------------------------------------------------------------------


def test_a_standing_order_holds_when_a_second_person_has_approved_it(
    session: Session, opened: Petition, two: tuple[Desk, Desk]
) -> None:
    editor, owner = two
    editor.post(at(opened, "/triggers/"), data={"kind": "hearing", "days_before": "7"})
    order = rows(select(Trigger))[0]
    assert not order.armed

    owner.post(decision(opened) + "/approval")

    opened = fresh(opened)
    assert fresh(order).armed
    assert rows(select(Approval.kind)) == [Approval.Kind.TRIGGER]
    assert "7 days before the next hearing" in owner.get(at(opened, "/triggers/")).text


@pytest.mark.parametrize(
    "typed",
    [{}, {"kind": "count"}, {"kind": "count", "threshold": "0"}, {"kind": "date", "on_date": "2020-01-01"},
     {"kind": "hearing", "days_before": "365"}],
)
def test_an_order_without_its_moment_is_refused(
    session: Session, opened: Petition, two: tuple[Desk, Desk], typed: dict[str, str]
) -> None:
    editor, _ = two

    assert editor.post(at(opened, "/triggers/"), data=typed).status_code == 422

    assert rows(select(Trigger)) == []


def test_an_order_that_is_sent_back_is_gone(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    editor, owner = two
    editor.post(at(opened, "/triggers/"), data={"kind": "closing"})

    owner.post(decision(opened) + "/refusal", data={"reason": "By hand, please."})

    assert rows(select(Trigger)) == []


def test_an_order_is_removed_by_one(session: Session, opened: Petition, two: tuple[Desk, Desk]) -> None:
    editor, _ = two
    editor.post(at(opened, "/triggers/"), data={"kind": "count", "threshold": "100"})
    order = rows(select(Trigger))[0]

    assert editor.post(at(opened, f"/triggers/{order.public_id}/removal")).status_code == 303

    assert rows(select(Trigger)) == []
    assert rows(select(Proposal).where(Proposal.state == Proposal.State.WAITING)) == []
