"""`petitions member`: the people of a branch."""

import click
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, ring, writing
from petitions.cli.fields import checked
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.config import Settings
from petitions.db import db
from petitions.member_letters import tell_owners
from petitions.models import AuditEntry, Branch, Invitation, Member
from petitions.shapes import Email, Filled

MEMBERS_PAGE = "/organise/members/"


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
@click.argument("branch")
@click.option("--email", required=True, help="The link is for the person behind this address alone.")
@click.option("--name", default="")
@click.option("--role", type=click.Choice([role.value for role in Member.Role]), help="What the person will be.")
@click.option("--first-owner", is_flag=True, help="For a branch that has no owner yet; owners then invite the others.")
def invite(branch: str, email: str, name: str, role: str | None, first_owner: bool) -> None:
    """Print a link by which somebody becomes a member of BRANCH. It works once, for 72 hours. All owners are told."""
    settings = connected()
    email = checked(Email, email, "--email")
    if first_owner == (role is not None):
        raise click.UsageError("give either --role, or --first-owner")
    with writing() as session:
        of = find.branch(session, branch)
        owners = session.scalars(Member.owners(of.id)).all()
        if first_owner and owners:
            raise Refused(
                "This branch has an owner, who invites others on the page of members. An owner who cannot log in "
                "gets a link with: petitions member reset-credentials"
            )
        invitation, token = Invitation.make(
            session, of, email=email, name=name, role=Member.Role(role or Member.Role.OWNER), invited_by=None
        )
        entry = AuditEntry.write(
            session, OPERATOR, "member.invite", invitation.public_id, branch=of.public_id, role=invitation.role.value
        )
        tell_owners(session, of, entry, event="member_invited", path=MEMBERS_PAGE)
    ring(settings, "letters")
    _print_link(settings, token)


@commands.command("reset-credentials")
@click.argument("member", metavar="MEMBER")
def reset_credentials(member: str) -> None:
    """Print a link for a MEMBER (e-mail or id) who lost every key. What opened the account until now does no longer.

    It also gives a first key to members made with `petitions member new`. All owners are told.
    """
    settings = connected()
    with writing() as session:
        found = find.member(session, member)
        if found.left_at is not None:
            raise Refused("This member has left; invite the person again: petitions member invite")
        _, token = Invitation.renew(session, found, invited_by=None)
        entry = AuditEntry.write(session, OPERATOR, "member.reset", found.public_id, branch=found.branch.public_id)
        tell_owners(
            session, found.branch, entry, event="member_credentials_reset", person=found.name, path=MEMBERS_PAGE
        )
    ring(settings, "letters")
    _print_link(settings, token)


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


def _print_link(settings: Settings, token: str) -> None:
    """The address alone on stdout; it is printed this once, and kept nowhere."""
    click.echo(f"{settings.base_url.rstrip('/')}/organise/invitations/{token}")
    click.echo("The link works once, for 72 hours. Bring it to the person by a way you trust.", err=True)


def _two_can_agree(session: Session, branch: Branch) -> bool:
    """An owner, and somebody else who may ask."""
    members = session.scalars(select(Member).where(Member.branch_id == branch.id)).all()
    asking = [member for member in members if member.may_ask_for_edition]
    return len(asking) >= 2 and any(member.may_approve_edition for member in asking)
