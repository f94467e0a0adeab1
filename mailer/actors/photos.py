"""Photographs that were uploaded: opened, made into plain pictures, stored; the upload goes.

One at a time in a process, whatever rings: a heavy picture may take five seconds, and others' work shares the threads.
"""

import threading
from typing import Any

from mailer import claims
from mailer.actors.runtime import Runtime, log
from mailer.picture import NotShowable, Picture, from_upload
from mailer.unseal import open_key
from petitions import crypto
from petitions.db import db
from petitions.models import Photo

RETRY_SECONDS = 300  # a key may be missing on this machine for a while
_one_at_a_time = threading.Lock()


def prepare_photos(runtime: Runtime) -> int:
    """Until none waits; returns how many were looked at."""
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        done = 0
        while not runtime.stopping.is_set() and (photo_id := _claimed(runtime)) is not None:
            _prepare(runtime, photo_id)
            done += 1
        return done
    finally:
        _one_at_a_time.release()


def _claimed(runtime: Runtime) -> int | None:
    with db.writing() as session:
        ids = claims.claim(session, Photo, runtime.owner, 1, lease=runtime.settings.lease_seconds)
        session.commit()
    return ids[0] if ids else None


def _prepare(runtime: Runtime, photo_id: int) -> None:
    try:
        found = _made(runtime, photo_id)
    except Exception as error:
        log.error("photo.failed_try", photo=photo_id, error=type(error).__name__)
        with db.writing() as session:
            tries = session.get_one(Photo, photo_id).tries + 1
            claims.retry(
                session, Photo, runtime.owner, photo_id,
                tries=tries, seconds=RETRY_SECONDS, reason=type(error).__name__,
            )
            session.commit()
        return
    with db.writing() as session:
        claims.release(session, Photo, runtime.owner, [photo_id], upload_box=None, **found)
        session.commit()


def _made(runtime: Runtime, photo_id: int) -> dict[str, Any]:
    """What is recorded of it: the picture, or why there is none. Of a report's the picture is sealed again."""
    with db.reading() as session:
        photo = session.get_one(Photo, photo_id)
        private_key = runtime.unsealer.private_key(photo.branch.public_id)
        upload_box, public_key, of_report = photo.upload_box, photo.branch.public_key, photo.report_id is not None
    assert upload_box is not None
    try:
        picture = from_upload(open_key(upload_box, private_key, photo.info("upload")))
    except (NotShowable, crypto.BoxDamaged) as refusal:
        reason = Photo.Reason(refusal.reason) if isinstance(refusal, NotShowable) else Photo.Reason.DAMAGED
        log.info("photo.refused", photo=photo.public_id, reason=reason.value)
        return {"state": Photo.State.REFUSED, "reason": reason, "size": 0}
    return {"state": Photo.State.READY, **_stored(photo, picture, public_key if of_report else None)}


def _stored(photo: Photo, picture: Picture, sealed_to: bytes | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"size": len(picture.jpeg), "width": picture.width, "height": picture.height}
    if sealed_to is None:
        return fields | {"image": picture.jpeg}
    return fields | {"image_box": crypto.seal_bytes(picture.jpeg, sealed_to, photo.info("image"))}
