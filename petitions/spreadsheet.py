"""What leaves in a table that a spreadsheet may open."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def neutral(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run (cases.md A9): what begins like a formula gets an apostrophe."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
