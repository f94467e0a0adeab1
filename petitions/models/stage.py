"""Where a case stands, as far as the known events say: it decides who is competent and what may be asked."""

from collections.abc import Iterable
from enum import StrEnum

from petitions.models.prisoner import PrisonerEvent

Kind = PrisonerEvent.Kind

MAKES_PENDING = frozenset({Kind.ARREST, Kind.CHARGE, Kind.HEARING, Kind.VERDICT, Kind.APPEAL})


class Stage(StrEnum):
    UNKNOWN = "unknown"
    PRE_TRIAL = "pre_trial"
    TRIAL = "trial"
    SENTENCED = "sentenced"  # a verdict that may still be appealed against
    APPEAL = "appeal"
    SERVING = "serving"
    RELEASED = "released"
    DIED = "died"

    @property
    def pending(self) -> bool:
        """Whether a court has the case, or may have: then it gets no names (facts/authorities.md)."""
        return self not in {Stage.SERVING, Stage.RELEASED, Stage.DIED}


_ALWAYS = {Kind.CHARGE: Stage.PRE_TRIAL, Kind.VERDICT: Stage.SENTENCED, Kind.RELEASE: Stage.RELEASED,
           Kind.DEATH: Stage.DIED}


def stage_of(events: Iterable[PrisonerEvent], today: str) -> Stage:
    """From the events up to a day (YYYY-MM-DD), in their order. A hearing that is still to come says that a court has
    the case already."""
    stage = Stage.UNKNOWN
    for event in sorted(events, key=lambda event: event.happened):
        if event.happened <= today:
            stage = _after(stage, event.kind)
        elif event.kind is Kind.HEARING and stage is Stage.PRE_TRIAL:
            return Stage.TRIAL
    return stage


def _after(stage: Stage, kind: Kind) -> Stage:
    if kind is Kind.ARREST and stage in {Stage.UNKNOWN, Stage.RELEASED}:
        return Stage.PRE_TRIAL
    if kind is Kind.HEARING and stage in {Stage.UNKNOWN, Stage.PRE_TRIAL}:
        return Stage.TRIAL
    if kind is Kind.APPEAL and stage in {Stage.SENTENCED, Stage.SERVING, Stage.UNKNOWN}:
        return Stage.APPEAL
    if kind is Kind.TRANSFER and stage in {Stage.SENTENCED, Stage.APPEAL}:
        return Stage.SERVING  # who is moved after the verdict has begun to serve it
    return _ALWAYS.get(kind, stage)
