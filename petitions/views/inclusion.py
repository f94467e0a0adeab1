"""A signer's own proofs: in which editions it is counted, and the file that shows it to anybody."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from petitions import notes
from petitions.db import db
from petitions.leaves import Kind, Leaf
from petitions.models import Checkpoint, Edition, EvidenceLog, LogDamaged, Signature

ENDING = "tlog-proof"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signature stands in the log that an edition prints; leaves are counted from 0, as in the file."""

    edition: int
    compiled_at: datetime | None
    index: int
    size: int
    counted: bool  # False: it was held or struck about then, and may have been left out


def places_of(signature: Signature) -> list[Place]:
    """The compiled editions whose log holds this signature, oldest first."""
    position = signature.position
    if position is None or signature.state is not Signature.State.CONFIRMED:
        return []
    found = (
        select(Edition)
        .where(
            Edition.petition_id == signature.petition_id,
            Edition.state == Edition.State.COMPILED,
            Edition.log_size >= position,
        )
        .order_by(Edition.number)
    )
    return [
        Place(edition.number, edition.compiled_at, position - 1, edition.log_size, _counts(signature, edition))
        for edition in db.session.scalars(found)
        if Checkpoint.covering(db.session, signature.petition_id, edition.log_size)
    ]


def _counts(signature: Signature, edition: Edition) -> bool:
    since = signature.counts_again_since
    return since is None or since <= edition.requested_at


def proof_for(signature: Signature, edition: int) -> Response:
    """The file for an edition whose log holds this signature. Raises NotFound."""
    place = next((place for place in places_of(signature) if place.edition == edition), None)
    if place is None:
        raise NotFound
    checkpoint = Checkpoint.covering(db.session, signature.petition_id, place.size)
    assert checkpoint is not None
    try:
        hashes = EvidenceLog(db.session, signature.petition_id).inclusion_proof(place.index, checkpoint.size)
    except LogDamaged:
        raise NotFound from None
    leaf = Leaf(Kind.CONFIRM, signature.text.hash, signature.commitment).data
    body = notes.Inclusion(leaf, place.index, tuple(hashes), checkpoint.note).text
    return Response(
        body,
        mimetype="text/plain",
        headers={"Content-Disposition": f'attachment; filename="edition-{edition}.{ENDING}"'},
    )
