"""Roles and what each may do, in words: read from the policy, so that no page can promise another one."""

from typing import NamedTuple

from flask_babel import lazy_gettext as _l

from petitions.policy import Act, Role, allows

ROLE_NAMES = {
    Role.EDITOR: _l("Editor"),
    Role.MODERATOR: _l("Moderator"),
    Role.OWNER: _l("Owner"),
    Role.AUDITOR: _l("Auditor"),
}
ROLE_LINES = {
    Role.EDITOR: _l("Writes and prepares; asks for what a second person approves."),
    Role.MODERATOR: _l("Looks at doubtful signatures; can stop everything."),
    Role.OWNER: _l("Does all of it, approves what others ask for, and answers for the branch."),
    Role.AUDITOR: _l("Looks on: statistics and the audit log. Changes nothing."),
}
ACT_WORDS = {
    Act.LOOK: _l("See petitions, cases, authorities, editions and deliveries"),
    Act.OWN_ACCOUNT: _l("Manage their own account"),
    Act.DRAFT: _l("Write cases, texts and addressees, and read what was reported"),
    Act.ASK_PUBLICATION: _l("Ask for a petition to be published"),
    Act.APPROVE_PUBLICATION: _l("Approve what is published"),
    Act.PAUSE: _l("Stop signing or deliveries of a petition at once"),
    Act.HOLD: _l("Hold and release signatures"),
    Act.ASK_INVALIDATION: _l("Ask for signatures to be struck as false"),
    Act.APPROVE_INVALIDATION: _l("Approve that signatures are struck as false"),
    Act.ASK_CHANNEL: _l("Ask for the address of an authority to be changed"),
    Act.APPROVE_CHANNEL: _l("Approve another address of an authority"),
    Act.ASK_EDITION: _l("Ask for an edition"),
    Act.APPROVE_EDITION: _l("Approve an edition, which is then delivered"),
    Act.DELIVER: _l("Print, post, file and hand over documents"),
    Act.RESOLVE_DELIVERY: _l("Say what became of a delivery whose outcome is unknown"),
    Act.ASK_RELEASE: _l("Ask for a whole document, with its names"),
    Act.APPROVE_RELEASE: _l("Approve that a person gets a whole document, with its names"),
    Act.FETCH: _l("Fetch a whole document that was released to them"),
    Act.ASK_EXPORT: _l("Ask for an export of signers"),
    Act.APPROVE_EXPORT: _l("Approve an export of signers"),
    Act.ASK_UPDATE: _l("Write news to signers"),
    Act.APPROVE_UPDATE: _l("Approve news to many signers"),
    Act.MANAGE_MEMBERS: _l("Invite, change and remove members, and change what letters say about the branch"),
    Act.FREEZE_BRANCH: _l("Freeze the branch"),
    Act.UNFREEZE_BRANCH: _l("Unfreeze the branch, two owners together"),
    Act.ERASE: _l("Erase what has had its time"),
    Act.READ_AUDIT: _l("Read the audit log"),
    Act.SEE_STATISTICS: _l("See statistics"),
}


class Difference(NamedTuple):
    """What somebody can do in another role that they cannot now, and the other way round."""

    gained: list[Act]
    lost: list[Act]


def difference(present: Role | None, wanted: Role | None) -> Difference:
    """None: no member."""
    before, after = _acts(present), _acts(wanted)
    return Difference([act for act in after if act not in before], [act for act in before if act not in after])


def _acts(role: Role | None) -> list[Act]:
    return [act for act in Act if role is not None and allows(role, act)]
