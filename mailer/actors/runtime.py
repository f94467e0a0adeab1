"""What every actor of one worker process shares: settings, its name, opened keys, one mail connection a thread."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from mailer.claims import new_owner
from mailer.letters import Sender
from mailer.pdf.faces import add_directory
from mailer.relay import Relay
from mailer.timestamps import Stamper, StampServer, read_roots
from mailer.transport import Transport
from mailer.unseal import SealedKey, Unsealer
from petitions.config import Settings
from petitions.models import Branch, DataKey, Petition

SECONDS_TO_PART = 1.0
SECONDS_TO_SETTLE = 50.0  # at SIGTERM a sender waits no longer for an answer to its dot

log = structlog.get_logger("mailer")


@dataclass
class Runtime:
    """One worker process."""

    settings: Settings
    name: str = field(default_factory=new_owner)
    stopping: threading.Event = field(default_factory=threading.Event)
    clock_seen: tuple[datetime, float] | None = None  # the database's and this machine's steady one, at the last purge

    def __post_init__(self) -> None:
        self.unsealer = Unsealer(self.settings.keys)
        self.relay = Relay.from_url(self.settings.smtp_url.get_secret_value())
        self.relay.context()  # roots that cannot be read are found at the start, not with the first letter
        self.stamper = _stamper(self.settings)
        if self.settings.font_dir is not None:
            add_directory(self.settings.font_dir)
        self.index_key = self.settings.index_key.get_secret_value().encode()
        self._local = threading.local()
        self._transports: list[Transport] = []
        self._at_work: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """One answer to the bell, under a name of its own. When it is over, however that comes, its leases are
        not renewed any more: what it left unsettled comes round again instead of waiting for this process's end."""
        owner = new_owner()
        with self._lock:
            self._at_work.add(owner)
        self._local.owner = owner
        try:
            yield
        finally:
            del self._local.owner
            with self._lock:
                self._at_work.discard(owner)

    @property
    def owner(self) -> str:
        """Who holds what this thread claims."""
        found: str = getattr(self._local, "owner", self.name)
        return found

    @property
    def owners_at_work(self) -> set[str]:
        with self._lock:
            return set(self._at_work)

    @property
    def sender(self) -> Sender:
        """Who writes to signers: neutral, so that an inbox list does not tell what was signed."""
        return Sender(
            name=self.settings.mail_name,
            address=self.settings.mail_from,
            reply_to=None,
            domain=self.settings.mail_domain,
        )

    @property
    def transport(self) -> Transport:
        """This thread's connection to the relay."""
        found: Transport | None = getattr(self._local, "transport", None)
        if found is None:
            found = self._local.transport = Transport(self.relay, name=self.settings.mail_domain)
            with self._lock:
                self._transports.append(found)
                if self.stopping.is_set():
                    found.hurry(SECONDS_TO_SETTLE)
        return found

    def stop(self) -> None:
        """No new work; what is at the dot is settled in SECONDS_TO_SETTLE."""
        with self._lock:
            self.stopping.set()
            for transport in self._transports:
                transport.hurry(SECONDS_TO_SETTLE)

    def close(self) -> None:
        """Says goodbye to the relay, once nothing is under way."""
        with self._lock:
            for transport in self._transports:
                transport.hurry(SECONDS_TO_PART)
                transport.close()

    def url(self, *parts: str) -> str:
        """An address under base_url: never built from a request."""
        return "/".join((self.settings.base_url.rstrip("/"), *(quote(part, safe="") for part in parts)))

    def learn_keys(self, session: Session, key_ids: Iterable[int]) -> None:
        """Opens the data keys not opened yet."""
        unknown = {key for key in key_ids if not self.unsealer.knows(key)}
        if unknown:
            self._learn(session, DataKey.id.in_(unknown))

    def learn_petition(self, session: Session, petition: Petition, purpose: DataKey.Purpose) -> None:
        """Opens all data keys of a petition and purpose: compiling needs every one."""
        self._learn(session, (DataKey.petition_id == petition.id) & (DataKey.purpose == purpose))

    def _learn(self, session: Session, which: ColumnElement[bool]) -> None:
        rows = session.execute(
            select(*_KEY_COLUMNS)
            .select_from(DataKey)
            .join(Petition, DataKey.petition_id == Petition.id)
            .join(Branch, Petition.branch_id == Branch.id)
            .where(which)
        )
        self.unsealer.learn(SealedKey._make(row) for row in rows)


def _stamper(settings: Settings) -> Stamper | None:
    url = settings.tsa_url.get_secret_value()
    if not url:
        return None
    return Stamper(StampServer.from_url(url), read_roots(settings.tsa_roots) if settings.tsa_roots else ())


_KEY_COLUMNS = (
    DataKey.id,
    Petition.public_id,
    Branch.public_id,
    DataKey.purpose,
    DataKey.public_id,
    DataKey.sealed_key,
)
