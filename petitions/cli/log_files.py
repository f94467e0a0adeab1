"""`petitions log verify-…`: what anybody can check with the files alone, without us, a database or a network."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from petitions import crypto, leaves, merkle, notes
from petitions.cli.output import as_json, show_record
from petitions.cli.refusals import Refused

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
BEGINS = "petitions-leaves v1"


class Sha256(click.ParamType[bytes]):
    name = "hex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            raw = value if isinstance(value, bytes) else bytes.fromhex("".join(str(value).split()))
        except ValueError:
            raw = b""
        if len(raw) != notes.HASH_BYTES:
            self.fail("write the 64 hexadecimal digits as they are printed", param, ctx)
        return raw


@click.command("verify-proof")
@click.argument("file", type=FILE)
@click.option("--key", required=True, metavar="KEY", help="Of the log: as printed on the edition's last page, or from "
              "/log/…/key. Take it from a place you trust.")
@click.option("--root", type=Sha256(), help="The root printed in the edition: must be the one the proof leads to.")
@click.option("--opening", type=FILE, help="The signer's own file (JSON): shows whose signature it is.")
@as_json
def verify_proof(file: Path, key: str, root: bytes | None, opening: Path | None, as_json: bool) -> None:
    """Say whether FILE (.tlog-proof) proves that a signature is in the log. Exit 0: proven; 1: not."""
    try:
        proof = notes.Inclusion.read(_text(file))
        head = proof.verify(_key(key, proof.checkpoint))
        leaf = leaves.read(proof.leaf)
    except (notes.NoteRefused, leaves.NotALeaf) as refusal:
        raise Refused(f"NOT PROVEN: {refusal}.") from None
    if root is not None and root != head.root:
        raise Refused("NOT PROVEN: the proof leads to another root than the printed one.")
    record = {
        "log": head.origin, "size": head.size, "root": head.root.hex(), "leaf": proof.index, "kind": leaf.kind,
        "text_sha256": leaf.text_hash, "commitment": leaf.commitment.hex(),
    }
    if opening is not None:
        record["name"] = _opened(opening, leaf)
    if not as_json:
        click.echo("PROVEN. The leaf is in the log.\n")
    show_record(record, as_json=as_json)


@click.command("verify-leaves")
@click.argument("file", type=FILE)
@click.option("--root", required=True, type=Sha256(), help="As printed on the edition's last page.")
@click.option("--size", type=click.IntRange(1), help="As printed; by default all leaves of the file.")
@as_json
def verify_leaves(file: Path, root: bytes, size: int | None, as_json: bool) -> None:
    """Compute the root of an edition's log again from FILE (petitions log export). Exit 0: the same; 1: not."""
    try:
        with file.open(encoding="utf-8") as lines:
            origin, stated = read_head(lines)
            wanted = size or stated
            counted, computed = _root_of(lines, wanted)
    except (notes.NoteRefused, UnicodeDecodeError) as refusal:
        raise Refused(f"{file.name} is not a list of leaves: {refusal}.") from None
    if counted < wanted:
        raise Refused(f"NOT THE SAME: the file has {counted} leaves, not {wanted}.")
    if computed != root:
        raise Refused(f"NOT THE SAME: {wanted} leaves have the root {computed.hex()}.")
    if not as_json:
        click.echo("THE SAME. The printed root is that of these leaves.\n")
    show_record({"log": origin, "size": wanted, "root": computed.hex()}, as_json=as_json)


def file_of_leaves(origin: str, size: int, hashes: Iterator[bytes]) -> Iterator[str]:
    yield f"{BEGINS}\n{origin}\n{size}\n"
    for one in hashes:
        yield notes.lines_of([one])


def read_head(lines: Iterator[str]) -> tuple[str, int]:
    """Origin and size. Raises NoteRefused."""
    first, origin, size = (next(lines, "").strip() for _ in range(3))
    if first != BEGINS or not size.isdecimal():
        raise notes.NoteRefused("it does not begin as one")
    return origin, int(size)


def _root_of(lines: Iterator[str], size: int) -> tuple[int, bytes]:
    counted = 0

    def first() -> Iterator[bytes]:
        nonlocal counted
        for counted, line in enumerate(lines, start=1):
            yield notes.hashes_of(line)[0]
            if counted == size:
                return

    root = merkle.root_of(first())
    return counted, root


def _key(typed: str, checkpoint: str) -> notes.LogKey:
    """A bare key is taken for the log that the checkpoint names: the signature says whether it is."""
    if "+" in typed:
        return notes.LogKey.read(typed)
    return notes.LogKey(checkpoint.partition("\n")[0], Sha256().convert(typed, None, None))


def _opened(file: Path, leaf: leaves.Leaf) -> str:
    """The name that the commitment was made over."""
    try:
        said = json.loads(_text(file))
        typed, salt = said["you_typed"], bytes.fromhex(said["commitment_salt"])
        record = (said["text"]["sha256"], typed["name"], typed["city"], typed["country"])
        fits = record[0] == leaf.text_hash and crypto.commitment(salt, record) == leaf.commitment
    except (KeyError, TypeError, ValueError):
        raise Refused(f"{file.name} is not the file of a signer.") from None
    if not fits:
        raise Refused("NOT PROVEN: the leaf is in the log, but it is not the one of this signer.")
    return str(typed["name"])


def _text(file: Path) -> str:
    try:
        return file.read_bytes()[: 4 * notes.LONGEST].decode()
    except UnicodeDecodeError:
        raise Refused(f"{file.name} is not text.") from None
