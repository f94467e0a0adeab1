"""What opens an account, and what is kept of it."""

import pytest
from sqlalchemy.orm import Session

from petitions.login.passwords import Weakness, normalised, weakness
from petitions.models import LastCredential, Member, Passkey
from tests import factories


@pytest.fixture
def member(session: Session) -> Member:
    return factories.member(session, factories.branch(session))


def passkey(number: int) -> Passkey:
    return Passkey(name="Phone", credential_id=bytes([number]), public_key=b"key")


def with_password(member: Member) -> Member:
    member.password = "hash"
    member.use_codes("secret")
    return member


def test_without_keys_nobody_gets_in(member: Member) -> None:
    assert not member.can_log_in
    member.password = "hash"
    assert not member.can_log_in  # a password without codes opens nothing
    member.use_codes("secret")
    assert member.can_log_in


def test_the_last_way_in_stays(session: Session, member: Member) -> None:
    member.passkeys.extend([passkey(1), passkey(2)])
    member.drop_passkey(member.passkeys[0])
    with pytest.raises(LastCredential):
        member.drop_passkey(member.passkeys[0])

    with_password(member).drop_passkey(member.passkeys[0])
    with pytest.raises(LastCredential):
        member.drop_password()


def test_recovery_codes_work_once_however_they_are_written(member: Member) -> None:
    codes = with_password(member).new_recovery_codes()
    assert len(set(codes)) == 8

    assert member.spend_recovery_code(f" {codes[0].upper().replace('-', ' ')} ")
    assert not member.spend_recovery_code(codes[0])
    assert not member.spend_recovery_code("")
    assert len(member.recovery_hashes) == 7


def test_new_recovery_codes_take_the_place_of_the_old(member: Member) -> None:
    old = with_password(member).new_recovery_codes()
    member.new_recovery_codes()

    assert not any(member.spend_recovery_code(code) for code in old)


def test_forgotten_credentials_leave_nothing(session: Session, member: Member) -> None:
    with_password(member).passkeys.append(passkey(1))
    session.flush()
    before = member.fs_uniquifier

    member.forget_credentials()
    session.flush()

    assert not member.can_log_in
    assert (member.password, member.tf_totp_secret, member.recovery_hashes, member.passkeys) == (None, None, [], [])
    assert member.fs_uniquifier != before  # sessions name the member by it


@pytest.mark.parametrize(("typed", "found"), [
    ("short", Weakness.SHORT),
    ("x" * 129, Weakness.LONG),
    ("petition2026", Weakness.GUESSED),
    ("P3tit!on2026!!", Weakness.GUESSED),
    ("пароль123456", Weakness.GUESSED),
    ("йцукенгшщзхъ", Weakness.GUESSED),
    ("qwertyuiop12", Weakness.GUESSED),
    ("aaaaaaaaaaaaaaaa", Weakness.GUESSED),
    ("12345678901234", Weakness.GUESSED),
    ("Open Door 2026!", Weakness.GUESSED),
    ("mara.lindqvist.1990", Weakness.GUESSED),
    ("tram lilac granite seven", None),
    ("  spaces in front count", None),
    ("K7#mQz!p2vLw", None),
    ("мой дядя самых честных правил", None),
    ("x1" * 8 + "correct horse battery staple Äpfel und noch viel länger", None),
])  # fmt: skip
def test_which_passwords_are_refused(typed: str, found: Weakness | None) -> None:
    """G17, G18."""
    personal = ["Open Door Association", "Mara Lindqvist", "mara@opendoor.example.org"]

    assert weakness(normalised(typed), personal) == found
