"""How a row may move from state to state. Each machine is one table in its class; this is the one place that moves."""

from enum import StrEnum
from typing import Any, ClassVar

Moves = dict[Any, frozenset[Any]]


class IllegalTransition(Exception):
    """A state that cannot follow the present one; nothing was changed."""

    def __init__(self, what: str, present: StrEnum, wanted: StrEnum) -> None:
        self.present, self.wanted = present, wanted
        super().__init__(f"a {what} that is {present} cannot become {wanted}")


class Stateful:
    """Mixin: `moves` maps each state to those that may follow."""

    moves: ClassVar[Moves]
    state: Any

    def move_to(self, wanted: StrEnum) -> None:
        """Changes the state, or raises IllegalTransition."""
        if wanted not in self.moves.get(self.state, frozenset()):
            raise IllegalTransition(type(self).__name__.lower(), self.state, wanted)
        self.state = wanted

    @classmethod
    def states_before(cls, wanted: StrEnum) -> list[Any]:
        """The states from which `wanted` may follow: the WHERE of a conditional update."""
        return [state for state, following in cls.moves.items() if wanted in following]
