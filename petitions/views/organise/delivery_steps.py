"""What a person can note of a delivery: in which state, with which form, and the model's verb for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from petitions.auth import current_member
from petitions.db import db
from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.delivery import (
    ArrivedForm,
    HandedOverForm,
    NothingForm,
    PostedForm,
    ReasonForm,
    SubmittedForm,
    TakeForm,
)
from petitions.models import Channel, Delivery, Handout, Member, NotFetched
from petitions.policy import Act
from petitions.views.organise import scope

S = Delivery.State


@dataclass(frozen=True, slots=True)
class Step:
    """What a person can note in a state: the form, and the model's verb."""

    name: str
    form: type[DeskForm]
    do: Callable[[Delivery, Any, datetime, Member], None]
    starts_clocks: bool = False


def _leaves(name: str, state: S, form: type[DeskForm]) -> Step:
    def do(row: Delivery, typed: Any, _moment: datetime, member: Member) -> None:
        row.leave(state, typed.on.data, typed.reference.data, typed.note.data, member)

    return Step(name, form, do, starts_clocks=True)


def _arrives(name: str, state: S) -> Step:
    def do(row: Delivery, typed: Any, moment: datetime, member: Member) -> None:
        row.arrive(state, typed.on.data, typed.note.data, moment, member)

    return Step(name, ArrivedForm, do)


def _print(row: Delivery, _form: DeskForm, _at: datetime, member: Member) -> None:
    if not Handout.fetched_for(db.session, row):
        raise NotFetched
    row.printed(member)


PRINTED = Step("printed", NothingForm, _print)
TAKEN = Step("taken", TakeForm, lambda row, form, _at, member: row.take(_member(form.who.data), member))
GIVEN_BACK = Step("given-back", NothingForm, lambda row, _form, _at, member: row.give_back(member))
AGAIN = Step("again", ReasonForm, lambda row, form, _at, member: row.again(form.reason.data, member))
POSTED = _leaves("posted", S.POSTED, PostedForm)
SUBMITTED = _leaves("submitted", S.SUBMITTED, SubmittedForm)
HANDED_OVER = _leaves("handed-over", S.HANDED_OVER, HandedOverForm)
ARRIVED, RETURNED = _arrives("arrived", S.DELIVERED), _arrives("returned", S.RETURNED)
CAME_BACK = _arrives("came-back", S.BOUNCED)
REGISTERED, REFUSED_THERE = _arrives("registered", S.ACCEPTED), _arrives("refused", S.REFUSED)

STEPS: dict[tuple[Channel.Kind, S], tuple[Step, ...]] = {
    (Channel.Kind.EMAIL, S.ACCEPTED): (ARRIVED, CAME_BACK),
    (Channel.Kind.POST, S.PACK_READY): (PRINTED,),
    (Channel.Kind.POST, S.PRINTED): (POSTED, AGAIN),
    (Channel.Kind.POST, S.POSTED): (ARRIVED, RETURNED),
    (Channel.Kind.POST, S.RETURNED): (AGAIN,),
    (Channel.Kind.PORTAL, S.AWAITING_PERSON): (TAKEN,),
    (Channel.Kind.PORTAL, S.ASSIGNED): (SUBMITTED, GIVEN_BACK),
    (Channel.Kind.PORTAL, S.SUBMITTED): (REGISTERED, REFUSED_THERE),
    (Channel.Kind.PORTAL, S.REFUSED): (AGAIN,),
    (Channel.Kind.BY_HAND, S.AWAITING_PERSON): (TAKEN,),
    (Channel.Kind.BY_HAND, S.ASSIGNED): (HANDED_OVER, GIVEN_BACK),
}


def steps_of(row: Delivery) -> tuple[Step, ...]:
    return STEPS.get((row.channel.kind, row.state), ())


def offered_steps(row: Delivery) -> list[Step]:
    """Those that make sense now: nobody has printed what nobody has."""
    in_hand = all(Handout.fetched_for(db.session, one) for one in row.together if one.state is row.state)
    return [step for step in steps_of(row) if in_hand or step is not PRINTED]


def form_of(step: Step, *, bound: bool = True) -> DeskForm:
    """Several forms stand on one page: each has a prefix of its own, and only the one that was sent reads it."""
    form = step.form(prefix=f"{step.name}-") if bound else step.form(None, prefix=f"{step.name}-")
    if isinstance(form, TakeForm):
        form.who.choices = {one.public_id: one.name for one in _deliverers()}
        form.who.data = form.who.data or current_member().public_id
    return form


def _deliverers() -> list[Member]:
    """Who may print, post and file for this branch."""
    here = select(Member).where(Member.branch_id == scope.branch_id()).order_by(Member.name)
    return [one for one in db.session.scalars(here) if one.may(Act.DELIVER)]


def _member(public_id: str) -> Member:
    return next(one for one in _deliverers() if one.public_id == public_id)
