"""The directory's pages: found in any script, begun as the law says, corrected, verified again; A13, G13."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from petitions.authorities.seed import load_seed, plan_seed
from petitions.models import (
    Addressee,
    AuditEntry,
    Authority,
    Branch,
    Channel,
    ChannelChange,
    Letter,
    Member,
    Petition,
    Proposal,
)
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import notices, rows

ROOT = "/organise/authorities"
FORM = {
    "names.en": "Regional Court", "names.ru": "Областной суд", "slug": "regional-court", "kind": "court",
    "country": "BY", "profile": "", "asks": "procedural", "languages": "be, ru", "postal_address": "Square 1\n220000 X",
    "time_zone": "Europe/Minsk", "opens": "09:00", "closes": "17:00", "working_days": "0", "clocks_reply": "15",
    "unit_reply": "r", "unit_register": "", "unit_forward": "", "unit_extension": "", "note": "", "sources": "A page",
}
CHANNEL = {
    "address": "new@court.example", "legal_effect": "courtesy", "required": "representative", "max_bytes": "",
    "note": "", "source": "their site", "reason": "Their site names a new address",
}
REASON = {"reason": "Nobody there knows it"}


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    session.commit()
    return made


@pytest.fixture
def court(session: Session, branch: Branch) -> Authority:
    """An authority that an open petition of the branch is addressed to."""
    petition = factories.petition(session, branch=branch)
    session.commit()
    return petition.addressees[0].authority


@pytest.fixture
def editor(desk: MakeDesk, branch: Branch) -> Desk:
    return desk(Member.Role.EDITOR, branch=branch)


@pytest.fixture
def owner(desk: MakeDesk, branch: Branch) -> Desk:
    return desk(branch=branch)


def row(slug: str) -> Authority:
    return rows(select(Authority).where(Authority.slug == slug).options(selectinload(Authority.channels)))[0]


def asked() -> ChannelChange:
    return rows(select(ChannelChange))[0]


def ask(desk: Desk, court: Authority, kind: str = "email", **fields: str) -> str:
    answer = desk.post(f"{ROOT}/{court.slug}/channels/{kind}", data={**CHANNEL, **fields})
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.location).path


# -- finding ------------------------------------------------------------------------------------------------


def test_an_empty_directory_says_what_to_do(owner: Desk) -> None:
    page = owner.get(f"{ROOT}/").text

    assert "The directory is empty." in page
    assert "Load bodies of known countries" in page


@pytest.mark.parametrize("wanted", ["генеральная прок", "GENERAL PROSEC", "generalnaya prokuratura", "ru-prosecutor"])
def test_a_name_is_found_in_any_script(owner: Desk, session: Session, wanted: str) -> None:
    load_seed(session, plan_seed(session), None)
    session.commit()

    page = owner.get(f"{ROOT}/", query_string={"q": wanted, "country": "RU"}).text

    assert "Prosecutor General&#39;s Office of the Russian Federation" in page
    assert "Federal Penitentiary Service" not in page


def test_the_directory_is_narrowed_by_country_kind_language_age_and_trouble(
    owner: Desk, session: Session, court: Authority
) -> None:
    load_seed(session, plan_seed(session), None)
    session.execute(update(Channel).where(Channel.authority_id == court.id).values(failing_since=datetime.now(UTC)))
    session.commit()

    def found(**asked: str) -> str:
        return owner.get(f"{ROOT}/", query_string=asked).text

    assert "Court of the Central District" in found(show="failing")
    assert "Prosecutor General&#39;s Office of Ukraine" not in found(show="failing")
    assert "Court of the Central District" not in found(show="old")
    assert "Office of the Prosecutor General of Ukraine" in found(language="uk")
    assert "Belarus" not in found(language="uk").partition('class="directory"')[2]
    assert "Working Group on Arbitrary Detention" in found(country="--")
    assert "Nothing is found" in found(kind="court", country="UA")
    assert found(kind="'; drop", country="%", page="-3", show="nonsense", language='"%')


def test_an_entry_shows_what_the_law_says_and_where_it_departs_from_it(owner: Desk, session: Session) -> None:
    load_seed(session, plan_seed(session), None)
    session.commit()
    slug = "ru-prosecutor-general"

    page = owner.get(f"{ROOT}/{slug}").text
    assert "30 calendar days, from registration" in page
    assert "Order 45 of the Prosecutor General" in page
    assert "prokvologda.ru" in page
    assert "Look the address up and fill it in before use." in page
    assert "differs from the law" not in page

    clocks = {"reply": {"days": 60, "working": True}}
    session.execute(update(Authority).where(Authority.slug == slug).values(clocks=clocks))
    session.commit()
    page = owner.get(f"{ROOT}/{slug}").text
    assert "60 working days" in page
    assert "differs from the law" in page


def test_what_is_general_knowledge_is_called_unverified(owner: Desk, session: Session) -> None:
    load_seed(session, plan_seed(session), None)
    session.commit()

    assert "general knowledge, unverified" in owner.get(f"{ROOT}/ru-court-of-the-case").text


# -- adding and correcting --------------------------------------------------------------------------------------


def test_a_new_entry_begins_with_what_the_law_of_its_country_says(editor: Desk) -> None:
    assert "First its kind and country" in editor.get(f"{ROOT}/new").text
    assert "A country is needed" in editor.get(f"{ROOT}/new?kind=court&country=").text

    page = editor.get(f"{ROOT}/new?kind=prosecutor&country=KG").text

    assert 'value="ky, ru"' in page
    assert 'name="clocks_reply" id="clocks_reply" value="14"' in page
    assert '<option value="w" selected>' in page


def test_an_editor_adds_an_authority(editor: Desk, branch: Branch) -> None:
    answer = editor.post(f"{ROOT}/", data=FORM)

    assert answer.status_code == 303, answer.text
    page = editor.get(answer.location).text
    assert "Say now how it takes documents." in page
    made = row("regional-court")
    assert made.names == {"en": "Regional Court", "ru": "Областной суд"}
    assert made.clocks == {"reply": {"days": 15, "working": False, "from": "registration"}}
    assert made.changed_by_id == branch.id
    assert rows(select(AuditEntry.verb).where(AuditEntry.subject == made.public_id)) == ["authority.new"]


@pytest.mark.parametrize(("field", "typed", "words"), [
    ("names.en", "Court\u2028Bcc: x@y.example", None),
    ("names.en", "", "names"),
    ("slug", "Not A Slug", "slug"),
    ("slug", "new", "slug"),
    ("time_zone", "Minsk", "time_zone"),
    ("languages", "be, klingon", "languages"),
    ("clocks_reply", "soon", "clocks_reply"),
    ("clocks_reply", "9999", "clocks_reply"),
    ("country", "", "country"),
    ("country", "ZZ", "country"),
    ("closes", "08:00", "closes"),
    ("postal_address", "Square 1\u202e", "postal_address"),
    ("postal_address", "Square 1\n" * 60, "postal_address"),
])
def test_what_cannot_be_right_is_said_at_its_field_and_nothing_typed_is_lost(
    editor: Desk, field: str, typed: str, words: str | None) -> None:
    data = {**FORM, field: typed, "note": "kept"}
    if field == "names.en" and not typed:
        data["names.ru"] = ""
    answer = editor.post(f"{ROOT}/", data=data)

    if words is None:  # cleaned to one line
        assert answer.status_code == 303
        assert "\u2028" not in row("regional-court").names["en"]
        return
    assert answer.status_code == 422
    assert f'<li><a href="#{words}">' in answer.text
    assert "kept</textarea>" in answer.text
    assert rows(select(Authority)) == []


def test_two_entries_cannot_have_one_short_name(editor: Desk) -> None:
    editor.post(f"{ROOT}/", data=FORM)

    answer = editor.post(f"{ROOT}/", data=FORM)

    assert answer.status_code == 422
    assert "Another authority has this short name." in answer.text


def test_an_entry_is_corrected_and_what_is_emptied_is_gone(editor: Desk) -> None:
    editor.post(f"{ROOT}/", data=FORM)

    assert 'value="Областной суд"' in editor.get(f"{ROOT}/regional-court/edit").text
    editor.post(f"{ROOT}/regional-court", data={**FORM, "names.ru": "", "clocks_reply": "", "names.en": "High Court"})

    made = row("regional-court")
    assert (made.names, made.clocks) == ({"en": "High Court"}, {})


def test_verifying_again_says_where_it_was_checked(editor: Desk, session: Session, court: Authority) -> None:
    session.execute(update(Authority).values(verified_on=datetime.now(UTC).date() - timedelta(days=181)))
    session.commit()
    assert "last verified on" in editor.get(f"{ROOT}/{court.slug}").text
    assert editor.post(f"{ROOT}/{court.slug}/verification", data={"source": ""}).status_code == 422

    editor.post(f"{ROOT}/{court.slug}/verification", data={"source": "court.example, contacts"})

    verified = row(court.slug)
    assert verified.verified_lately(datetime.now(UTC).date())
    assert verified.sources[0] == "court.example, contacts"
    assert "last verified on" not in editor.get(f"{ROOT}/{court.slug}").text


def test_a_moderator_and_an_auditor_only_look(desk: MakeDesk, branch: Branch, court: Authority) -> None:
    for role in (Member.Role.MODERATOR, Member.Role.AUDITOR):
        looking = desk(role, branch=branch)
        assert "Correct this entry" not in looking.get(f"{ROOT}/{court.slug}").text
        assert looking.get(f"{ROOT}/{court.slug}/edit").status_code == 403
        assert looking.post(f"{ROOT}/{court.slug}/channels/email", data=CHANNEL).status_code == 403


# -- channels (G13) ------------------------------------------------------------------------------------------------


def test_the_channel_of_an_authority_nobody_writes_to_is_filled_in_at_once(editor: Desk, session: Session) -> None:
    load_seed(session, plan_seed(session), None)
    session.commit()
    slug = "ru-prosecutor-general"
    page = editor.get(f"{ROOT}/{slug}/channels/post").text
    assert 'value="appeal" checked' in page

    data = {**CHANNEL, "address": "Street 1\n100000 Town", "legal_effect": "appeal"}
    editor.post(f"{ROOT}/{slug}/channels/post", data=data)

    made = row(slug)
    post = made.channel(Channel.Kind.POST)
    assert post is not None
    assert post.usable
    assert made.postal_address == "Street 1\n100000 Town"
    assert "postal_address" not in editor.get(f"{ROOT}/{slug}/edit").text


@pytest.mark.parametrize("address", [
    "a@b.example\nBcc: x@y.example", "a@b.example,c@d.example", "Name <a@b.example>", '"a b"@b.example',
    "a@[127.0.0.1]", "a@localhost", "",
])
def test_an_address_that_could_carry_a_header_is_refused(
    editor: Desk, court: Authority, address: str) -> None:
    """A13."""
    answer = editor.post(f"{ROOT}/{court.slug}/channels/email", data={**CHANNEL, "address": address})

    assert answer.status_code == 422
    assert 'href="#address"' in answer.text
    assert rows(select(ChannelChange)) == []


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x.example", "https://", "http://[", "court.example"])
def test_a_portal_has_a_web_address(editor: Desk, court: Authority, address: str) -> None:
    answer = editor.post(f"{ROOT}/{court.slug}/channels/portal", data={**CHANNEL, "address": address})

    assert answer.status_code == 422


def test_an_address_in_use_is_asked_for_told_agreed_to_and_waits(
    editor: Desk, owner: Desk, desk: MakeDesk, session: Session, court: Authority
) -> None:
    """G13 from the screens."""
    other = factories.branch(session)
    also = factories.petition(session, branch=other, addressees=False, open=False, state=Petition.State.IN_REVIEW)
    factories.addressee(session, also, court, Addressee.Circle.DOMESTIC)
    session.commit()
    theirs = desk(branch=other)
    old = court.channels[0].address

    assert "another owner has to agree" in editor.get(f"{ROOT}/{court.slug}/channels/email").text
    page = ask(editor, court)
    assert "waits for a second person" in editor.get(page).text
    assert editor.get(f"{page}/approval").status_code == 403
    concerned = {owner.member.id, theirs.member.id}
    assert notices("channel_change_asked") == concerned
    assert all("new@court.example" not in str(letter.words) for letter in rows(select(Letter)))

    decision = owner.get(f"{page}/approval").text
    assert "new@court.example" in decision
    assert old in decision
    assert owner.post(f"{page}/approval").status_code == 303
    change = asked()
    assert change.state is ChannelChange.State.APPROVED
    assert change.not_before is not None
    assert change.approved_at is not None
    assert change.not_before - change.approved_at == timedelta(hours=24)
    assert row(court.slug).channels[0].address == old

    assert "Stop it" in theirs.get(page).text
    assert theirs.post(f"{page}/stop", data=REASON).status_code == 303
    assert asked().state is ChannelChange.State.STOPPED
    assert notices("channel_change_approved") == notices("channel_change_stopped") == concerned
    verbs = rows(select(AuditEntry.verb).where(AuditEntry.subject == change.public_id).order_by(AuditEntry.sequence))
    assert verbs == ["channel_change.ask", "channel_change.approve", "channel_change.stop"]


def test_a_change_of_an_address_in_use_says_why(editor: Desk, court: Authority) -> None:
    answer = editor.post(f"{ROOT}/{court.slug}/channels/email", data={**CHANNEL, "reason": ""})

    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text
    assert "new@court.example" in answer.text


def test_who_asked_cannot_agree(owner: Desk, court: Authority) -> None:
    page = ask(owner, court)

    assert "You cannot decide this" in owner.get(f"{page}/approval").text
    answer = owner.post(f"{page}/approval")

    assert answer.status_code == 409
    assert "Another owner must decide" in answer.text
    assert asked().state is ChannelChange.State.ASKED


def test_an_owner_of_a_strange_branch_can_neither_agree_nor_stop(
    editor: Desk, desk: MakeDesk, court: Authority) -> None:
    page = ask(editor, court)
    stranger = desk()

    assert stranger.post(f"{page}/approval").status_code == 409
    assert stranger.post(f"{page}/stop", data=REASON).status_code == 409
    assert asked().state is ChannelChange.State.ASKED


def test_agreeing_is_asked_again_for_the_key(editor: Desk, desk: MakeDesk, branch: Branch, court: Authority) -> None:
    page = ask(editor, court)
    stale = desk(branch=branch, fresh=False)

    assert stale.get(f"{page}/approval").status_code == 303
    assert stale.post(f"{page}/approval").status_code == 303
    assert "waits for a second person" in editor.get(page).text


def test_a_declined_change_says_why_and_changes_nothing(
    editor: Desk, owner: Desk, court: Authority) -> None:
    page = ask(editor, court)
    assert owner.post(f"{page}/refusal", data={"reason": ""}).status_code == 422

    assert owner.post(f"{page}/refusal", data=REASON).status_code == 303

    assert "Nobody there knows it" in editor.get(page).text
    change = asked()
    assert change.state is ChannelChange.State.DECLINED
    assert rows(select(Proposal.state)) == [Proposal.State.DECLINED]


def test_a_second_change_of_the_same_channel_waits_for_the_first(editor: Desk, court: Authority) -> None:
    ask(editor, court)

    answer = editor.post(f"{ROOT}/{court.slug}/channels/email", data={**CHANNEL, "address": "third@court.example"})

    assert answer.status_code == 409
    assert "Settle that one first" in answer.text
    assert "third@court.example" in answer.text


def test_a_channel_is_given_up_by_two_people(editor: Desk, owner: Desk, court: Authority) -> None:
    page = f"{ROOT}/{court.slug}/channels/email/retirement"
    assert "Nothing more will be sent there." in editor.get(page).text
    answer = editor.post(page, data=REASON)

    assert owner.post(f"{urlsplit(answer.location).path}/approval").status_code == 303
    assert asked().after == {"retired": True}
    assert row(court.slug).channel(Channel.Kind.EMAIL) is not None


def test_that_documents_are_fetched_by_a_link_is_agreed_to_by_two_people(
    editor: Desk, owner: Desk, court: Authority
) -> None:
    page = editor.get(f"{ROOT}/{court.slug}/channels/email").text
    assert "Send a link instead of the document" in page
    assert 'name="by_link"' not in editor.get(f"{ROOT}/{court.slug}/channels/post").text
    typed = {**CHANNEL, "address": court.channels[0].address, "by_link": "yes"}
    answer = editor.post(f"{ROOT}/{court.slug}/channels/email", data=typed)

    assert asked().after["mode"] == "link"
    shown = owner.get(urlsplit(answer.location).path).text
    assert "how the document comes" in shown
    assert "fetched by a link" in shown
    channel = row(court.slug).channel(Channel.Kind.EMAIL)
    assert channel is not None
    assert not channel.by_link


def test_a_failing_address_is_tried_again_when_somebody_says_so(
    editor: Desk, session: Session, court: Authority
) -> None:
    session.execute(update(Channel).values(failing_since=datetime.now(UTC)))
    session.commit()
    assert "fails since" in editor.get(f"{ROOT}/{court.slug}").text

    editor.post(f"{ROOT}/{court.slug}/channels/email/mending")

    assert row(court.slug).channels[0].usable


def test_the_operators_change_is_taken_up_by_one_owner_and_agreed_to_by_another(
    owner: Desk, desk: MakeDesk, session: Session, branch: Branch, court: Authority
) -> None:
    values = {"address": "new@court.example"}
    ChannelChange.ask(session, court, Channel.Kind.EMAIL, values, None, "a file")
    session.commit()
    page = f"/organise/channel-changes/{asked().public_id}"
    assert "The operator brought this change" in owner.get(page).text

    assert owner.post(f"{page}/adoption").status_code == 303
    assert owner.post(f"{page}/approval").status_code == 409
    assert desk(branch=branch).post(f"{page}/approval").status_code == 303
    assert asked().state is ChannelChange.State.APPROVED


def test_a_frozen_branch_can_still_stop_a_change(editor: Desk, owner: Desk, session: Session, court: Authority) -> None:
    page = ask(editor, court)
    session.execute(update(Branch).values(frozen_at=datetime.now(UTC)))
    session.commit()

    assert owner.post(f"{page}/approval").status_code == 423
    assert owner.post(f"{page}/stop", data=REASON).status_code == 303
    assert asked().state is ChannelChange.State.STOPPED
