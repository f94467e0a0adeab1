"""The words that every page of the directory uses."""

from typing import Any

from petitions.forms.organise import authority_words as words
from petitions.i18n import present_language


def directory_words() -> dict[str, Any]:
    return {
        "address_label": words.ADDRESSES,
        "ask_words": words.ASKS,
        "channel_words": words.CHANNELS,
        "channel_fact_words": words.channel_fact_words,
        "change_states": words.STATES,
        "effect_words": words.EFFECTS_SHORT,
        "fact_words": words.fact_words,
        "hours_words": words.hours_words,
        "kind_words": words.KINDS,
        "in_reader": _in_reader,
        "required_words": words.REQUIRED,
        "term_labels": words.TERMS,
        "term_words": words.term_words,
        "value_words": words.value_words,
    }


def _in_reader(said: dict[str, str]) -> str:
    """Of words in several languages the reader's, else English."""
    return said.get(present_language()) or said.get("en", "")
