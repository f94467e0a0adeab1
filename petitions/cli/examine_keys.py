"""The keys on this machine: are they whole, is nobody else let in, and which promise is left (privacy.md, "Keys")."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from stat import S_IMODE

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.cli.findings import Finding, good, note, problem, warning
from petitions.cli.keymaking import BranchKeys, state_of
from petitions.config import Settings
from petitions.models import Branch

WARN_DAYS = 60  # before a seal expires: time enough to have another certified
_OTHERS = 0o077  # any right of the group or of others


def keys(settings: Settings, session: Session) -> Iterator[Finding]:
    """Each branch's key pair and seal; the modes of the files."""
    found = _states(settings, session)
    if not found:
        yield note("branches", "there is no branch yet; make one with: petitions branch new")
    for branch in found:
        yield from _of_branch(branch)
    yield from _modes(settings)


def promise(settings: Settings, session: Session) -> Iterator[Finding]:
    """What a thief of this machine, of the database or of a backup learns."""
    here = [branch for branch in _states(settings, session) if branch.private_half == "here"]
    if not here:
        yield good(
            "promise", "no private key is on this machine: who takes it can open no name and no address that is stored"
        )
    elif settings.embedded_database:
        yield note(
            "promise",
            "both halves are on one machine: a stolen dump, a backup without the keys folder, or an SQL injection "
            "gives nobody away; a stolen machine does. Back up the keys folder apart from the database.",
        )
    else:
        yield note(
            "promise",
            "the private keys are on this machine: it must be a worker's and serve no pages. A stolen database, backup "
            "or web server gives nobody away; this machine together with the database does.",
        )


def _states(settings: Settings, session: Session) -> list[BranchKeys]:
    return [state_of(settings, branch) for branch in session.scalars(select(Branch).order_by(Branch.id))]


def _of_branch(branch: BranchKeys) -> Iterator[Finding]:
    name = f"keys of {branch.branch}"
    if branch.private_half == "differs":
        yield problem(name, "the key file does not open its records: put back the right one from a backup")
    elif branch.private_half == "here" and branch.seal == "here":
        yield good(name, "key pair and seal are here and fit the records")
    elif branch.private_half == "elsewhere" and branch.seal == "elsewhere":
        yield note(name, "not on this machine (right for a web server, wrong for a worker)")
    elif branch.private_half == "elsewhere":
        yield problem(name, "its seal is here and its private key is not: a worker here cannot compile")
    if branch.seal == "none":
        yield problem(name, "it has no seal: nothing can be compiled. Make one with: petitions keys new")
    elif branch.seal == "differs":
        yield problem(name, "the seal does not open with its passphrase, or is not the certificate in the records")
    elif branch.seal == "elsewhere" and branch.private_half == "here":
        yield problem(name, "its seal or the passphrase of it is not on this machine: nothing can be compiled here")
    yield from _expiry(name, branch)


def _expiry(name: str, branch: BranchKeys) -> Iterator[Finding]:
    if branch.seal_expires_at is None:
        return
    left = branch.seal_expires_at - datetime.now(UTC)
    if left < timedelta(0):
        yield problem(name, f"the seal expired on {branch.seal_expires_at:%Y-%m-%d}: nothing more can be sealed")
    elif left < timedelta(days=WARN_DAYS):
        yield warning(name, f"the seal expires in {left.days} days, on {branch.seal_expires_at:%Y-%m-%d}")


def _modes(settings: Settings) -> Iterator[Finding]:
    if not settings.keys.is_dir():
        return
    paths = [settings.keys, *sorted(settings.keys.iterdir())]
    open_to_others = [path.name for path in paths if S_IMODE(path.stat().st_mode) & _OTHERS]
    if open_to_others:
        yield problem("key files", f"others on this machine may read {', '.join(open_to_others)}; chmod go= on them")
    else:
        yield good("key files", "only their owner can read them")
