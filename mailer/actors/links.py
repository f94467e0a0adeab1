"""Documents that an authority fetches by a secret link: the address in the letter, the files behind it, their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from petitions.crypto import link_token
from petitions.db import database_time, db, new_public_id, now
from petitions.linkfiles import LinkFiles
from petitions.models import Delivery, Link
from petitions.tokens import token_hash

UNFINISHED_HOURS = 6


@dataclass(frozen=True, slots=True)
class Address:
    """What the letter says of where its document is."""

    link_id: int
    url: str
    expires_at: datetime


def address_for(runtime: Runtime, delivery_id: int) -> Address | None:
    """The link of a delivery, made if there is none that can still be sent, with the files behind it; None for one
    whose document is attached. Nobody has the token before the letter has gone."""
    with db.reading() as session:
        if not session.get_one(Delivery, delivery_id).by_link:
            return None
    link_id = _row(runtime, delivery_id)
    with db.reading() as session:
        link = session.get_one(Link, link_id)
        token = _lay_files(runtime, link)
        return Address(link_id, runtime.url("d", token), link.expires_at)


def remove_links(runtime: Runtime) -> int:
    """The files of links that have run out, were taken back, or lead to what was erased. Returns how many links."""
    files = LinkFiles(runtime.settings.links)
    files.sweep(timedelta(hours=UNFINISHED_HOURS))
    with db.reading() as session:
        over = session.execute(select(Link.id, Link.public_id).where(Link.over())).all()
    for link_id, public_id in over:  # files first: should the row not follow, they are looked for once more
        files.remove(public_id)
        with db.writing() as session:
            session.execute(update(Link).where(Link.id == link_id).values(removed_at=now()))
            session.commit()
        log.info("link.removed", link=public_id)
    return len(over)


def _row(runtime: Runtime, delivery_id: int) -> int:
    with db.writing() as session:
        delivery = session.get_one(Delivery, delivery_id)
        moment = database_time(session)
        link = Link.to_send(session, delivery, moment)
        if link is None:
            public_id = new_public_id()
            expires_at = moment + timedelta(days=runtime.settings.link_days)
            hashed = token_hash(link_token(_private_key(runtime, delivery), public_id))
            link = Link(
                public_id=public_id, delivery=delivery, token_hash=hashed, made_at=moment, expires_at=expires_at
            )
            session.add(link)
            session.commit()
        return link.id


def _lay_files(runtime: Runtime, link: Link) -> str:
    """Every volume, under a key that only the token gives."""
    document = link.delivery.volume.document
    private_key = _private_key(runtime, link.delivery)
    token = link_token(private_key, link.public_id)
    archive = Archive(runtime.settings.archive, document.edition.petition.branch.public_key)
    files = LinkFiles(runtime.settings.links)
    for volume in document.volumes:
        files.store(token, link.public_id, volume.sha256, archive.open(volume.sha256, private_key))
    return token


def _private_key(runtime: Runtime, delivery: Delivery) -> bytes:
    branch = delivery.volume.document.edition.petition.branch
    return runtime.unsealer.private_key(branch.public_id)
