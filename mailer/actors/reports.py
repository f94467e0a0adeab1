"""Opens a report for the member who asked: into a copy that only that member's page can open (models/report.py)."""

import base64
import json
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from mailer import claims
from mailer.actors.runtime import Runtime, log
from mailer.unseal import open_key
from petitions import crypto, parcel
from petitions.db import db, now
from petitions.models import Photo, Report, ReportCopy, ReportMessage

RETRY_SECONDS = 60


def open_reports(runtime: Runtime) -> int:
    """Returns how many copies were made."""
    done = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, ReportCopy, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        done += _open(runtime, ids[0])
    return done


def drop_copies(_runtime: Runtime) -> int:
    """Those whose time is over."""
    with db.writing() as session:
        gone = session.connection().execute(delete(ReportCopy).where(ReportCopy.expires_at < now())).rowcount
        session.commit()
    return gone


def _open(runtime: Runtime, copy_id: int) -> int:
    try:
        with db.reading() as session:
            copy = session.get_one(ReportCopy, copy_id, options=[undefer(ReportCopy.token_box)])
            private_key = runtime.unsealer.private_key(copy.report.branch.public_id)
            found = {"state": ReportCopy.State.READY, "box": _sealed_copy(session, copy, private_key)}
    except crypto.BoxDamaged:
        log.error("report.does_not_open", copy=copy_id)
        found = {"state": ReportCopy.State.FAILED}
    except Exception as error:
        log.error("report.failed_try", copy=copy_id, error=type(error).__name__)
        with db.writing() as session:
            claims.retry(
                session, ReportCopy, runtime.owner, copy_id, tries=1, seconds=RETRY_SECONDS,
                reason=type(error).__name__,
            )
            session.commit()
        return 0
    with db.writing() as session:
        claims.release(session, ReportCopy, runtime.owner, [copy_id], **found)
        session.commit()
    return 1


def _sealed_copy(session: Session, copy: ReportCopy, private_key: bytes) -> bytes:
    content = {
        "messages": _messages(session, copy.report, private_key),
        "photos": _photos(session, copy.report, private_key),
    }
    token = parcel.open_token(copy.token_box, copy.public_id, private_key)
    return parcel.seal_under_token(token, copy.public_id, json.dumps(content, ensure_ascii=False).encode())


def _messages(session: Session, report: Report, private_key: bytes) -> list[dict[str, Any]]:
    """In the order they were written. The first is the report itself: what was told, field by field."""
    rows = session.scalars(
        select(ReportMessage)
        .where(ReportMessage.report_id == report.id)
        .order_by(ReportMessage.id)
        .options(undefer(ReportMessage.box))
    )
    return [
        {
            "by": row.member.public_id if row.member else "",
            "on": row.written_on.isoformat(),
            "words": open_key(row.box, private_key, ReportMessage.info(row.public_id, "branch"))
            .rstrip(b"\0")
            .decode(),
        }
        for row in rows
    ]


def _photos(session: Session, report: Report, private_key: bytes) -> list[str]:
    rows = session.scalars(
        select(Photo)
        .where(Photo.report_id == report.id, Photo.image_box.is_not(None))
        .order_by(Photo.id)
        .options(undefer(Photo.image_box))
    )
    return [
        base64.b64encode(open_key(row.image_box, private_key, row.info("image"))).decode()
        for row in rows
        if row.image_box is not None
    ]
