"""What two members approved in advance: editions by standing order, a petition's opening at its hour, its closing."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from petitions.bell import bell
from petitions.db import database_time, db
from petitions.models import (
    AuditEntry,
    Edition,
    EditionInProgress,
    NothingNew,
    NotPublic,
    Petition,
    PetitionNotReady,
    TooSoon,
    Trigger,
    blocked,
)


def due_petitions(runtime: Runtime, session: Session) -> set[int]:
    """The petitions with a standing order whose moment has come."""
    moment = database_time(session)
    armed = select(Trigger.petition_id).where(Trigger.approved_by_id.is_not(None), Trigger.fired_at.is_(None))
    petitions = session.scalars(select(Petition).where(Petition.id.in_(armed)))
    return {petition.id for petition in petitions if _due(runtime, petition, moment)}


def fire(runtime: Runtime, petition_id: int) -> None:
    """One edition meets every order that is due; of several thresholds the highest asks for it."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        moment = database_time(session)
        due = _due(runtime, petition, moment)
        if not due or blocked(session, petition.branch_id):
            return
        asking = next((trigger for trigger in due if trigger.urgent), due[-1])
        try:
            edition = Edition.freeze(
                session,
                petition,
                asked_by=asking.asked_by,
                trigger=asking,
                urgent=asking.urgent,
                gap_days=runtime.settings.edition_gap_days if runtime.settings.limits_apply else 0,
            )
        except NothingNew:  # the last edition holds everybody: the order is met, or it would be looked at for ever
            for trigger in due:
                trigger.fired_at = moment
                AuditEntry.write(session, "worker", "trigger.met", trigger.public_id, petition=petition.public_id)
            session.commit()
            return
        except (EditionInProgress, TooSoon, NotPublic) as reason:
            log.info("trigger.waits", petition=petition.public_id, reason=type(reason).__name__)
            return
        for trigger in due:
            trigger.fired_at = moment
        AuditEntry.write(
            session, "worker", "edition.freeze", edition.public_id, order=asking.kind.value, threshold=asking.threshold
        )
        session.commit()
    bell.ring("editions")


def open_and_close(_runtime: Runtime) -> int:
    """Petitions approved for an hour that has come are opened; those past their closing date are closed."""
    with db.reading() as session:
        moment = database_time(session)
        found = session.scalars(
            select(Petition.id).where(
                or_(
                    (Petition.state == Petition.State.IN_REVIEW) & (Petition.opens_at <= moment),
                    Petition.state.in_([Petition.State.OPEN, Petition.State.PAUSED]) & (Petition.closes_at <= moment),
                )
            )
        )
        ids = list(found)
    return sum(_open_or_close(petition_id) for petition_id in ids)


def _open_or_close(petition_id: int) -> bool:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id, with_for_update=True)
        moment = database_time(session)
        if petition.state is Petition.State.IN_REVIEW:
            if petition.opens_at is None or petition.opens_at > moment or blocked(session, petition.branch_id):
                return False
            verb = _open(petition, moment)
        elif petition.closes_at is not None and petition.closes_at <= moment and not petition.over:
            petition.close(petition.closes_at)
            verb = "petition.close"
        else:
            return False
        AuditEntry.write(session, "worker", verb, petition.public_id)
        session.commit()
    return True


def _open(petition: Petition, moment: datetime) -> str:
    """Opens it, or sends it back to its organisers when something it needs has gone since it was approved."""
    try:
        petition.open(moment)
    except PetitionNotReady as reason:
        log.error("petition.not_opened", petition=petition.public_id, missing=len(reason.missing))
        petition.send_back()
        return "petition.not_opened"
    return "petition.open"


def _due(runtime: Runtime, petition: Petition, moment: datetime) -> list[Trigger]:
    return petition.due_triggers(moment, runtime.settings.confirm_grace_hours)
