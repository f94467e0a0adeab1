"""What a channel's law asks a document to contain, and whether a petition has it (facts/authorities.md): pure."""

from collections.abc import Callable

from petitions.models import Channel, Petition

_HAS: dict[str, Callable[[Petition], object]] = {
    "representative": lambda petition: petition.branch.representative,
    "postal_address": lambda petition: petition.branch.postal_address,
    "birth_year": lambda petition: petition.prisoner.birth_year,
    "citizenship": lambda petition: petition.prisoner.citizenships,
    "case_number": lambda petition: petition.prisoner.case_number,
    "article": lambda petition: any(petition.prisoner.article.values()),
    "held_at": lambda petition: any(petition.prisoner.held_at.values()),
}


def required_contents(petition: Petition, channel: Channel) -> list[tuple[str, bool]]:
    """Each content by its word, and whether it is there; one nobody knows is not."""
    return [(content, content in _HAS and bool(_HAS[content](petition))) for content in channel.required]
