"""The parts of a document between the cover letter and the names, and the page that says how to check it."""

from mailer.document import EarlierText, PetitionDocument
from mailer.pdf.charts import growth
from mailer.pdf.flow import Cell, Flow
from mailer.pdf.fonts import Weight
from mailer.pdf.layout import LEFT, MM, TOP
from mailer.pdf.markup import parse, plain
from mailer.pdf.words import Words

LABEL = 40 * MM  # width of a column of labels
WIDE = 165 * MM  # from margin to margin
BARS = 80 * MM  # where the chart of countries begins
WHOLE = 30  # rows of a table that is not parted over pages
DIGEST = 8.5  # points: a SHA-256 fits on one line, to be compared and copied whole


def text(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """The petition exactly as it was signed."""
    flow.title(words.gettext("The petition"))
    language = words.language_name(document.text.language)
    signed = words.gettext(
        "Text in {language}, version {version}. It is the text that was signed, unaltered."
    )
    shown = signed.format(language=language, version=document.text.version)
    flow.paragraph((plain(shown, Weight.ITALIC),))
    with flow.tagged("Div", language=document.text.language):
        flow.heading(document.text.title, size=13)
        flow.paragraph((plain(document.text.demand, Weight.BOLD),), size=11)
        flow.blocks(parse(document.text.background))
    flow.space(6)
    _pairs(flow, [(words.gettext("SHA-256 of the text"), document.text.hash)], size=DIGEST)
    for earlier in document.earlier_texts:
        _earlier_text(flow, document, words, earlier)
    flow.end_page()


def translation(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """The text in the addressee's language where nobody signed it: for reading, and it says so."""
    assert document.translation is not None
    flow.title(words.gettext("Translation of the petition"))
    note = words.gettext(
        "Working translation into {language}. It is for reading only: nobody has signed it. What was signed is the "
        "text in {signed}, printed unaltered in this document."
    )
    signed = words.language_name(document.text.language)
    shown = note.format(language=words.language_name(document.translation.language), signed=signed)
    flow.paragraph((plain(shown, Weight.ITALIC),))
    flow.heading(document.translation.title, size=13)
    flow.paragraph((plain(document.translation.demand, Weight.BOLD),), size=11)
    flow.blocks(parse(document.translation.background))


def _earlier_text(flow: Flow, document: PetitionDocument, words: Words, earlier: EarlierText) -> None:
    """A wording that some signed before the present one: whole in the document's language, else by its hash."""
    flow.space(14)
    flow.room(40 * MM)
    heading = words.gettext("Earlier text in {language}, version {version}")
    flow.heading(heading.format(language=words.language_name(earlier.language), version=earlier.version))
    signed = words.ngettext(
        "{amount} signer signed this text, before the present one was published.",
        "{amount} signers signed this text, before the present one was published.",
        earlier.signatures,
    )
    flow.paragraph((plain(signed.format(amount=words.amount(earlier.signatures)), Weight.ITALIC),))
    if earlier.language == document.text.language:
        flow.heading(earlier.title, size=13, level=3)
        flow.paragraph((plain(earlier.demand, Weight.BOLD),), size=11)
        flow.blocks(parse(earlier.background))
        flow.space(6)
    _pairs(flow, [(words.gettext("SHA-256 of the text"), earlier.hash)], size=DIGEST)


def facts(flow: Flow, document: PetitionDocument, words: Words) -> None:
    flow.title(words.gettext("Facts of the case"))
    _pairs(flow, particulars(document, words))
    if document.case.events:
        flow.heading(words.gettext("What happened"))
        columns = ((0, 32 * MM), (35 * MM, 118 * MM), (121 * MM, WIDE))
        heads = (words.gettext("When"), words.gettext("Event"), words.gettext("Source"))
        bold = (Cell(head, *column, Weight.BOLD) for head, column in zip(heads, columns, strict=True))
        flow.row(*bold, head=True)
        for fact in document.case.events:
            values = (words.partial_day(fact.when), fact.what, fact.source)
            flow.row(*(Cell(value, *column) for value, column in zip(values, columns, strict=True)))
    flow.end_page()


def particulars(document: PetitionDocument, words: Words) -> list[tuple[str, str]]:
    """Who the prisoner is, as far as it is known."""
    known = [
        (words.gettext("Full name"), document.case.name),
        (words.gettext("Other spellings"), "; ".join(document.case.other_names)),
        (words.gettext("Year of birth"), str(document.case.birth_year or "")),
        (words.gettext("Citizenship"), ", ".join(document.case.citizenships)),
        (words.gettext("Case number"), document.case.number),
        (words.gettext("Article"), document.case.article),
        (words.gettext("Held at"), document.case.held_at),
    ]
    return [(label, value) for label, value in known if value]


def method(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """How signatures were confirmed, when, how many."""
    totals = document.totals
    flow.title(words.gettext("How the signatures were confirmed"))
    flow.blocks(words.prose("method"))
    flow.heading(words.gettext("Totals of edition {edition}").format(edition=document.edition))
    rows = [
        (words.gettext("Confirmed signatures"), totals.confirmed),
        (words.gettext("… of these named in this document"), totals.named),
        (words.gettext("… of these counted only, without a name"), totals.count_only),
    ]
    if document.previous_edition is not None:
        since = words.gettext("… of these new since edition {edition}")
        rows.append((since.format(edition=document.previous_edition), document.new_since_previous))
    rows += [
        (words.gettext("Collected on paper, in addition"), totals.on_paper),
        (words.gettext("Held for examination, not counted"), totals.held),
        (words.gettext("Struck out as false, not counted"), totals.invalidated),
        (words.gettext("Withdrawn by the signer, not counted"), totals.withdrawn),
    ]
    for index, (label, amount) in enumerate(rows):
        weight = Weight.REGULAR if index else Weight.BOLD
        shown = words.amount(amount)
        flow.row(Cell(label, 0, 130 * MM, weight), Cell(shown, 130 * MM, WIDE, weight, right=True))
    if totals.first_on and totals.last_on:
        flow.space(6)
        period = words.gettext("Signed between {first} and {last}.")
        shown = period.format(first=words.long_day(totals.first_on), last=words.long_day(totals.last_on))
        flow.paragraph((plain(shown),))
    growth(flow, document, words)
    flow.space(4)


def countries(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """Confirmed signatures by country, each with a bar: the table is the chart."""
    rows = document.totals.by_country
    if not rows:
        return
    flow.room((25 + 6 * min(len(rows), WHOLE)) * MM)
    if flow.y < TOP:
        flow.space(2 * MM)
    flow.title(words.gettext("Signatures by country"))
    flow.paragraph((plain(words.gettext("Confirmed signatures, with and without a name.")),))
    amounts = 52 * MM, 76 * MM
    heads = words.gettext("Country"), words.gettext("Signatures")
    flow.row(Cell(heads[0], 0, 52 * MM, Weight.BOLD), Cell(heads[1], *amounts, Weight.BOLD, right=True), head=True)
    most = max(max(row.signatures for row in rows), 1)
    for row in rows:
        amount = Cell(words.amount(row.signatures), *amounts, right=True)
        base = flow.row(Cell(row.country, 0, 52 * MM), amount, size=9)
        flow.pen.bar(LEFT + BARS, base - 0.7, (WIDE - BARS) * row.signatures / most, 6)


def names(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """What stands above the table of names."""
    totals = document.totals
    flow.title(words.gettext("Annex A: names"))
    shown = {"named": totals.named, "count_only": totals.count_only, "respelled": document.respelled}
    flow.blocks(words.prose("names", **shown, amount=words.amount))
    flow.space(4)


def integrity(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """How anyone can check this document, now and later."""
    flow.title(words.gettext("How to check this document"))
    pairs = [
        (words.gettext("Address for checking"), document.proof.url),
        (words.gettext("Verification code"), document.proof.code),
        (words.gettext("Fingerprint of the seal (SHA-256)"), document.proof.seal_fingerprint),
        (words.gettext("Time of the seal"), _time_stamp(document, words)),
        (words.gettext("SHA-256 of the text"), document.text.hash),
    ]
    if document.proof.log_root:
        pairs += [
            (words.gettext("Size of the evidence log"), words.amount(document.proof.log_size)),
            (words.gettext("Root of the evidence log"), document.proof.log_root),
            (words.gettext("Key of the evidence log"), document.proof.log_key),
            (words.gettext("Newest state of the log"), document.proof.log_url),
        ]
    pairs.append((words.gettext("File name"), document.file_name))
    _pairs(flow, pairs, size=DIGEST)
    flow.space(8)
    flow.blocks(
        words.prose(
            "integrity",
            url=document.proof.url,
            code=document.proof.code,
            log=bool(document.proof.log_root),
            demonstration=document.demonstration,
        ),
        size=9.5,
    )
    flow.end_page()


def _time_stamp(document: PetitionDocument, words: Words) -> str:
    """Known before it is sealed; what cannot be had is said, not left out (cases.md I15)."""
    if not document.proof.stamped_by:
        return words.gettext("No external time stamp: the time in the seal is that of our own clock.")
    attested = words.gettext("Attested by an external time stamp of {authority}, which is part of the seal.")
    return attested.format(authority=document.proof.stamped_by)


def _pairs(flow: Flow, pairs: list[tuple[str, str]], *, size: float = 9.5) -> None:
    for label, value in pairs:
        flow.row(Cell(label, 0, LABEL, Weight.BOLD), Cell(value, LABEL + 2 * MM, WIDE), size=size)
