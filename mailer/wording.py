"""Words for people: gettext catalogues and the templates that letters and documents are written in."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
TRANSLATIONS = ROOT / "petitions" / "translations"  # shared by both packages; a path, not an import
# Two catalogues a language: authorities are written to in more languages than the pages have.
MESSAGES, DOCUMENT = "messages", "document"


@cache
def catalogue(language: str, domain: str = MESSAGES) -> NullTranslations:
    """The catalogue of a language; English, whose words are the keys, has none and needs none."""
    return Translations.load(TRANSLATIONS, [language], domain)


@cache
def environment(language: str = "en", domain: str = MESSAGES) -> Environment:
    """Templates in one language. For plain text only: nothing is escaped, and an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=False,  # noqa: S701 - every template read here is .txt: mail bodies and prose for paper
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(catalogue(language, domain), newstyle=True)  # type: ignore[attr-defined]
    return made


def letter_words(letter: str, part: str, language: str, words: Mapping[str, object]) -> str:
    """The subject or the body of a letter, as plain text."""
    return environment(language).get_template(f"email/{letter}/{part}.txt").render(words)


def authority_words(letter: str, part: str, language: str, words: Mapping[str, object]) -> str:
    """The subject or the body of a letter to an authority, in a language of documents."""
    return environment(language, DOCUMENT).get_template(f"email/{letter}/{part}.txt").render(words)
