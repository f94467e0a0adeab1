"""Word by word: both wordings can be read out of the pieces."""

from hypothesis import given
from hypothesis import strategies as st

from petitions.difference import Change, difference


def test_a_changed_word_is_one_removed_and_one_added() -> None:
    pieces = difference("End the arrest now.", "End the detention now.")

    assert [(piece.change, piece.text.strip()) for piece in pieces] == [
        (Change.SAME, "End the"), (Change.REMOVED, "arrest"), (Change.ADDED, "detention"), (Change.SAME, "now."),
    ]


def test_a_sentence_written_anew_is_read_whole() -> None:
    pieces = difference("End the arrest at once.", "End his long detention at once.")

    assert [(piece.change, piece.text.strip()) for piece in pieces] == [
        (Change.SAME, "End"), (Change.REMOVED, "the arrest"), (Change.ADDED, "his long detention"),
        (Change.SAME, "at once."),
    ]


@given(st.text(), st.text())
def test_without_the_added_it_is_the_old_and_without_the_removed_the_new(before: str, after: str) -> None:
    pieces = difference(before, after)

    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == after
