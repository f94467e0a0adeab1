"""The way of an edition on screen, in pieces that several tests share."""

from html import unescape
from types import SimpleNamespace

from sqlalchemy import select

from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from petitions.db import db
from petitions.models import Channel, Delivery, Petition
from tests import factories
from tests.conftest import Desk


def address(petition: Petition, *parts: object) -> str:
    """Of a petition's editions, of one of them, or of one of its pages."""
    whole = "/".join(("/organise/petitions", petition.slug, "editions", *map(str, parts)))
    return whole if parts and parts[-1] in {"approval", "refusal", "check", "progress"} else f"{whole}/"


def page(desk: Desk, path: str) -> str:
    answer = desk.get(path)
    assert answer.status_code == 200, answer.status_code
    return unescape(answer.text)


def ask(desk: Desk, petition: Petition, **typed: str) -> int:
    return desk.post(address(petition), data=typed).status_code


def ticked(petition: Petition, *kinds: Channel.Kind) -> dict[str, list[str]]:
    """The channels of these kinds of every addressee; without kinds all of them."""
    with db.reading() as session:
        whole = session.get_one(Petition, petition.id)
        return {
            f"to_{one.public_id}": [
                channel.public_id for channel in one.authority.channels if not kinds or channel.kind in kinds
            ]
            for one in whole.addressees
        }


def compile_first(two: SimpleNamespace, petition: Petition, runtime: Runtime) -> None:
    ask(two.editor, petition)
    advance_editions(runtime)
    two.owner.post(address(petition, 1, "approval"), data=ticked(petition))
    advance_editions(runtime)


def add_channel(petition: Petition, kind: Channel.Kind = Channel.Kind.POST) -> None:
    """The first addressee takes petitions by this way too, and by this way they count."""
    addresses = {Channel.Kind.POST: "Square 1\n220000 Sampleburg", Channel.Kind.PORTAL: "https://portal.example.org"}
    with db.writing() as session:
        authority = session.get_one(Petition, petition.id).addressees[0].authority
        authority.channels.append(
            Channel(
                kind=kind,
                address=addresses.get(kind, "Square 1, room 4"),
                legal_effect=Channel.LegalEffect.APPEAL,
                required=["birth_year"],
                source="300-З, art. 12",
            )
        )
        session.commit()


def delivery(kind: Channel.Kind = Channel.Kind.POST) -> Delivery:
    """The newest by this kind of channel."""
    with db.reading() as session:
        found = session.scalars(
            select(Delivery).join(Channel).where(Channel.kind == kind).order_by(Delivery.id.desc()).limit(1)
        ).one()
        _ = found.volume.document.edition.petition, found.attempts, found.channel
        return found


def fetch(desk: Desk, *rows: Delivery) -> None:
    """Their documents are in hand, as after test_handouts.py."""
    with db.writing() as session:
        for row in rows:
            factories.fetched(session, row, desk.member)
        session.commit()
