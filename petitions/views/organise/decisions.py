"""Where each kind of proposal is looked at and decided. Whoever owns a kind registers its page."""

from collections.abc import Callable

from petitions.models import Approval, Proposal

PAGES: dict[Approval.Kind, Callable[[Proposal], str]] = {}


def page_of(proposal: Proposal) -> str | None:
    """The address of the page on which it is decided."""
    page = PAGES.get(proposal.kind)
    return page(proposal) if page is not None else None
