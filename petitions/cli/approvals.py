"""Two people: the options that name them, and the second one's yes as a record."""

import click
from sqlalchemy import delete
from sqlalchemy.orm import Session

from petitions.models import Approval, Member

BY = click.option("--by", required=True, metavar="MEMBER", help="Who asks: e-mail or id.")
APPROVED_BY = click.option("--approved-by", required=True, metavar="MEMBER", help="The second person: an owner.")


def approve(session: Session, kind: Approval.Kind, subject: str, asked_by: Member, approved_by: Member) -> None:
    """A yes takes the place of the same person's earlier one; both are in the audit log. Raises SamePerson."""
    approval = Approval.given(kind, subject, asked_by, approved_by)
    session.execute(
        delete(Approval).where(
            Approval.kind == kind, Approval.subject == subject, Approval.approved_by_id == approved_by.id
        )
    )
    session.add(approval)
