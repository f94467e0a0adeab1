"""The tree of branches: who stands below whom, and the numbers that a parent sees of a child. Nothing else of it."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from petitions.models.branch import Branch
from petitions.models.delivery import Delivery
from petitions.models.document import Document, Volume
from petitions.models.edition import Edition
from petitions.models.petition import Petition

Children = dict[int | None, list[tuple[int, str]]]  # id and name, by the parent's id


class Twig(NamedTuple):
    """A branch below another, as its parent sees it."""

    legal_name: str
    depth: int  # 1: directly below
    petitions: int  # published ones
    confirmed: int
    editions: int
    deliveries: int


def below(session: Session, branch_id: int) -> list[Twig]:
    """Every branch below this one, each child followed by its own."""
    children: Children = defaultdict(list)
    rows = session.execute(select(Branch.id, Branch.parent_id, Branch.legal_name).order_by(Branch.legal_name))
    for child, parent, name in rows:
        children[parent].append((child, name))
    found = list(_walk(children, branch_id, 1))
    numbers = _numbers(session, [branch for branch, _name, _depth in found])
    return [Twig(name, depth, *(each.get(branch, 0) for each in numbers)) for branch, name, depth in found]


def _walk(children: Children, parent: int, depth: int) -> list[tuple[int, str, int]]:
    found = []
    for child, name in children.get(parent, []):
        found += [(child, name, depth), *_walk(children, child, depth + 1)]
    return found


def _numbers(session: Session, branches: list[int]) -> list[dict[int, int]]:
    """Petitions, confirmed signatures, editions and deliveries of each branch."""
    published = Petition.opened_at.is_not(None)

    def count(wanted: Select[int, int]) -> dict[int, int]:
        of = wanted.where(Petition.branch_id.in_(branches), published).group_by(Petition.branch_id)
        return dict(session.execute(of).all())

    edition = select(Petition.branch_id, func.count()).join(Edition, Edition.petition_id == Petition.id)
    delivery = edition.join(Document).join(Volume).join(Delivery)
    return [
        count(select(Petition.branch_id, func.count())),
        count(select(Petition.branch_id, func.sum(Petition.confirmed_count))),
        count(edition),
        count(delivery),
    ]
