"""On a real PostgreSQL: what the web's role can do, and what even its stolen password cannot (privacy.md)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, undefer

from petitions import crypto, migrate
from petitions.db import Base, make_engine
from petitions.grants import HIDDEN, INSERTED, NOT_FOR_SIGNERS, UNREADABLE, UPDATED, grants
from petitions.keyring import Keyring
from petitions.models import (
    AuditEntry,
    Branch,
    Disclosure,
    Letter,
    Petition,
    PetitionText,
    Prisoner,
    Signature,
)
from petitions.signing import Circumstances, Target, Typed, sign
from petitions.views.facts import facts_of, public_petition

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Roles:
    web: Engine
    desk: Engine
    worker: Engine
    petition_id: int


@pytest.fixture
def roles(postgres_url: str) -> Iterator[Roles]:
    """Two roles with nothing but our grants, on a database with an open petition."""
    names = {kind: f"{kind} {secrets.token_hex(4)}" for kind in ("web", "desk", "worker")}
    owner = make_engine(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names.values():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        for _again in range(2):  # running it twice is how it is used after an upgrade
            connection.execute(grants(names["web"], names["desk"], names["worker"]).encode())
    with Session(owner) as session:
        petition_id = _open_petition(session)
        session.commit()
    engines = {
        kind: make_engine(make_url(postgres_url).set(username=name).render_as_string(hide_password=False))
        for kind, name in names.items()
    }
    yield Roles(engines["web"], engines["desk"], engines["worker"], petition_id)
    for engine in (*engines.values(), owner):
        engine.dispose()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names.values():
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def test_the_web_role_can_sign_confirm_change_withdraw_and_erase(roles: Roles) -> None:
    migrate.require_current(roles.web)
    _sign(roles)
    with Session(roles.web) as session:
        signature = session.scalars(select(Signature).with_for_update()).one()
        signature.confirm(session, grace_hours=72)
        session.commit()
        signature.choose(Disclosure.COUNT_ONLY, shows_city=False, wants_listing=False)
        session.commit()
        assert session.scalar(select(func.count()).select_from(Letter)) == 1
        signature.erase(session)
        session.commit()
    with Session(roles.worker) as session:
        signature = session.scalars(select(Signature).options(undefer(Signature.name_box))).one()
        assert (signature.state, signature.name_box) == (Signature.State.WITHDRAWN, None)


def test_the_web_role_cannot_read_a_box(roles: Roles) -> None:
    assert _refused(roles.web, "SELECT * FROM signatures")
    for box in ("name_box", "mail_box"):
        assert _refused(roles.web, f"SELECT {box} FROM signatures")
        assert _refused(roles.web, f"UPDATE signatures SET state = state RETURNING {box}")
        assert _refused(roles.web, f"SELECT 1 FROM signatures WHERE {box} > '\\x00'")
        assert not _refused(roles.worker, f"SELECT {box} FROM signatures")


def test_the_web_role_cannot_read_who_spoke_for_a_prisoner_and_shows_the_page_without(roles: Roles) -> None:
    for column in ("consent_by", "consent_evidence"):
        assert _refused(roles.web, f"SELECT {column} FROM prisoners")
        assert not _refused(roles.worker, f"SELECT {column} FROM prisoners")
    with Session(roles.web) as session:
        shown = facts_of(public_petition(session, "free-them"))
        assert shown.prisoner_country == "XX"
        assert session.get_one(Petition, roles.petition_id).prisoner.name_in("en") == "Invented Person"


def test_the_web_role_cannot_read_a_data_key(roles: Roles) -> None:
    assert _refused(roles.web, "SELECT sealed_key FROM data_keys")
    assert not _refused(roles.worker, "SELECT sealed_key FROM data_keys")


def test_the_web_role_counts_a_download_and_brings_no_link_back(roles: Roles) -> None:
    with roles.web.begin() as connection:
        connection.execute(text("SELECT id, token_hash FROM links FOR UPDATE"))
        connection.execute(text("UPDATE links SET downloads = downloads + 1, last_downloaded_at = now()"))
    for change in ("revoked_at = NULL", "removed_at = NULL", "expires_at = now()", "token_hash = '\\x00'"):
        with pytest.raises(ProgrammingError, match="permission denied"), roles.web.begin() as connection:
            connection.execute(text(f"UPDATE links SET {change}"))


def test_the_web_role_deletes_and_truncates_nothing(roles: Roles) -> None:
    for table in Base.metadata.tables:
        assert _refused(roles.web, f"DELETE FROM {table}")
        assert _refused(roles.web, f"TRUNCATE {table} CASCADE")
        assert _refused(roles.worker, f"TRUNCATE {table} CASCADE")


def test_the_web_role_cannot_alter_what_the_evidence_rests_on(roles: Roles) -> None:
    for column in ("position", "withdrawal_position", "commitment", "petition_id", "text_id", "public_id"):
        assert _refused(roles.web, f"UPDATE signatures SET {column} = {column}")
        assert not _refused(roles.worker, f"UPDATE signatures SET {column} = {column}")
    for table in ("log_tiles", "log_checkpoints"):
        assert not _refused(roles.web, f"SELECT * FROM {table}")
        for change in (f"UPDATE {table} SET petition_id = petition_id", f"DELETE FROM {table}"):
            assert _refused(roles.web, change)
            assert not _refused(roles.worker, change)


def test_no_door_gives_a_place_in_the_log_or_says_how_far_it_is(roles: Roles) -> None:
    for column in ("position", "withdrawal_position"):
        assert _refused(roles.web, f"INSERT INTO signatures ({column}) VALUES (7)")
        assert _refused(roles.desk, f"UPDATE signatures SET {column} = 7")
    for column in ("log_size", "log_number", "log_stopped_at", "counted_at"):
        for door in (roles.web, roles.desk):
            assert _refused(door, f"UPDATE petitions SET {column} = {column}")
        assert not _refused(roles.worker, f"UPDATE petitions SET {column} = {column}")
    assert not _refused(roles.desk, "UPDATE petitions SET state = state, confirmed_count = confirmed_count")


def test_the_web_role_reads_no_organiser_and_makes_no_table(roles: Roles) -> None:
    assert _refused(roles.web, "SELECT email FROM members")
    assert _refused(roles.web, "CREATE TABLE mine (id integer)")


def test_the_audit_log_only_grows_even_for_the_worker(roles: Roles) -> None:
    with Session(roles.worker) as session:
        AuditEntry.write(session, "worker", "tested", "grants")
        session.commit()
    for engine in (roles.web, roles.worker):
        assert _refused(engine, "UPDATE audit_entries SET verb = 'altered'")
        assert _refused(engine, "DELETE FROM audit_entries")


def test_the_worker_role_claims_counts_and_deletes(roles: Roles) -> None:
    _sign(roles)
    with Session(roles.worker) as session:
        petition = session.scalars(select(Petition)).one()
        session.execute(update(Signature).values(position=1))
        petition.log_size = 1
        session.execute(text("DELETE FROM letters"))
        session.commit()


def test_the_grants_speak_of_tables_and_columns_that_exist() -> None:
    tables = Base.metadata.tables
    assert {*UNREADABLE, *HIDDEN, *NOT_FOR_SIGNERS, *INSERTED, *UPDATED} <= set(tables)
    for named in (UNREADABLE, UPDATED):
        for table, columns in named.items():
            assert set(columns) <= set(tables[table].columns.keys())


# -- below: how ----------------------------------------------------------------------------------------


def _refused(engine: Engine, statement: str) -> bool:
    """Whether PostgreSQL says that the role may not; any other error is an error of the test."""
    with engine.connect() as connection:
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                return True
            raise
    return False


def _open_petition(session: Session) -> int:
    _private, public = crypto.new_key_pair()
    branch = Branch(
        slug="north", legal_name="North Branch", representative="A. Chair", postal_address="1 Example Street",
        reply_email="north@example.org", languages=["en"], public_key=public,
    )
    prisoner = Prisoner(
        branch=branch, names={"en": "Invented Person"}, other_spellings=[], citizenships=["XX"], country="XX",
        article={}, held_at={}, invented=True,
    )
    petition = Petition(branch=branch, prisoner=prisoner, slug="free-them", state=Petition.State.OPEN)
    words = PetitionText(
        petition=petition, language="en", title="Free them", demand="Free them.", background="",
        approved_at=datetime.now(UTC),
    )
    words.fix_hash()
    session.add_all([petition, words])
    session.flush()
    return petition.id


def _sign(roles: Roles) -> None:
    """As the web does it, with the web's role."""
    with Session(roles.web) as session:
        petition = session.get_one(Petition, roles.petition_id)
        words = petition.texts[0]
        target = Target(petition.id, petition.public_id, words.id, words.hash, words.version)
        typed = Typed(
            name="Invented Signer", city="", email="signer@example.org", country="", language="en",
            disclosure=Disclosure.ALL, shows_city=False, wants_listing=False, notice_version="1",
        )
        how = Circumstances(net_tag=None, held_reason=None, letter_delay=timedelta(), confirm_days=14)
        keys = Keyring().current(session, petition.id, petition.public_id, petition.branch.public_key)
        sign(session, target, typed, keys, b"i" * 32, how)
        session.commit()
