"""Which branch a record belongs to, by its public id: along the foreign keys that lead to the branches."""

from collections import deque
from functools import cache

from sqlalchemy import ForeignKey, Select, String, Table, bindparam, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CompoundSelect

from petitions.db import Base

PUBLIC_ID_LENGTH = 24


def branch_of(session: Session, public_id: str) -> int | None:
    """None for what has no public id, and for what all branches share."""
    if len(public_id) != PUBLIC_ID_LENGTH:
        return None
    return session.scalar(_statement(), {"public_id": public_id})


@cache
def _statement() -> CompoundSelect[int]:
    """A public id is in one table: every table is asked by its unique index, and at most one answers."""
    tables = [table for table in Base.metadata.sorted_tables if "public_id" in table.columns]
    return union_all(*(_branch_in(table, path) for table in tables if (path := path_to_branch(table)) is not None))


def path_to_branch(table: Table) -> list[ForeignKey] | None:
    """The fewest foreign keys from a table to the branches; None if there are none. Only keys that are never empty
    say whose a record is: others say who touched it last, or may yet."""
    waiting: deque[tuple[Table, list[ForeignKey]]] = deque([(table, [])])
    seen = {table}
    while waiting:
        at, path = waiting.popleft()
        if at.name == "branches":
            return path
        for key in sorted(at.foreign_keys, key=lambda key: key.parent.name):
            if not key.parent.nullable and key.column.table not in seen:
                seen.add(key.column.table)
                waiting.append((key.column.table, [*path, key]))
    return None


def _branch_in(table: Table, path: list[ForeignKey]) -> Select[int]:
    found = select(path[-1].parent if path else table.c.id).select_from(table)
    for key in path[:-1]:
        found = found.join(key.column.table, key.parent == key.column)
    return found.where(table.c.public_id == bindparam("public_id", type_=String))
