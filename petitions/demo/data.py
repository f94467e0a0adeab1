"""The demonstration's branch, prisoner, petition and authorities. All of them are invented, and say so."""

from typing import Any

BRANCH: dict[str, Any] = {
    "slug": "demonstration",
    "legal_name": "Open Doors Demonstration Association",
    "representative": "Vera Example",
    "representative_role": "Chairwoman",
    "postal_address": "Sample Street 1\n00000 Sampletown\nNowhere",
    "place": "Sampletown",
    "reply_email": "replies@open-doors.example",
    "languages": ["en", "ru"],
    "takes_reports": True,
}

MEMBERS = (
    {"name": "Editor of the demonstration", "email": "editor@open-doors.example", "role": "editor"},
    {"name": "Owner of the demonstration", "email": "owner@open-doors.example", "role": "owner"},
    {"name": "Second owner of the demonstration", "email": "second-owner@open-doors.example", "role": "owner"},
    {"name": "Moderator of the demonstration", "email": "moderator@open-doors.example", "role": "moderator"},
)

PRISONER: dict[str, Any] = {
    "names": {"en": "Alena Vymyshlenskaya", "ru": "Алёна Вымышленская"},
    "other_spellings": ["Алена Вымышленская", "Alyona Vymyshlenskaya"],
    "birth_year": 1991,
    "citizenships": ["BY"],
    "country": "BY",
    "case_number": "00-000/2026 (invented)",
    "article": {
        "en": "Article 342 (1) of the Criminal Code, “organising actions that grossly breach public order”",
        "ru": "часть 1 статьи 342 Уголовного кодекса («организация действий, грубо нарушающих общественный порядок»)",
    },
    "held_at": {"en": "Pre-trial detention centre No. 0, Sampletown", "ru": "Следственный изолятор № 0, г. Образцов"},
    "consent_by": "The prisoner's sister (invented)",
    "consent_scope": "Name, case and photo may be published; the petition may be sent to the authorities listed.",
    "consent_evidence": "Letter of 2026-03-02 (invented)",
    "harm_assessment": "Her name is in the press already; her sister asks for attention (invented).",
    "invented": True,
}

EVENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": "arrest", "happened": "2026-02-11",
        "what": {
            "en": "Arrested at home after publishing a list of people detained at a silent march.",
            "ru": "Задержана дома после публикации списка людей, задержанных на молчаливом шествии.",
        },
        "source": "Statement of her lawyer, 12 February 2026 (invented)",
    },
    {
        "kind": "charge", "happened": "2026-02-20",
        "what": {
            "en": "Charged under Article 342 (1) of the Criminal Code.",
            "ru": "Предъявлено обвинение по части 1 статьи 342 Уголовного кодекса.",
        },
        "source": "Order of the investigator (invented)",
    },
    {
        "kind": "health", "happened": "2026-06",
        "what": {
            "en": "Twice taken to the medical unit; her lawyer was not admitted for nine days.",
            "ru": "Дважды помещалась в медчасть; адвоката не допускали девять дней.",
        },
        "source": "Letter to her family, June 2026 (invented)",
    },
    {
        "kind": "hearing", "happened": "2027-01-19",
        "what": {
            "en": "First hearing of the case on the merits.",
            "ru": "Первое заседание по существу дела.",
        },
        "source": "Court calendar (invented)",
    },
)

SLUG = "free-alena"

TEXTS: tuple[dict[str, str], ...] = (
    {
        "language": "en",
        "title": "Free Alena Vymyshlenskaya",
        "demand": "Release Alena Vymyshlenskaya from pre-trial detention and close the criminal case against her.",
        "background": (
            "Alena Vymyshlenskaya is a librarian. In February 2026 she published the names of forty people who had "
            "been detained at a **silent march**, so that their families could find them. Nine days later she was "
            "charged with organising it.\n\n"
            "She was not there: she was at work, and the library's register shows it.\n\n"
            "## What we ask\n\n"
            "- that the preventive measure be changed to one that does not deprive her of liberty;\n"
            "- that the case be closed, since a list of names is not a crime;\n"
            "- that her lawyer and a doctor of her choice be admitted without delay.\n\n"
            "*This person, this case and these events are invented for a demonstration.*"
        ),
    },
    {
        "language": "ru",
        "title": "Свободу Алёне Вымышленской",
        "demand": "Освободить Алёну Вымышленскую из-под стражи и прекратить уголовное дело против неё.",
        "background": (
            "Алёна Вымышленская — библиотекарь. В феврале 2026 года она опубликовала имена сорока человек, "
            "задержанных на **молчаливом шествии**, чтобы родные могли их найти. Через девять дней её обвинили "
            "в организации этого шествия.\n\n"
            "Её там не было: она работала, и это подтверждает журнал библиотеки.\n\n"
            "## О чём мы просим\n\n"
            "- изменить меру пресечения на не связанную с лишением свободы;\n"
            "- прекратить дело: список имён не преступление;\n"
            "- без промедления допустить к ней адвоката и врача по её выбору.\n\n"
            "*Этот человек, это дело и эти события вымышлены для демонстрации.*"
        ),
    },
)

GOAL = 1_000
THRESHOLDS = (5, 100, 1_000, 10_000)

AUTHORITIES: tuple[dict[str, Any], ...] = (
    {
        "slug": "sample-prosecutor",
        "names": {"en": "Prosecutor General of Nowhere (invented)", "ru": "Генеральный прокурор Нигдении (вымышлен)"},
        "salutations": {"en": "Dear Prosecutor General,", "ru": "Уважаемый господин Генеральный прокурор!"},
        "kind": "prosecutor", "country": "BY", "time_zone": "Europe/Minsk", "languages": ["ru"],
        "postal_address": "ul. Obraztsovaya 22\n220000 Obraztsov", "email": "prosecutor@authority.example",
        "required": ["representative", "postal_address"], "circle": "domestic", "language": "ru",
        "clocks": {"reply": {"days": 15, "working": False}},
    },
    {
        "slug": "sample-court",
        "names": {
            "en": "Chairman of the Court of Sampletown (invented)",
            "ru": "Председатель суда г. Образцова (вымышлен)",
        },
        "salutations": {"en": "Dear Chairman,", "ru": "Уважаемый господин Председатель!"},
        "kind": "court", "country": "BY", "time_zone": "Europe/Minsk", "languages": ["ru"],
        "postal_address": "pl. Suda 1\n220000 Obraztsov", "email": "chancery@court.example",
        "required": ["representative", "postal_address", "case_number"], "circle": "domestic", "language": "ru",
        "clocks": {},
    },
    {
        "slug": "sample-working-group",
        "names": {
            "en": "Working Group on Sample Detentions (invented)",
            "ru": "Рабочая группа по образцовым задержаниям (вымышлена)",
        },
        "salutations": {"en": "Dear members of the Working Group,", "ru": "Уважаемые члены Рабочей группы!"},
        "kind": "international", "country": "", "time_zone": "Europe/Zurich", "languages": ["en"],
        "postal_address": "Palace of Samples\n1200 Geneva", "email": "urgent@working-group.example",
        "required": ["representative", "birth_year", "held_at"], "circle": "international", "language": "en",
        "clocks": {"reply": {"days": 60, "working": False}},
    },
)
