"""What audit entries are about, by public id: a name that a person knows, and the page where it is seen."""

from collections.abc import Collection
from typing import Any, NamedTuple

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from petitions.i18n import present_language
from petitions.models import (
    Authority,
    Branch,
    ChannelChange,
    Delivery,
    Document,
    Edition,
    Member,
    Petition,
    Prisoner,
    Volume,
)


class Subject(NamedTuple):
    label: str
    url: str | None


def subjects(session: Session, public_ids: Collection[str]) -> dict[str, Subject]:
    """Those found; the others are shown by their number. Asked for ids that one branch may see."""
    found = {}
    for public_id, name in session.execute(_named(Branch.public_id, Branch.legal_name, public_ids)):
        found[public_id] = Subject(name, _url("organise_branch.show"))
    for public_id, name in session.execute(_named(Member.public_id, Member.name, public_ids)):
        found[public_id] = Subject(name, _url("organise_members.index"))
    for petition in session.scalars(select(Petition).where(Petition.public_id.in_(public_ids))):
        url = _url("organise_petitions.show", slug=petition.slug)
        found[petition.public_id] = Subject(petition.title_in(present_language()), url)
    for prisoner in session.scalars(select(Prisoner).where(Prisoner.public_id.in_(public_ids))):
        url = _url("organise_prisoners.show", public_id=prisoner.public_id)
        found[prisoner.public_id] = Subject(prisoner.name_in(present_language()), url)
    return {**found, **_directory(session, public_ids), **_editions(session, public_ids)}


def _directory(session: Session, public_ids: Collection[str]) -> dict[str, Subject]:
    """Authorities, and changes of their channels."""
    found, language = {}, present_language()
    for authority in session.scalars(select(Authority).where(Authority.public_id.in_(public_ids))):
        url = _url("organise_authorities.show", slug=authority.slug)
        found[authority.public_id] = Subject(authority.name_in(language), url)
    for change in session.scalars(select(ChannelChange).where(ChannelChange.public_id.in_(public_ids))):
        url = _url("organise_channel_changes.show", public_id=change.public_id)
        found[change.public_id] = Subject(change.authority.name_in(language), url)
    return found


def _editions(session: Session, public_ids: Collection[str]) -> dict[str, Subject]:
    """Editions, and what was made of them."""
    found = {}
    edition = select(Edition.public_id, Petition, Edition.number).join(Petition)
    for public_id, petition, number in session.execute(edition.where(Edition.public_id.in_(public_ids))):
        url = _url("organise_editions.show", slug=petition.slug, number=number)
        title = petition.title_in(present_language())
        found[public_id] = Subject(_("Edition %(number)s of %(petition)s", number=number, petition=title), url)
    delivery = (
        select(Delivery.public_id, Petition, Edition.number)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document)
        .join(Edition)
        .join(Petition)
    )
    for public_id, petition, number in session.execute(delivery.where(Delivery.public_id.in_(public_ids))):
        title = petition.title_in(present_language())
        label = _("A delivery of edition %(number)s of %(petition)s", number=number, petition=title)
        found[public_id] = Subject(label, _url("organise_delivery.show", public_id=public_id))
    return found


def _named(
    public_id: InstrumentedAttribute[str], name: InstrumentedAttribute[str], wanted: Collection[str]
) -> Select[str, str]:
    return select(public_id, name).where(public_id.in_(wanted))


def _url(endpoint: str, **values: Any) -> str | None:
    """None where this installation has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
