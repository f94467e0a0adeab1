"""Which promise holds, in plain words, and an exit code that a monitor can use."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine
from click.testing import Result
from psycopg import sql
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from petitions import crypto, supervisor
from petitions.cli import examine_machine
from petitions.grants import grants
from petitions.models import AuditEntry, Edition, Letter, Petition
from tests import factories
from tests.cli.conftest import Cli
from tests.smtp import Certificates, SmtpServer, make_certificates, refused_port


def finding(result: Result, name: str) -> tuple[str, str]:
    """Level and words of the worst finding of a name."""
    order = ("good", "note", "warning", "problem")
    found = [one for one in json.loads(result.stdout)["findings"] if one["name"] == name]
    worst = max(found, key=lambda one: order.index(one["level"]))
    return worst["level"], worst["words"]


def examined(cli: Cli, name: str, **environment: str) -> tuple[str, str]:
    cli.environment.update(environment)
    return finding(cli.run("doctor", "--json"), name)


def test_a_machine_in_order_is_exit_code_0(cli: Cli) -> None:
    result = cli.run("doctor", "--json")

    assert result.exit_code == 0, result.stdout
    assert json.loads(result.stdout)["healthy"]


def test_embedded_it_says_which_promise_is_left(cli: Cli) -> None:
    level, words = examined(cli, "promise")

    assert level == "note"
    assert "both halves are on one machine" in words
    assert "a stolen machine does" in words


def test_without_private_keys_it_says_that_nobody_can_be_given_away(cli: Cli) -> None:
    for path in (cli.var / "keys").iterdir():
        path.unlink()

    assert examined(cli, "promise")[0] == "good"
    assert examined(cli, "keys of north")[0] == "note"


def test_refused_settings_are_a_finding_and_not_an_end(cli: Cli) -> None:
    cli.environment = {"PETITIONS_PROFILE": "production", "PETITIONS_SECRET_KEY": ""}

    result = cli.run("doctor", "--json")

    assert result.exit_code == 1
    assert "PETITIONS_SECRET_KEY" in finding(result, "settings")[1]


def test_a_missing_or_old_database_is_a_finding(empty: Cli) -> None:
    assert "petitions db upgrade" in examined(empty, "database")[1]
    empty.ok("db", "upgrade")
    empty.ok("db", "downgrade", "base", "--yes")
    assert examined(empty, "database")[0] == "problem"


def test_a_key_file_that_others_can_read_is_a_problem(cli: Cli) -> None:
    path = next((cli.var / "keys").glob("branch-*.key"))
    path.chmod(0o440)

    level, words = examined(cli, "key files")

    assert level == "problem"
    assert path.name in words


def test_a_key_that_does_not_open_the_records_is_a_problem(cli: Cli) -> None:
    path = next((cli.var / "keys").glob("branch-*.key"))
    path.unlink()
    path.write_bytes(crypto.new_key_pair()[0])

    assert examined(cli, "keys of north")[0] == "problem"


def test_a_seal_without_its_passphrase_is_a_problem(cli: Cli) -> None:
    next((cli.var / "keys").glob("seal-*.pass")).unlink()
    assert examined(cli, "keys of north")[0] == "problem"
    assert "passphrase" in examined(cli, "keys of north", PETITIONS_SEAL_PASSPHRASE="wrong")[1]


@pytest.mark.parametrize(("days", "level"), [(900, "good"), (3 * 365 - 40, "warning"), (3 * 365 + 1, "problem")])
def test_a_seal_is_asked_when_it_expires(cli: Cli, days: int, level: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        assert examined(cli, "keys of north")[0] == level


@pytest.mark.parametrize(("url", "roots", "level"), [
    ("", "", "note"),
    ("https://me:canary@tsa.example.org/x", "", "good"),
    ("http://tsa.example.org", "", "warning"),
    ("http://tsa.example.org", "/nowhere.pem", "problem"),
    ("http://tsa.example.org", __file__, "good"),
])
def test_it_says_who_attests_the_time_of_a_seal(cli: Cli, url: str, roots: str, level: str) -> None:
    named = {"PETITIONS_TSA_ROOTS": roots} if roots else {}

    found, words = examined(cli, "time stamps", PETITIONS_TSA_URL=url, **named)

    assert found == level
    assert "canary" not in words


def test_work_that_waits_for_a_person_is_a_problem(cli: Cli) -> None:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        factories.signature(session, petition, confirmed=True)
        Edition.freeze(session, petition, gap_days=0).state = Edition.State.FAILED

    result = cli.run("doctor", "--json")

    assert result.exit_code == 1
    assert "1 editions failed" in finding(result, "work")[1]


def test_work_that_waits_for_nobody_is_a_problem(cli: Cli) -> None:
    with cli.rows() as session:
        made = factories.signature(session, session.scalars(select(Petition)).one())
        session.add(Letter(kind=Letter.Kind.CONFIRM_SIGNATURE, cause="a cause", signature_id=made.id,
                           not_before=datetime.now(UTC) - timedelta(minutes=11)))

    assert "is a worker running" in examined(cli, "worker")[1]


def test_a_broken_audit_log_is_a_problem(cli: Cli) -> None:
    with cli.rows() as session:
        session.execute(update(AuditEntry).where(AuditEntry.sequence == 1).values(actor="somebody"))

    assert examined(cli, "audit log")[0] == "problem"


def test_a_full_disk_is_a_problem(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_machine, "LEAST_BYTES", 10**18)

    assert examined(cli, "disk")[0] == "problem"


# -- what answers on the network -------------------------------------------------------------------------


def test_a_relay_without_tls_is_taken_on_this_machine_only_and_is_sent_nothing(cli: Cli) -> None:
    with SmtpServer() as server:
        assert examined(cli, "mail relay", PETITIONS_SMTP_URL=server.url)[0] == "good"
        assert server.messages == []


def test_a_relay_without_starttls_is_refused(cli: Cli) -> None:
    with SmtpServer() as server:
        url = server.url.partition("?")[0]
        level, words = examined(cli, "mail relay", PETITIONS_SMTP_URL=url)

    assert level == "problem"
    assert "STARTTLS" in words


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_relay_is_good_only_with_a_certificate_that_is_known(
    cli: Cli, certificates: Certificates, scheme: str
) -> None:
    how = {"starttls": certificates.server} if scheme == "smtp" else {"implicit_tls": certificates.server}
    with SmtpServer(**how) as server:  # type: ignore[arg-type]
        url = f"{scheme}://127.0.0.1:{server.port}"
        assert "certificate is refused" in examined(cli, "mail relay", PETITIONS_SMTP_URL=url)[1]
        assert examined(cli, "mail relay", PETITIONS_SMTP_URL=f"{url}?cafile={certificates.cafile}")[0] == "good"
        assert server.messages == []


@pytest.mark.parametrize("url", ["smtp://mail.example?tls=none", "http://mail.example"])
def test_a_relay_no_worker_would_take_is_a_problem(cli: Cli, url: str) -> None:
    assert "No worker starts" in examined(cli, "mail relay", PETITIONS_SMTP_URL=url)[1]


def test_a_relay_that_is_away_is_a_problem_and_its_password_is_not_shown(cli: Cli) -> None:
    cli.environment["PETITIONS_SMTP_URL"] = f"smtp://someone:canary@127.0.0.1:{refused_port()}"

    result = cli.run("doctor", "--json")

    assert finding(result, "mail relay")[0] == "problem"
    assert "canary" not in result.output


def test_a_machine_that_seals_nothing_needs_no_relay_and_is_in_order(cli: Cli) -> None:
    cli.environment |= {
        "PETITIONS_PROFILE": "production", "PETITIONS_BASE_URL": "https://petitions.example.org",
        "PETITIONS_DATABASE_URL": f"sqlite:///{cli.var}/petitions.db",
    }
    assert examined(cli, "mail relay")[0] == "problem"
    for path in (cli.var / "keys").iterdir():
        path.unlink()

    result = cli.run("doctor", "--json")

    assert finding(result, "mail relay")[0] == "note"
    assert "not needed here" in finding(result, "mail relay")[1]
    assert result.exit_code == 0, result.stdout


def test_a_relay_that_is_named_is_looked_at_wherever_it_is(cli: Cli) -> None:
    for path in (cli.var / "keys").iterdir():
        path.unlink()

    assert examined(cli, "mail relay", PETITIONS_SMTP_URL=f"smtp://127.0.0.1:{refused_port()}")[0] == "problem"


def test_a_broker_is_asked_whether_it_answers(cli: Cli, tmp_path: Path) -> None:
    with supervisor.embedded_broker(tmp_path / "broker") as url:
        assert examined(cli, "broker", PETITIONS_BROKER_URL=url)[0] == "good"
    assert examined(cli, "broker", PETITIONS_BROKER_URL=url)[0] == "problem"


# -- PostgreSQL ------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_on_postgresql_it_says_what_an_injection_could_read(empty: Cli, postgres_url: str) -> None:
    pages, labour = (f"{kind}_{secrets.token_hex(4)}" for kind in ("pages", "labour"))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for role in (pages, labour):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(grants(pages, pages, labour).encode())
    try:
        assert examined(empty, "database role", PETITIONS_DATABASE_URL=_as(postgres_url, labour))[0] == "problem"
        assert examined(empty, "database role", PETITIONS_DATABASE_URL=_as(postgres_url, pages))[0] == "good"
        empty.environment |= {
            "PETITIONS_PROFILE": "production", "PETITIONS_BASE_URL": "https://petitions.example.org",
        }
        on_the_web = empty.run("doctor", "--json")
        assert on_the_web.exit_code == 0, on_the_web.stdout
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            for role in (pages, labour):
                connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)
