"""The one place where what was refused becomes a sentence on stderr and exit code 1.

Messages of databases and mail servers quote what was typed into them: of those only the kind is printed.
"""

from typing import Any

import click
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError

from petitions.cli.fields import FileRefused
from petitions.config import SettingsRefused
from petitions.db import DatabaseBusy
from petitions.keys import KeysExist, KeysMissing
from petitions.migrate import ReferencesBroken, SchemaDiffers
from petitions.models import (
    AlreadyLeft,
    AtWork,
    CheckFailed,
    EditionInProgress,
    IllegalTransition,
    JustLetIn,
    LastOwner,
    MayNot,
    NothingNew,
    NotOnHold,
    NotPublic,
    PetitionNotReady,
    RequestLapsed,
    SamePerson,
    TooSoon,
)


class Refused(click.ClickException):
    """Cannot be done; the message says why and what to do instead."""

    def __init__(self, sentence: str, *details: str) -> None:
        super().__init__("\n".join((sentence, *(f"  - {detail}" for detail in details))))


class Commands(click.Group):
    """A group that turns the named errors of the models into sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except tuple(_SENTENCES) as error:
            raise sentence(error) from None


def sentence(error: Exception) -> click.ClickException:
    """The refusal to print for an error this project expects."""
    if isinstance(error, PetitionNotReady):
        return Refused("The petition cannot be opened yet. It still needs:", *error.missing)
    if isinstance(error, CheckFailed):
        return Refused("The check found what must be mended first; then freeze a new edition:", *error.problems)
    if isinstance(error, FileRefused):
        return Refused("The file was refused; nothing was changed:", *error.errors)
    for kind, words in _SENTENCES.items():
        if isinstance(error, kind):
            return Refused(words.format(text=_capitalised(str(error)), kind=type(error).__name__))
    return Refused(type(error).__name__)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


_SENTENCES: dict[type[Exception], str] = {
    SettingsRefused: "{text}",
    SchemaDiffers: "{text}",
    ReferencesBroken: "{text}",
    KeysExist: "{text}",
    KeysMissing: "{text}",
    MayNot: "{text}.",
    SamePerson: "{text}.",
    JustLetIn: "One of the two let the other in less than a day ago; another owner must decide, or tomorrow.",
    LastOwner: "{text}: petitions member new",
    IllegalTransition: "{text}.",
    FileRefused: "",
    PetitionNotReady: "",
    CheckFailed: "",
    AtWork: "A worker has it in hand just now; look again in a minute: petitions delivery show",
    AlreadyLeft: "{text}.",
    NotOnHold: "Nothing holds this delivery.",
    NothingNew: "{text}.",
    NotPublic: "{text}; open it first with: petitions petition open",
    EditionInProgress: "{text}; see: petitions edition list",
    TooSoon: "{text} (--urgent).",
    RequestLapsed: "The request is too old to approve: what is approved must be true now. Freeze a new edition.",
    DatabaseBusy: "Another writer held the database for too long; try again.",
    CommandError: "The schema was not changed: {text}",
    ArgumentError: "PETITIONS_DATABASE_URL cannot be read; write sqlite:///… or postgresql://…",
    NoSuchModuleError: "PETITIONS_DATABASE_URL names a kind of database that is not known; "
    "write sqlite:///… or postgresql+psycopg://…",
    IntegrityError: "The database refused it: something with the same name, or in the same place, is there already.",
    OperationalError: "The database cannot be reached or is busy; see PETITIONS_DATABASE_URL, then try again.",
    DBAPIError: "The database refused it ({kind}).",
}
