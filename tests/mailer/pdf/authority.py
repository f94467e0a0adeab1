"""A time stamp authority on loopback that can be told to misbehave."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from asn1crypto import keys, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

GRANTED = {"status": 0}
Made = tuple[asn1_x509.Certificate, keys.PrivateKeyInfo]


@cache
def certified(name: str, stamps: bool) -> Made:
    """A self-signed certificate; `stamps`: one that is meant for it."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = ExtendedKeyUsageOID.TIME_STAMPING if stamps else ExtendedKeyUsageOID.SERVER_AUTH
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return asn1_x509.Certificate.load(made.public_bytes(Encoding.DER)), keys.PrivateKeyInfo.load(private)


class Authority(ThreadingHTTPServer):
    """`behaviour`: well | down | redirect | drip | long | garbage | wrong nonce | wrong digest | no nonce | refused |
    other purpose."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.behaviour = "well"
        self.asked = 0
        self.headers: list[dict[str, str]] = []
        self.redirected_to = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/stamp"

    def token_for(self, asked: tsp.TimeStampReq) -> tsp.TimeStampResp:
        certificate, key = certified("Invented Clock", self.behaviour != "other purpose")
        if self.behaviour == "wrong nonce":
            asked["nonce"] = asked["nonce"].native + 1
        if self.behaviour == "no nonce":
            asked["nonce"] = None
        if self.behaviour == "wrong digest":
            asked["message_imprint"]["hashed_message"] = bytes(31) + b"\1"
        stamper = DummyTimeStamper(
            certificate, key, certs_to_embed=SimpleCertificateStore.from_certs([]),  # type: ignore[no-untyped-call]
            override_md="sha256",
        )
        found: tsp.TimeStampResp = asyncio.run(stamper.async_request_tsa_response(asked))
        return found


@contextmanager
def authority() -> Iterator[Authority]:
    server = Authority()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Answer(BaseHTTPRequestHandler):
    server: Authority

    def do_POST(self) -> None:
        self.server.asked += 1
        self.server.headers.append(dict(self.headers))
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        match self.server.behaviour:
            case "down":
                self.send_error(503)
            case "redirect":
                self.send_response(307)
                self.send_header("Location", self.server.redirected_to)
                self.end_headers()
            case "drip":
                self._drip()
            case "long":
                self._reply(bytes(200_000))
            case "garbage":
                self._reply(b"<html>no such page</html>")
            case "refused":
                self._reply(tsp.TimeStampResp({"status": {"status": 2}}).dump())
            case _:
                self._reply(self.server.token_for(asked).dump())

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        try:
            for _ in range(200):
                self.wfile.write(b"H")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass  # whoever asked has gone

    def log_message(self, *_: object) -> None:
        pass
