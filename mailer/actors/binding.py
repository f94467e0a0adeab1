"""One addressee's document: rendered in as many volumes as its channels ask for, sealed, looked at, archived.

The plain files have no name on the disk at any time: they are gone with the process, however that ends.
"""

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy.orm import Session

from mailer.actors.compiling import Compilation, compilation, new_code
from mailer.actors.limits import volume_limits
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from mailer.pdf.letter import write_letter
from mailer.pdf.limits import PAGE, Limits, TooManyVolumes
from mailer.pdf.rendering import OpenVolume, Rendering, bind, render
from mailer.pdf.seal import seal
from mailer.pdf.volumes import Listed
from mailer.timestamps import Stamper
from petitions.inspection import Inspection
from petitions.keys import seal_key
from petitions.models import Addressee, Document, Edition, Volume
from petitions.verify import inspect

ATTEMPTS = 3  # a volume that came out larger than was estimated: the whole is rendered anew, with less in each
SPARE = 0.97  # of what it may be then

Note = Callable[[str], None]  # a step has been reached, for whoever waits


class SealNotOurs(Exception):
    """A document just sealed does not verify against the branch's certificate: nothing may leave."""


class GlyphsMissing(Exception):
    """A name was confirmed after the check that no font can print; the edition must be checked again."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A volume that is finished and sealed."""

    file: BinaryIO
    size: int
    listed: Listed
    rendering: Rendering
    stamped_at: datetime | None

    @property
    def least(self) -> bool:
        """It holds a page of names: no volume can be smaller."""
        return self.rendering.measure.names <= PAGE

    def fits(self, limits: Limits) -> bool:
        return limits.fits(self.size, self.listed.pages)


@dataclass(frozen=True, slots=True)
class Binder:
    """For one document; what is read is of one snapshot of the database."""

    runtime: Runtime
    session: Session
    edition: Edition
    addressee: Addressee
    note: Note
    stamper: Stamper | None

    def document(self) -> Document:
        """Every volume is in the archive when it returns; the document is not in the database yet."""
        code, settings = new_code(), self.runtime.settings
        archive = Archive(settings.archive, self.edition.petition.branch.public_key)
        with ExitStack() as files:
            made, bound = self._within_limits(code, files)
            self.note("sealed_at")
            for volume in bound:
                volume.file.seek(0)
                archive.store(volume.file, volume.listed.sha256)
            self.note("archived_at")
            if settings.demonstration:
                for volume in bound:
                    _export_plain(settings.var / "documents", volume, self.addressee)
            return self._row(code, made, bound)

    # -- below: how --------------------------------------------------------------------------------------------

    def _within_limits(self, code: str, files: ExitStack) -> tuple[Compilation, list[Bound]]:
        """As few volumes as the channels take. A channel too narrow even for volumes is left out of account: its
        delivery stops as too big. What no limit helps goes as it is."""
        tried = volume_limits(self.runtime, self.edition.channels_to(self.addressee))
        for limits in tried:
            allowed = limits
            for _ in range(ATTEMPTS):
                with ExitStack() as opened:
                    made = compilation(
                        self.runtime, self.session, self.edition, self.addressee, code, self.stamper
                    )
                    new_file = partial(_nameless_file, self.runtime.settings.archive, opened)
                    try:
                        volumes = bind(made.document, made.roll, new_file, allowed)
                    except TooManyVolumes:
                        break
                    self.note("rendered_at")
                    bound = self._sealed(volumes)
                    if all(one.fits(limits) for one in bound):
                        files.push(opened.pop_all())
                        return made, bound
                    if any(one.least and not one.fits(limits) for one in bound):
                        break
                allowed = _narrowed(allowed, limits, bound)
        raise TooManyVolumes

    def _sealed(self, volumes: Sequence[OpenVolume]) -> list[Bound]:
        """The first volume last: it lists the others by their hashes."""
        bound: list[Bound] = []
        for volume in reversed(volumes):
            bound.insert(0, self._seal(volume, [one.listed for one in bound]))
        return bound

    def _seal(self, volume: OpenVolume, later: Sequence[Listed]) -> Bound:
        rendering, file = volume.finish(later), volume.file
        if rendering.missing:
            raise GlyphsMissing
        seen = self._put_seal(file)
        document = volume.document
        listed = Listed(
            document.volume, document.file_name, volume.first_serial, volume.last_serial, rendering.pages, seen.sha256
        )
        return Bound(file, file.seek(0, os.SEEK_END), listed, rendering, seen.stamped_at)

    def _put_seal(self, file: BinaryIO) -> Inspection:
        branch = self.edition.petition.branch
        key = seal_key(self.runtime.settings, branch.public_id)
        seal(file, key.pkcs12, key.passphrase, reason=f"Edition {self.edition.number}", stamps=self.stamper)
        seen = inspect(file, [branch.seal_certificate or b""])
        if not seen.bottom_line or bool(seen.stamped_at) is not bool(self.stamper):
            raise SealNotOurs(seen.problem)
        return seen

    def _add_letter(self, row: Document, made: Compilation, bound: Sequence[Bound]) -> None:
        """For an addressee that fetches its document by a link."""
        letter = io.BytesIO()
        if write_letter(made.document, [one.listed for one in bound], letter):
            raise GlyphsMissing
        row.letter_sha256 = self._put_seal(letter).sha256
        row.letter = letter.getvalue()

    def _row(self, code: str, made: Compilation, bound: Sequence[Bound]) -> Document:
        first, *later = bound
        shown = io.BytesIO()
        document = made.document.as_volume(1, len(bound))
        render(document, (), shown, copy_of=first.rendering, later=[one.listed for one in later])
        names = bound[-1].listed.last_serial
        row = Document(
            edition_id=self.edition.id,
            addressee_id=self.addressee.id,
            language=self.addressee.language,
            verification_code=code,
            names=names,
            count_only=document.totals.confirmed - names,
            roll_digest=made.roll.digest,
            front_matter=shown.getvalue(),
        )
        if any(channel.by_link for channel in self.edition.channels_to(self.addressee)):
            self._add_letter(row, made, bound)
        row.volumes += [Volume(size=one.size, stamped_at=one.stamped_at, **one.listed._asdict()) for one in bound]
        return row


def _nameless_file(folder: Path, files: ExitStack) -> BinaryIO:
    return cast(BinaryIO, files.enter_context(tempfile.TemporaryFile(dir=folder)))


def _narrowed(allowed: Limits, limits: Limits, bound: Sequence[Bound]) -> Limits:
    """By as much as the largest volume came out larger than it may be."""
    largest, longest = max(one.size for one in bound), max(one.listed.pages for one in bound)
    if allowed.size is not None and limits.size is not None and largest > limits.size:
        allowed = replace(allowed, size=int(allowed.size * SPARE * limits.size / largest))
    if allowed.pages is not None and limits.pages is not None and longest > limits.pages:
        allowed = replace(allowed, pages=allowed.pages - (longest - limits.pages))
    return allowed


def _export_plain(folder: Path, volume: Bound, addressee: Addressee) -> None:
    """The demonstration keeps readable copies beside the archive, and says so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = volume.listed.file_name.removesuffix(".pdf")
    final = folder / f"{stem}-{addressee.authority.slug}-{addressee.language}.pdf"
    unfinished = final.with_suffix(".unfinished")
    volume.file.seek(0)
    try:
        with unfinished.open("wb") as copy:
            shutil.copyfileobj(volume.file, copy)
        unfinished.replace(final)
    finally:
        unfinished.unlink(missing_ok=True)
