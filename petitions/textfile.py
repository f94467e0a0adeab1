"""The text of a small file that a person made, whatever program wrote it; or what is wrong with it."""

import codecs

MOST_BYTES = 1_000_000


class NotText(Exception):
    """Says what is wrong, in English; `code` and `line` are for pages that speak other languages."""

    def __init__(self, code: str, words: str, line: int = 0) -> None:
        self.code, self.line = code, line
        super().__init__(words)


def decoded(content: bytes) -> str:
    """UTF-8, with or without a mark at its beginning, or UTF-16 with one, as spreadsheets write it. Raises NotText."""
    if len(content) > MOST_BYTES:
        raise NotText("too_large", f"it is larger than {MOST_BYTES:,} bytes; split it")
    marked = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        text = content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 if marked else content[: error.start].count(b"\n") + 1
        words = f"line {line} is not UTF-8; save the file as UTF-8 (“CSV UTF-8”)"
        raise NotText("not_utf8", words, line) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise NotText("nul", f"line {line} has a NUL byte: this is no text file", line)
    return text
