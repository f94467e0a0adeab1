"""What belongs to a person and a branch, and is therefore no password (cases.md G18)."""

from petitions.models import Branch


def personal_words(branch: Branch, name: str, email: str) -> list[str]:
    return [branch.legal_name, branch.slug, branch.representative, name, email]
