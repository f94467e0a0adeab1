"""Loads our data file into the directory. A newer version brings what is new in it and changes what nobody has touched;
where people have changed an entry, its word is shown to them and theirs stays."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from petitions.authorities.directory import Difference, Done, Planned, Wanted, carry_out, plan
from petitions.authorities.profiles import channel_defaults, defaults, directory, profile_for
from petitions.authorities.rows import AuthorityRow, Facts, facts_of, facts_of_row
from petitions.models import Authority, Member


def plan_seed(session: Session) -> list[Planned]:
    return plan(session, _wanted(), _as_people_have_it)


def load_seed(session: Session, planned: list[Planned], member: Member | None) -> Done:
    """Without a member it is the operator's. The caller commits."""
    done = carry_out(session, planned, member, f"data file, version {directory().version}")
    for one in planned:
        authority = one.authority or done.authorities[one.row.slug]
        if one.authority is None or authority.seed is not None:  # what people began themselves stays theirs
            last = authority.seed or {}
            kept = {difference.fact: last.get(difference.fact) for difference in one.kept}
            authority.seed = facts_of_row(one.row) | kept
    return done


def proposals(one: Planned) -> list[Difference]:
    """What the data file says by now of what people have changed: for them to look at."""
    last = (one.authority.seed if one.authority else None) or {}
    return [difference for difference in one.kept if last.get(difference.fact) != difference.after]


def _wanted() -> list[Wanted]:
    return [Wanted(number, row(entry)) for number, entry in enumerate(directory().authorities, start=1)]


def row(entry: dict[str, Any]) -> AuthorityRow:
    """An entry of the data file, completed with what its law says, so that a later version can be told from it."""
    whole = AuthorityRow.model_validate(entry)
    profile = profile_for(whole.country, whole.kind, whole.profile)
    facts = defaults(whole.country, whole.kind, whole.profile)
    clocks = {name.partition(".")[2]: term for name, term in facts.items() if name.startswith("clocks.")}
    plain = {name: value for name, value in facts.items() if not name.startswith("clocks.")}
    channels = {
        rule.kind.value: {
            **channel_defaults(profile, rule.kind),
            **({"address": rule.address} if rule.address else {}),
        }
        for rule in (profile.channels if profile else ())
    }
    return AuthorityRow.model_validate({**plain, "clocks": clocks, **channels, **entry})


def _as_people_have_it(authority: Authority, facts: Facts) -> Collection[str]:
    """Whatever is not as it was loaded. An entry that people made themselves is theirs in all."""
    if authority.seed is None:
        return facts
    present = facts_of(authority)
    return [fact for fact in facts if present.get(fact) != authority.seed.get(fact)]
