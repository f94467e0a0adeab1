"""A mail server on loopback that can fail in every way a real one does, at the step it is told to.

with SmtpServer(faults={"rcpt": Answer("451 4.3.0 later")}) as server:
    …  # send to server.url; server.messages holds what it took
"""

import binascii
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

STEPS = ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit")


@dataclass
class Answer:
    """Says `text` instead of what it should. `times` of None: always."""

    text: str
    then_close: bool = False
    times: int | None = None


@dataclass
class Silence:
    """Says nothing until the test is over."""

    times: int | None = None


@dataclass
class Drip:
    """One byte of `text` every `pause` seconds, without end."""

    text: str = "250-still thinking\r\n"
    pause: float = 0.05
    times: int | None = None


@dataclass
class Drop:
    """Hangs up, after a last word if `says` has one. At "dot" the message was taken first unless `taken` is
    False; at "body" it happens in the midst of the message."""

    says: str = ""
    taken: bool = True
    times: int | None = None


Fault = Answer | Silence | Drip | Drop


class Received(NamedTuple):
    sender: str
    recipient: str
    data: bytes  # dots unstuffed, the final one not included
    parameters: str  # of MAIL: SIZE=…, BODY=…


class _HangUp(Exception):
    pass


@dataclass
class SmtpServer:
    """`faults` by step for everybody, `recipients` by local part and then by step; `login` demands AUTH.
    `on_data` is called before 354 is answered; `on_dot` when the message is recorded, before 250 is."""

    faults: Mapping[str, Fault] = field(default_factory=dict)
    recipients: Mapping[str, Mapping[str, Fault]] = field(default_factory=dict)
    extensions: Sequence[str] = ("SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    starttls: ssl.SSLContext | None = None
    implicit_tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    on_data: "Callable[[SmtpServer], None] | None" = None
    on_dot: "Callable[[SmtpServer], None] | None" = None
    port: int = 0

    def __post_init__(self) -> None:
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Without TLS; a test of TLS builds its own."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    @property
    def taken(self) -> list[str]:
        """Recipients of what was taken, in order."""
        return [message.recipient for message in self.messages]

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def hang_up(self) -> None:
        """Closes every open connection, as a server does with idle ones."""
        with self._lock:
            for conversation in self._open:
                with contextlib.suppress(OSError):
                    conversation.shutdown(socket.SHUT_RDWR)

    def interrupt(self, text: str) -> None:
        """Says something that nobody asked for to every client."""
        with self._lock:
            for conversation in self._open:
                conversation.sendall(text.encode() + b"\r\n")

    def fault(self, step: str, recipient: str = "") -> Fault | None:
        """What goes wrong here, counted down when it happens only so often."""
        own = self.recipients.get(recipient.partition("@")[0], {})
        fault = own.get(step) or self.faults.get(step)
        with self._lock:
            if fault is None or fault.times == 0:
                return None
            if fault.times is not None:
                fault.times -= 1
        return fault

    def record(self, message: Received) -> None:
        with self._lock:
            self.messages.append(message)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                conversation, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, conversation)

    def _serve(self, plain: socket.socket) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        talk = _Conversation(self, plain)
        with self._lock:
            self._open.add(plain)
        try:
            talk.run()
        except (_HangUp, OSError):
            pass
        finally:
            with self._lock:
                self._open.discard(plain)
            talk.close()


class _Conversation:
    def __init__(self, server: SmtpServer, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.unread = bytearray()
        self.sender = self.parameters = self.recipient = ""
        self.known = server.login is None

    def run(self) -> None:
        if self.server.implicit_tls:
            self._secure(self.server.implicit_tls)
        self._say("greeting", "220 mail.example ESMTP")
        while True:
            line = self._until(b"\r\n").decode("utf-8")
            verb, _, rest = line.partition(" ")
            with self.server._lock:
                self.server.commands.append(line)
            command = getattr(self, f"_{verb.lower()}", None)
            if command is None:
                self._write("502 5.5.1 unknown")
            else:
                command(rest)

    def close(self) -> None:
        self.sock.close()

    def _ehlo(self, _: str) -> None:
        offers = list(self.server.extensions)
        if self.server.starttls and not isinstance(self.sock, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.login:
            offers.append("AUTH PLAIN LOGIN")
        lines = ["mail.example", *offers]
        self._say("ehlo", "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def _starttls(self, _: str) -> None:
        if self.server.starttls is None:
            self._write("502 5.5.1 unknown")
        elif self._say("starttls", "220 2.0.0 go on"):
            self._secure(self.server.starttls)

    def _auth(self, rest: str) -> None:
        mechanism, _, secret = rest.partition(" ")
        user, password = self.server.login or ("", "")
        decoded = _decoded(secret) if mechanism.upper() == "PLAIN" else ""
        self.known = decoded == f"\0{user}\0{password}"
        self._say("auth", "235 2.7.0 welcome" if self.known else "535 5.7.8 wrong user name or password")

    def _mail(self, rest: str) -> None:
        self.sender, _, self.parameters = rest.removeprefix("FROM:<").partition(">")
        self._say("mail", "250 2.1.0 ok" if self.known else "530 5.7.0 authentication required")

    def _rcpt(self, rest: str) -> None:
        self.recipient = rest.removeprefix("TO:<").partition(">")[0]
        self._say("rcpt", "250 2.1.5 ok", self.recipient)

    def _data(self, _: str) -> None:
        if self.server.on_data:
            self.server.on_data(self.server)
        if not self._say("data", "354 end with a dot", self.recipient):
            return
        if isinstance(fault := self.server.fault("body", self.recipient), Drop):
            self._received()
            if fault.says:
                self._write(fault.says)
            raise _HangUp
        stuffed = b"\r\n" + self._until(b"\r\n.\r\n") + b"\r\n"
        self._dot(stuffed.replace(b"\r\n..", b"\r\n.").removeprefix(b"\r\n"))

    def _dot(self, data: bytes) -> None:
        fault = self.server.fault("dot", self.recipient)
        answers_no = isinstance(fault, Answer) and not fault.text.startswith("2")
        if not answers_no and not (isinstance(fault, Drop) and not fault.taken):
            self.server.record(Received(self.sender, self.recipient, data, self.parameters.strip()))
        if self.server.on_dot:
            self.server.on_dot(self.server)
        self._act(fault, f"250 2.0.0 taken as {len(self.server.messages)}")

    def _rset(self, _: str) -> None:
        self._say("rset", "250 2.0.0 ok")

    def _quit(self, _: str) -> None:
        self._say("quit", "221 2.0.0 bye")
        raise _HangUp

    def _say(self, step: str, usual: str, recipient: str = "") -> bool:
        return self._act(self.server.fault(step, recipient), usual)

    def _act(self, fault: Fault | None, usual: str) -> bool:
        """True when all is as usual and the conversation goes on from here."""
        if fault is None:
            self._write(usual)
            return True
        if isinstance(fault, Answer):
            self._write(fault.text)
            if not fault.then_close:
                return False
        elif isinstance(fault, Silence):
            self.server.over.wait()
        elif isinstance(fault, Drip):
            while not self.server.over.is_set():
                for letter in fault.text.encode():
                    self.sock.sendall(bytes([letter]))
                    self.server.over.wait(fault.pause)
        elif fault.says:
            self._write(fault.says)
        raise _HangUp

    def _write(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\r\n")

    def _until(self, end: bytes) -> bytes:
        searched = 0
        while (found := self.unread.find(end, searched)) < 0:
            searched = max(0, len(self.unread) - len(end))
            self._received()
        taken = bytes(self.unread[:found])
        del self.unread[: found + len(end)]
        return taken

    def _received(self) -> None:
        block = self.sock.recv(262_144)
        if not block:
            raise _HangUp
        self.unread += block

    def _secure(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_side=True)


class Certificates(NamedTuple):
    """A private authority and what it issued: `server`, right for 127.0.0.1; others with one fault each."""

    cafile: Path
    server: ssl.SSLContext
    self_signed: ssl.SSLContext
    expired: ssl.SSLContext
    other_host: ssl.SSLContext


def make_certificates(folder: Path) -> Certificates:
    now = datetime.datetime.now(datetime.UTC)
    year = datetime.timedelta(days=365)
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _named("Test authority")
    ca = _certificate(ca_key, ca_name, ca_key, ca_name, now - year, now + year, authority=True)
    cafile = folder / "ca.pem"
    cafile.write_bytes(ca.public_bytes(serialization.Encoding.PEM))

    def issued(name: str, host: str, ends: datetime.datetime, *, by_itself: bool = False) -> ssl.SSLContext:
        key, own = ec.generate_private_key(ec.SECP256R1()), _named(name)
        issuer = (key, own) if by_itself else (ca_key, ca_name)
        made = _certificate(key, own, *issuer, now - year, ends, host=host)
        return _server_context(folder / f"{name}.pem", key, made)

    return Certificates(
        cafile,
        issued("server", "127.0.0.1", now + year),
        issued("self-signed", "127.0.0.1", now + year, by_itself=True),
        issued("expired", "127.0.0.1", now - datetime.timedelta(days=1)),
        issued("other-host", "127.0.0.2", now + year),
    )


@contextlib.contextmanager
def refused_port() -> Iterator[int]:
    """A loopback port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    name: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    begins: datetime.datetime,
    ends: datetime.datetime,
    *,
    host: str | None = None,
    authority: bool = False,
) -> x509.Certificate:
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    made = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issued_by, critical=False)
    )
    if host:
        names = [x509.IPAddress(ipaddress.ip_address(host))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _server_context(path: Path, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> ssl.SSLContext:
    pem, open_key = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, open_key)
    path.write_bytes(private + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _decoded(secret: str) -> str:
    return binascii.a2b_base64(secret).decode()
