"""Is every word for people translated? Extracts them afresh and holds each catalogue against that.

`translations.py document` looks at the words for authorities only, which are in more languages than the pages.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from petitions.config import Settings

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "petitions" / "translations"
SOURCE = "en"  # its words are the keys: it needs no catalogue
# catalogue: where its words are, the setting that lists its languages
CATALOGUES = {"messages": ("babel.cfg", "languages"), "document": ("document.cfg", "document_languages")}


def main(wanted: list[str]) -> int:
    failed = False
    for name in wanted or CATALOGUES:
        mapping, setting = CATALOGUES[name]
        words = extracted(mapping)
        for language in Settings.model_fields[setting].default:
            if language == SOURCE:
                continue
            problems = list(problems_of(words, TRANSLATIONS / language / "LC_MESSAGES" / f"{name}.po", language))
            print(f"{name}, {language}: {len(words)} words and sentences, {len(problems)} problems")
            for problem in problems:
                print(f"  {problem}")
            failed = failed or bool(problems)
    return 1 if failed else 0


def extracted(mapping: str) -> Catalog:
    with TemporaryDirectory() as scratch:
        template = Path(scratch) / "messages.pot"
        CommandLineInterface().run(  # type: ignore[no-untyped-call]
            ["pybabel", "-q", "extract", "-F", str(ROOT / mapping), "-k", "lazy_gettext", "-k", "_l",
             "-o", str(template), str(ROOT)]
        )
        with template.open("rb") as file:
            return read_po(file)


def problems_of(words: Catalog, path: Path, language: str) -> Iterator[str]:
    if not path.exists():
        yield "there is no catalogue"
        return
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    for message in words:
        if message.id:
            yield from problems_with(message, catalogue)


def problems_with(message: Message, catalogue: Catalog) -> Iterator[str]:
    name = message.id if isinstance(message.id, str) else message.id[0]
    found = catalogue.get(message.id, context=message.context)
    if found is None or isinstance(found.id, str) != isinstance(message.id, str):
        yield f"missing: {name!r}"
        return
    forms = [found.string] if isinstance(found.string, str) else list(found.string or [""])
    if not all(forms) or (not isinstance(found.id, str) and len(forms) < catalogue.num_plurals):
        yield f"not translated: {name!r}"
    if found.fuzzy:
        yield f"marked as uncertain: {name!r}"
    for error in found.check(catalogue):
        yield f"{error}: {name!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
