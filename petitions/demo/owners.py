"""The way to the organisers' desk: a link for each owner of the demonstration, so that one person can play both."""

from typing import NamedTuple

from sqlalchemy import select

from petitions.config import Settings
from petitions.db import db
from petitions.demo import data
from petitions.models import Branch, Invitation, Member


class Way(NamedTuple):
    name: str
    link: str


def ways_in(settings: Settings) -> list[Way]:
    """For owners who have no key yet; a former start's links work no longer."""
    with db.writing() as session:
        branch = session.scalars(select(Branch).where(Branch.slug == data.BRANCH["slug"])).one()
        owners = [owner for owner in session.scalars(Member.owners(branch.id)) if not owner.can_log_in]
        ways = []
        for owner in owners:
            _, token = Invitation.renew(session, owner, invited_by=None)
            ways.append(Way(owner.name, f"{settings.base_url}/organise/invitations/{token}"))
        session.commit()
        return ways
