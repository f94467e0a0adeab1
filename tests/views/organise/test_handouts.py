"""A whole document for the one person who prints it: two people, once, and only the bytes that the archive keeps
(privacy.md, "Compiled documents")."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from mailer.actors.handouts import make_handouts
from mailer.actors.periodic import _tidy_handouts
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.config import Settings
from petitions.db import db, now
from petitions.models import (
    Approval,
    AuditEntry,
    Delivery,
    Document,
    Edition,
    Handout,
    Member,
    Petition,
    Proposal,
    Signature,
)
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.editing import add_channel, compile_first, delivery, page

WHY = "print it and post it on Tuesday"


@pytest.fixture
def posted(two: SimpleNamespace, signed_petition: Petition, runtime: Runtime) -> Delivery:
    """An edition of which one document goes by post."""
    add_channel(signed_petition)
    compile_first(two, signed_petition, runtime)
    return delivery()


def ask(desk: Desk, row: Delivery, who: Member, reason: str = WHY) -> int:
    data = {"who": who.public_id, "reason": reason}
    return desk.post(f"/organise/deliveries/{row.public_id}/release", data=data).status_code


def decision(kind: Approval.Kind = Approval.Kind.RELEASE) -> str:
    with db.reading() as session:
        found = session.scalars(select(Proposal).where(Proposal.kind == kind).order_by(Proposal.id.desc())).first()
        assert found is not None
        return f"/organise/{'releases' if kind is Approval.Kind.RELEASE else 'exports'}/{found.public_id}"


def granted() -> Handout:
    with db.reading() as session:
        return session.scalars(select(Handout).order_by(Handout.id.desc())).first()  # type: ignore[return-value]


def begun(desk: Desk) -> str:
    """The address of the page that waits for the worker."""
    answer = desk.post(f"/organise/handouts/{granted().public_id}/start")
    assert answer.status_code == 303
    return answer.location


def released(two: SimpleNamespace, row: Delivery) -> None:
    assert ask(two.editor, row, two.editor.member) == 303
    assert two.owner.post(f"{decision()}/approval").status_code == 303


def test_the_released_copy_is_the_archived_document_and_is_given_once(
    two: SimpleNamespace, posted: Delivery, runtime: Runtime, settings: Settings
) -> None:
    released(two, posted)
    assert "Fetch the document" in page(two.editor, f"/organise/deliveries/{posted.public_id}/")

    waiting = begun(two.editor)
    assert "The worker is getting it ready" in page(two.editor, waiting)
    assert make_handouts(runtime) == 1
    assert "Fetch it now, once" in page(two.editor, waiting)
    answer = two.editor.post(waiting)

    with db.reading() as session:
        volume = session.get_one(Delivery, posted.id).volume
        kept = Archive(settings.archive, factories.PUBLIC_KEY).read(volume.sha256, factories.PRIVATE_KEY)
    assert answer.data == kept
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{posted.volume.file_name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert two.editor.post(waiting).status_code == 404
    assert two.editor.get(waiting).status_code == 404
    assert two.editor.post(f"/organise/handouts/{granted().public_id}/start").status_code == 409
    with db.reading() as session:
        said = session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == posted.public_id)).all()
        assert said == ["release.ask", "release.approve", "handout.fetch"]


def test_nothing_in_the_database_opens_it(two: SimpleNamespace, posted: Delivery, runtime: Runtime) -> None:
    released(two, posted)
    waiting = begun(two.editor)
    token = waiting.rsplit("/", 1)[1]
    make_handouts(runtime)

    with db.reading() as session:
        row = session.get_one(Handout, granted().id)
        content = row.content or b""
    assert len(content) > 5_000
    assert b"%PDF" not in content
    assert row.sealed_token is None
    assert token.encode() not in (row.token_hash or b"")


def test_who_asked_cannot_release(desk: MakeDesk, posted: Delivery, signed_petition: Petition) -> None:
    owner = desk(branch=signed_petition.branch)
    ask(owner, posted, owner.member)

    assert "Another owner has to decide." in page(owner, decision())
    assert owner.post(f"{decision()}/approval").status_code == 409
    with db.reading() as session:
        assert session.scalars(select(Handout)).all() == []


def test_only_the_named_person_can_fetch_it(
    two: SimpleNamespace, desk: MakeDesk, posted: Delivery, runtime: Runtime
) -> None:
    released(two, posted)
    waiting = begun(two.editor)
    make_handouts(runtime)

    for other in (two.owner, desk(Member.Role.EDITOR, branch=two.owner.member.branch), desk()):
        assert other.get(waiting).status_code == 404
        assert other.post(waiting).status_code == 404
        assert other.get(f"/organise/handouts/{granted().public_id}/start").status_code == 404
    assert two.editor.post(waiting).status_code == 200


def test_fetching_asks_for_a_fresh_proof_of_who_is_there(
    two: SimpleNamespace, desk: MakeDesk, posted: Delivery, runtime: Runtime
) -> None:
    released(two, posted)
    left_open = desk(member=two.editor.member, fresh=False)

    assert left_open.get(f"/organise/handouts/{granted().public_id}/start").status_code in {302, 303}
    assert left_open.post(f"/organise/handouts/{granted().public_id}/start").status_code == 303
    assert granted().state is Handout.State.GRANTED


def test_begun_anew_the_first_page_is_worth_nothing(
    two: SimpleNamespace, posted: Delivery, runtime: Runtime
) -> None:
    """A crash or a closed browser between: nothing is lost, and nothing lies about."""
    released(two, posted)
    first = begun(two.editor)
    make_handouts(runtime)
    second = begun(two.editor)
    assert two.editor.post(first).status_code == 404
    assert two.editor.post(second).status_code == 409  # not made yet
    make_handouts(runtime)
    assert two.editor.post(second).data.startswith(b"%PDF-")


def test_what_nobody_comes_for_is_taken_away(two: SimpleNamespace, posted: Delivery, runtime: Runtime) -> None:
    released(two, posted)
    waiting = begun(two.editor)
    make_handouts(runtime)
    with db.writing() as session:
        session.execute(update(Handout).values(made_at=now(-3_700)))
        session.commit()

    assert _tidy_handouts(runtime) == 1
    assert two.editor.post(waiting).status_code == 404
    with db.writing() as session:
        assert session.get_one(Handout, granted().id).content is None
        session.execute(update(Handout).values(expires_at=now(-1)))
        session.commit()
    assert _tidy_handouts(runtime) == 1
    assert granted().state is Handout.State.LAPSED
    assert two.editor.post(f"/organise/handouts/{granted().public_id}/start").status_code == 409


def test_a_document_that_went_stale_is_not_handed_out(
    two: SimpleNamespace, posted: Delivery, runtime: Runtime
) -> None:
    released(two, posted)
    waiting = begun(two.editor)
    with db.writing() as session:
        session.scalars(select(Signature)).first().withdraw(session)  # type: ignore[union-attr]
        session.commit()

    assert make_handouts(runtime) == 0
    assert two.editor.post(waiting).status_code == 404
    with db.reading() as session:
        row = session.get_one(Delivery, posted.id)
        assert row.state is Delivery.State.SUPERSEDED
        assert row.volume.document.state is Document.State.SUPERSEDED
        assert session.scalars(select(Edition.state)).one() is Edition.State.APPROVED  # compiled again without her
    assert "Somebody named in it has withdrawn" in page(two.editor, f"/organise/handouts/{granted().public_id}/start")


@pytest.mark.parametrize("how", ["held", "petition stopped"])
def test_what_is_stopped_is_not_released(
    how: str, two: SimpleNamespace, posted: Delivery, signed_petition: Petition, runtime: Runtime
) -> None:
    """Case J16, on paper."""
    assert ask(two.editor, posted, two.editor.member) == 303
    with db.writing() as session:
        if how == "held":
            session.execute(update(Delivery).values(hold_reason="the address is doubted"))
        else:
            session.execute(update(Petition).values(needs_review=True))
        session.commit()

    assert two.owner.post(f"{decision()}/approval").status_code == 409
    assert ask(two.editor, posted, two.editor.member) == 409


def test_what_goes_by_mail_is_released_to_nobody(two: SimpleNamespace, posted: Delivery) -> None:
    with db.reading() as session:
        by_mail = session.scalars(select(Delivery).where(Delivery.id != posted.id)).first()
        assert by_mail is not None
    assert ask(two.editor, by_mail, two.editor.member) == 409


def test_a_refusal_keeps_what_was_typed(two: SimpleNamespace, posted: Delivery) -> None:
    assert ask(two.editor, posted, two.editor.member, reason="") == 422
    assert ask(two.editor, posted, two.editor.member) == 303
    assert two.owner.post(f"{decision()}/refusal", data={"reason": "her laptop was taken"}).status_code == 303
    assert two.owner.post(f"{decision()}/approval").status_code == 409
