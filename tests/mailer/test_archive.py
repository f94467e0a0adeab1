"""What is compiled is kept so that only the branch's key opens it, and any change to it is seen."""

import datetime as dt
import hashlib
import io
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from mailer.archive import CHUNK, TAG, Archive, ArchiveFileDamaged, ArchiveFileMissing

PRIVATE = X25519PrivateKey.generate()
KEY = PRIVATE.private_bytes_raw()
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5]


def content(size: int) -> bytes:
    return (b"Ana Invented 0123456789\n" * (size // 24 + 1))[:size]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", PRIVATE.public_key().public_bytes_raw())


def kept(archive: Archive, data: bytes) -> Path:
    return archive.store(io.BytesIO(data), sha256(data))


@pytest.mark.parametrize("size", SIZES)
def test_what_was_stored_is_read_again(archive: Archive, size: int) -> None:
    kept(archive, content(size))
    assert archive.read(sha256(content(size)), KEY) == content(size)


def test_it_is_read_in_chunks(archive: Archive) -> None:
    kept(archive, content(2 * CHUNK + 5))
    assert [len(chunk) for chunk in archive.open(sha256(content(2 * CHUNK + 5)), KEY)] == [CHUNK, CHUNK, 5]


def test_a_pipe_that_gives_little_at_a_time_is_stored_whole(archive: Archive) -> None:
    data = content(CHUNK + 100)
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        with open(writing, "wb") as out:
            out.write(data)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb", buffering=0) as pipe:
        archive.store(pipe, sha256(data))
    os.wait()
    assert archive.read(sha256(data), KEY) == data


def test_nobody_else_may_read_the_files_and_they_hold_no_plain_text(archive: Archive) -> None:
    path = kept(archive, content(1000))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent.parent.stat().st_mode & 0o777 == 0o700
    assert b"Invented" not in path.read_bytes()


def test_a_folder_with_wider_rights_is_narrowed(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(mode=0o755)
    Archive(tmp_path / "old", PRIVATE.public_key().public_bytes_raw())
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o700


def test_storing_again_changes_nothing(archive: Archive) -> None:
    path = kept(archive, content(100))
    before = path.read_bytes()
    assert kept(archive, content(100)) == path
    assert path.read_bytes() == before


def test_what_has_another_hash_is_not_kept(archive: Archive) -> None:
    with pytest.raises(ArchiveFileDamaged):
        archive.store(io.BytesIO(b"one"), sha256(b"another"))
    with pytest.raises(ArchiveFileMissing):
        archive.read(sha256(b"another"), KEY)


def test_what_is_not_there_is_missing(archive: Archive) -> None:
    with pytest.raises(ArchiveFileMissing):
        archive.read(sha256(b"nothing"), KEY)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "g" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_is_a_name(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        archive.store(io.BytesIO(b""), name)
    with pytest.raises(ValueError, match="SHA-256"):
        archive.read(name, KEY)
    with pytest.raises(ValueError, match="SHA-256"):
        archive.remove(name)


def test_another_key_does_not_open_it(archive: Archive) -> None:
    kept(archive, b"secret")
    with pytest.raises(ArchiveFileDamaged):
        archive.read(sha256(b"secret"), X25519PrivateKey.generate().private_bytes_raw())


@pytest.mark.parametrize("at", [0, 9, 20, 200, -1, CHUNK, -(CHUNK // 2)])
def test_one_changed_byte_is_seen(archive: Archive, at: int) -> None:
    data = content(2 * CHUNK + 9)
    path = kept(archive, data)
    stored = bytearray(path.read_bytes())
    stored[at] ^= 1
    path.write_bytes(stored)
    with pytest.raises(ArchiveFileDamaged):
        archive.read(sha256(data), KEY)


@pytest.mark.parametrize("chunks_left", [0, 1, 2])
@pytest.mark.parametrize("size", [3 * CHUNK, 2 * CHUNK + 9])
def test_a_file_cut_off_between_two_chunks_is_seen(archive: Archive, chunks_left: int, size: int) -> None:
    path = kept(archive, content(size))
    stored = path.read_bytes()
    header = len(stored) - size - 3 * TAG
    path.write_bytes(stored[: header + chunks_left * (CHUNK + TAG)])
    with pytest.raises(ArchiveFileDamaged):
        archive.read(sha256(content(size)), KEY)


@pytest.mark.parametrize("left", [0, 5, 9, 30])
def test_a_file_cut_off_in_its_header_is_seen(archive: Archive, left: int) -> None:
    path = kept(archive, b"secret")
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ArchiveFileDamaged):
        archive.read(sha256(b"secret"), KEY)


def test_chunks_in_another_order_or_with_something_after_them_are_seen(archive: Archive) -> None:
    data = content(3 * CHUNK)
    path = kept(archive, data)
    stored, step = path.read_bytes(), CHUNK + TAG
    header = len(stored) - 3 * step
    one, two = stored[header : header + step], stored[header + step : header + 2 * step]
    for changed in (stored[:header] + two + one + stored[header + 2 * step :], stored + b"x", stored + one):
        path.write_bytes(changed)
        with pytest.raises(ArchiveFileDamaged):
            archive.read(sha256(data), KEY)


def test_a_file_under_another_hash_is_seen(archive: Archive) -> None:
    path, other = kept(archive, b"one"), kept(archive, b"another")
    other.write_bytes(path.read_bytes())
    with pytest.raises(ArchiveFileDamaged):
        archive.read(sha256(b"another"), KEY)


def test_removed_is_missing_and_removing_again_is_fine(archive: Archive) -> None:
    kept(archive, b"secret")
    archive.remove(sha256(b"secret"))
    archive.remove(sha256(b"secret"))
    with pytest.raises(ArchiveFileMissing):
        archive.read(sha256(b"secret"), KEY)


def test_a_failing_disk_leaves_nothing_behind(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="space"):
            kept(archive, b"secret")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_sweep_takes_what_a_crash_left_and_only_that(archive: Archive) -> None:
    path = kept(archive, b"secret")
    left, fresh = path.with_name("0011.unfinished"), path.with_name("2233.unfinished")
    left.touch()
    fresh.touch()
    os.utime(left, (0, 0))
    os.utime(path, (0, 0))
    assert archive.sweep(dt.timedelta(hours=1)) == 1
    assert sorted(path.parent.iterdir()) == sorted([path, fresh])
