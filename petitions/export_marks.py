"""What tells the copies of one list apart: a reference on each line, and the order of the lines of one day.

Both come from a key that the export's id and the installation's index key give, so they can be computed again, and
nobody who has only the lists can."""

import base64

from petitions import crypto


def mark_key(index_key: bytes, export: str) -> bytes:
    return crypto.lasting_key(index_key, f"export {export}")


def reference_of(key: bytes, signature: str) -> str:
    """Eight characters: with millions of lines two exports share one by chance once in a thousand lists."""
    return base64.b32encode(crypto.tag(key, "reference", signature)[:5]).decode().lower()


def order_of(key: bytes, signature: str) -> bytes:
    return crypto.tag(key, "order", signature)
