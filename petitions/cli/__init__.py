"""The `petitions` command: one module a noun. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

An expected refusal is one sentence on stderr that says what to do, never a traceback (refusals.py). No command
prints the name or the address of anyone who signed: what this process may not open it cannot print.
"""

import click

from petitions.cli import (
    audit,
    authority,
    branch,
    database,
    delivery,
    doctor,
    edition,
    export,
    held,
    keys,
    letter,
    log,
    member,
    petition,
    prisoner,
    retention,
    serve,
    switch,
    verify,
)
from petitions.cli.refusals import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Petitions for prisoners: run the service, look at it, and do what needs two people."""


for command in (
    *serve.commands,
    database.commands,
    keys.commands,
    branch.commands,
    member.commands,
    authority.commands,
    prisoner.commands,
    petition.commands,
    edition.commands,
    export.commands,
    delivery.commands,
    held.commands,
    letter.commands,
    log.commands,
    retention.commands,
    audit.commands,
    switch.commands,
    doctor.command,
    verify.command,
):
    main.add_command(command)
