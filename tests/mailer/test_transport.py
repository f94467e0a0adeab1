"""What the transport says of every way in which a mail server can answer, fail or fall silent (cases J)."""

import threading
import time
from collections.abc import Iterator

import pytest

from mailer.transport import Outcome, Relay, Result, Timeouts, Transport
from tests.smtp import (
    Answer,
    Certificates,
    Drip,
    Drop,
    Fault,
    Silence,
    SmtpServer,
    make_certificates,
    refused_port,
)

SENDER = "b+7f.mac@mail.example"
RECIPIENT = "office@court.example"
MESSAGE = b"Subject: A letter\r\n\r\nGood day.\r\n"
BRIEF = Timeouts(connect=2, step=0.4, total=1.2)


def send(
    server: SmtpServer, message: bytes = MESSAGE, *, to: str = RECIPIENT, dot_timeout: float = 0.5
) -> Result:
    with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
        return transport.send(SENDER, to, message, dot_timeout=dot_timeout)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


class TestAMessageThatArrives:
    def test_it_is_accepted_once_as_it_was(self, server: SmtpServer) -> None:
        result = send(server)
        assert (result.outcome, result.reason, result.code) == (Outcome.ACCEPTED, "accepted", 250)
        assert result.reply == "2.0.0 taken as 1"
        [message] = server.messages
        assert (message.sender, message.recipient, message.data) == (SENDER, RECIPIENT, MESSAGE)

    @pytest.mark.parametrize("body", [b".\r\n", b"..\r\n.\r\n", b"a\r\n.\r\nb\r\n", b".a\r\n..b\r\n...\r\n"])
    def test_dots_at_the_beginning_of_lines_survive(self, server: SmtpServer, body: bytes) -> None:
        assert send(server, body).outcome is Outcome.ACCEPTED
        assert server.messages[0].data == body

    def test_a_message_of_many_blocks_arrives_whole(self, server: SmtpServer) -> None:
        long = b"Subject: long\r\n\r\n" + b".0123456789abcdef\r\n" * 100_000
        assert send(server, long).outcome is Outcome.ACCEPTED
        assert server.messages[0].data == long

    def test_one_connection_carries_many_messages(self, server: SmtpServer) -> None:
        with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
            outcomes = {
                transport.send(SENDER, f"p{n}@x.example", MESSAGE, dot_timeout=1).outcome for n in range(20)
            }
        assert outcomes == {Outcome.ACCEPTED}
        assert server.connections == 1
        assert len(server.messages) == 20

    def test_the_server_is_told_neither_our_host_name_nor_that_of_the_user(self, server: SmtpServer) -> None:
        send(server)
        assert server.commands[0] == "ehlo [127.0.0.1]"

    @pytest.mark.parametrize("message", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\nb", b"a\n.\nb\r\n"])
    def test_lines_not_ended_by_crlf_are_refused_before_anything_is_sent(
        self, server: SmtpServer, message: bytes
    ) -> None:
        with pytest.raises(ValueError, match="CRLF"):
            send(server, message)
        assert server.connections == 0

    @pytest.mark.parametrize(
        "sender", ["a@b.example>\r\nRCPT TO:<x@y.example", "a b@c.example", "ж@c.example"]
    )
    def test_a_sender_that_would_be_another_command_is_refused(self, server: SmtpServer, sender: str) -> None:
        with Transport(Relay.from_url(server.url)) as transport, pytest.raises(ValueError, match="sender"):
            transport.send(sender, RECIPIENT, MESSAGE, dot_timeout=1)


class TestRefusals:
    """The enhanced code decides first, then the code (delivery.md, "SMTP")."""

    @pytest.mark.parametrize(
        ("said", "outcome", "reason"),
        [
            ("550 5.1.1 no such user", Outcome.PERMANENT, "bad_address"),
            ("553 5.1.3 bad syntax", Outcome.PERMANENT, "bad_address"),
            ("550 5.1.8 sender's domain unknown", Outcome.PERMANENT, "policy"),
            ("552 5.2.2 mailbox full", Outcome.TEMPORARY, "mailbox_full"),
            ("452 4.2.2 mailbox full", Outcome.TEMPORARY, "mailbox_full"),
            ("552 5.2.3 too long", Outcome.PERMANENT, "too_big"),
            ("552 5.3.4 too big", Outcome.PERMANENT, "too_big"),
            ("554 5.3.4 too big", Outcome.PERMANENT, "too_big"),
            ("552 too much", Outcome.PERMANENT, "too_big"),
            ("552 5.7.0 attachment blocked", Outcome.PERMANENT, "policy"),
            ("554 5.7.1 refused by policy", Outcome.PERMANENT, "policy"),
            ("550 5.2.1 mailbox disabled", Outcome.PERMANENT, "rejected"),
            ("550 no", Outcome.PERMANENT, "rejected"),
            ("451 4.7.1 Greylisted, come back", Outcome.TEMPORARY, "greylisted"),
            ("450 4.2.0 later", Outcome.TEMPORARY, "temporary"),
            ("452 later", Outcome.TEMPORARY, "temporary"),
            ("450 5.1.1 soft bounce", Outcome.TEMPORARY, "temporary"),
            ("550 4.4.1 later", Outcome.TEMPORARY, "temporary"),
            ("421 4.3.2 closing", Outcome.TEMPORARY, "busy"),
            ("530 5.7.0 log in first", Outcome.TEMPORARY, "auth"),
        ],
    )
    @pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
    def test_each_has_its_class_at_every_step(
        self, step: str, said: str, outcome: Outcome, reason: str
    ) -> None:
        with SmtpServer(faults={step: Answer(said)}) as server:
            result = send(server)
        assert (result.outcome, result.reason, result.code) == (outcome, reason, int(said[:3]))
        assert server.messages == []

    def test_the_servers_words_are_kept_on_one_line_and_not_for_ever(self) -> None:
        with SmtpServer(
            faults={"rcpt": Answer("550-5.1.1 no\x07 such user\r\n550 5.1.1 " + "here " * 200)}
        ) as server:
            result = send(server)
        assert result.enhanced == "5.1.1"
        assert result.reply.startswith("5.1.1 no such user 5.1.1 here here")
        assert len(result.reply) == 500
        assert result.reply not in repr(result)

    def test_after_a_refusal_the_same_connection_serves_the_next(self) -> None:
        with SmtpServer(recipients={"gone": {"rcpt": Answer("550 5.1.1 no")}}) as server:
            with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
                first = transport.send(SENDER, "gone@x.example", MESSAGE, dot_timeout=1)
                second = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            assert (first.outcome, second.outcome) == (Outcome.PERMANENT, Outcome.ACCEPTED)
            assert server.connections == 1
            assert "rset" in [command.lower() for command in server.commands]

    @pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
    def test_after_421_the_next_message_gets_a_new_connection(self, step: str) -> None:
        with SmtpServer(faults={step: Answer("421 4.3.2 bye", times=1)}) as server:
            with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
                assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.TEMPORARY
                assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.ACCEPTED
            assert server.connections == 2
            assert len(server.messages) == 1

    @pytest.mark.parametrize(
        "recipient",
        [
            "",
            "nobody",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b..example",
            "a@b.example>\r\nDATA",
            "a@[127.0.0.1]",
        ],
    )
    def test_what_is_no_address_never_reaches_the_server(self, server: SmtpServer, recipient: str) -> None:
        result = send(server, to=recipient)
        assert (result.outcome, result.reason) == (Outcome.PERMANENT, "bad_address")
        assert server.connections == 0


class TestWhatTheServerOffers:
    def test_a_message_larger_than_announced_is_not_even_begun(self) -> None:
        with SmtpServer(extensions=["SIZE 100"]) as server:
            result = send(server, b"x" * 98 + b"\r\n" + b"y\r\n")
            assert (result.outcome, result.reason) == (Outcome.PERMANENT, "too_big")
            assert [command for command in server.commands if command.startswith("MAIL")] == []
            assert send(server, b"x" * 98 + b"\r\n").outcome is Outcome.ACCEPTED
            assert server.messages[0].parameters == "SIZE=100"

    @pytest.mark.parametrize("offer", ["SIZE", "SIZE 0"])
    def test_a_size_without_a_limit_limits_nothing(self, offer: str) -> None:
        with SmtpServer(extensions=[offer]) as server:
            assert send(server).outcome is Outcome.ACCEPTED

    def test_eight_bits_are_asked_for_when_needed(self, server: SmtpServer) -> None:
        send(server)
        send(server, "Good day, Żaneta.\r\n".encode())
        assert ["BODY=8BITMIME" in message.parameters for message in server.messages] == [False, True]

    def test_eight_bits_go_nowhere_that_does_not_take_them(self) -> None:
        with SmtpServer(extensions=["SIZE"]) as server:
            result = send(server, "Good day, Żaneta.\r\n".encode())
        assert (result.outcome, result.reason) == (Outcome.PERMANENT, "no_8bitmime")
        assert server.messages == []

    def test_a_domain_of_its_own_script_is_written_in_ascii(self, server: SmtpServer) -> None:
        assert send(server, to="vasya@пример.рф").outcome is Outcome.ACCEPTED
        assert server.taken == ["vasya@xn--e1afmkfd.xn--p1ai"]
        assert "SMTPUTF8" not in server.messages[0].parameters

    def test_a_mailbox_of_its_own_script_needs_the_servers_consent(self, server: SmtpServer) -> None:
        assert send(server, to="вася@пример.рф").outcome is Outcome.ACCEPTED
        assert server.taken == ["вася@xn--e1afmkfd.xn--p1ai"]
        assert "SMTPUTF8" in server.messages[0].parameters
        with SmtpServer(extensions=["8BITMIME"]) as plain:
            result = send(plain, to="вася@пример.рф")
            assert (result.outcome, result.reason) == (Outcome.PERMANENT, "needs_smtputf8")


class TestLossesBeforeTheDot:
    """Whatever happens before the final dot is known not to be sent."""

    @pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (Drop(), "dropped"),
            (Silence(), "timeout"),
            (Drip(), "timeout"),
            (Answer("hello there"), "protocol"),
            (Answer("334 what"), "protocol"),
        ],
    )
    def test_each_is_temporary(self, step: str, fault: Fault, reason: str) -> None:
        if step == "data" and isinstance(fault, Answer) and fault.text.startswith("3"):
            fault = Answer("250 what")
        with SmtpServer(faults={step: fault}) as server:
            result = send(server)
            assert (result.outcome, result.reason) == (Outcome.TEMPORARY, reason)
            assert server.messages == []

    @pytest.mark.parametrize(
        ("step", "fault", "reason"),
        [
            ("greeting", Answer("554 5.3.2 not today"), "connect"),
            ("greeting", Silence(), "timeout"),
            ("greeting", Drip("220-hold the line\r\n"), "timeout"),
            ("greeting", Drop(), "connect"),
            ("ehlo", Answer("502 5.5.1 never heard of it"), "connect"),
            ("ehlo", Silence(), "timeout"),
        ],
    )
    def test_a_server_that_does_not_begin_is_temporary(self, step: str, fault: Fault, reason: str) -> None:
        with SmtpServer(faults={step: fault}) as server:
            result = send(server)
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, reason)

    def test_a_server_that_is_not_there_is_temporary(self) -> None:
        with (
            refused_port() as port,
            Transport(Relay.from_url(f"smtp://127.0.0.1:{port}?tls=none")) as transport,
        ):
            result = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "connect")

    def test_a_server_that_hangs_up_in_the_midst_of_the_message_is_temporary(self) -> None:
        with SmtpServer(faults={"body": Drop()}) as server:
            result = send(server, b"x" * 76 + b"\r\n" + (b"y" * 76 + b"\r\n") * 400_000)
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "dropped")

    def test_what_such_a_server_said_before_is_heard(self) -> None:
        with SmtpServer(faults={"body": Drop(says="552 5.3.4 far too big")}) as server:
            result = send(server, (b"y" * 76 + b"\r\n") * 400_000)
        assert (result.outcome, result.reason) == (Outcome.PERMANENT, "too_big")

    def test_a_drip_of_replies_ends_with_the_whole_deadline(self) -> None:
        slow = {"mail": Drip("250-x\r\n", 0.02)}
        limits = Timeouts(connect=2, step=30, total=0.6)
        with (
            SmtpServer(faults=slow) as server,
            Transport(Relay.from_url(server.url), timeouts=limits) as transport,
        ):
            begun = time.monotonic()
            result = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=30)
            assert time.monotonic() - begun < 2
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "timeout")

    def test_a_reply_without_end_is_cut_off(self) -> None:
        with SmtpServer(faults={"rcpt": Answer("250-more\r\n" * 20_000 + "250 end")}) as server:
            result = send(server)
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "protocol")


class TestLossesAfterTheDot:
    """Once the final dot is handed over, only a clear reply is an answer."""

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (Drop(), "dropped"),
            (Drop(taken=False), "dropped"),
            (Drop(says="250-half an ans"), "dropped"),
            (Silence(), "timeout"),
            (Drip("250-wait\r\n"), "timeout"),
            (Drip("2", 0.01), "timeout"),
            (Answer("taken, I think"), "protocol"),
            (Answer("354 go on"), "protocol"),
        ],
    )
    def test_each_is_uncertain(self, fault: Fault, reason: str) -> None:
        with SmtpServer(faults={"dot": fault}) as server:
            result = send(server)
        assert (result.outcome, result.reason) == (Outcome.UNCERTAIN, reason)

    def test_an_uncertain_message_is_not_sent_again_by_itself(self) -> None:
        with SmtpServer(faults={"dot": Drop(times=1)}) as server:
            send(server)
            assert server.connections == 1
            assert len(server.messages) == 1

    def test_a_clear_yes_counts_though_the_server_then_hangs_up(self) -> None:
        with SmtpServer(faults={"dot": Answer("250 2.0.0 taken", then_close=True)}) as server:
            with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
                results = [transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1) for _ in range(3)]
            assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 3
            assert len(server.messages) == 3
            assert server.connections == 3

    def test_the_wait_at_the_dot_is_as_long_as_asked(self) -> None:
        limits = Timeouts(connect=2, step=0.3, total=0.6)
        with (
            SmtpServer(on_dot=lambda _: time.sleep(0.9)) as server,
            Transport(Relay.from_url(server.url), timeouts=limits) as transport,
        ):
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=5).outcome is Outcome.ACCEPTED

    def test_the_next_message_is_not_waited_for_as_long(self) -> None:
        limits = Timeouts(connect=2, step=0.3, total=60)
        with SmtpServer() as server, Transport(Relay.from_url(server.url), timeouts=limits) as transport:
            transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=30)
            server.faults = {"rcpt": Silence()}
            begun = time.monotonic()
            result = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=30)
            assert time.monotonic() - begun < 2
        assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "timeout")

    def test_a_process_that_must_end_waits_no_longer_than_it_has(self) -> None:
        with SmtpServer(faults={"dot": Silence()}) as server:
            transport = Transport(Relay.from_url(server.url))
            threading.Timer(0.2, transport.hurry, args=[0.3]).start()
            begun = time.monotonic()
            result = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=600)
            assert time.monotonic() - begun < 3
            transport.close()
        assert (result.outcome, result.reason) == (Outcome.UNCERTAIN, "timeout")


class TestIdleConnections:
    def test_one_that_the_server_closed_is_replaced_without_anybody_noticing(
        self, server: SmtpServer
    ) -> None:
        with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
            transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            server.hang_up()
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.ACCEPTED
        assert (server.connections, len(server.messages)) == (2, 2)

    def test_one_that_dies_at_mail_is_replaced_once(self) -> None:
        with SmtpServer() as server, Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
            transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            server.faults = {"mail": Answer("421 4.4.2 too long idle", then_close=True, times=1)}
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.ACCEPTED
            server.faults = {"mail": Answer("421 4.4.2 always", then_close=True)}
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.TEMPORARY
        assert server.connections == 3

    def test_one_on_which_a_message_was_refused_is_kept(self, server: SmtpServer) -> None:
        with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
            transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            server.faults = {"mail": Answer("550 5.7.1 not you", times=1)}
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).reason == "policy"
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.ACCEPTED
        assert server.connections == 1

    def test_words_that_nobody_asked_for_are_not_taken_for_an_answer(self, server: SmtpServer) -> None:
        with Transport(Relay.from_url(server.url), timeouts=BRIEF) as transport:
            transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            server.interrupt("250 2.0.0 by the way")
            assert transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1).outcome is Outcome.ACCEPTED
        assert (server.connections, len(server.messages)) == (2, 2)

    def test_closing_says_goodbye(self, server: SmtpServer) -> None:
        send(server)
        assert server.commands[-1].upper() == "QUIT"


class TestTls:
    """J7: absent, stripped, self-signed, expired or another host's TLS is refused; never plain."""

    def _send(self, scheme: str, server: SmtpServer, certificates: Certificates, user: str = "") -> Result:
        relay = Relay.from_url(f"{scheme}://{user}127.0.0.1:{server.port}?cafile={certificates.cafile}")
        with Transport(relay, timeouts=BRIEF) as transport:
            return transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)

    def test_a_verified_server_is_trusted(self, certificates: Certificates) -> None:
        with SmtpServer(starttls=certificates.server) as server:
            assert self._send("smtp", server, certificates).outcome is Outcome.ACCEPTED
        with SmtpServer(implicit_tls=certificates.server) as server:
            assert self._send("smtps", server, certificates).outcome is Outcome.ACCEPTED

    @pytest.mark.parametrize("kind", ["self_signed", "expired", "other_host"])
    def test_any_other_certificate_is_not(self, certificates: Certificates, kind: str) -> None:
        context = getattr(certificates, kind)
        for scheme, server in (
            ("smtp", SmtpServer(starttls=context)),
            ("smtps", SmtpServer(implicit_tls=context)),
        ):
            with server:
                result = self._send(scheme, server, certificates)
                assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "tls")
                assert not [command for command in server.commands if command.upper().startswith("MAIL")]

    def test_the_systems_roots_do_not_know_a_private_authority(self, certificates: Certificates) -> None:
        with SmtpServer(implicit_tls=certificates.server) as server:
            with Transport(Relay.from_url(f"smtps://127.0.0.1:{server.port}"), timeouts=BRIEF) as transport:
                result = transport.send(SENDER, RECIPIENT, MESSAGE, dot_timeout=1)
            assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "tls")

    @pytest.mark.parametrize(
        "faults",
        [{}, {"starttls": Answer("454 4.7.0 not now")}, {"starttls": Answer("220 go\r\n250 injected")}],
    )
    def test_a_server_without_starttls_gets_nothing(
        self, certificates: Certificates, faults: dict[str, Fault]
    ) -> None:
        offered = certificates.server if faults else None
        with SmtpServer(starttls=offered, faults=faults) as server:
            result = self._send("smtp", server, certificates, user="mailer:secret@")
            assert (result.outcome, result.reason) == (Outcome.TEMPORARY, "tls")
            spoken = [command.upper() for command in server.commands]
            assert not [command for command in spoken if command.startswith(("MAIL", "AUTH"))]

    def test_a_relay_lets_us_in_by_name_and_password(self, certificates: Certificates) -> None:
        with SmtpServer(starttls=certificates.server, login=("mailer", "p:ss w@rd")) as server:
            assert (
                self._send("smtp", server, certificates, "mailer:p%3Ass%20w%40rd@").outcome
                is Outcome.ACCEPTED
            )

    def test_a_wrong_password_is_temporary_and_named(self, certificates: Certificates) -> None:
        with SmtpServer(starttls=certificates.server, login=("mailer", "right")) as server:
            result = self._send("smtp", server, certificates, "mailer:wrong@")
        assert (result.outcome, result.reason, result.code) == (Outcome.TEMPORARY, "auth", 535)

    @pytest.mark.parametrize(
        "fault", [None, Drop(), Silence(), Answer("334 !!not base64!!"), Answer("454 4.7.0 later")]
    )
    def test_a_log_in_that_cannot_be_made_is_temporary(
        self, certificates: Certificates, fault: Fault | None
    ) -> None:
        with SmtpServer(
            starttls=certificates.server,
            login=("mailer", "right") if fault else None,
            faults={"auth": fault} if fault else {},
        ) as server:
            result = self._send("smtp", server, certificates, "mailer:right@")
        assert result.outcome is Outcome.TEMPORARY
        assert result.reason in {"auth", "timeout"}


class TestRelayAddresses:
    @pytest.mark.parametrize(
        ("url", "host", "port", "tls"),
        [
            ("smtps://u:p@mail.example", "mail.example", 465, "implicit"),
            ("smtp://u:p@mail.example", "mail.example", 587, "starttls"),
            ("smtp://mail.example:2587", "mail.example", 2587, "starttls"),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1", 2525, "none"),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, "none"),
        ],
    )
    def test_each_form_is_understood(self, url: str, host: str, port: int, tls: str) -> None:
        relay = Relay.from_url(url)
        assert (relay.host, relay.port, relay.tls) == (host, port, tls)

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("smtp://u:hunter2@mail.example?tls=none", "this machine only"),
            ("smtps://u:hunter2@127.0.0.1?tls=none", "only with smtp://"),
            ("smtp://u:hunter2@mail.example?tls=maybe", "tls=none only"),
            ("smtp://u:hunter2@mail.example?verify=no", "no option verify"),
            ("http://u:hunter2@mail.example", "smtps://"),
            ("smtps://u:hunter2@", "no host"),
            ("smtps://u:hunter2@mail.example:port", "port"),
            ("smtps://u:hunter2@mail..example", "host name"),
            ("smtps://u:hunter2ж@mail.example", "ASCII"),
        ],
    )
    def test_a_wrong_one_is_refused_without_repeating_its_password(self, url: str, says: str) -> None:
        with pytest.raises(ValueError, match=says) as refused:
            Relay.from_url(url)
        assert "hunter2" not in str(refused.value)

    def test_its_secrets_are_not_in_its_repr(self) -> None:
        relay = Relay.from_url("smtps://mailer:hunter2@mail.example")
        assert "hunter2" not in repr(relay)
        assert "mailer" not in repr(relay)

    def test_roots_that_cannot_be_read_stop_the_worker_at_its_start(self) -> None:
        with pytest.raises(FileNotFoundError):
            Transport(Relay.from_url("smtps://mail.example?cafile=nowhere.pem"))
