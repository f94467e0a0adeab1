"""What is to leave of a compiled edition, by which channels: one delivery a volume and channel (constraint)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mailer.actors.limits import channel_limits
from mailer.actors.runtime import Runtime
from petitions.db import insert_or_ignore
from petitions.models import Channel, ChannelChange, Delivery, Document, Edition


def plan_deliveries(session: Session, runtime: Runtime, edition: Edition, moment: datetime) -> None:
    """Done again it changes nothing."""
    for document in edition.documents:
        if document.state is Document.State.LIVE:
            for channel in edition.channels_to(document.addressee):
                if not _left_by(edition, document, channel):
                    _plan(session, runtime, document, channel, moment)


def _left_by(edition: Edition, document: Document, channel: Channel) -> bool:
    """Every volume of an earlier document of this edition has reached the addressee by this channel, or may have: a
    new one would be the same edition twice. Of which a part has left, the addressee has nothing yet."""
    earlier = (one for one in edition.documents if one is not document and one.addressee_id == document.addressee_id)
    return any(_has_left(one, channel) for one in earlier)


def _has_left(document: Document, channel: Channel) -> bool:
    rows = [row for row in document.deliveries if row.channel_id == channel.id and row.out]
    return any(row.by_link for row in rows) or len({row.volume_id for row in rows}) == len(document.volumes)


def _plan(session: Session, runtime: Runtime, document: Document, channel: Channel, moment: datetime) -> None:
    """A worker's to send, a person's to print, file or take there. Where one volume is larger than the channel takes,
    all of them stop there: a part of a document is none."""
    limits, by_link = channel_limits(runtime, channel), document.goes_by_link(channel)
    too_big = not by_link and not all(limits.fits(volume.size, volume.pages) for volume in document.volumes)
    by_mail = channel.kind is Channel.Kind.EMAIL
    due = channel.authority.next_office_hour(moment) if by_mail and runtime.settings.limits_apply else moment
    for volume in document.sent_apart(channel):
        insert_or_ignore(
            session,
            Delivery,
            {
                "volume_id": volume.id,
                "channel_id": channel.id,
                "by_link": by_link,
                "state": Delivery.State.TOO_BIG if too_big else Delivery.FIRST[channel.kind],
                "last_error_class": "larger_than_channel" if too_big else None,
                "hold_reason": _hold(session, channel),  # on the board, not silently missed
                "not_before": due + timedelta(milliseconds=volume.number - 1),  # one after the other
            },
        )


def _hold(session: Session, channel: Channel) -> str | None:
    if not channel.usable:
        return "channel_unusable"
    return ChannelChange.HOLD if ChannelChange.holds(session, channel) else None
