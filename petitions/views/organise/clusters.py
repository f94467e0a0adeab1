"""Letters for what several rows share, so that people see it and tags stay unseen: A, B, C in order of size."""

from collections import Counter
from collections.abc import Iterable
from string import ascii_uppercase


def letters_of(tags: Iterable[bytes | None]) -> dict[bytes, str]:
    """tag → its letter, for tags that at least two rows have. After Z comes AA."""
    counted = Counter(tag for tag in tags if tag is not None)
    shared = [tag for tag, count in counted.most_common() if count > 1]
    return {tag: _letter(place) for place, tag in enumerate(shared)}


def _letter(place: int) -> str:
    more, last = divmod(place, len(ascii_uppercase))
    return (_letter(more - 1) if more else "") + ascii_uppercase[last]
