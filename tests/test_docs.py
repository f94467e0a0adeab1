"""The documentation says what is: links, commands, options, settings and file names are held against the code."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import SecretStr

from petitions.cli import main
from petitions.config import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
OPERATING = ROOT / "docs" / "operating.md"

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SETTING = re.compile(r"\bPETITIONS_[A-Z_]*[A-Z]\b")
_SETTING_ROW = re.compile(r"^\| `(PETITIONS_[A-Z_]+)` \| (.+?) \|", re.MULTILINE)
_COMMAND = re.compile(r"(?:^\s*|/bin/|[;|]\s*)petitions (?=[a-z-])(.*)")
_TARGET = re.compile(r"\bmake ([a-z-]+)")
_OURS = re.compile(r"(?:petitions|mailer|templates|static|migrations|tests|bench|docs|\.ci)/[\w./-]*\Z")
_NOT_SETTINGS = {"PETITIONS_CHROMIUM"}  # of the tests
_MADE_BY_RUNNING = {"bench/results.json"}


@pytest.fixture(params=PAGES, ids=NAMES)
def guide(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_relative_link_and_image_leads_somewhere(guide: Path) -> None:
    text = guide.read_text()
    lost = [link for link in _LINK.findall(_FENCE.sub("", text)) if not _leads_somewhere(guide, link)]
    assert not lost


def test_every_image_says_in_words_what_it_shows(guide: Path) -> None:
    assert not re.findall(r"!\[\s*\]\([^)]*\)", guide.read_text())


def test_every_command_named_exists_with_its_options(guide: Path) -> None:
    wrong = [line for line in _command_lines(guide.read_text()) if not _exists(line)]
    assert not wrong


def test_every_make_target_named_exists(guide: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name for code in _code(guide.read_text()) for name in _TARGET.findall(code)} <= targets


def test_every_setting_named_exists(guide: Path) -> None:
    assert set(_SETTING.findall(guide.read_text())) - _NOT_SETTINGS <= _settings()


def test_every_file_of_ours_named_is_there(guide: Path) -> None:
    named = {span for span in _SPAN.findall(_FENCE.sub("", guide.read_text())) if _OURS.match(span)}
    assert not [name for name in named - _MADE_BY_RUNNING if not (ROOT / name).exists()]


def test_every_setting_is_documented_with_its_default() -> None:
    table = OPERATING.read_text().partition("\n## Settings\n")[2].partition("\n## ")[0]
    documented = {name: default.strip("`") for name, default in _SETTING_ROW.findall(table)}
    actual = {f"PETITIONS_{name.upper()}": _written(field.default) for name, field in Settings.model_fields.items()}
    assert documented == actual


def _leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in {_slug(heading) for heading in _HEADING.findall(target.read_text())}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _code(text: str) -> Iterator[str]:
    """Lines of code blocks, continued ones joined, and spans of code."""
    for block in _FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from _SPAN.findall(_FENCE.sub("", text))


def _command_lines(text: str) -> list[str]:
    return [found[1] for code in _code(text) if (found := _COMMAND.search(code.partition(" # ")[0]))]


def _exists(line: str) -> bool:
    """Whether a command line names a command, down to its last word, and only options that it has."""
    words = shlex.split(re.split(r"[|>]", line)[0])
    command: click.Command = main
    while words and isinstance(command, click.Group) and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if command is main or (isinstance(command, click.Group) and words and not words[0].startswith(("-", "…"))):
        return False
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {word.partition("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}


def _settings() -> set[str]:
    return {f"PETITIONS_{name.upper()}" for name in Settings.model_fields}


def _written(default: object) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, list):
        return json.dumps(default)
    return str(default) or "(empty)"
