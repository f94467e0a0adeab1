"""How much mail a mailbox gets from us: counted before sending, under tags that change every day.

A row says "so many in this hour" of a mailbox nobody can name without its address; yesterday's rows are found by
computing yesterday's tag. Two workers that count the same mailbox at once queue at its row.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Executable, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from petitions import crypto
from petitions.config import Settings
from petitions.models import MailCap, Suppression

DAY = timedelta(days=1)
Wanted = tuple[int, str, str, bool]  # letter, petition, mailbox, not counted yet


class Caps:
    """The caps as of a moment of database time."""

    def __init__(self, settings: Settings, index_key: bytes, moment: datetime) -> None:
        self._settings = settings
        self._hour = moment.replace(minute=0, second=0, microsecond=0)
        self._today, self._yesterday = (
            crypto.day_key(index_key, "mail caps", day.date().isoformat()) for day in (moment, moment - DAY)
        )

    def count(self, session: Session, wanted: Sequence[Wanted]) -> set[int]:
        """Counts letters not counted yet and returns those that are over a cap (and are taken off again)."""
        fresh = [one for one in wanted if one[3]]
        if not fresh or not self._settings.limits_apply:
            return set()
        over: set[int] = set()
        everywhere = {letter: ("all", mailbox) for letter, _, mailbox, _ in fresh}
        here = {letter: (petition, mailbox) for letter, petition, mailbox, _ in fresh}
        sent = self._add(session, Counter([*everywhere.values(), *here.values()]))
        for keys, most in (
            (everywhere, self._settings.mails_per_address),
            (here, self._settings.mails_per_petition),
        ):
            for one in reversed(fresh):  # the newest of a batch go over first
                if sent[keys[one[0]]] > most:
                    sent[keys[one[0]]] -= 1
                    over.add(one[0])
        if over:
            self._take_back(session, [one for one in fresh if one[0] in over])
        return over

    def this_hour(self, session: Session, what: str, mailbox: str) -> int:
        """Counts one more of something to a mailbox, whatever the profile; says the how manieth this hour it is."""
        tag = crypto.tag(self._today, what, mailbox)
        self._upsert(session, [(tag, 1)])
        rows = select(func.sum(MailCap.sent)).where(MailCap.tag == tag, MailCap.hour == self._hour)
        return session.scalar(rows) or 0

    def _add(self, session: Session, steps: "Counter[tuple[str, str]]") -> dict[tuple[str, str], int]:
        """Adds to this hour's rows and returns the last 24 hours' sums."""
        today = {key: crypto.tag(self._today, *key) for key in steps}
        yesterday = {key: crypto.tag(self._yesterday, *key) for key in steps}
        self._upsert(session, sorted((today[key], step) for key, step in steps.items()))
        rows = session.execute(
            select(MailCap.tag, func.sum(MailCap.sent))
            .where(
                MailCap.tag.in_([*today.values(), *yesterday.values()]),
                MailCap.hour > self._hour - DAY,
            )
            .group_by(MailCap.tag)
        )
        sums: dict[bytes, int] = {tag: total for tag, total in rows}  # noqa: C416 - dict() takes a result for a mapping
        return {key: sums.get(today[key], 0) + sums.get(yesterday[key], 0) for key in steps}

    def _upsert(self, session: Session, steps: Sequence[tuple[bytes, int]]) -> None:
        session.connection().execute(
            _upsert_statement(session.get_bind().dialect.name),
            [{"tag": tag, "hour": self._hour, "sent": step} for tag, step in steps],
        )

    def _take_back(self, session: Session, letters: Sequence[Wanted]) -> None:
        for _, petition, mailbox, _ in letters:
            for key in (("all", mailbox), (petition, mailbox)):
                session.execute(
                    update(MailCap)
                    .where(MailCap.tag == crypto.tag(self._today, *key), MailCap.hour == self._hour)
                    .values(sent=MailCap.sent - 1)
                    .execution_options(synchronize_session=False)
                )


def suppressed_among(session: Session, index_key: bytes, mailboxes: Iterable[str]) -> set[str]:
    """Those whose owners want no letter from us, ever."""
    key = crypto.lasting_key(index_key, "suppression")
    tags = {crypto.tag(key, "mailbox", mailbox): mailbox for mailbox in mailboxes}
    found = session.scalars(select(Suppression.tag).where(Suppression.tag.in_(tags)))
    return {tags[tag] for tag in found}


@cache
def _upsert_statement(dialect: str) -> Executable:
    """Built once: building it costs as much as running it."""
    insert = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(MailCap.__table__)  # type: ignore[arg-type]
    added = {"sent": MailCap.__table__.c.sent + insert.excluded.sent}
    return insert.on_conflict_do_update(index_elements=["tag", "hour"], set_=added)
