"""News of a petition: written, looked at as a page and as a letter, tried on oneself. Sending is next door."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.updates import SendForm, UpdateForm
from petitions.member_letters import write_to
from petitions.models import (
    AuditEntry,
    IllegalTransition,
    Letter,
    Petition,
    PetitionUpdate,
    Proposal,
    Subscription,
    UpdateText,
)
from petitions.plain import as_plain_text
from petitions.policy import Act
from petitions.views.organise import scope

Answer = str | Response | tuple[str, int]
State = PetitionUpdate.State
SHOWN = 200  # of the newest

updates = Blueprint("organise_updates", __name__, url_prefix="/organise/petitions/<slug:slug>/updates")


@updates.get("")
@guard(Act.LOOK)
def index(slug: str) -> str:
    petition = scope.petition(slug)
    found = db.session.scalars(
        select(PetitionUpdate)
        .where(PetitionUpdate.petition_id == petition.id, PetitionUpdate.state != State.DISCARDED)
        .order_by(PetitionUpdate.id.desc())
        .limit(SHOWN)
    ).all()
    return render_template(
        "organise/updates/index.html",
        petition=petition,
        updates=[(update, update.progress(db.session)) for update in found],
        readers=sum(Subscription.count_by_language(db.session, petition.id).values()),
        settings=_settings(),
    )


@updates.get("/new")
@guard(Act.ASK_UPDATE)
def new(slug: str) -> str:
    petition = scope.petition(slug)
    return _edit_page(petition, None, UpdateForm.in_languages(_languages(petition)))


@updates.post("")
@guard(Act.ASK_UPDATE)
def create(slug: str) -> Answer:
    petition = scope.petition(slug)
    form = UpdateForm.in_languages(_languages(petition))
    if not form.validate():
        return _edit_page(petition, None, form), 422
    update = PetitionUpdate(petition=petition, written_by=current_member())
    db.session.add(update)
    _write(update, form)
    _record(update, "update.write")
    db.session.commit()
    flash(_("The draft is kept. Nobody gets it yet."))
    return _to(update)


@updates.get("/<public_id>")
@guard(Act.LOOK)
def show(slug: str, public_id: str) -> str:
    return page(found(slug, public_id), SendForm(None))


@updates.get("/<public_id>/edit")
@guard(Act.ASK_UPDATE)
def edit(slug: str, public_id: str) -> Answer:
    update = found(slug, public_id)
    if update.state is not State.DRAFT:
        return _to(update)
    return _edit_page(update.petition, update, UpdateForm.in_languages(_languages(update.petition), update))


@updates.post("/<public_id>/edit")
@guard(Act.ASK_UPDATE)
def save(slug: str, public_id: str) -> Answer:
    update = found(slug, public_id, lock=True)
    form = UpdateForm.in_languages(_languages(update.petition))
    if update.state is not State.DRAFT:
        raise IllegalTransition("update", update.state, State.DRAFT)
    if not form.validate():
        return _edit_page(update.petition, update, form), 422
    _write(update, form)
    _record(update, "update.write")
    db.session.commit()
    flash(_("The draft is kept. Nobody gets it yet."))
    return _to(update)


@updates.post("/<public_id>/test")
@guard(Act.ASK_UPDATE)
def test(slug: str, public_id: str) -> Response:
    """One letter for each language it is written in, to the member who asks."""
    update, member = found(slug, public_id), current_member()
    moment = int(database_time(db.session).timestamp())
    for text in update.texts:
        write_to(
            db.session, member, Letter.Kind.UPDATE_TEST, cause=f"{update.public_id}:{text.language}:{moment // 60}",
            words={"update": update.public_id, "language": text.language},
        )
    _record(update, "update.test")
    db.session.commit()
    ring("letters")
    flash(_("A test is on its way to your own address."))
    return _to(update)


# -- shared with the sending --------------------------------------------------------------------------


def found(slug: str, public_id: str, *, lock: bool = False) -> PetitionUpdate:
    """`lock` takes the petition's row too: two updates at once must not both be the week's last."""
    petition = scope.petition(slug, lock=lock)
    return scope.found(
        select(PetitionUpdate).where(
            PetitionUpdate.petition_id == petition.id, PetitionUpdate.public_id == public_id
        ),
        lock=PetitionUpdate if lock else None,
    )


def page(update: PetitionUpdate, form: SendForm) -> str:
    readers = Subscription.count_by_language(db.session, update.petition_id)
    return render_template(
        "organise/updates/show.html",
        petition=update.petition,
        update=update,
        form=form,
        readers=[(code, count, update.text_for(code).language) for code, count in readers.items()],
        all_readers=sum(readers.values()),
        progress=update.progress(db.session),
        tested=_tested(update),
        mails=letters_of(update),
        proposal=_asked(update),
        declined=_declined(update),
        settings=_settings(),
    )


def letters_of(update: PetitionUpdate) -> dict[str, str]:
    """Language → what a reader of it would get."""
    return {text.language: _as_letter(update, text) for text in update.texts}


# -- below: how ---------------------------------------------------------------------------------------


def _write(update: PetitionUpdate, form: UpdateForm) -> None:
    present = {text.language: text for text in update.texts}
    update.on_page = bool(form.on_page.data)
    for code, (title, body) in form.texts.items():
        text = present.pop(code, None) or UpdateText(language=code)
        text.title, text.body = title, body
        if text not in update.texts:
            update.texts.append(text)
    for text in present.values():
        update.texts.remove(text)
    db.session.flush()


def _record(update: PetitionUpdate, verb: str) -> None:
    AuditEntry.write(
        db.session, current_member().public_id, verb, update.public_id,
        petition=update.petition.public_id, languages=[text.language for text in update.texts],
    )


def _languages(petition: Petition) -> list[str]:
    """The branch's languages first: the first written one is for readers of none of them."""
    return list(dict.fromkeys([*petition.branch.languages, *petition.languages]))


def _edit_page(petition: Petition, update: PetitionUpdate | None, form: UpdateForm) -> str:
    readers = Subscription.count_by_language(db.session, petition.id)
    return render_template(
        "organise/updates/edit.html", petition=petition, update=update, form=form, readers=readers
    )


def _as_letter(update: PetitionUpdate, text: UpdateText) -> str:
    """What the worker would send to a reader of this language, but for the link that is each reader's own."""
    petition, settings = update.petition, _settings()
    own = petition.text_in(text.language)
    base, path = settings.base_url.rstrip("/"), f"/{text.language}/petitions/{petition.slug}"
    letters = current_app.jinja_env.overlay(trim_blocks=True, lstrip_blocks=True, autoescape=False)
    with force_locale(text.language):
        return letters.get_template("email/petition_update/body.txt").render(
            petition_title=own.title if own else petition.slug,
            petition_url=base + path,
            title=text.title,
            body=as_plain_text(text.body),
            end_url=f"{base}/u/…",
            sender_name=settings.mail_name,
            demonstration=settings.demonstration,
            test=False,
        )


def _tested(update: PetitionUpdate) -> bool:
    letters = Letter.cause.startswith(f"{Letter.Kind.UPDATE_TEST}:{update.public_id}:")
    return db.session.scalar(select(Letter.id).where(letters).limit(1)) is not None


def _asked(update: PetitionUpdate) -> Proposal | None:
    return Proposal.of(db.session, Proposal.Kind.UPDATE, update.public_id, lock=False)


def _declined(update: PetitionUpdate) -> Proposal | None:
    """The last no, while the draft that it was about has not been sent."""
    if update.state is not State.DRAFT:
        return None
    kind, no = Proposal.Kind.UPDATE, Proposal.State.DECLINED
    return db.session.scalars(
        select(Proposal)
        .where(Proposal.kind == kind, Proposal.subject == update.public_id, Proposal.state == no)
        .order_by(Proposal.id.desc())
        .limit(1)
    ).one_or_none()


def _to(update: PetitionUpdate) -> Response:
    return redirect(url_for("organise_updates.show", slug=update.petition.slug, public_id=update.public_id), 303)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
