"""Brings the directory to what a file says: first what would change, then exactly that.

The same for CSV files, for our data file and for whoever brings them, a member or the operator. Where documents go is
changed by two people all the same: such changes are asked for, not made (models/channel_change.py, cases.md G13).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from petitions.authorities.csv_files import Flaw
from petitions.authorities.profiles import channel_defaults, defaults, profile_for
from petitions.authorities.rows import AuthorityRow, Fact, Facts, facts_of, facts_of_row, set_facts
from petitions.db import database_time
from petitions.models import Addressee, Authority, Channel, ChannelChange, Member, Petition
from petitions.models.channel_change import settle

OPERATOR = "operator"
KINDS = frozenset(kind.value for kind in Channel.Kind)


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row asks for: of a new authority `facts` are completed with what its law says."""

    number: int
    row: AuthorityRow

    @property
    def kinds(self) -> list[Channel.Kind]:
        return [kind for kind in Channel.Kind if getattr(self.row, kind.value) is not None]

    def facts(self, authority: Authority | None) -> Facts:
        profile = profile_for(self.row.country, self.row.kind, self.row.profile)
        begun = [kind for kind in self.kinds if authority is None or authority.channel(kind) is None]
        facts = defaults(self.row.country, self.row.kind, self.row.profile) if authority is None else {}
        for kind in begun:
            facts |= {f"{kind}.{name}": value for name, value in channel_defaults(profile, kind).items()}
        return facts | facts_of_row(self.row)


@dataclass(frozen=True, slots=True)
class Difference:
    fact: str
    before: Fact
    after: Fact


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one row."""

    number: int
    row: AuthorityRow
    authority: Authority | None
    differences: tuple[Difference, ...]
    kept: tuple[Difference, ...]  # people have changed it: the file's word is shown, not taken
    waits: tuple[Channel.Kind, ...]  # channels whose change two people decide
    blocked: tuple[Channel.Kind, ...]  # channels of which a change waits already

    @property
    def outcome(self) -> Outcome:
        if self.authority is None:
            return Outcome.NEW
        return Outcome.CHANGED if self.differences else Outcome.SAME

    @property
    def flaws(self) -> list[Flaw]:
        words = "another change of this channel waits for a decision; settle that one first"
        return [Flaw(self.number, kind.value, "change_under_way", words) for kind in self.blocked]


@dataclass(frozen=True, slots=True)
class Done:
    counts: Counter[str]
    asked: list[ChannelChange]  # wait for two people
    authorities: dict[str, Authority]  # new and changed ones by slug


def plan(
    session: Session,
    wanted: Sequence[Wanted],
    keeps: Callable[[Authority, Facts], Collection[str]] = lambda _authority, _facts: (),
) -> list[Planned]:
    """Reads only. `keeps` names the facts of an authority that a file does not overwrite."""
    slugs = [one.row.slug for one in wanted]
    found = select(Authority).where(Authority.slug.in_(slugs)).options(selectinload(Authority.channels))
    known = {authority.slug: authority for authority in session.scalars(found)}
    addressed = set(
        session.scalars(
            select(Addressee.authority_id)
            .join(Petition, Addressee.petition_id == Petition.id)
            .where(Petition.state != Petition.State.DRAFT)
        )
    )
    under_way = {(change.authority_id, change.kind) for change in session.scalars(ChannelChange.still_open())}
    planned = []
    for one in wanted:
        authority = known.get(one.row.slug)
        facts = one.facts(authority)
        present = facts_of(authority) if authority else {}
        differing = [Difference(fact, present.get(fact), after) for fact, after in facts.items()]
        differing = [difference for difference in differing if difference.before != difference.after]
        kept = set(keeps(authority, facts)) if authority else set()
        differences = tuple(difference for difference in differing if difference.fact not in kept)
        changes = channel_changes(authority, {difference.fact: difference.after for difference in differences})
        planned.append(
            Planned(
                number=one.number,
                row=one.row,
                authority=authority,
                differences=differences,
                kept=tuple(difference for difference in differing if difference.fact in kept),
                waits=_guarded(authority, changes) if authority and authority.id in addressed else (),
                blocked=tuple(kind for kind in changes if authority and (authority.id, kind) in under_way),
            )
        )
    return planned


def fingerprint(planned: Iterable[Planned]) -> str:
    """Two plans with the same one do the same."""
    told = [
        (one.row.slug, one.outcome, one.waits, [(diff.fact, diff.before, diff.after) for diff in one.differences])
        for one in planned
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def carry_out(session: Session, planned: Iterable[Planned], member: Member | None, reason: str) -> Done:
    """Does what was planned, for a member or, without one, for the operator. The caller has seen that nothing is
    blocked, and commits."""
    done = Done(Counter(dict.fromkeys(("new", "changed", "unchanged"), 0)), [], {})
    moment = database_time(session)
    for one in planned:
        if one.outcome is Outcome.SAME:
            done.counts["unchanged"] += 1
            continue
        facts = {difference.fact: difference.after for difference in one.differences}
        authority = one.authority or _begun(session, one.row.slug)
        done.authorities[authority.slug] = authority
        changes = channel_changes(one.authority, facts)
        plain = {name: value for name, value in facts.items() if name.partition(".")[0] not in KINDS}
        if Channel.Kind.POST in changes:
            plain.pop("postal_address", None)  # settled with the channel
        set_facts(authority, plain)
        if "verified_on" in plain:
            authority.verified_by = member.branch.legal_name[:120] if member else OPERATOR
        authority.changed_at, authority.changed_by = moment, member.branch if member else None
        for kind, values in changes.items():
            if one.authority is None:
                settle(session, authority, kind, values)
            elif (change := ChannelChange.ask(session, authority, kind, values, member, reason)) is not None:
                done.asked.append(change)
        done.counts[one.outcome.value] += 1
    done.counts["waiting"] = len(done.asked)
    session.flush()
    return done


def channel_changes(authority: Authority | None, facts: Facts) -> dict[Channel.Kind, Facts]:
    """The part of these facts that is about channels. The post goes to the postal address."""
    changes: dict[Channel.Kind, Facts] = {}
    for fact, value in facts.items():
        noun, _, part = fact.partition(".")
        if noun in KINDS:
            changes.setdefault(Channel.Kind(noun), {})[part] = value
    post = Channel.Kind.POST
    has_post = authority is not None and authority.channel(post) is not None
    if post in changes and not has_post:
        known = authority.postal_address if authority else ""
        changes[post]["address"] = facts.get("postal_address", known)
    elif has_post and "postal_address" in facts:
        changes.setdefault(post, {})["address"] = facts["postal_address"]
    return changes


def _begun(session: Session, slug: str) -> Authority:
    authority = Authority(slug=slug, country="", names={}, salutations={}, clocks={}, languages=[])
    session.add(authority)
    return authority


def _guarded(authority: Authority, changes: dict[Channel.Kind, Facts]) -> tuple[Channel.Kind, ...]:
    return tuple(
        kind
        for kind, values in changes.items()
        if authority.channel(kind) is None or ChannelChange.GUARDED & values.keys()
    )
