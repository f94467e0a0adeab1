"""Whether a document gets a time stamp of a third party, and what becomes of it when none is to be had."""

from collections.abc import Callable
from typing import TypeVar

from mailer.actors.runtime import Runtime, log
from mailer.timestamps import NoTimeStamp, Stamper
from petitions.config import TsaPolicy

Made = TypeVar("Made")


def stamped(runtime: Runtime, make: Callable[[Stamper | None], Made]) -> Made:
    """What `make` makes with the authority's time stamps; where the policy says so and there are none, without, and it
    says that. Raises NoTimeStamp: then it waits."""
    if runtime.stamper is None:
        return make(None)
    try:
        runtime.stamper.ready()
        return make(runtime.stamper)
    except NoTimeStamp:
        if runtime.settings.tsa_policy is TsaPolicy.WAIT:
            raise
        log.warning("document.without_time_stamp")
        return make(None)
