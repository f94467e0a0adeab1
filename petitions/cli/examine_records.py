"""The records: what this database role may read, work that is stuck, whether the audit log holds."""

from collections.abc import Iterator
from stat import S_IMODE

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from petitions.cli.findings import Finding, good, note, problem, warning
from petitions.cli.keymaking import state_of
from petitions.config import Settings
from petitions.db import now
from petitions.models import AuditEntry, Branch, Delivery, Edition, Letter, Signature

LONG_SECONDS = 86_400
LATE_SECONDS = 600  # work that waits longer than this has nobody to do it
_READABLE = func.has_column_privilege("signatures", "name_box", "SELECT")


def roles(settings: Settings, session: Session) -> Iterator[Finding]:
    """SQLite has no roles but a file; on PostgreSQL the role tells what an injection could read."""
    if session.get_bind().dialect.name == "sqlite":
        yield from _file_mode(settings)
        return
    worker = any(state_of(settings, branch).private_half == "here" for branch in session.scalars(select(Branch)))
    if not session.scalar(select(_READABLE)):
        yield good("database role", "it cannot read name boxes: an injection into this process yields no name")
    elif worker:
        yield note("database role", "it reads name boxes, as a worker must; the web needs another role")
    else:
        yield problem(
            "database role", "it reads name boxes though no private key is here; give the web the role that "
            "`petitions db grants` makes, or run this where the worker runs"
        )


def work(_settings: Settings, session: Session) -> Iterator[Finding]:
    """Rows that wait for a person, and rows that wait for a worker that is not there."""
    found = list(_stuck(session))
    yield from found
    if not found:
        yield good("work", "nothing is stuck")
    held = _count(session, Signature.state == Signature.State.HELD)
    if held:
        yield note("held signatures", f"{held} wait for a moderator: petitions held list")


def audit_chain(_settings: Settings, session: Session) -> Iterator[Finding]:
    broken = AuditEntry.first_broken(session)
    if broken is None:
        yield good("audit log", "its chain holds")
    else:
        yield problem("audit log", f"its chain is broken at entry {broken}: entries were changed, removed or put in")


def _file_mode(settings: Settings) -> Iterator[Finding]:
    path = make_url(settings.database).database
    if not path or path == ":memory:":
        return
    mode = settings.var.stat().st_mode if settings.var.exists() else 0
    if S_IMODE(mode) & 0o007:
        yield warning("data folder", "others on this machine may look into it; chmod o= on PETITIONS_VAR")
    else:
        yield good("data folder", "others on this machine cannot look into it")


def _stuck(session: Session) -> Iterator[Finding]:
    for count, words in (
        (
            _count(session, Letter.state == Letter.State.PARKED),
            "letters killed their worker three times: petitions letter list --state parked",
        ),
        (
            _count(
                session,
                Letter.state == Letter.State.FAILED,
                Letter.signature_id.in_(select(Signature.id).where(Signature.state == Signature.State.PENDING)),
            ),
            "letters failed whose signatures still wait: petitions letter list --state failed",
        ),
        (
            sum(1 for edition in session.scalars(select(Edition).where(Edition.state == Edition.State.CHECKED))
                if edition.problems),
            "editions cannot be approved as they are: petitions edition show",
        ),
        (
            _count(session, Delivery.state == Delivery.State.UNCERTAIN),
            "deliveries are uncertain and wait for a person: petitions delivery resolve",
        ),
        (
            _count(session, Delivery.state.in_([Delivery.State.REJECTED, Delivery.State.BOUNCED])),
            "deliveries were refused for good: petitions delivery list",
        ),
        (
            _count(session, Delivery.state == Delivery.State.TOO_BIG),
            "deliveries are larger than their channel takes: petitions delivery list --state too_big",
        ),
        (
            _count(session, Delivery.state == Delivery.State.READY, Delivery.hold_reason.is_not(None)),
            "deliveries are on hold: petitions delivery list --held",
        ),
        (
            _count(
                session,
                Delivery.state == Delivery.State.READY,
                Delivery.last_error_class.is_not(None),
                Delivery.created_at < now(-LONG_SECONDS),
            ),
            "deliveries have kept failing for more than a day: petitions delivery list --state ready",
        ),
        (
            _count(session, Edition.state == Edition.State.APPROVED, Edition.last_error_class == "disk_full"),
            "editions wait for room on the worker's disk (PETITIONS_VAR): nothing half written is left, and they go on"
            " by themselves within the hour",
        ),
        (_count(session, Edition.state == Edition.State.FAILED), "editions failed: petitions edition retry"),
    ):
        if count:
            yield problem("work", f"{count} {words}")
    # not `SELECT *`: the web's role may not read every column
    if any(session.scalar(select(select(literal(1)).where(*where).exists())) for where in _late()):
        yield problem("worker", f"work has waited for more than {LATE_SECONDS // 60} minutes: is a worker running?")


def _late() -> Iterator[tuple[ColumnElement[bool], ...]]:
    for model, waiting in (
        (Letter, Letter.state == Letter.State.READY),
        (Edition, Edition.state.in_([Edition.State.REQUESTED, Edition.State.APPROVED])),
        (Delivery, (Delivery.state == Delivery.State.READY) & Delivery.hold_reason.is_(None)),
    ):
        late = now(-LATE_SECONDS)
        yield waiting, or_(
            model.lease_owner.is_(None) & (model.not_before < late), model.lease_until < late
        )


def _count(session: Session, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*where)) or 0
