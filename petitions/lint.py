"""What a text should not say before an authority reads it: pure functions from words to findings.

An error keeps a petition from being published; a warning must be ticked as read. The lists are small and our own,
of English and Russian: they catch what was written in anger or haste, and replace nobody who reads the text.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

EXCERPT = 60  # characters of what was found


class Rule(StrEnum):
    """Named for what was found; the words for organisers are in templates/organise/texts/_findings.html."""

    INSULT = "insult"
    THREAT = "threat"
    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    HOME_ADDRESS = "home_address"
    NAMED_OFFICIAL = "named_official"
    SHOUTING = "shouting"
    LINK_IN_DEMAND = "link_in_demand"
    LINK = "link"
    IMAGE = "image"
    NO_REQUEST = "no_request"
    BEYOND_POWERS = "beyond_powers"
    BEYOND_ALL_POWERS = "beyond_all_powers"
    TOO_LONG = "too_long"
    DEMAND_TOO_LONG = "demand_too_long"


_ERRORS = frozenset({
    Rule.INSULT, Rule.THREAT, Rule.PHONE, Rule.EMAIL, Rule.ID_NUMBER, Rule.LINK_IN_DEMAND, Rule.BEYOND_ALL_POWERS,
    Rule.DEMAND_TOO_LONG,
})


class Ask(StrEnum):
    """What a demand asks for, as far as single words tell."""

    RELEASE = "release"
    OVERTURN = "overturn"
    CLOSE_CASE = "close_case"
    PARDON = "pardon"


@dataclass(frozen=True, slots=True)
class Wording:
    language: str
    title: str
    demand: str
    background: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        return ("title", self.title), ("demand", self.demand), ("background", self.background)


@dataclass(frozen=True, slots=True)
class Reader:
    """An addressee, as far as it matters for what may be asked of it."""

    slug: str
    name: str
    kind: str  # of the authority
    language: str
    pending: bool  # a court has the case, or may have
    most_characters: int | None  # the least its channels take


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    language: str
    part: str  # title, demand, background; empty for the whole
    excerpt: str = ""
    reader: str = ""  # the addressee's name
    slug: str = ""  # and its authority's
    limit: int = 0
    length: int = 0

    @property
    def blocks(self) -> bool:
        return self.rule in _ERRORS

    @property
    def key(self) -> str:
        """For the tick "read"; quotes nothing of the text."""
        return ":".join((self.rule, self.language, self.part, self.slug))


def examine(wording: Wording, readers: Iterable[Reader] = ()) -> list[Finding]:
    """Everything found in one text, errors first; of the addressees those that get this language."""
    found = [*_by_patterns(wording), *_by_shape(wording), *_by_readers(wording, list(readers))]
    return sorted(dict.fromkeys(found), key=lambda finding: not finding.blocks)


# -- single words ---------------------------------------------------------------------------------------

_INSULTS = {
    "en": r"\b(bastard|butcher|criminals? in robes|executioner|fascist|hangm[ae]n|idiot|kangaroo court|lackey|liar"
    r"|monster|moron|murderer|nazi|puppet|scum|swine|thug|traitor|tyrant|vermin)s?\b",
    "ru": r"\b(бандит|быдл|выродк|гад[ыо]|гнид|дебил|душегуб|живот?ное|идиот|изверг|каратель|карател|марионетк|мраз"
    r"|негодя|нелюд|нечист|оборотн|палач|подлец|подон|предател|продажн|свинь|сволоч|твар|тиран|убийц|ублюд|фашист"
    r"|холуй|холуе|шавк)\w*",
}
_THREATS = {
    "en": r"\b(you will (pay|regret|answer for)|your days are numbered|we know where you|watch your back|or else"
    r"|blood on your hands|hang(ed)? (you|them)|tribunal awaits|will not go unpunished)\b",
    "ru": r"\b(вы (ещё |еще )?(ответите|заплатите|пожалеете)|ваши дни сочтены|мы знаем,? где вы|берегитесь|трибунал"
    r"\w* (ждёт|ждет)|вас ждёт расплата|вас ждет расплата|кровь на ваших руках|не уйд[её]те от)\w*",
}
_PHONE = re.compile(r"(?<![\w/.-])\+?\d[\d\s().-]{7,}\d(?![\w/-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_LINK = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)|<img\b", re.IGNORECASE)
_ID_NUMBER = re.compile(
    r"\b(?:passport|identity card|id card|personal (?:number|code)|tax number|паспорт\w*|личн\w+ (?:номер|код)\w*"
    r"|идентификационн\w+ номер\w*|ИНН|СНИЛС|ИИН)\b[^\n.;]{0,20}?\d{4,}"
    r"|\b[A-Z]{2}\s?\d{7}\b|\b\d{7}[A-Z]\d{3}[A-Z]{2}\d\b",
    re.IGNORECASE,
)
_HOME_ADDRESS = re.compile(
    r"\b(?:flat|apartment|apt\.?) (?:no\.? ?)?\d+|\b(?:кв\.|квартира) ?№? ?\d+|\bулица [А-ЯЁ]\w+,? (?:д\.|дом) ?\d+"
    r"|\bул\. ?[А-ЯЁ]\w+,? (?:д\. ?|дом )?\d+",
    re.IGNORECASE,
)
_NAMED_OFFICIAL = re.compile(
    r"\b(?:[Jj]udge|[Ii]nvestigator|[Pp]rosecutor|[Gg]uard|[Ww]itness|[Ee]xpert)s? (?!General\b)"
    r"(?:[A-Z][\w'’-]+ ?){1,3}"
    r"|\b(?:[Сс]удь[яиюеёй]+|[Сс]ледовател\w+|[Пп]рокурор\w*|[Нн]адзирател\w+|[Сс]видетел\w+|[Ээ]ксперт\w*)"
    r" (?:[А-ЯЁ][а-яё-]+ ?(?:[А-ЯЁ]\. ?){0,2}){1,3}"
)
_BREACHES = ((Rule.INSULT, _INSULTS), (Rule.THREAT, _THREATS))
_ANYWHERE = (
    (Rule.EMAIL, _EMAIL), (Rule.ID_NUMBER, _ID_NUMBER), (Rule.PHONE, _PHONE), (Rule.HOME_ADDRESS, _HOME_ADDRESS),
    (Rule.NAMED_OFFICIAL, _NAMED_OFFICIAL), (Rule.IMAGE, _IMAGE),
)


def _by_patterns(wording: Wording) -> Iterator[Finding]:
    for part, text in wording.parts:
        for rule, by_language in _BREACHES:
            if found := re.search(by_language.get(wording.language, r"(?!)"), text, re.IGNORECASE):
                yield _found(rule, wording, part, found[0])
        plain = _LINK.sub(" ", text)  # the digits of an address are nobody's telephone
        for rule, pattern in _ANYWHERE:
            if found := pattern.search(plain if rule is not Rule.IMAGE else text):
                yield _found(rule, wording, part, found[0])
        if found := _LINK.search(text):
            yield _found(Rule.LINK if part == "background" else Rule.LINK_IN_DEMAND, wording, part, found[0])


# -- shape ----------------------------------------------------------------------------------------------

_SHOUTED = re.compile(r"(?:\b[^\W\d_]{4,}\b[\s,]+){2,}\b[^\W\d_]{4,}\b")  # three long words in a row
_REQUESTS = {
    "en": r"\b(acquit|admit|allow|annul|ask|bring|call|cancel|cease|change|close|commute|consider|demand|drop|end"
    r"|ensure|examine|free|give|grant|guarantee|halt|improve|inform|initiate|investigate|let|lift|move|open|overturn"
    r"|pardon|permit|protect|provide|quash|reconsider|release|remove|repeal|request|respect|return|review|revoke|stop"
    r"|suspend|take|transfer|urge)\b",
    "ru": r"\b\w*(ите|йте|ьте|ть|ться|тись)\b|\b(прос(им|ят|им вас)|требуем|призываем|ходатайствуем|настаиваем)\b",
}


def _by_shape(wording: Wording) -> Iterator[Finding]:
    for part, text in wording.parts:
        if found := re.search(r"[!?]{3,}", text):
            yield _found(Rule.SHOUTING, wording, part, found[0])
        else:
            shouted = next((one[0] for one in _SHOUTED.finditer(text) if one[0].isupper()), "")
            if shouted:
                yield _found(Rule.SHOUTING, wording, part, shouted)
    asks = _REQUESTS.get(wording.language)
    if asks and wording.demand and not re.search(asks, wording.demand, re.IGNORECASE):
        yield Finding(Rule.NO_REQUEST, wording.language, "demand")


# -- what each addressee can do and take (facts/authorities.md) -------------------------------------------

_ASKS = {
    Ask.RELEASE: {"en": r"\b(release|free|let (her|him|them) go)\b", "ru": r"\b(освобо[дж]\w*|отпуст\w+)"},
    Ask.OVERTURN: {
        "en": r"\b(overturn|quash|annul|acquit|set aside)\w*\b",
        "ru": r"\b(отмен\w+ приговор\w*|оправда(ть|йте)\w*)",
    },
    Ask.CLOSE_CASE: {
        "en": r"\b(close|drop|end|terminate|dismiss) (the )?(criminal )?(case|charges?|prosecution|proceedings)\b",
        "ru": r"\bпрекра(тить|тите|щени\w+) (уголовн\w+ )?(дел\w*|преследовани\w*)",
    },
    Ask.PARDON: {"en": r"\bpardon\w*\b", "ru": r"\bпомилов\w+"},
}
# What a kind of body has no power to do. The prosecutor may protest, the head of state pardon, courts are bound by law.
_CANNOT: dict[str, frozenset[Ask]] = {
    "prison_service": frozenset(Ask),
    "ombudsman": frozenset(Ask),
    "prosecutor": frozenset({Ask.PARDON}),
    "president": frozenset({Ask.OVERTURN, Ask.CLOSE_CASE}),
    "ministry": frozenset({Ask.OVERTURN, Ask.CLOSE_CASE, Ask.PARDON}),
    "international": frozenset({Ask.OVERTURN, Ask.PARDON}),
}


def asks_of(language: str, demand: str) -> frozenset[Ask]:
    return frozenset(
        ask for ask, words in _ASKS.items() if re.search(words.get(language, r"(?!)"), demand, re.IGNORECASE)
    )


def beyond_powers(reader: Reader, asks: Collection[Ask]) -> bool:
    """Whether a body can do nothing of what is asked. A court with the case may only be asked procedurally."""
    if not asks:
        return False
    if reader.kind == "court" and reader.pending:
        return True
    return set(asks) <= _CANNOT.get(reader.kind, frozenset())


def _by_readers(wording: Wording, readers: list[Reader]) -> Iterator[Finding]:
    asks = asks_of(wording.language, wording.demand)
    unable = [reader for reader in readers if beyond_powers(reader, asks)]
    if unable and len(unable) == len(readers):
        yield Finding(Rule.BEYOND_ALL_POWERS, wording.language, "demand")
    else:
        yield from (
            Finding(Rule.BEYOND_POWERS, wording.language, "demand", reader=one.name, slug=one.slug)
            for one in unable
            if one.language == wording.language  # said once, for the text that it gets
        )
    for reader in readers:
        if reader.most_characters is None or reader.language != wording.language:
            continue
        short, whole = len(wording.demand), len(wording.demand) + len(wording.background)
        for rule, length in ((Rule.DEMAND_TOO_LONG, short), (Rule.TOO_LONG, whole)):
            if length > reader.most_characters:
                yield Finding(
                    rule,
                    wording.language,
                    "",
                    reader=reader.name,
                    slug=reader.slug,
                    limit=reader.most_characters,
                    length=length,
                )
                break


def _found(rule: Rule, wording: Wording, part: str, excerpt: str) -> Finding:
    shown = " ".join(excerpt.split())
    return Finding(rule, wording.language, part, shown if len(shown) <= EXCERPT else shown[: EXCERPT - 1] + "…")
