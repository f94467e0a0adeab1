"""`petitions member`: the people of a branch."""

import click
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, writing
from petitions.cli.fields import Email, Filled, checked
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import AuditEntry, Branch, Member


@click.group("member")
def commands() -> None:
    """Members of branches: who may ask, and who must agree."""


@commands.command()
@click.argument("branch")
@click.option("--name", required=True)
@click.option("--email", required=True, help="Commands name the member by it.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Member.Role]),
              help="An editor asks, an owner asks and approves, a moderator looks at held signatures.")
def new(branch: str, name: str, email: str, role: str) -> None:
    """Add a member to BRANCH. What needs two people needs an owner besides the one who asks."""
    connected()
    name, email = checked(Filled, name, "--name"), checked(Email, email, "--email")
    with writing() as session:
        of = find.branch(session, branch)
        if session.scalar(select(exists().where(func.lower(Member.email) == email.lower()))):
            raise Refused("There is a member with this e-mail already; see: petitions member list")
        member = Member(branch=of, name=name, email=email, role=Member.Role(role))
        session.add(member)
        session.flush()
        AuditEntry.write(session, OPERATOR, "member.new", member.public_id, branch=of.public_id, role=role)
        public_id = member.public_id
    click.echo(f"Made the member {public_id} ({role}) of “{branch}”.")


@commands.command()
@click.argument("member", metavar="MEMBER")
@click.option("--by", required=True, metavar="MEMBER", help="An owner of the same branch: e-mail or id.")
def leave(member: str, by: str) -> None:
    """Take a member's say away at once. The record stays: the audit log and approvals name it.

    A branch keeps at least one owner. What was approved with the member stays approved; look at it if you doubt it.
    """
    connected()
    with writing() as session:
        leaving = find.member(session, member)
        owner = find.approving(session, by, leaving.branch)
        if leaving.left_at is not None:
            raise Refused("This member has left already.")
        leaving.leave(session)
        AuditEntry.write(
            session, owner.public_id, "member.leave", leaving.public_id, branch=leaving.branch.public_id,
            role=leaving.role.value,
        )
        branch, two = leaving.branch.slug, _two_can_agree(session, leaving.branch)
    click.echo(f"The member has left “{branch}”.")
    if not two:
        click.echo(f"Opening and delivering need a second person there: petitions member new {branch} …")


@commands.command("list")
@click.option("--branch", "slug", metavar="SLUG", help="Of this branch only.")
@as_json
def list_members(slug: str | None, as_json: bool) -> None:
    """Members with their roles."""
    connected()
    wanted = select(Member).join(Branch).order_by(Branch.slug, Member.id)
    with db.reading() as session:
        if slug:
            wanted = wanted.where(Member.branch_id == find.branch(session, slug).id)
        found = [
            {
                "id": member.public_id,
                "branch": member.branch.slug,
                "name": member.name,
                "email": member.email,
                "role": member.role,
                "left": member.left_at is not None,
            }
            for member in session.scalars(wanted)
        ]
    columns = ("id", "branch", "name", "email", "role", "left")
    show_rows(found, columns, as_json=as_json, empty="There are no members yet; add one with: petitions member new")


def _two_can_agree(session: Session, branch: Branch) -> bool:
    """An owner, and somebody else who may ask."""
    members = session.scalars(select(Member).where(Member.branch_id == branch.id)).all()
    asking = [member for member in members if member.may_ask_for_edition]
    return len(asking) >= 2 and any(member.may_approve_edition for member in asking)
