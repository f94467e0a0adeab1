"""The machine around the records: profile and secrets, mail relay, broker, disk."""

import ipaddress
import shutil
import smtplib
import ssl
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from dramatiq.brokers.redis import RedisBroker

from petitions.bell import make_broker
from petitions.cli.findings import Finding, good, note, problem, warning
from petitions.config import Settings

SECONDS = 8.0  # for one server to answer
LEAST_BYTES, FEW_BYTES = 200_000_000, 2_000_000_000


def profile(settings: Settings) -> Iterator[Finding]:
    """Settings that would hurt someone never come so far: `load` refuses them."""
    if settings.demonstration:
        yield note("profile", "demonstration: this machine only, no limits, no office hours. Not for real signatures.")
        yield note("secrets", "made by itself and kept under keys; production must name its own")
        return
    yield good("profile", f"production, at {settings.base_url}")
    kept = "; older ones are still accepted" if settings.secret_key_fallbacks else ""
    yield good("secrets", f"PETITIONS_SECRET_KEY and PETITIONS_INDEX_KEY are set, long enough and different{kept}")


def time_stamps(settings: Settings) -> Iterator[Finding]:
    """Who says when a seal was made. Asks nobody: each question is a time stamp, and some are paid for."""
    url = urlsplit(settings.tsa_url.get_secret_value())
    if not url.hostname:
        yield note("time stamps", "none: the time in a seal is this machine's own clock (PETITIONS_TSA_URL)")
    elif settings.tsa_roots is not None and not settings.tsa_roots.is_file():
        yield problem("time stamps", f"{settings.tsa_roots} is not there: no worker can start (PETITIONS_TSA_ROOTS)")
    elif settings.tsa_roots is None and url.scheme != "https":
        yield warning(
            "time stamps", f"anyone between here and {url.hostname} can give them: name its roots (PETITIONS_TSA_ROOTS)"
        )
    else:
        words = f"{url.hostname} attests when a seal was made; while it is silent: {settings.tsa_policy}"
        yield good("time stamps", words)


def relay(settings: Settings) -> Iterator[Finding]:
    """Whether the relay answers and proves who it is. Sends nothing and does not log in."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        words = "PETITIONS_SMTP_URL is empty"
        if settings.demonstration:
            yield note("mail relay", f"{words}: the demonstration starts its own sink")
        elif not any(settings.keys.glob("branch-*.key")):
            yield note("mail relay", f"{words}: not needed here, where no branch's private key is and nothing is sent")
        else:
            yield problem("mail relay", f"{words}: no letter and no document can leave")
        return
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    plain, cafile = options.get("tls") == ["none"], next(iter(options.get("cafile", [])), None)
    if parts.scheme not in {"smtp", "smtps"} or (plain and not _is_here(parts.hostname or "")):
        yield problem("mail relay", "write smtps://… or smtp://…; tls=none is for this machine only. No worker starts.")
        return
    try:
        context = ssl.create_default_context(cafile=cafile)
        words = _spoken_to(parts.scheme, parts.hostname or "", parts.port, context, plain=plain)
    except ssl.SSLCertVerificationError as error:
        yield problem("mail relay", f"its certificate is refused: {error.verify_message}. Nothing is sent to it.")
    except smtplib.SMTPNotSupportedError:
        yield problem("mail relay", "it does not offer STARTTLS. Nothing is sent to it.")
    except (OSError, ValueError, smtplib.SMTPException) as error:
        yield problem("mail relay", f"it cannot be reached ({type(error).__name__}); letters wait, none is lost")
    else:
        yield good("mail relay", words)


def broker(settings: Settings) -> Iterator[Finding]:
    """Work survives without a broker; hints make it quick."""
    url = settings.broker_url
    if url in {"", "none"}:
        yield note("broker", "none: workers look for work themselves, about once a second")
    elif url == "embedded":
        yield note("broker", "embedded: `petitions run` starts and ends it")
    else:
        try:
            _ping(url)
        except Exception as error:  # whatever a broker's client raises
            yield problem("broker", f"it does not answer ({type(error).__name__}): work starts up to 15 seconds late")
        else:
            yield good("broker", f"{urlsplit(url).scheme} answers")


def disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.var if settings.var.exists() else ".").free
    words = f"{free / 1_000_000_000:,.1f} GB free where documents and the database are kept"
    if free < LEAST_BYTES:
        yield problem("disk", f"{words}: signing and compiling will fail")
    elif free < FEW_BYTES:
        yield warning("disk", words)
    else:
        yield good("disk", words)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _spoken_to(scheme: str, host: str, port: int | None, context: ssl.SSLContext, *, plain: bool) -> str:
    if scheme == "smtps":
        with smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS, context=context) as server:
            server.ehlo()
        return "it answers, and its certificate is verified (TLS from the first byte)"
    with smtplib.SMTP(host, port or (25 if plain else 587), timeout=SECONDS) as server:
        server.ehlo()
        if not plain:
            server.starttls(context=context)
            server.ehlo()
    if plain:
        return "it answers, without TLS on this machine"
    return "it answers, and its certificate is verified (STARTTLS)"


def _ping(url: str) -> None:
    """As the bell would reach it."""
    broker = make_broker(url)
    assert broker is not None
    try:
        if isinstance(broker, RedisBroker):
            broker.client.ping()
        else:
            _ = broker.connection  # type: ignore[attr-defined]  # RabbitMQ's connects when it is looked at
    finally:
        broker.close()
