"""The code with which somebody who reported a case comes back: no address, no account, nothing stored that finds her.

24 digits (79 bits), easy to write down in any script. From it come, by scrypt, what the report is looked up by and a
key pair: organisers' answers are sealed to the public half, which the report keeps, so that the code alone opens them.
The index key is mixed in: whoever has only a dump of the database cannot try codes, and scrypt makes trying slow.
"""

import hashlib
import re
import threading
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from petitions import crypto

DIGITS, GROUP = 24, 4
COST, BLOCK, LANES = 2**14, 8, 1  # of scrypt: 16 MiB and about 40 ms
AT_ONCE = 2  # of a web process's four threads: a flood of codes must not stop signing
_turns = threading.BoundedSemaphore(AT_ONCE)


class CodesBusy(RuntimeError):
    """Others are trying codes at this moment; the caller answers 503."""


_SEPARATORS = re.compile(r"[\s.\u2010-\u2015-]+")


@dataclass(frozen=True, slots=True)
class ReplyKey:
    """What a code gives."""

    code_hash: bytes  # the report is found by it
    private: bytes  # opens the answers

    @property
    def public(self) -> bytes:
        return crypto.public_half(self.private)

    def open(self, box: bytes, info: bytes) -> str:
        """Raises crypto.BoxDamaged."""
        try:
            return crypto.HPKE.decrypt(box, X25519PrivateKey.from_private_bytes(self.private), info).decode()
        except (InvalidTag, ValueError) as error:
            raise crypto.BoxDamaged("this answer does not open with this code") from error


def code_for(seed: str, index_key: bytes) -> str:
    """Always the same digits for one form that was sent, so that sending it twice is one report with one code. The
    seed, a random part of the form's token, is kept nowhere."""
    number = int.from_bytes(crypto.tag(crypto.lasting_key(index_key, "reply code"), seed)) % 10**DIGITS
    return f"{number:0{DIGITS}d}"


def in_groups(code: str) -> str:
    return " ".join(code[start : start + GROUP] for start in range(0, DIGITS, GROUP))


def typed_code(typed: str) -> str | None:
    """The digits of what was typed, of any script and however grouped; None if it cannot be a code."""
    bare = _SEPARATORS.sub("", typed[:200])
    if len(bare) != DIGITS or not bare.isdecimal():
        return None
    return "".join(str(int(digit)) for digit in bare)


def reply_key(code: str, index_key: bytes) -> ReplyKey:
    salt = crypto.lasting_key(index_key, "reply code salt")
    if not _turns.acquire(timeout=0.2):
        raise CodesBusy
    try:
        made = hashlib.scrypt(code.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=64 * 1024 * 1024, dklen=64)
    finally:
        _turns.release()
    return ReplyKey(code_hash=hashlib.sha256(made[:32]).digest(), private=made[32:])
