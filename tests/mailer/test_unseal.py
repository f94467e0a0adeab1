"""The fast way to open many name boxes opens what the plain way opens, and refuses what it refuses."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.unseal import SealedKey, Unsealer
from petitions import crypto

RECORDS = {"record-a": ("Zoë O'Brien", "Łódź"), "record-b": ("Алёна", ""), "record-c": ("", "")}


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Unsealer, AESGCM]:
    """An unsealer that has learnt data key 7, and the cipher that seals under it."""
    private, public = crypto.new_key_pair()
    (tmp_path / "branch-b.key").write_bytes(private)
    data_key = os.urandom(crypto.KEY_BYTES)
    sealed = crypto.seal_key(data_key, public, crypto.data_key_info("p", "names", "k"))
    unsealer = Unsealer(tmp_path)
    unsealer.learn([SealedKey(7, "p", "b", "names", "k", sealed)])
    return unsealer, AESGCM(data_key)


def boxes(cipher: AESGCM) -> list[tuple[str, int, bytes]]:
    return [
        (record, 7, crypto.seal_fields(cipher, crypto.record_info("name", record), fields, 64))
        for record, fields in RECORDS.items()
    ]


def test_many_names_open_as_each_of_them_does(keys: tuple[Unsealer, AESGCM]) -> None:
    unsealer, cipher = keys
    rows = boxes(cipher)
    one_by_one = [unsealer.fields("name", *row) for row in rows]
    assert list(unsealer.names(rows)) == one_by_one == [list(fields) for fields in RECORDS.values()]


def test_a_box_moved_to_another_row_stops_them(keys: tuple[Unsealer, AESGCM]) -> None:
    unsealer, cipher = keys
    (first, *_), (_, *second) = boxes(cipher)[:2]
    with pytest.raises(crypto.BoxDamaged):
        list(unsealer.names([(first, *second)]))  # type: ignore[list-item]
