"""What a file does to the directory, and what only two people may: cases.md G13, H7, H8."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.authorities.csv_files import read_rows, written
from petitions.authorities.directory import Done, Outcome, Wanted, carry_out, plan
from petitions.authorities.profiles import deviations, directory, profile_for, profile_of
from petitions.authorities.rows import facts_of
from petitions.authorities.seed import load_seed, plan_seed, proposals, row
from petitions.models import (
    Addressee,
    Authority,
    Branch,
    ChangeUnderWay,
    Channel,
    ChannelChange,
    Delivery,
    MayNot,
    Member,
    Petition,
    Proposal,
    SamePerson,
)
from tests import factories

DAY = timedelta(hours=24)
HEADER = "slug,kind,country,name_en,email,postal_address\n"
COURT = "court-one,court,BY,The First Court,court@authority.example,Square 1\n"


def applied(session: Session, content: str, member: Member | None = None) -> Done:
    reading = read_rows(content.encode())
    assert not reading.flaws, [str(flaw) for flaw in reading.flaws]
    planned = plan(session, [Wanted(number, row) for number, row in reading.rows])
    assert not [flaw for one in planned for flaw in one.flaws]
    return carry_out(session, planned, member, "a file")


def authority(session: Session, slug: str = "court-one") -> Authority:
    session.flush()
    return session.scalars(select(Authority).where(Authority.slug == slug)).one()


@pytest.fixture
def branch(session: Session) -> Branch:
    return factories.branch(session)


@pytest.fixture
def editor(session: Session, branch: Branch) -> Member:
    return factories.member(session, branch, Member.Role.EDITOR)


@pytest.fixture
def owner(session: Session, branch: Branch) -> Member:
    return factories.member(session, branch)


@pytest.fixture
def petition(session: Session, branch: Branch) -> Petition:
    return factories.petition(session, branch=branch)


@pytest.fixture
def court(petition: Petition) -> Authority:
    """An authority that a published petition is addressed to."""
    return petition.addressees[0].authority


def ask(session: Session, court: Authority, member: Member | None, address: str = "new@court.example") -> ChannelChange:
    change = ChannelChange.ask(session, court, Channel.Kind.EMAIL, {"address": address}, member, "a phone call")
    assert change is not None
    return change


def approve(session: Session, change: ChannelChange, owner: Member, hold: timedelta = DAY) -> None:
    proposal = Proposal.of(session, Proposal.Kind.CHANNEL, change.public_id)
    assert proposal is not None
    change.approve(session, proposal, owner, hold)


# -- a channel of an authority that petitions are addressed to (G13) -----------------------------------------


def test_an_address_in_use_changes_only_when_another_owner_agreed_and_a_day_went_by(
    session: Session, court: Authority, editor: Member, owner: Member
) -> None:
    old = court.channels[0].address
    change = ask(session, court, editor)
    assert court.channels[0].address == old

    approve(session, change, owner)
    assert court.channels[0].address == old
    assert session.scalars(ChannelChange.due()).all() == []

    change.not_before = change.approved_at
    session.flush()
    assert session.scalars(ChannelChange.due()).all() == [change]
    change.take_effect(session)
    assert court.channels[0].address == "new@court.example"


def test_who_asked_cannot_approve_and_an_editor_cannot_either(
    session: Session, court: Authority, branch: Branch, owner: Member, editor: Member
) -> None:
    change = ask(session, court, owner)

    with pytest.raises(SamePerson):
        approve(session, change, owner)
    with pytest.raises(MayNot):
        approve(session, change, editor)
    assert change.state is ChannelChange.State.ASKED


def test_an_owner_of_another_branch_cannot_approve_what_this_branch_asked(
    session: Session, court: Authority, editor: Member
) -> None:
    change = ask(session, court, editor)

    with pytest.raises(MayNot):
        approve(session, change, factories.member(session, factories.branch(session)))


def test_every_owner_of_every_branch_that_writes_there_is_told_and_can_stop_it(
    session: Session, court: Authority, editor: Member, owner: Member
) -> None:
    other = factories.branch(session)
    also = factories.petition(session, branch=other, addressees=False, open=False, state=Petition.State.PAUSED)
    factories.addressee(session, also, court, Addressee.Circle.DOMESTIC)
    theirs = factories.member(session, other)
    stranger = factories.member(session, factories.branch(session))
    change = ask(session, court, editor)
    approve(session, change, owner)

    assert set(change.owners(session)) == {owner, theirs}
    assert not change.stoppable_by(session, stranger)
    with pytest.raises(MayNot):
        change.stop(session, stranger, "no")

    change.stop(session, theirs, "nobody there knows this address")
    assert change.state is ChannelChange.State.STOPPED
    assert court.channels[0].address != "new@court.example"
    assert session.scalars(ChannelChange.due()).all() == []


def test_what_has_not_left_waits_for_the_change_and_then_goes_to_the_new_address(
    session: Session, petition: Petition, court: Authority, editor: Member, owner: Member
) -> None:
    delivery = factories.delivery(session, petition, court.channels[0])
    gone = factories.delivery(session, petition, court.channels[0], state=Delivery.State.ACCEPTED)
    change = ask(session, court, editor)
    approve(session, change, owner)
    session.expire_all()
    assert (delivery.hold_reason, gone.hold_reason) == ("channel_change", None)
    assert ChannelChange.holds(session, court.channels[0])

    change.take_effect(session)
    session.expire_all()
    assert delivery.hold_reason is None
    assert delivery.channel.address == "new@court.example"


def test_a_stopped_change_lets_what_waited_go_to_the_old_address(
    session: Session, petition: Petition, court: Authority, editor: Member, owner: Member
) -> None:
    delivery = factories.delivery(session, petition, court.channels[0])
    change = ask(session, court, editor)
    approve(session, change, owner)

    change.stop(session, owner, "not theirs")

    session.expire_all()
    assert delivery.hold_reason is None
    assert not ChannelChange.holds(session, court.channels[0])


def test_a_hold_for_another_reason_stays(
    session: Session, petition: Petition, court: Authority, editor: Member, owner: Member
) -> None:
    delivery = factories.delivery(session, petition, court.channels[0], hold_reason="a complaint")
    change = ask(session, court, editor)
    approve(session, change, owner)
    change.take_effect(session)

    session.expire_all()
    assert delivery.hold_reason == "a complaint"


def test_a_new_channel_and_a_retired_one_need_two_people_too(
    session: Session, court: Authority, editor: Member
) -> None:
    portal = {"address": "https://portal.example", "legal_effect": "appeal"}
    added = ChannelChange.ask(session, court, Channel.Kind.PORTAL, portal, editor, "their site")
    retired = ChannelChange.ask(session, court, Channel.Kind.EMAIL, {"retired": True}, editor, "closed")

    assert added is not None
    assert added.adds
    assert retired is not None
    assert [channel.kind for channel in court.live_channels] == [Channel.Kind.EMAIL]


def test_what_only_organisers_read_changes_at_once(session: Session, court: Authority, editor: Member) -> None:
    change = ChannelChange.ask(session, court, Channel.Kind.EMAIL, {"note": "write in Russian"}, editor, "x")

    assert change is None
    assert court.channels[0].note == "write in Russian"


def test_a_channel_nobody_uses_yet_changes_at_once(session: Session, branch: Branch, editor: Member) -> None:
    unused = factories.authority(session)
    draft = factories.petition(session, branch=branch, open=False, addressees=False)
    factories.addressee(session, draft, unused, Addressee.Circle.DOMESTIC)

    assert ChannelChange.ask(session, unused, Channel.Kind.EMAIL, {"address": "a@b.example"}, editor, "x") is None
    assert unused.channels[0].address == "a@b.example"


def test_one_change_of_a_channel_waits_at_a_time(session: Session, court: Authority, editor: Member) -> None:
    ask(session, court, editor)

    with pytest.raises(ChangeUnderWay):
        ask(session, court, editor, "third@court.example")


def test_what_the_operator_brings_needs_two_owners(
    session: Session, court: Authority, branch: Branch, editor: Member, owner: Member
) -> None:
    change = ask(session, court, None)
    assert change.state.value == "imported"
    with pytest.raises(MayNot):
        change.take_up(session, editor)

    change.take_up(session, owner)
    with pytest.raises(SamePerson):
        approve(session, change, owner)
    approve(session, change, factories.member(session, branch))
    assert change.state.value == "approved"


def test_nothing_asked_by_a_frozen_branch_takes_effect(
    session: Session, court: Authority, branch: Branch, editor: Member, owner: Member
) -> None:
    change = ask(session, court, editor)
    approve(session, change, owner, timedelta())
    branch.frozen_at = change.approved_at
    session.flush()

    assert session.scalars(ChannelChange.due()).all() == []


def test_a_change_nobody_decided_is_abandoned_with_its_proposal(
    session: Session, court: Authority, editor: Member
) -> None:
    change = ask(session, court, editor)
    assert session.scalars(ChannelChange.abandoned()).all() == []
    session.execute(update(Proposal).values(state=Proposal.State.LAPSED))

    assert session.scalars(ChannelChange.abandoned()).all() == [change]


# -- files --------------------------------------------------------------------------------------------------


def test_a_file_changes_what_it_says_and_nothing_else(session: Session) -> None:
    applied(session, HEADER + COURT)
    one = authority(session)
    one.clocks = {"reply": {"days": 9, "working": False}}
    one.names = {**one.names, "ru": "Первый суд"}

    done = applied(session, "slug,kind,country,name_en\ncourt-one,court,BY,Court No. 1\n")

    assert done.counts == {"new": 0, "changed": 1, "unchanged": 0, "waiting": 0}
    assert one.names == {"en": "Court No. 1", "ru": "Первый суд"}
    assert one.clocks == {"reply": {"days": 9, "working": False}}
    assert one.channels[0].address == "court@authority.example"


def test_a_new_entry_gets_what_the_law_of_its_country_says(session: Session) -> None:
    applied(session, HEADER.replace("email", "post") + "kg-one,ministry,KG,A Ministry,yes,Square 1\n")

    made = authority(session, "kg-one")
    assert made.clocks["reply"] == {"days": 14, "working": True}
    assert made.languages == ["ky", "ru"]
    post = made.channel(Channel.Kind.POST)
    assert post is not None
    assert post.address == made.postal_address == "Square 1"
    assert post.legal_effect is Channel.LegalEffect.APPEAL
    assert deviations(made) == set()


def test_a_file_cannot_turn_aside_what_a_petition_sends(
    session: Session, court: Authority, editor: Member
) -> None:
    before = court.channels[0].address
    content = f"slug,kind,country,name_en,email\n{court.slug},court,BY,Another name,elsewhere@authority.example\n"

    done = applied(session, content, editor)

    assert court.name_in("en") == "Another name"
    assert court.channels[0].address == before
    assert [change.after for change in done.asked] == [{"address": "elsewhere@authority.example"}]


def test_the_postal_address_of_a_used_post_channel_is_guarded_as_well(
    session: Session, court: Authority, editor: Member
) -> None:
    court.channels.append(Channel(kind=Channel.Kind.POST, address=court.postal_address, required=[]))
    session.flush()
    content = f"slug,kind,country,name_en,postal_address\n{court.slug},court,BY,Court,Elsewhere 1\n"

    done = applied(session, content, editor)

    assert court.postal_address == "Square 1\n220000 Sampleburg"
    assert [(change.kind, change.after) for change in done.asked] == [(Channel.Kind.POST, {"address": "Elsewhere 1"})]


def test_what_is_written_out_is_read_back_without_a_difference(session: Session) -> None:
    content = HEADER + COURT.replace("The First Court", "=The First Court")
    applied(session, content)
    load_seed(session, plan_seed(session), None)
    text = written(session.scalars(select(Authority)))
    reading = read_rows(text.encode())

    assert "'=The First Court" in text
    assert [str(flaw) for flaw in reading.flaws] == []
    planned = plan(session, [Wanted(number, row) for number, row in reading.rows])
    assert {one.outcome for one in planned} == {Outcome.SAME}


def test_five_thousand_rows_are_planned_in_seconds(session: Session) -> None:
    content = HEADER + "".join(f"court-{number},court,BY,Court {number},,\n" for number in range(5_000))

    assert applied(session, content).counts["new"] == 5_000
    assert applied(session, content).counts["unchanged"] == 5_000


# -- our data file --------------------------------------------------------------------------------------------


def test_the_data_file_is_whole_and_every_profile_names_its_sources() -> None:
    for profile in directory().profiles:
        assert profile.sources
        assert set(profile.law) >= {"en", "ru"}
        for words in (profile.contains, *profile.notes, *(channel.note for channel in profile.channels)):
            assert not words or set(words) >= {"en", "ru"}
    for entry in directory().authorities:
        assert profile_for(row(entry).country, row(entry).kind, row(entry).profile) is not None


def test_no_address_is_invented(session: Session) -> None:
    load_seed(session, plan_seed(session), None)

    known = {channel.address for channel in session.scalars(select(Channel))}
    assert known == {"", "https://обращения.бел", "https://epetitionen.bundestag.de"}
    assert not authority(session, "ru-prosecutor-general").channels[0].usable
    assert authority(session, "ru-prosecutor-general").verified_on is None


def test_in_russia_an_email_is_a_courtesy_and_in_ukraine_an_appeal(session: Session) -> None:
    load_seed(session, plan_seed(session), None)

    def effect(slug: str) -> Channel.LegalEffect:
        channel = authority(session, slug).channel(Channel.Kind.EMAIL)
        assert channel is not None
        return channel.legal_effect

    assert effect("ru-prosecutor-general") is Channel.LegalEffect.COURTESY
    assert effect("by-prosecutor-general") is Channel.LegalEffect.COURTESY
    assert effect("ua-prosecutor-general") is Channel.LegalEffect.APPEAL
    court = authority(session, "ru-court-of-the-case")
    assert court.publishes_received
    assert court.asks_possible == [Authority.Ask.PROCEDURAL]


def test_loading_the_same_version_again_changes_nothing(session: Session) -> None:
    load_seed(session, plan_seed(session), None)

    again = plan_seed(session)

    assert {one.outcome for one in again} == {Outcome.SAME}
    assert [proposals(one) for one in again if proposals(one)] == []


def test_a_newer_version_changes_what_nobody_touched_and_only_proposes_the_rest(session: Session) -> None:
    load_seed(session, plan_seed(session), None)
    touched, other = authority(session, "ru-ombudsman"), authority(session, "ua-ombudsman")
    touched.names = {**touched.names, "en": "As we write it"}
    for one in (touched, other):  # what an older version had said
        assert one.seed is not None
        one.seed = {**one.seed, "names.en": "An older name"}
    other.names = {**other.names, "en": "An older name"}
    session.flush()

    planned = plan_seed(session)
    load_seed(session, planned, None)

    assert other.names["en"] == "Ukrainian Parliament Commissioner for Human Rights"
    assert touched.names["en"] == "As we write it"
    mine = next(one for one in planned if one.authority is touched)
    assert [difference.fact for difference in proposals(mine)] == ["names.en"]
    assert facts_of(touched)["names.en"] == "As we write it"


def test_a_file_says_that_documents_are_fetched_by_a_link() -> None:
    head = "slug,kind,country,name_en,email,email_mode\n"
    for word, known in (("link", Channel.Mode.LINK), ("attached", Channel.Mode.ATTACHED)):
        [(_, one)] = read_rows((head + f"court-x,court,LY,Court X,a@court.example,{word}\n").encode()).rows
        assert one.email is not None
        assert one.email.mode is known
    [flaw] = read_rows((head + "court-x,court,LY,Court X,a@court.example,perhaps\n").encode()).flaws
    assert flaw.column == "email_mode"


def test_an_entry_people_made_before_is_not_overwritten(session: Session) -> None:
    applied(session, "slug,kind,country,name_en\nru-ombudsman,ombudsman,RU,Ours\n")

    load_seed(session, plan_seed(session), None)

    assert authority(session, "ru-ombudsman").name_in("en") == "Ours"
    assert authority(session, "ru-ombudsman").seed is None


def test_a_deviation_from_the_law_is_found(session: Session) -> None:
    load_seed(session, plan_seed(session), None)
    one = authority(session, "ru-ombudsman")
    assert profile_of(one) is not None
    assert deviations(one) == set()

    one = authority(session, "ru-prosecutor-general")
    one.clocks = {**one.clocks, "reply": {"days": 60, "working": False}}
    channel = one.channel(Channel.Kind.EMAIL)
    assert channel is not None
    channel.legal_effect = Channel.LegalEffect.APPEAL

    assert deviations(one) == {"clocks.reply", "email.legal_effect"}
