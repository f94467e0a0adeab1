"""The Unicode Bidirectional Algorithm (UAX #9) for one line of names or prose.

Levels come from the letters alone: embedding and isolating controls are taken out of what people type and are
never printed, so the rules about them (X1-X8) have nothing to do. A line of a longer paragraph may begin with a
mark that says which way the paragraph runs.
"""

from bisect import bisect_left
from itertools import groupby
from unicodedata import bidirectional

# Noncharacters, never in a text for people (as the marks of mailer.pdf.markup): this line runs that way.
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\ufdd2", "\ufdd3"
MARKS = (LEFT_TO_RIGHT, RIGHT_TO_LEFT)  # by level

_PAIRS = "()[]{}\u2045\u2046\u207d\u207e\u208d\u208e\u2329\u232a\u27e8\u27e9\u3008\u3009\u300a\u300b\u300c\u300d" \
    "\u300e\u300f\u3010\u3011\u3014\u3015\uff08\uff09\uff3b\uff3d\uff5b\uff5d\uff62\uff63"
_SAME = str.maketrans("\u2329\u232a", "\u3008\u3009")  # canonically equivalent
_CLOSES = {opening: closing.translate(_SAME) for opening, closing in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
_CLOSING = frozenset(_PAIRS[1::2])
_DEEPEST = 63  # open brackets that are remembered, as BD16 says
_NEUTRAL = frozenset({"B", "S", "WS", "ON"})
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # numbers stand in right-to-left order to neutrals


def base_level(text: str) -> int:
    """1 where the text runs from right to left: what its mark says, else its first letter (P2, P3)."""
    if text[:1] in MARKS and text:
        return MARKS.index(text[0])
    for char in text:
        kind = bidirectional(char)
        if kind in {"R", "AL"}:
            return 1
        if kind == "L":
            return 0
    return 0


def levels(text: str, base: int) -> list[int]:
    """The level of each character: even ones run from left to right, odd ones from right to left."""
    kinds = [bidirectional(char) or "L" for char in text]
    if not base and not {"R", "AL", "AN"}.intersection(kinds):
        return [0] * len(text)
    kept = [index for index, kind in enumerate(kinds) if kind != "BN"]  # X9: what is not seen takes no part
    found = _resolved("".join(text[index] for index in kept), [kinds[index] for index in kept], base)
    result: list[int] = []
    for index in range(len(text)):
        place = bisect_left(kept, index)
        seen = place < len(kept) and kept[place] == index
        result.append(found[place] if seen else (result[-1] if result else base))
    return result


def visual_order(found: list[int]) -> list[int]:
    """Indices from left to right (L2)."""
    order = list(range(len(found)))
    odd = [level for level in found if level % 2]
    for level in range(max(found, default=0), min(odd, default=1) - 1, -1):
        start = 0
        for inside, part in groupby([found[index] >= level for index in order]):
            end = start + len(list(part))
            if inside:
                order[start:end] = order[start:end][::-1]
            start = end
    return order


def _resolved(text: str, kinds: list[str], base: int) -> list[int]:
    outer = "R" if base else "L"
    typed = list(kinds)
    _weak(kinds, outer)
    _brackets(text, typed, kinds, outer)
    _neutral(kinds, outer)
    known = {"R": 1} if base else {"L": 0, "R": 1}
    result = [known.get(kind, 2) for kind in kinds]
    ending = True  # L1: spaces at the end, and separators with the spaces before them, run as the line does
    for index in range(len(result) - 1, -1, -1):
        ending = typed[index] in {"B", "S"} or (ending and typed[index] == "WS")
        if ending:
            result[index] = base
    return result


def _weak(kinds: list[str], outer: str) -> None:
    """W1-W7, in place."""
    before = strong = outer
    for index, kind in enumerate(kinds):
        if kind == "NSM":
            kind = before
        if kind == "EN" and strong == "AL":
            kind = "AN"
        if kind in {"L", "R", "AL"}:
            strong = kind
        kinds[index] = before = kind
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    for index in range(1, len(kinds) - 1):
        left, right = kinds[index - 1], kinds[index + 1]
        if (kinds[index] == "ES" and left == right == "EN") or (
            kinds[index] == "CS" and left == right and left in {"EN", "AN"}
        ):
            kinds[index] = left
    _terminators(kinds)
    strong = outer
    for index, kind in enumerate(kinds):
        if kind in {"ES", "ET", "CS"}:
            kinds[index] = "ON"
        elif kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"


def _terminators(kinds: list[str]) -> None:
    """W5: signs of currency and the like belong to the number that they touch."""
    start = 0
    for kind, part in groupby(list(kinds)):
        end = start + len(list(part))
        if kind == "ET" and "EN" in (*kinds[max(start - 1, 0) : start], *kinds[end : end + 1]):
            kinds[start:end] = ["EN"] * (end - start)
        start = end


def _brackets(text: str, typed: list[str], kinds: list[str], outer: str) -> None:
    """N0: both brackets of a pair run the same way."""
    for opening, closing in _pairs(text, kinds):
        within = {_STRONG[kind] for kind in kinds[opening + 1 : closing] if kind in _STRONG}
        if outer in within:
            way = outer
        elif within:
            earlier = (_STRONG[kind] for kind in reversed(kinds[:opening]) if kind in _STRONG)
            way = next(earlier, outer)
        else:
            continue
        for bracket in (opening, closing):
            kinds[bracket] = way
            for index in range(bracket + 1, len(kinds)):  # marks on a bracket run with it
                if typed[index] != "NSM":
                    break
                kinds[index] = way


def _pairs(text: str, kinds: list[str]) -> list[tuple[int, int]]:
    waiting: list[tuple[str, int]] = []
    pairs = []
    for index, char in enumerate(text):
        if kinds[index] != "ON":
            continue
        if char in _CLOSES:
            if len(waiting) == _DEEPEST:
                return []
            waiting.append((_CLOSES[char], index))
        elif char in _CLOSING:
            closing = char.translate(_SAME)
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == closing:
                    pairs.append((waiting[depth][1], index))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _neutral(kinds: list[str], outer: str) -> None:
    """N1, N2: neutral characters run as what stands on both sides of them, else as the line does."""
    start = 0
    for neutral, part in groupby(list(kinds), _NEUTRAL.__contains__):
        end = start + len(list(part))
        if neutral:
            left = _STRONG[kinds[start - 1]] if start else outer
            right = _STRONG[kinds[end]] if end < len(kinds) else outer
            kinds[start:end] = [left if left == right else outer] * (end - start)
        start = end
