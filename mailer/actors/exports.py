"""The list of signers that two owners have agreed to, as one file sealed to the branch (models/export.py).

It is marked in two ways that differ from export to export: each line carries a reference that only this export has, and
the lines of one day stand in an order of its own. So one leaked line, or a list without its references, tells which
export it came from (`petitions export trace`).
"""

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.particulars import country_names
from mailer.actors.runtime import Runtime
from petitions import parcel
from petitions.export_marks import mark_key, order_of, reference_of
from petitions.models import DataKey, Disclosure, Export, Signature, totals
from petitions.spreadsheet import neutral

COLUMNS = ("reference", "day", "name", "city", "country", "may be named to")


def export_file(runtime: Runtime, session: Session, export: Export) -> bytes:
    """The sealed file. Made twice, it is the same list as of two moments."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    for line in (*_head(session, export), COLUMNS, *_lines(runtime, session, export)):
        sheet.writerow([neutral(str(cell)) for cell in line])
    content = ("\ufeff" + text.getvalue()).encode()
    return parcel.seal_for_branch(content, export.branch.public_id, export.public_id, export.branch.public_key)


def _head(session: Session, export: Export) -> Iterator[tuple[Any, ...]]:
    """Who has it, when, why: whoever opens the file reads this first."""
    petition = export.petition
    numbers = totals(session, petition, petition.log_size)
    yield ("Signers of", petition.slug)
    yield ("Export", f"{export.number} of {export.branch.legal_name}")
    yield ("Made for", f"{export.asked_by.name} ({export.asked_by.public_id})")
    yield ("Approved by", f"{export.approved_by.name} ({export.approved_by.public_id})")
    yield ("Approved at", export.approved_at.isoformat(timespec="minutes"))
    yield ("Reason", export.reason)
    unlisted = numbers["by_disclosure"]["count_only"]
    yield ("Confirmed", numbers["confirmed"], "of these counted only, in no list:", unlisted)
    yield ("This copy is marked: every list tells from whom it came. Keep it sealed, delete it when it has served.",)
    yield ()


def _lines(runtime: Runtime, session: Session, export: Export) -> Iterator[tuple[Any, ...]]:
    runtime.learn_petition(session, export.petition, DataKey.Purpose.NAMES)
    key = mark_key(runtime.index_key, export.public_id)
    countries = dict(country_names("en"))
    rows = session.execute(_named(export)).all()
    for _day, of_day in groupby(rows, key=lambda row: row.confirmed_on):
        for row in sorted(of_day, key=lambda row: order_of(key, row.public_id)):
            [(name, city)] = runtime.unsealer.names([(row.public_id, row.name_key_id, row.name_box)])
            yield (
                reference_of(key, row.public_id),
                row.confirmed_on.isoformat(),
                name,
                city if row.shows_city else "",
                countries.get(row.country, ""),
                "all addressees" if row.disclosure is Disclosure.ALL else "international bodies",
            )


def _named(export: Export) -> Any:
    """Those whose name an addressee may see: nobody else's is in any list."""
    petition = export.petition
    found = (
        select(
            Signature.public_id, Signature.name_key_id, Signature.name_box, Signature.confirmed_on,
            Signature.country, Signature.shows_city, Signature.disclosure,
        )
        .where(
            Signature.petition_id == petition.id,
            Signature.state == Signature.State.CONFIRMED,
            Signature.position.is_not(None),
            Signature.erased_at.is_(None),
            Signature.disclosure != Disclosure.COUNT_ONLY,
        )
        .order_by(Signature.confirmed_on)
    )
    if petition.forbids_naming:
        return found.where(Signature.id < 0)
    if petition.count_only_countries:
        found = found.where(Signature.country.not_in(["", *petition.count_only_countries]))
    return found


