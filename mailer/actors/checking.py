"""What is looked at before anyone approves an edition. The documents are rendered into nothing, so their pages, sizes
and missing glyphs are the real ones and no name touches a disk.

Each finding names its rule (templates/organise/editions/_rules.html has the sentences of the page); what must be mended
first says so in a sentence of its own too, for the command line.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.actors.compiling import CODE_LENGTH, Compilation, compilation
from mailer.actors.limits import channel_limits, volumes_by
from mailer.actors.runtime import Runtime
from mailer.pdf.limits import UNLIMITED
from mailer.pdf.rendering import Rendering, render
from mailer.pdf.seal import SealError, certificate_of
from petitions.keys import KeysMissing, seal_key
from petitions.models import (
    Addressee,
    Channel,
    Checkpoint,
    Edition,
    Petition,
    Signature,
    Switch,
    blocked,
    last_received,
)

SEAL_WARNING = timedelta(days=30)  # time enough to get another certificate

# what a channel's `required` may name -> whether the edition has it (facts/authorities.md)
_REQUIRED: dict[str, Callable[[Edition], object]] = {
    "representative": lambda edition: edition.petition.branch.representative,
    "postal_address": lambda edition: edition.petition.branch.postal_address,
    "birth_year": lambda edition: edition.facts["birth_year"],
    "citizenship": lambda edition: edition.facts["citizenships"],
    "case_number": lambda edition: edition.facts["case_number"],
    "article": lambda edition: any(edition.facts["article"].values()),
    "held_at": lambda edition: any(edition.facts["held_at"].values()),
}


class Tone(StrEnum):
    GOOD = "good"
    WAIT = "wait"  # somebody should look at it; it forbids nothing
    BAD = "bad"  # must be mended first


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    tone: Tone
    said: str = ""
    addressee: str = ""  # slug of its authority; empty: of the whole edition
    values: dict[str, Any] = field(default_factory=dict)


class Counted:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def report(runtime: Runtime, session: Session, edition: Edition) -> dict[str, Any]:
    """Totals per disclosure, what each addressee would get, and every rule with whether it is met."""
    findings = [*_of_the_whole(runtime, session, edition)]
    missing: Counter[str] = Counter()
    documents = []
    for addressee in edition.petition.addressees:
        made = compilation(runtime, session, edition, addressee, "X" * CODE_LENGTH)
        rendering = render(made.document, made.roll, Counted())  # type: ignore[arg-type]
        missing.update(rendering.missing)
        about = [*_of_one(runtime, edition, addressee, made, rendering)]
        findings += about
        documents.append(_document(runtime, session, edition, addressee, made, rendering, about))
    findings += _glyphs(missing)
    return {
        "problems": [finding.said for finding in findings if finding.tone is Tone.BAD],
        "findings": [asdict(finding) for finding in findings],
        "documents": documents,
        "totals": edition.totals,
        "missing_glyphs": dict(missing),
    }


# -- the edition as a whole ------------------------------------------------------------------------------


def _of_the_whole(runtime: Runtime, session: Session, edition: Edition) -> Iterator[Finding]:
    differing = edition.disagreements(session)
    yield from (Finding("agreement", Tone.BAD, said) for said in differing)
    if not differing:
        yield Finding("agreement", Tone.GOOD, values={"number": edition.petition.confirmed_count})
    if other := edition.signed_otherwise(session):
        said = f"{other} signed a text that this edition does not print: nobody is listed under another one"
        yield Finding("text_signed", Tone.BAD, said, values={"number": other})
    else:
        yield Finding("text_signed", Tone.GOOD)
    yield _seal(runtime, edition)
    yield _log(session, edition)
    yield from _prisoner(edition)
    yield from _stops(session, edition.petition)


def _seal(runtime: Runtime, edition: Edition) -> Finding:
    branch, today = edition.petition.branch, datetime.now(UTC)
    try:
        key = seal_key(runtime.settings, branch.public_id)
        certificate = certificate_of(key.pkcs12, key.passphrase)
    except (KeysMissing, SealError) as error:
        return Finding("seal", Tone.BAD, f"nothing can be sealed: {error}", values={"error": type(error).__name__})
    if certificate.public_bytes(Encoding.DER) != branch.seal_certificate:
        said = "the seal on the worker's machine is not the one the branch has published: petitions keys new"
        return Finding("seal", Tone.BAD, said, values={"error": "SealNotOurs"})
    ends = certificate.not_valid_after_utc
    tone = Tone.WAIT if ends - today < SEAL_WARNING else Tone.GOOD
    return Finding("seal", tone, f"the seal ends on {ends.date()}", values={"until": ends.date().isoformat()})


def _log(session: Session, edition: Edition) -> Finding:
    """What the last page prints must be signed (mailer/actors/evidence.py)."""
    signed = Checkpoint.covering(session, edition.petition_id, edition.log_size)
    if edition.petition.log_stopped_at is not None or signed is None:
        return Finding("log", Tone.BAD, "the evidence log is not signed up to this edition: petitions doctor says why")
    return Finding("log", Tone.GOOD, values={"number": edition.log_size})


def _prisoner(edition: Edition) -> Iterator[Finding]:
    prisoner, today = edition.petition.prisoner, datetime.now(UTC).date()
    if not prisoner.consent_recorded:
        yield Finding("consent", Tone.BAD, "there is no consent record of the prisoner or the family")
    elif prisoner.consent_review_on is not None and prisoner.consent_review_on < today:
        since = prisoner.consent_review_on.isoformat()
        yield Finding("consent", Tone.WAIT, f"the consent was to be reviewed by {since}", values={"since": since})
    else:
        yield Finding("consent", Tone.GOOD)
    if any(event.stops_deliveries for event in prisoner.events):
        yield Finding("freedom", Tone.BAD, "the prisoner has been released or has died: nothing is delivered")


def _stops(session: Session, petition: Petition) -> Iterator[Finding]:
    if petition.needs_review:
        yield Finding("review", Tone.BAD, "something happened to the prisoner: look at texts and addressees first")
    else:
        yield Finding("review", Tone.GOOD)
    if petition.state is Petition.State.PAUSED or petition.deliveries_paused_at is not None:
        yield Finding("paused", Tone.WAIT, "deliveries of this petition are stopped; it waits until they go on")
    if stop := blocked(session, petition.branch_id, Switch.Name.DELIVERIES):
        yield Finding("blocked", Tone.WAIT, f"deliveries are stopped: {stop}", values={"stop": stop.value})


def _glyphs(missing: Counter[str]) -> Iterator[Finding]:
    for character, times in sorted(missing.items()):
        said = f"no font has the character {character}, which would be printed {times} times"
        yield Finding("glyphs", Tone.BAD, said, values={"character": character, "times": times})
    if not missing:
        yield Finding("glyphs", Tone.GOOD)


# -- one addressee ---------------------------------------------------------------------------------------


def _of_one(
    runtime: Runtime, edition: Edition, addressee: Addressee, made: Compilation, rendering: Rendering
) -> Iterator[Finding]:
    authority, slug, today = addressee.authority, addressee.authority.slug, datetime.now(UTC).date()
    if made.document.reading.language == addressee.language:
        yield Finding("language", Tone.GOOD, addressee=slug, values={"language": addressee.language})
    else:
        said = f"{slug}: there is no approved text in its language ({addressee.language})"
        yield Finding("language", Tone.BAD, said, slug, {"language": addressee.language})
    on = authority.verified_on.isoformat() if authority.verified_on else ""
    tone = Tone.GOOD if authority.verified_lately(today) else Tone.WAIT
    yield Finding("verified", tone, f"{slug}: its entry was verified too long ago or never", slug, {"on": on})
    if not addressee.usable_channels:
        yield Finding("usable", Tone.WAIT, f"{slug}: no channel of it can be used", slug)
    for channel in addressee.usable_channels:
        yield from _contents(edition, slug, channel)
        yield from _size(runtime, slug, channel, made, rendering)
    if not any(channel.kind is Channel.Kind.EMAIL for channel in addressee.usable_channels):
        said = "no e-mail channel: this document is compiled but has to be taken there by a person"
        yield Finding("by_person", Tone.WAIT, said, slug)


def _contents(edition: Edition, slug: str, channel: Channel) -> Iterator[Finding]:
    """What the law of this channel asks for, one line a content."""
    for content in channel.required:
        values = {"content": content, "channel": channel.kind.value, "source": channel.source}
        has = _REQUIRED.get(content)
        if has is None:
            said = f"{slug}: requires “{content}”, which nothing here can provide"
            yield Finding("unknown_content", Tone.BAD, said, slug, values)
        elif has(edition):
            yield Finding("content", Tone.GOOD, addressee=slug, values=values)
        else:
            said = f"{slug}: its {channel.kind} channel requires {content}"
            yield Finding("content", Tone.BAD, said, slug, values)


def _size(
    runtime: Runtime, slug: str, channel: Channel, made: Compilation, rendering: Rendering
) -> Iterator[Finding]:
    limits, kind = channel_limits(runtime, channel), channel.kind
    volumes = volumes_by(runtime, channel, rendering)
    values = {
        "channel": kind.value, "size": rendering.size, "limit": limits.size, "pages": rendering.pages,
        "most_pages": limits.pages, "volumes": volumes,
    }  # fmt: skip
    if volumes is None:
        said = f"its {kind} channel takes not even one volume of it: it will stop as too big"
        yield Finding("size", Tone.WAIT, said, slug, values)
    elif volumes > 1:
        said = f"larger than its {kind} channel takes at once: it goes in about {volumes} volumes"
        yield Finding("volumes", Tone.WAIT, said, slug, values)
    elif limits != UNLIMITED:
        yield Finding("size", Tone.GOOD, "", slug, values)
    if channel.max_characters is not None:
        length = len(made.document.reading.demand) + len(made.document.reading.background)
        fits = length <= channel.max_characters
        said = f"the text has {length} characters, its {kind} channel takes {channel.max_characters}"
        values = {"channel": kind.value, "length": length, "limit": channel.max_characters}
        yield Finding("length", Tone.GOOD if fits else Tone.WAIT, said, slug, values)


def _document(
    runtime: Runtime, session: Session, edition: Edition, addressee: Addressee, made: Compilation,
    rendering: Rendering, findings: list[Finding],
) -> dict[str, Any]:
    document, previous = made.document, last_received(session, addressee, before=edition.number)
    return {
        "addressee": addressee.authority.slug,
        "language": addressee.language,
        "circle": addressee.circle.value,
        "text_version": document.reading.version,
        "text_language": document.reading.language,
        "pages": rendering.pages,
        "size": rendering.size,
        "names": rendering.names,
        "count_only": document.totals.count_only,
        "previous_edition": document.previous_edition,
        "new_since_previous": document.new_since_previous,
        "new_names": _new_names(session, edition, addressee, previous.log_size) if previous else rendering.names,
        "channels": [
            {
                "public_id": channel.public_id,
                "kind": channel.kind.value,
                "legal_effect": channel.legal_effect.value,
                "fits": volumes_by(runtime, channel, rendering) is not None,
                "volumes": volumes_by(runtime, channel, rendering),
            }
            for channel in addressee.usable_channels
        ],
        "warnings": [finding.said for finding in findings if finding.tone is Tone.WAIT],
    }


def _new_names(session: Session, edition: Edition, addressee: Addressee, log_size: int) -> int:
    fresh = edition.roll_for(addressee, Signature.id).where(Signature.position > log_size).order_by(None)
    return session.scalar(select(func.count()).select_from(fresh.subquery())) or 0
