"""How large one file may be that goes to an authority by a channel."""

from collections.abc import Sequence

from mailer.actors.runtime import Runtime
from mailer.pdf.limits import UNLIMITED, Limits
from mailer.pdf.rendering import Rendering
from petitions.models import Channel


def channel_limits(runtime: Runtime, channel: Channel) -> Limits:
    """Of one sealed file; without a size where nobody has set one. What is fetched by a link no mail server weighs."""
    if channel.by_link:
        return UNLIMITED
    usual = runtime.settings.channel_bytes if channel.kind is Channel.Kind.EMAIL else None
    return Limits(channel.max_bytes or usual, channel.max_pages)


def volume_limits(runtime: Runtime, channels: Sequence[Channel]) -> list[Limits]:
    """What the volumes of a document must keep to that goes by all of these channels; then, should that be impossible,
    by all but the narrowest, and so on. A file larger than the last of them nobody can use."""
    largest = runtime.settings.volume_bytes
    found = [channel_limits(runtime, channel) for channel in channels]
    found.sort(key=lambda one: (one.size or largest, one.pages or largest))
    tried = [_together(found[start:], largest) for start in range(len(found) + 1)]
    return list(dict.fromkeys(tried))


def _together(limits: Sequence[Limits], largest: int) -> Limits:
    sizes = [one.size for one in limits if one.size is not None]
    pages = [one.pages for one in limits if one.pages is not None]
    return Limits(min([*sizes, largest]), min(pages, default=None))


def volumes_by(runtime: Runtime, channel: Channel, rendering: Rendering) -> int | None:
    """In about how many volumes a document of this size goes by a channel alone; None where it cannot."""
    limits = _together([channel_limits(runtime, channel)], runtime.settings.volume_bytes)
    return limits.volumes(rendering.size, rendering.pages, rendering.measure)
