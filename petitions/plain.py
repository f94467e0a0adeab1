"""The small part of Markdown that organisers write: how it is read, and as plain text for letters."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

markdown = MarkdownIt("commonmark", {"html": False}).disable(["image", "code", "fence", "html_block", "html_inline"])


def as_plain_text(source: str) -> str:
    """Paragraphs, lists and quotations as people write them in letters; of a link its words and its address."""
    return _Writer().written(markdown.parse(source.replace("\r\n", "\n")))


class _Writer:
    def __init__(self) -> None:
        self._out = ""
        self._quoted = 0
        self._numbers: list[int | None] = []  # of the lists we are in: the next number, or none
        self._mark = ""  # of the item that has just begun
        self._after_item = False  # of this list: no empty line before the next

    def written(self, tokens: list[Token]) -> str:
        tight = False
        for token in tokens:
            match token.type:
                case "bullet_list_open" | "ordered_list_open":
                    self._after_item = self._after_item and bool(self._numbers)
                    bullets = token.type == "bullet_list_open"
                    self._numbers.append(None if bullets else int(token.attrGet("start") or 1))
                case "bullet_list_close" | "ordered_list_close":
                    self._numbers.pop()
                case "list_item_open":
                    self._mark = self._next_mark()
                case "blockquote_open":
                    self._quoted += 1
                case "blockquote_close":
                    self._quoted -= 1
                case "paragraph_open":
                    tight = token.hidden
                case "inline":
                    self._block(_words(token.children or []), tight=tight)
        return self._out

    def _next_mark(self) -> str:
        number = self._numbers[-1]
        if number is None:
            return "- "
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _block(self, words: str, *, tight: bool) -> None:
        if self._out:
            self._out += "\n" if tight and self._after_item else "\n\n"
        outer = "  " * max(0, len(self._numbers) - 1)
        first = "> " * self._quoted + outer + self._mark
        later = "> " * self._quoted + outer + " " * len(self._mark)
        self._out += first + words.replace("\n", "\n" + later)
        self._mark, self._after_item = "", tight


def _words(tokens: list[Token]) -> str:
    out, address, begun = "", "", 0
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                out += token.content
            case "softbreak":
                out += " "
            case "hardbreak":
                out += "\n"
            case "link_open":
                address, begun = str(token.attrGet("href") or ""), len(out)
            case "link_close":
                if out[begun:] != address:
                    out += f" ({address})"
    return out
