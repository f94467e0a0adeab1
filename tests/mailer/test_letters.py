"""Letters as their readers get them (cases J1, J11, J13), and the addresses that bounces come back to."""

import datetime as dt
import time
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest

from mailer.addresses import AddressRefused, message_id, parse_return_path, return_path, wire_address
from mailer.letters import Mail, Sender, already_signed, confirm_signature, deliver_document

SENDER = Sender("Petition service", "petitions@mail.example", "office@mail.example", "mail.example")
TOKEN = "Zm9v-_" * 7 + "x"  # as long as ours
KEY = b"k" * 32
LETTERS = [confirm_signature, already_signed]
HOSTILE = [
    "Eve\r\nBcc: all@x.example",
    "Eve\nBcc: all@x.example",
    "Eve\rBcc: all@x.example",
    "Eve\x0bBcc: all@x.example",
    "Eve\x0cBcc: all@x.example",
    "Eve\x85Bcc: all@x.example",
    "Eve\u2028Bcc: all@x.example",
    "Eve\u2029Bcc: all@x.example",
    "Eve\x00\x07\x1b",
    "Eve\u202egnp.exe\u2066",
    "Eve\ud800",
    "Eve \ue000confirm_url\ue001 \ue000nothing\ue001",
    "{{ 7*7 }}{% raw %} %(name)s %s $name",
    "<script>alert(1)</script> & \"quoted\" 'too' \\",
    "=?utf-8?q?Eve=0D=0ABcc:_all=40x.example?=",
    ".",
    "Ж" * 300,
]


def mail(letter: Any = confirm_signature, **changes: Any) -> Mail:
    values: dict[str, Any] = {
        "sender": SENDER,
        "to": "anna@x.example",
        "message_id": "<letter.7f@mail.example>",
        "date": dt.datetime(2026, 11, 22, 15, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=3))),
        "language": "en",
        "petition_title": "Free the invented prisoner",
        "demonstration": False,
    }
    if letter is deliver_document:
        values |= {
            "addressee": "the District Court",
            "salutation": "Dear Sir or Madam,",
            "prisoner_name": "Ana Invented",
            "edition": 3,
            "names": 12,
            "confirmed": 13,
            "representative": "Jo Example",
            "verification_url": "https://p.example/verify",
            "verification_code": "ABCD-EF12",
            "file_name": "PET-free-ana-E03-V1of1.pdf",
            "pdf": b"%PDF-1.7\n" + bytes(range(256)) * 40,
        }
    else:
        urls = ["manage_url"] if letter is already_signed else ["confirm_url"]
        values |= {"name": "Zoë O'Brien"}
        values |= {url: f"https://p.example/{url}/{TOKEN}" for url in [*urls, "not_me_url", "stop_url"]}
        if letter is confirm_signature:
            values["expires_on"] = dt.date(2026, 12, 6)
        else:
            values["standing"] = "confirmed"
    sent = letter(**values | changes)
    assert isinstance(sent, Mail)
    return sent


def parsed(sent: Mail) -> EmailMessage:
    return message_from_bytes(sent.data, policy=policy.default)


def words(sent: Mail) -> str:
    body = parsed(sent).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class TestALetterToASigner:
    @pytest.mark.parametrize("letter", LETTERS)
    def test_each_link_stands_alone_on_its_line(self, letter: Any) -> None:
        lines = words(mail(letter)).splitlines()
        links = [line for line in lines if "https://" in line]
        assert len(links) == 3
        assert all(link.startswith("https://p.example/") and link.endswith(f"/{TOKEN}") for link in links)

    @pytest.mark.parametrize("letter", LETTERS)
    def test_it_speaks_to_its_reader_of_the_petition(self, letter: Any) -> None:
        text = words(mail(letter))
        assert text.startswith("Hello Zoë O'Brien,\n\n")
        assert "\n    Free the invented prisoner\n" in text
        assert "\n\n\n" not in text

    def test_it_says_until_when(self) -> None:
        assert "December 6, 2026" in words(mail())

    @pytest.mark.parametrize("letter", LETTERS)
    def test_its_headers_give_nothing_away(self, letter: Any) -> None:
        message = parsed(mail(letter))
        assert sorted(message.keys()) == sorted(
            [
                "To",
                "Date",
                "Message-ID",
                "From",
                "Reply-To",
                "Subject",
                "Content-Language",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding",
            ]
        )
        assert "prisoner" not in message["Subject"]
        assert "sign" not in message["Subject"].lower()
        assert message["From"] == "Petition service <petitions@mail.example>"
        assert message["To"] == "anna@x.example"
        assert message["Date"] == "Sun, 22 Nov 2026 12:04:05 +0000"
        assert message["Message-ID"] == "<letter.7f@mail.example>"
        assert message["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize("letter", LETTERS)
    def test_it_is_plain_text_alone(self, letter: Any) -> None:
        message = parsed(mail(letter))
        assert message.get_content_type() == "text/plain"
        assert not message.is_multipart()
        assert "<" not in words(mail(letter))

    @pytest.mark.parametrize("letter", [*LETTERS, deliver_document])
    def test_the_demonstration_says_so(self, letter: Any) -> None:
        assert "This is a demonstration" in words(mail(letter, demonstration=True))
        assert "demonstration" not in words(mail(letter))

    def test_one_persons_values_do_not_stay_for_the_next(self) -> None:
        first, second = words(mail(name="First Person")), words(mail(name="Second Person"))
        assert "First Person" in first
        assert first.replace("First Person", "Second Person") == second

    def test_petitions_are_not_mixed_up(self) -> None:
        texts = {title: words(mail(petition_title=title)) for title in ("One", "Two")}
        assert all(f"\n    {title}\n" in text for title, text in texts.items())

    def test_a_letter_takes_little_time(self) -> None:
        mail()
        begun = time.process_time()
        for _ in range(500):
            mail()
        assert (time.process_time() - begun) / 500 < 0.000_3  # measured: 0.000_03


class TestADocumentForAnAuthority:
    def test_the_file_arrives_byte_for_byte(self) -> None:
        sent = mail(deliver_document)
        [file] = parsed(sent).iter_attachments()
        assert file.get_content_type() == "application/pdf"
        assert file.get_filename() == "PET-free-ana-E03-V1of1.pdf"
        assert file.get_content() == b"%PDF-1.7\n" + bytes(range(256)) * 40

    def test_it_may_be_given_in_pieces(self) -> None:
        assert mail(deliver_document, pdf=iter([b"%PDF-", b"1.7"])) == mail(deliver_document, pdf=b"%PDF-1.7")

    def test_the_subject_names_prisoner_and_edition(self) -> None:
        subject = parsed(mail(deliver_document, prisoner_name="Анна Вымышленная"))["Subject"]
        assert subject == "Petition concerning Анна Вымышленная, edition 3"

    def test_the_text_says_what_it_carries_and_how_to_check_it(self) -> None:
        text = words(mail(deliver_document))
        assert "It carries 13 signatures" in text
        assert "names 12 signers" in text
        assert "1 signer is counted without a name" in text
        assert "\nhttps://p.example/verify\nCode: ABCD-EF12\n" in text
        assert "\n\n\n" not in text

    def test_what_there_is_none_of_is_not_spoken_of(self) -> None:
        assert "without a name" not in words(mail(deliver_document, names=13))
        assert "The document names" not in words(mail(deliver_document, names=0))

    def test_the_same_values_make_the_same_bytes(self) -> None:
        assert mail(deliver_document) == mail(deliver_document)

    def test_an_answer_is_wanted(self) -> None:
        message = parsed(mail(deliver_document))
        assert message["Reply-To"] == "office@mail.example"
        assert "Auto-Submitted" not in message
        assert "X-Auto-Response-Suppress" not in message

    def test_a_later_volume_is_threaded(self) -> None:
        message = parsed(mail(deliver_document, in_reply_to="<delivery.1@mail.example>"))
        assert message["In-Reply-To"] == message["References"] == "<delivery.1@mail.example>"
        assert "In-Reply-To" not in parsed(mail(deliver_document))

    @pytest.mark.parametrize(
        ("typed", "sent"),
        [
            ("../../etc/passwd", "etc-passwd"),
            ('a".pdf\r\nX-Evil: 1', "a-.pdf-X-Evil-1"),
            ("Петиция.pdf", "pdf"),
            ("Ж", "document"),
        ],
    )
    def test_a_file_name_is_safe_ascii(self, typed: str, sent: str) -> None:
        [file] = parsed(mail(deliver_document, file_name=typed)).iter_attachments()
        assert file.get_filename() == sent


class TestHostileValues:
    """J1: nothing that somebody typed adds a header or breaks a line."""

    @pytest.mark.parametrize("letter", [*LETTERS, deliver_document])
    @pytest.mark.parametrize("value", HOSTILE)
    def test_no_value_adds_a_header_or_a_line(self, letter: Any, value: str) -> None:
        names = (
            ("petition_title",)
            if letter is not deliver_document
            else ("petition_title", "prisoner_name", "addressee")
        )
        changes = dict.fromkeys([*names, *(["name"] if letter is not deliver_document else [])], value)
        usual, sent = mail(letter), mail(letter, **changes)
        message = parsed(sent)
        assert message.keys() == parsed(usual).keys()
        assert message.defects == []
        assert not [header for header in message.values() if "\n" in str(header) or "\r" in str(header)]
        assert len(words(sent).splitlines()) == len(words(usual).splitlines())

    @pytest.mark.parametrize("letter", [*LETTERS, deliver_document])
    @pytest.mark.parametrize("value", [*HOSTILE, "Zoë"])
    def test_every_line_ends_in_crlf_and_is_short(self, letter: Any, value: str) -> None:
        data = mail(letter, petition_title=value).data
        assert data.endswith(b"\r\n")
        assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
        assert max(map(len, data.split(b"\r\n"))) <= 78
        assert data.isascii()

    @pytest.mark.parametrize(
        "value",
        ["{{ 7*7 }}{% raw %} %(name)s %s", "<b>Eve</b> & co", "100 % sure", "فاطمه‌زهرا", "Đặng Thị", "🙂 Ng"],
    )
    def test_what_is_only_odd_is_printed_as_it_is(self, value: str) -> None:
        text = words(mail(name=value, petition_title=value))
        assert f"Hello {value},\n" in text
        assert f"\n    {value}\n" in text

    def test_an_encoded_word_that_was_typed_is_read_as_typed(self) -> None:
        typed = "=?utf-8?q?Eve?="
        assert typed in parsed(mail(deliver_document, prisoner_name=typed))["Subject"]

    @pytest.mark.parametrize("name", ['A "free" \\ press', "Служба петиций", "x\r\nBcc: a@b.example"])
    def test_any_sender_name_stays_a_name(self, name: str) -> None:
        header = parsed(mail(sender=Sender(name, "p@mail.example", None, "mail.example")))["From"]
        [address] = header.addresses
        assert address.addr_spec == "p@mail.example"
        assert address.display_name == " ".join(name.split())

    def test_a_long_sender_name_is_folded_and_whole(self) -> None:
        raw = mail(sender=Sender("Ж" * 90, "p@mail.example", None, "mail.example")).data
        header = message_from_bytes(raw, policy=policy.compat32)["From"]
        assert str(make_header(decode_header(header))) == f"{'Ж' * 90} <p@mail.example>"

    @pytest.mark.parametrize(
        "to", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "nobody", "a@\u2028b"]
    )
    def test_what_is_no_address_is_refused_without_being_repeated(self, to: str) -> None:
        with pytest.raises(AddressRefused) as refused:
            mail(to=to)
        assert to not in str(refused.value)


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "wire"),
        [
            ("Anna.O'Neil+x@X.example", "Anna.O'Neil+x@X.example"),
            ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
            ("вася@пример.рф", "вася@xn--e1afmkfd.xn--p1ai"),
            ("a@localhost", "a@localhost"),
        ],
    )
    def test_only_the_domain_is_rewritten(self, typed: str, wire: str) -> None:
        assert wire_address(typed) == wire
        assert parsed(mail(to=typed))["To"] == wire

    def test_a_message_id_is_that_of_the_row(self) -> None:
        assert message_id("7f", "mail.example") == "<letter.7f@mail.example>"
        assert message_id("7f", "mail.example", kind="delivery") == "<delivery.7f@mail.example>"

    def test_a_bounce_leads_back_to_its_row(self) -> None:
        address = return_path("Az-09_x", KEY, "mail.example")
        assert address.startswith("b+Az-09_x.")
        assert len(address.partition("@")[0]) <= 64
        assert parse_return_path(address, KEY) == "Az-09_x"
        assert parse_return_path(f"<{address}>", KEY) == "Az-09_x"

    def test_a_bounce_that_was_made_up_leads_nowhere(self) -> None:
        genuine = return_path("7f", KEY, "mail.example")
        mac = genuine.partition("@")[0].rpartition(".")[2]
        assert len(mac) == 16  # 80 bits
        forged = [
            genuine.replace("7f", "8f"),
            genuine.replace(mac, mac[:-1]),
            genuine.replace(mac, ("a" if mac[0] != "a" else "b") + mac[1:]),
            "b+7f@mail.example",
            "b+.@mail.example",
            f"{mac}@mail.example",
            "",
            "b+7f.ж@mail.example",
        ]
        assert [parse_return_path(address, KEY) for address in forged] == [None] * len(forged)
        assert parse_return_path(genuine, b"another key") is None

    @pytest.mark.parametrize("public_id", ["", "a.b", "a@b", "a\r\nb", "x" * 41])
    def test_an_id_that_would_not_come_back_is_refused(self, public_id: str) -> None:
        with pytest.raises(ValueError, match="public id"):
            return_path(public_id, KEY, "mail.example")
