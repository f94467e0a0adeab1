"""The evidence logs: is the key here, and is each log still the one that was published."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions import keys, merkle, notes, watermark
from petitions.cli.findings import Finding, good, problem
from petitions.cli.keymaking import state_of
from petitions.config import Settings
from petitions.models import Branch, Checkpoint, EvidenceLog, LogDamaged, Petition, recorded_leaves
from petitions.watermark import Departure

DEPARTURES = {
    Departure.SMALLER: "it has fewer leaves than were published: an old database was put back. Restore a newer one; "
    "until then nothing of this petition is signed or compiled",
    Departure.DIFFERS: "it holds other leaves than were published: the database was altered, or an old one was put "
    "back and signed on. Restore the newest one; until then nothing of this petition is signed or compiled",
    Departure.UNREADABLE: "what was signed last was signed with another key: put back keys/log.key from its safe copy",
}


def logs(settings: Settings, session: Session) -> Iterator[Finding]:
    """Quick: the key, and each log against what was signed last."""
    here = any(state_of(settings, branch).private_half == "here" for branch in session.scalars(select(Branch)))
    if keys.log_key_file(settings).exists():
        yield good("evidence log key", "it is here: this machine signs the logs")
    elif here:
        yield problem("evidence log key", "it is not here: no edition can be compiled; petitions keys new")
    troubles = list(_troubles(settings, session))
    yield from troubles
    if not troubles:
        number = session.scalar(select(func.count()).where(Petition.log_size > 0))
        yield good("evidence logs", f"{number} go on from what was published")


def examination(
    settings: Settings, session: Session, petition: Petition, saved: Sequence[str] = ()
) -> dict[str, Any]:
    """Every leaf against its record, every checkpoint against the tree; `saved` are checkpoints kept elsewhere."""
    evidence = EvidenceLog(session, petition.id)
    size = evidence.size
    checkpoints = session.scalars(
        select(Checkpoint).where(Checkpoint.petition_id == petition.id).order_by(Checkpoint.size)
    ).all()
    kept = [note for note in (watermark.marked(settings, petition.public_id), *saved) if note]
    root, problems = b"", list[str]()
    try:
        root = evidence.root(size)
        problems += _of_leaves(session, petition, size, root)
        for checkpoint in checkpoints:
            problems += _of_checkpoint(checkpoint, evidence, size)
        problems += _of_kept(kept, checkpoints, evidence, size)
    except LogDamaged as damage:
        problems.append(str(damage))
    return {
        "petition": petition.slug, "leaves": size, "checkpoints": len(checkpoints), "root": root.hex(),
        "problems": problems,
    }


def _of_leaves(session: Session, petition: Petition, size: int, root: bytes) -> Iterator[str]:
    if size != petition.log_size:
        yield f"{petition.log_size} positions are given and {size} leaves are kept"
    if merkle.root_of(merkle.leaf_hash(leaf.data) for leaf in recorded_leaves(session, petition.id)) != root:
        yield "the leaves are not those of the signatures' records"


def _of_checkpoint(checkpoint: Checkpoint, evidence: EvidenceLog, size: int) -> Iterator[str]:
    try:
        head = notes.opened(checkpoint.note, notes.LogKey(checkpoint.origin, checkpoint.public_key))
    except notes.NoteRefused as refusal:
        yield f"the checkpoint of {checkpoint.size} leaves: {refusal}"
        return
    if (head.size, head.root) != (checkpoint.size, checkpoint.root):
        yield f"the checkpoint of {checkpoint.size} leaves does not say what its record says"
    elif head.size > size or evidence.root(head.size) != head.root:
        yield f"the checkpoint of {checkpoint.size} leaves is not of this tree"


def _of_kept(
    kept: Sequence[str], checkpoints: Sequence[Checkpoint], evidence: EvidenceLog, size: int
) -> Iterator[str]:
    if kept and not checkpoints:
        yield "it was signed before, and its records know nothing of that"
        return
    for note in kept:
        if departure := watermark.departure(note, checkpoints[-1].public_key, size, evidence.root):
            yield DEPARTURES[departure]


def _troubles(settings: Settings, session: Session) -> Iterator[Finding]:
    for petition in session.scalars(select(Petition).where(Petition.log_size > 0).order_by(Petition.id)):
        name = f"evidence log of {petition.slug}"
        newest = Checkpoint.newest(session, petition.id)
        evidence = EvidenceLog(session, petition.id)
        marked = watermark.marked(settings, petition.public_id)
        try:
            public = newest.public_key if newest else _key_here(settings) if marked else b""
            for note in (newest.note if newest else None, marked):
                if note and (departure := watermark.departure(note, public, evidence.size, evidence.root)):
                    yield problem(name, DEPARTURES[departure])
                    break
            else:
                if petition.log_stopped_at is not None:
                    yield problem(name, "the worker signs nothing of it: run petitions doctor where the worker runs")
        except LogDamaged as damage:
            yield problem(name, f"{damage}: look with petitions log check, and restore the newest database")


def _key_here(settings: Settings) -> bytes:
    return keys.log_key(settings).public_key().public_bytes_raw()
