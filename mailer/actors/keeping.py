"""The next edition: pages of names on which nothing has changed are taken from the addressee's newest document.

Beside a document of one volume the archive keeps notes, sealed as it is: where its full pages are, which letters had
which code, and digests of who was named how, name after name. Pages are taken as long as the roll begins as it did
then; from the first name on that is new, gone or shown differently, names are opened and printed.
"""

import hashlib
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.compiling import LeftOut, Roll
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive, ArchiveFileDamaged, ArchiveFileMissing
from mailer.document import PetitionDocument
from mailer.pdf.faces import FONTS
from mailer.pdf.keeping import KeptPages, PageList
from mailer.pdf.rendering import OpenVolume
from mailer.pdf.rows import detail_for
from mailer.pdf.subsets import Letter
from petitions.models import Addressee, Branch, Document, Edition, Signature, Volume
from petitions.models.roll import compare

PROGRAM = Path(__file__).resolve().parent.parent
LIBRARIES = ("Babel", "fonttools", "python-bidi", "reportlab", "uharfbuzz")  # they shape what a page says and where


class Taken(NamedTuple):
    """From an earlier document: pages, and what the roll leaves out because of them."""

    pages: KeptPages
    names: LeftOut


class _Notes(NamedTuple):
    maker: str
    pages: list[int]
    letters: list[tuple[str, str, int | None]]
    beginnings: list[str]


class _NoUse(Exception):
    """There is nothing to take; the message says why."""


def taken_pages(
    runtime: Runtime, session: Session, edition: Edition, addressee: Addressee, document: PetitionDocument,
    new_file: Callable[[], BinaryIO],
) -> Taken | None:
    """What of the addressee's newest document may stand in this one as it is; None where it has to be rendered anew."""
    volume = _newest_volume(session, addressee)
    if volume is None:
        return None
    try:
        return _taken(runtime, session, edition, addressee, volume, maker(runtime, document), new_file)
    except ArchiveFileMissing:
        reason = "missing"
    except ArchiveFileDamaged:
        reason = "damaged"
    except _NoUse as error:
        reason = str(error)
    log.info("document.rendered_anew", edition=edition.public_id, addressee=addressee.id, reason=reason)
    return None


def note_pages(
    runtime: Runtime, archive: Archive, branch: Branch, sha256: str, document: PetitionDocument, volume: OpenVolume,
    roll: Roll,
) -> None:
    """For the next edition. `sha256`: of the volume, which is the only one and archived."""
    notes = _Notes(
        maker(runtime, document), volume.full_pages.numbers.tolist(), list(volume.letters), roll.beginnings
    )
    if notes.pages:
        private_key = runtime.unsealer.private_key(branch.public_id)
        archive.store_notes(sha256, json.dumps(notes).encode(), private_key)


def forget_notes(session: Session, archive: Archive, document: Document) -> None:
    """Of the addressee's documents before this one: one of them is enough."""
    earlier = select(Volume.sha256).join(Document).where(
        Document.addressee_id == document.addressee_id, Document.id < document.id, Volume.erased_at.is_(None)
    )
    for sha256 in session.scalars(earlier):
        archive.remove_notes(sha256)


def maker(runtime: Runtime, document: PetitionDocument) -> str:
    """A digest of all that shapes a page of names but the names."""
    fonts = (FONTS, runtime.settings.font_dir) if runtime.settings.font_dir else (FONTS,)
    shaped_by = [
        _program(), document.language, document.respelled, detail_for(document.totals.named), _files(fonts),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(shaped_by).encode()).hexdigest()


# -- below: how ---------------------------------------------------------------------------------------


def _newest_volume(session: Session, addressee: Addressee) -> Volume | None:
    newest = session.scalars(
        select(Document).where(Document.addressee_id == addressee.id).order_by(Document.id.desc()).limit(1)
    ).one_or_none()
    if newest is None or len(newest.volumes) != 1 or newest.volumes[0].erased_at is not None:
        return None
    return newest.volumes[0]


def _taken(
    runtime: Runtime, session: Session, edition: Edition, addressee: Addressee, volume: Volume, made_by: str,
    new_file: Callable[[], BinaryIO],
) -> Taken:
    branch = edition.petition.branch
    archive = Archive(runtime.settings.archive, branch.public_key)
    private_key = runtime.unsealer.private_key(branch.public_id)
    notes = _Notes(*json.loads(archive.read_notes(volume.sha256, private_key)))
    if notes.maker != made_by:
        raise _NoUse("pages are made differently now")
    rows = edition.roll_for(addressee, Signature.position, Signature.shows_city)
    compared = compare(session, rows, notes.beginnings)
    pages = list(takewhile(lambda page: page.last <= compared.names, PageList(notes.pages)))
    if not pages:
        raise _NoUse("names have changed from the first page on")
    letters = [Letter._make(letter) for letter in notes.letters[: pages[-1].letters]]
    file = new_file()
    _copy(archive.open(volume.sha256, private_key), file, volume.sha256)
    kept = KeptPages(pages, letters, file)
    return Taken(kept, LeftOut(kept.first, kept.last, compared))


def _copy(chunks: Iterable[bytes], file: BinaryIO, sha256: str) -> None:
    """The archive proves who could have stored a file; the hash, that it is the one that was sealed."""
    content = hashlib.sha256()
    for chunk in chunks:
        content.update(chunk)
        file.write(chunk)
    if content.hexdigest() != sha256:
        raise ArchiveFileDamaged(sha256)


@cache
def _program() -> str:
    """Whatever is changed in it, the next document is rendered anew: nobody has to remember what pages depend on."""
    content = hashlib.sha256()
    for path in sorted(PROGRAM.rglob("*.py")):
        content.update(path.read_bytes())
    content.update("".join((sys.version, unicodedata.unidata_version, *map(version, LIBRARIES))).encode())
    return content.hexdigest()


def _files(folders: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Too large to be read for each document."""
    files = sorted(path for folder in folders for path in folder.iterdir())
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
