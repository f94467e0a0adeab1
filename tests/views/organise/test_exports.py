"""Exports of signers (cases.md G15): off by default, two owners, sealed to the branch key, marked, one a day."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from mailer.actors.handouts import make_handouts
from mailer.actors.runtime import Runtime
from petitions import parcel
from petitions.cli import export as command
from petitions.config import Settings
from petitions.crypto import BoxDamaged
from petitions.db import db, now
from petitions.export_marks import mark_key, reference_of
from petitions.models import Disclosure, Export, Letter, Member, Petition, Proposal, Signature
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.editing import page
from tests.views.organise.test_handouts import begun, decision

WHY = "the court wants the list on paper by Friday"
EXPORT = Proposal.Kind.EXPORT


@pytest.fixture
def owners(desk: MakeDesk, app: Flask, settings: Settings, signed_petition: Petition) -> SimpleNamespace:
    """Two owners of a branch that the operator lets export."""
    branch = signed_petition.branch
    app.config["SETTINGS"] = settings.model_copy(update={"export_branches": [branch.slug]})
    return SimpleNamespace(first=desk(branch=branch), second=desk(branch=branch))


def address(petition: Petition) -> str:
    return f"/organise/petitions/{petition.slug}/exports"


def ask(desk: Desk, petition: Petition) -> int:
    return desk.post(address(petition), data={"reason": WHY}).status_code


def fetched(owners: SimpleNamespace, petition: Petition, runtime: Runtime) -> bytes:
    assert ask(owners.first, petition) == 303
    assert owners.second.post(f"{decision(EXPORT)}/approval").status_code == 303
    waiting = begun(owners.first)
    assert make_handouts(runtime) == 1
    answer: bytes = owners.first.post(waiting).data
    return answer


def rows(sealed: bytes) -> list[list[str]]:
    text = parcel.open_for_branch(sealed, factories.PRIVATE_KEY).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_exports_are_off_until_the_operator_allows_them(desk: MakeDesk, signed_petition: Petition) -> None:
    owner = desk(branch=signed_petition.branch)
    assert "Exports are off." in page(owner, address(signed_petition))
    assert ask(owner, signed_petition) == 409
    assert desk(Member.Role.EDITOR, branch=signed_petition.branch).get(address(signed_petition)).status_code == 403


def test_two_owners_agree_and_all_owners_are_told(owners: SimpleNamespace, signed_petition: Petition) -> None:
    assert ask(owners.first, signed_petition) == 303
    assert owners.first.post(f"{decision(EXPORT)}/approval").status_code == 409  # who asked
    assert owners.second.post(f"{decision(EXPORT)}/approval").status_code == 303
    with db.reading() as session:
        assert session.scalars(select(Export)).one().approved_by_id == owners.second.member.id
        told = [letter.words["event"] for letter in session.scalars(select(Letter).order_by(Letter.id))]
        assert told == ["export_asked"] * 2 + ["export_approved"] * 2


def test_it_lists_those_who_let_an_addressee_see_the_name_and_no_address(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    with db.writing() as session:
        whole = session.get_one(Petition, signed_petition.id)
        for name, disclosure, city in (
            ("Zoë Countonly", Disclosure.COUNT_ONLY, True),
            ("Tigran Abroad", Disclosure.INTERNATIONAL, True),
            ("Nina Silent", Disclosure.ALL, False),
        ):
            factories.signature(
                session, whole, name=name, disclosure=disclosure, shows_city=city, city="Oslo", confirmed=True
            )
        whole.count_new(session)
        session.commit()
    listed = rows(fetched(owners, signed_petition, runtime))
    text = "\n".join(",".join(row) for row in listed)

    assert "Zoë Countonly" not in text
    assert "@" not in text
    assert [row[3] for row in listed if "Tigran Abroad" in row] == ["Oslo"]
    assert [row[3] for row in listed if "Nina Silent" in row] == [""]
    assert WHY in text
    assert owners.first.member.name in text


def test_without_the_branch_key_it_stays_shut(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    sealed = fetched(owners, signed_petition, runtime)
    assert b"Ines Karlsen" not in sealed
    with pytest.raises(BoxDamaged):
        parcel.open_for_branch(sealed, b"k" * 32)
    with pytest.raises(BoxDamaged):  # nor as the export of somebody else
        parcel.open_for_branch(sealed.replace(b"v1 ", b"v1 a", 1), factories.PRIVATE_KEY)


def test_one_a_day(owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime) -> None:
    fetched(owners, signed_petition, runtime)
    assert ask(owners.second, signed_petition) == 409
    with db.writing() as session:
        session.execute(update(Export).values(approved_at=now(-90_000)))
        session.commit()
    assert ask(owners.second, signed_petition) == 303


def test_a_line_tells_from_whose_copy_it_came(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime, settings: Settings
) -> None:
    lines = [row for row in rows(fetched(owners, signed_petition, runtime)) if "Ines Karlsen" in ",".join(row)]
    with db.writing() as session:
        session.execute(update(Export).values(approved_at=now(-90_000)))
        session.commit()
    again = [row for row in rows(fetched(owners, signed_petition, runtime)) if "Ines Karlsen" in ",".join(row)]

    assert len(lines) == len(again) == 3
    assert not {row[0] for row in lines} & {row[0] for row in again}
    with db.reading() as session:
        first, _second = session.scalars(select(Export.public_id).order_by(Export.id))
        ours = session.scalars(select(Signature.public_id)).all()
    key = mark_key(settings.index_key.get_secret_value().encode(), first)
    assert {reference_of(key, one) for one in ours} == {row[0] for row in lines}


def test_formulas_are_shown_and_not_run(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    """Case A9: the form refuses such names; a city or a reason that got through stays text."""
    with db.writing() as session:
        factories.signature(
            session, session.get_one(Petition, signed_petition.id), city="=1+1", shows_city=True, confirmed=True
        )
        session.get_one(Petition, signed_petition.id).count_new(session)
        session.commit()
    assert "'=1+1" in [cell for row in rows(fetched(owners, signed_petition, runtime)) for cell in row]


def test_the_file_is_named_after_the_slug(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    """Case H10."""
    ask(owners.first, signed_petition)
    owners.second.post(f"{decision(EXPORT)}/approval")
    waiting = begun(owners.first)
    make_handouts(runtime)
    said = owners.first.post(waiting).headers["Content-Disposition"]
    assert said == f'attachment; filename="signers-{signed_petition.slug}-1.sealed"'


def test_the_worker_s_machine_opens_it(
    owners: SimpleNamespace, signed_petition: Petition, runtime: Runtime, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed = tmp_path / "list.sealed"
    sealed.write_bytes(fetched(owners, signed_petition, runtime))
    monkeypatch.setattr(command, "connected", lambda: settings)
    answer = CliRunner().invoke(command.commands, ["open", str(sealed), str(tmp_path / "list.csv")])
    assert answer.exit_code == 0, answer.output
    assert "Ines Karlsen" in (tmp_path / "list.csv").read_text("utf-8-sig")
    assert (tmp_path / "list.csv").stat().st_mode & 0o077 == 0
    traced = CliRunner().invoke(command.commands, ["trace", str(tmp_path / "list.csv"), "--json"])
    assert owners.first.member.public_id in traced.output
