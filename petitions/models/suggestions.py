"""Which authorities to write to: those of the country that can do something at the stage the case is at."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session, selectinload

from petitions.models.authority import Addressee, Authority, Channel
from petitions.models.petition import Petition
from petitions.models.stage import Stage

Ask = Authority.Ask
Kind = Authority.Kind

# What can be asked for at a stage, the most useful first (facts/authorities.md, "What follows for the software").
ASKS: dict[Stage, tuple[Ask, ...]] = {
    Stage.UNKNOWN: (Ask.SUPERVISION, Ask.OPINION, Ask.CONDITIONS, Ask.MEDICAL_CARE),
    Stage.PRE_TRIAL: (Ask.SUPERVISION, Ask.OPINION, Ask.MEDICAL_CARE, Ask.CONDITIONS, Ask.PROCEDURAL),
    Stage.TRIAL: (Ask.SUPERVISION, Ask.OPINION, Ask.PROCEDURAL, Ask.MEDICAL_CARE, Ask.CONDITIONS),
    Stage.SENTENCED: (Ask.CASSATION, Ask.SUPERVISION, Ask.OPINION, Ask.MEDICAL_CARE, Ask.CONDITIONS, Ask.PROCEDURAL),
    Stage.APPEAL: (Ask.SUPERVISION, Ask.CASSATION, Ask.OPINION, Ask.PROCEDURAL, Ask.MEDICAL_CARE, Ask.CONDITIONS),
    Stage.SERVING: (Ask.CASSATION, Ask.PARDON, Ask.MEDICAL_CARE, Ask.CONDITIONS, Ask.SUPERVISION, Ask.OPINION),
    Stage.RELEASED: (Ask.OPINION,),
    Stage.DIED: (Ask.SUPERVISION, Ask.OPINION),
}
# For an entry of the directory that does not say what it can be asked.
_USUAL: dict[Kind, tuple[Ask, ...]] = {
    Kind.PROSECUTOR: (Ask.SUPERVISION, Ask.CASSATION),
    Kind.PRESIDENT: (Ask.PARDON,),
    Kind.PRISON_SERVICE: (Ask.MEDICAL_CARE, Ask.CONDITIONS),
    Kind.OMBUDSMAN: (Ask.OPINION, Ask.CONDITIONS),
    Kind.MINISTRY: (Ask.OPINION,),
    Kind.INTERNATIONAL: (Ask.OPINION,),
    Kind.COURT: (Ask.PROCEDURAL,),
}


class Caution(StrEnum):
    """What to know before an authority is chosen."""

    NO_CHANNEL = "no_channel"
    COURTESY_ONLY = "courtesy_only"  # no clock runs
    UNVERIFIED = "unverified"
    PUBLISHES = "publishes"
    PENDING_COURT = "pending_court"  # gets no names


@dataclass(frozen=True, slots=True)
class Suggestion:
    authority: Authority
    asks: tuple[Ask, ...]  # what it can be asked for now; empty: nothing that fits the stage
    cautions: tuple[Caution, ...] = field(default=())

    @property
    def circle(self) -> Addressee.Circle:
        return circle_of(self.authority)


def suggested(session: Session, petition: Petition) -> list[Suggestion]:
    """Those not chosen yet: first who can do most, then by name. Raises nothing; empty when the directory is."""
    chosen = {addressee.authority_id for addressee in petition.addressees}
    competent = Authority.competent(petition.prisoner.country).options(selectinload(Authority.channels))
    found = [suggestion(petition, one) for one in session.scalars(competent) if one.id not in chosen]
    useful = ASKS[petition.stage()]

    def rank(one: Suggestion) -> tuple[bool, int, int, str]:
        best = min((useful.index(ask) for ask in one.asks), default=len(useful))
        return Caution.NO_CHANNEL in one.cautions, best, -len(one.asks), one.authority.slug

    return sorted(found, key=rank)


def suggestion(petition: Petition, authority: Authority) -> Suggestion:
    useful = ASKS[petition.stage()]
    possible = tuple(authority.asks_possible) or _USUAL.get(authority.kind, ())
    today = datetime.now(UTC).date()
    return Suggestion(
        authority, tuple(ask for ask in useful if ask in possible), cautions_of(petition, authority, today)
    )


def circle_of(authority: Authority) -> Addressee.Circle:
    return Addressee.Circle.DOMESTIC if authority.country else Addressee.Circle.INTERNATIONAL


def cautions_of(petition: Petition, authority: Authority, today: date) -> tuple[Caution, ...]:
    usable = [channel for channel in authority.live_channels if channel.usable]
    appeal = any(channel.legal_effect is Channel.LegalEffect.APPEAL for channel in usable)
    known = {
        Caution.NO_CHANNEL: not usable,
        Caution.COURTESY_ONLY: bool(usable) and not appeal,
        Caution.UNVERIFIED: not authority.verified_lately(today),
        Caution.PUBLISHES: authority.publishes_received,
        Caution.PENDING_COURT: authority.kind is Kind.COURT and petition.stage().pending,
    }
    return tuple(caution for caution, holds in known.items() if holds)
