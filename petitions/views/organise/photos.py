"""A prisoner's photographs: uploaded sealed, made plain by the worker, shown only then."""

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug import Response as AnyResponse

from petitions.auth import current_member, guard, takes_upload
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db
from petitions.forms.organise.prisoners import PhotoForm
from petitions.models import AuditEntry, Photo, Prisoner, QuotaReached
from petitions.models.photo import MEGABYTE, UPLOAD_BYTES
from petitions.policy import Act
from petitions.security import FORM_BYTES
from petitions.views.media import as_image
from petitions.views.organise import scope

Answer = str | AnyResponse | tuple[str, int]

photos = Blueprint("organise_photos", __name__, url_prefix="/organise/prisoners/<public_id>/photos")


@photos.get("/new")
@guard(Act.DRAFT)
def new(public_id: str) -> str:
    return _form_page(scope.prisoner(public_id), PhotoForm())


@photos.post("")
@guard(Act.DRAFT)
@takes_upload(UPLOAD_BYTES + FORM_BYTES)
def create(public_id: str) -> Answer:
    prisoner, form = scope.prisoner(public_id), PhotoForm()
    if not form.validate():
        return _form_page(prisoner, form), 422
    try:
        photo = Photo.of_prisoner(
            db.session, prisoner, form.content,
            rights=form.rights.data or "", alt=dict(form.alt.data), quota=_settings().photo_quota,
        )
    except QuotaReached:
        form.upload.errors = [_("Your branch has no room for more photographs. Remove older ones first.")]
        return _form_page(prisoner, form), 422
    _note("photo.new", photo, prisoner)
    db.session.commit()
    ring("media")
    flash(_("The photograph is being prepared: place, camera and other hidden data are taken out. It takes seconds."))
    return redirect(url_for("organise_prisoners.show", public_id=public_id, _anchor="photos"), 303)


@photos.get("/<photo_id>/image")
@guard(Act.LOOK)
def image(public_id: str, photo_id: str) -> Response:
    photo = _photo(public_id, photo_id)
    if photo.image is None:
        abort(404)
    return as_image(photo.image)


@photos.get("/<photo_id>/removal")
@guard(Act.DRAFT)
def preview_removal(public_id: str, photo_id: str) -> str:
    photo = _photo(public_id, photo_id)
    return render_template("organise/photos/removal.html", prisoner=photo.prisoner, photo=photo)


@photos.post("/<photo_id>/removal")
@guard(Act.DRAFT)
def remove(public_id: str, photo_id: str) -> Answer:
    photo = _photo(public_id, photo_id)
    assert photo.prisoner is not None
    _note("photo.removed", photo, photo.prisoner)
    db.session.delete(photo)
    db.session.commit()
    flash(_("The photograph is erased."))
    return redirect(url_for("organise_prisoners.show", public_id=public_id, _anchor="photos"), 303)


def _form_page(prisoner: Prisoner, form: PhotoForm) -> str:
    used = Photo.kept_bytes(db.session, prisoner.branch_id)
    return render_template(
        "organise/photos/new.html", prisoner=prisoner, form=form,
        used=round(used / MEGABYTE), quota=round(_settings().photo_quota / MEGABYTE),
    )


def _note(verb: str, photo: Photo, prisoner: Prisoner) -> None:
    AuditEntry.write(
        db.session, current_member().public_id, verb, photo.public_id, prisoner=prisoner.public_id, bytes=photo.size
    )


def _photo(public_id: str, photo_id: str) -> Photo:
    return scope.found(
        select(Photo)
        .join(Prisoner)
        .where(
            Photo.public_id == photo_id, Prisoner.public_id == public_id, Prisoner.branch_id == scope.branch_id()
        )
        .options(undefer(Photo.image))
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
