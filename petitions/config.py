"""Every setting, its default and why; read from `PETITIONS_*` variables or a `.env` file.

Secrets are `SecretStr`: they never show in a repr, a log or an error page.
"""

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LEAST_SECRET = 32  # bytes; shorter keys can be searched


class Profile(StrEnum):
    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"  # loopback only, limits and office hours off, said on every page


class TsaPolicy(StrEnum):
    """When the time stamp authority is silent."""

    WAIT = "wait"  # nothing is compiled until it answers
    MARK = "mark"  # sealed by our own clock, which the document and its check page say


class Door(StrEnum):
    """Which of the two audiences a web process answers."""

    BOTH = "both"
    SIGNERS = "signers"
    ORGANISERS = "organisers"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PETITIONS_", env_file=".env", extra="ignore", frozen=True)

    profile: Profile = Profile.PRODUCTION
    var: Path = Path("var")  # everything that is kept: database, keys, archive, outbox
    database_url: str = ""  # empty: SQLite under `var`; else postgresql://…
    broker_url: str = "embedded"  # embedded | none | redis://… | amqp://…
    smtp_url: SecretStr = SecretStr("")  # the relay that takes our mail; smtps:// or smtp:// with STARTTLS
    base_url: str = "http://localhost:8000"  # mailed links are built from this, never from a request
    trusted_hosts: list[str] = []  # further host names the site answers to, besides that of base_url
    trusted_proxies: int = 0  # reverse proxies in front of us whose X-Forwarded-For may be believed
    door: Door = Door.BOTH  # two processes with database roles of their own: what signers' breaks into edits nothing
    bind_host: str = "127.0.0.1"
    bind_port: int = 8000
    web_processes: int = 0  # 0: one on SQLite (a second would queue for its lock), two on PostgreSQL
    web_threads: int = 4  # a process; half a form sent slowly holds one: a proxy in front that buffers frees them all
    worker_threads: int = 8  # senders wait on the network most of the time
    lease_seconds: int = 60  # after so long what a dead worker held is taken up again; a living one renews in time

    secret_key: SecretStr = SecretStr("")  # signs the check page's token and organisers' sessions
    secret_key_fallbacks: list[SecretStr] = []  # old secret keys, still accepted while they rotate out
    index_key: SecretStr = SecretStr("")  # tells duplicates apart without storing addresses
    seal_passphrase: SecretStr = SecretStr("")  # opens the seal's PKCS#12; the embedded default keeps it in keys/
    tsa_url: SecretStr = SecretStr("")  # RFC 3161; a third party then attests when a seal was made; may hold a password
    tsa_roots: Path | None = None  # PEM: whose time stamps count; without it anyone who can answer for the address
    tsa_policy: TsaPolicy = TsaPolicy.MARK  # a document delayed by days harms a prisoner more than an unattested hour

    mail_name: str = "Petition service"  # neutral: an inbox list must not say whose petition was signed
    mail_address: str = ""  # empty: petitions@ the host of base_url
    languages: list[str] = ["en", "ru"]  # of the pages and of the letters to signers and organisers
    # of documents and letters to authorities, who are written to in theirs; each has a catalogue `document`
    document_languages: list[str] = ["en", "ru", "uk", "be", "kk", "de", "fr"]
    font_dir: Path | None = None  # further TrueType fonts for documents: Chinese, Japanese and Korean come with none

    confirm_days: int = 14  # a link in a letter works this long; rows never confirmed go then
    confirm_grace_hours: int = 72  # a confirmation after closing still counts this long
    check_token_hours: int = 24  # how long a filled form may stay open before it is asked again
    mails_per_petition: int = 3  # to one address in 24 h: enough to correct a mistake, too few to molest
    mails_per_address: int = 5  # to one address in 24 h over all petitions
    signs_per_network: int = 20  # an hour; above it the letter waits (slow lane): Tor exits are many people
    signs_before_hold: int = 200  # an hour and network; above it a person looks first
    slow_lane_minutes: int = 10  # how long the letter of a slowed signature waits
    wrong_tokens_per_network: int = 20  # an hour; further wrong ones are refused, right ones always work
    reports_per_network: int = 5  # of cases, an hour; above it they lie apart until somebody has time
    small_country: int = 10  # a country, or a step of a curve, with fewer signers is told with others: 1 is a person
    count_seconds: int = 30  # how often new confirmations are counted; also the age of a cached page
    edition_gap_days: int = 7  # between editions unless urgent: lists sent daily are not read
    preview_minutes: int = 60  # how long a preview of a document can be looked at; making one again costs a second
    approval_hours: int = 72  # a request for an edition lapses after this
    channel_hold_hours: int = 24  # between the yes to a new address and its effect: time for an owner to notice
    authority_import_minutes: int = 60  # how long a file of authorities that was looked at can still be applied
    deliveries_per_authority: int = 2  # a day over all petitions: more is a flood that helps nobody
    export_branches: list[str] = []  # slugs of branches whose owners may export signers: off, because lists leak
    channel_bytes: int = 7_000_000  # of PDF by e-mail where the channel names no limit (base64 makes 1.371 x)
    volume_bytes: int = 39_000_000  # of any volume, also on paper or by hand: /verify takes no larger file
    sealed_data_days: int = 730  # after which every box of a signature goes, whatever became of the petition
    net_tag_days: int = 7  # how long a network tag is kept
    erase_after_days: int = 30  # after a closed petition's last delivery and clock: then nobody needs the names
    news_months: int = 12  # after a petition closes its news may still come so long; then the addresses go
    link_days: int = 60  # how long an authority can fetch what was not attached: its registry may take weeks
    link_dir: Path | None = None  # those files, encrypted; empty: `links` under `var`. Worker and web share it
    downloads_per_network: int = 60  # by right links, in an hour: each reads and opens a file of many megabytes
    documents_days: int = 730  # how long a document that was sent is kept: courts ask for copies late
    updates_per_week: int = 3  # of one petition: what the form promised to who asked for news
    update_alone: int = 1_000  # readers; to more than so many one person alone does not write
    updates_per_minute: int = 300  # letters with news: the relay must have room for confirmations meanwhile
    quick_confirm_seconds: int = 20  # a button pressed sooner after its letter was hardly pressed by a reader
    files_per_network: int = 30  # checked on /verify in an hour: reading a stranger's PDF costs a second
    trend_rows: int = 50  # from one network, or letters to one domain, in an hour or two: a moderator looks
    trend_confirms: int = 10  # quick ones from one network in a day: robots press buttons together
    trend_repeats: int = 5  # of one name, city and choice from different mailboxes: one hand, or a common name
    bounces_percent: int = 10  # of the last letters refused as unknown: more, and confirmations are paused
    bounces_of_letters: int = 200  # how many are looked at; a relay that sees more bad ones blocks all our mail
    photo_quota: int = 100_000_000  # bytes of photographs a branch keeps; as much again of those sent with reports
    report_days: int = 90  # after it became a case or was declined a report goes, with all that was sent with it
    report_copy_hours: int = 72  # a report opened for a member stays readable for that member so long
    session_idle_minutes: int = 30  # an organiser who left the desk is logged out after so long
    session_hours: int = 12  # and after so long in any case
    unfreeze_hours: int = 24  # before that the operator may not unfreeze a branch either: its owners must hear of it
    logins_per_member: int = 5  # tries a minute under one name; then waits, which end by themselves
    logins_per_network: int = 20  # tries a minute from one network, under any names: one password, many people
    step_up_minutes: int = 5  # how long passkey or password count for what an open laptop must not do
    # Where people have been punished for naming themselves under such petitions, or for giving to those who run them;
    # wide on purpose, because the warning costs a sentence.
    punishing_countries: list[str] = [
        "AE", "AF", "AZ", "BH", "BY", "CN", "CU", "EG", "ER", "HK", "IR", "KP", "LA", "MM", "NI", "RU", "SA", "SY",
        "TJ", "TM", "UZ", "VE", "VN",
    ]

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        """Refuses to start with settings that would hurt someone (cases.md L1); names the setting."""
        if self.trusted_proxies < 0:
            raise ValueError("PETITIONS_TRUSTED_PROXIES must be 0 or more")
        host = urlsplit(self.base_url).hostname or ""
        if self.profile is Profile.DEMONSTRATION:
            if self.bind_host not in {"127.0.0.1", "::1", "localhost"}:
                raise ValueError("PETITIONS_BIND_HOST: the demonstration answers on loopback only")
            return self
        for name in ("secret_key", "index_key"):
            if len(getattr(self, name).get_secret_value().encode()) < LEAST_SECRET:
                raise ValueError(
                    f"PETITIONS_{name.upper()} is missing or shorter than {LEAST_SECRET} bytes; "
                    "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
                )
        if self.secret_key.get_secret_value() == self.index_key.get_secret_value():
            raise ValueError("PETITIONS_INDEX_KEY must differ from PETITIONS_SECRET_KEY")
        if not self.base_url.startswith("https://") and not host.endswith(".onion"):
            raise ValueError("PETITIONS_BASE_URL must begin with https:// (an .onion address may be http)")
        return self

    @cached_property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.var / 'petitions.db'}"

    @property
    def embedded_database(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def keys(self) -> Path:
        """Where the worker's private keys lie (0400)."""
        return self.var / "keys"

    @property
    def log_marks(self) -> Path:
        """Where the worker keeps the largest evidence log it has signed: not in the database, which may be restored."""
        return self.var / "log"

    def log_origin(self, slug: str, number: int = 1) -> str:
        """The name of a petition's evidence log: its address without the scheme (C2SP tlog-checkpoint)."""
        return f"{urlsplit(self.base_url).netloc or self.host}/log/{slug}" + (f"/{number}" if number > 1 else "")

    @property
    def archive(self) -> Path:
        return self.var / "archive"

    @property
    def links(self) -> Path:
        """Where the worker lays what authorities fetch by a link, and the web reads it."""
        return self.link_dir or self.var / "links"

    @property
    def outbox(self) -> Path:
        """Where the demonstration's mail sink writes."""
        return self.var / "outbox"

    @property
    def demonstration(self) -> bool:
        return self.profile is Profile.DEMONSTRATION

    @property
    def limits_apply(self) -> bool:
        return not self.demonstration

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def mail_from(self) -> str:
        return self.mail_address or f"petitions@{self.mail_domain}"

    @property
    def mail_domain(self) -> str:
        if self.mail_address:
            return self.mail_address.rpartition("@")[2]
        return "localhost.localdomain" if self.host == "localhost" else self.host


class SettingsRefused(Exception):
    """The settings would hurt someone; the message names each one and says what to do."""


def load(**overrides: object) -> Settings:
    """Reads the settings; raises SettingsRefused with readable lines."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValueError as error:
        if not isinstance(error, ValidationError):
            raise SettingsRefused("the settings could not be read") from None
        details = error.errors(include_input=False, include_url=False)
        raise SettingsRefused("\n".join(_readable(dict(detail)) for detail in details)) from None


def _readable(detail: dict[str, object]) -> str:
    place = detail.get("loc") or ()
    message = str(detail["msg"]).removeprefix("Value error, ")
    name = f"PETITIONS_{str(place[0]).upper()}: " if isinstance(place, tuple) and place else ""
    return name + message
