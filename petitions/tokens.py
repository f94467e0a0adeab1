"""Secret links: 256 random bits in the address, only their SHA-256 in the database."""

import hashlib
import re
import secrets

TOKEN_BYTES = 32
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def new_token() -> str:
    """43 characters for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What the database holds; looking up by it leaks nothing by time, whatever was typed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def looks_like_token(text: str) -> bool:
    """False for what no link of ours can be (cut short, a dot after it): answered like a wrong one."""
    return _SHAPE.match(text) is not None
