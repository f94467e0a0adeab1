"""Who may do what: the one table (privacy.md, "Organisers"). Every organiser's route names an act of it.

Where a second person is needed, one act asks and another decides; that they are two people is `Proposal`'s to see to.
"""

from enum import StrEnum


class Role(StrEnum):
    EDITOR = "editor"
    MODERATOR = "moderator"
    OWNER = "owner"
    AUDITOR = "auditor"


class Act(StrEnum):
    LOOK = "look"  # at the petitions, cases, authorities, editions and deliveries of one's branch
    OWN_ACCOUNT = "own_account"
    DRAFT = "draft"  # cases, texts, addressees, photos; what was reported
    ASK_PUBLICATION = "ask_publication"
    APPROVE_PUBLICATION = "approve_publication"
    PAUSE = "pause"  # stop signing or deliveries of a petition at once
    HOLD = "hold"  # and release
    ASK_INVALIDATION = "ask_invalidation"
    APPROVE_INVALIDATION = "approve_invalidation"
    ASK_CHANNEL = "ask_channel"
    APPROVE_CHANNEL = "approve_channel"
    ASK_EDITION = "ask_edition"
    APPROVE_EDITION = "approve_edition"
    DELIVER = "deliver"  # print, post, file, hand over; note what happened
    RESOLVE_DELIVERY = "resolve_delivery"  # say what became of one whose outcome is unknown
    ASK_RELEASE = "ask_release"
    APPROVE_RELEASE = "approve_release"
    FETCH = "fetch"  # what was released to oneself
    ASK_EXPORT = "ask_export"
    APPROVE_EXPORT = "approve_export"
    ASK_UPDATE = "ask_update"
    APPROVE_UPDATE = "approve_update"
    MANAGE_MEMBERS = "manage_members"
    FREEZE_BRANCH = "freeze_branch"
    UNFREEZE_BRANCH = "unfreeze_branch"
    ERASE = "erase"
    READ_AUDIT = "read_audit"
    SEE_STATISTICS = "see_statistics"


_EVERYBODY = frozenset(Role)
_EDITORS = frozenset({Role.EDITOR, Role.OWNER})
_MODERATORS = frozenset({Role.MODERATOR, Role.OWNER})
_OWNERS = frozenset({Role.OWNER})
_AUDITORS = frozenset({Role.AUDITOR, Role.OWNER})
_ALL_WHO_ACT = _EDITORS | _MODERATORS

ALLOWED: dict[Act, frozenset[Role]] = {
    Act.LOOK: _EVERYBODY,
    Act.OWN_ACCOUNT: _EVERYBODY,
    Act.DRAFT: _EDITORS,
    Act.ASK_PUBLICATION: _EDITORS,
    Act.APPROVE_PUBLICATION: _OWNERS,
    Act.PAUSE: _ALL_WHO_ACT,
    Act.HOLD: _MODERATORS,
    Act.ASK_INVALIDATION: _MODERATORS,
    Act.APPROVE_INVALIDATION: _OWNERS,
    Act.ASK_CHANNEL: _EDITORS,
    Act.APPROVE_CHANNEL: _OWNERS,
    Act.ASK_EDITION: _EDITORS,
    Act.APPROVE_EDITION: _OWNERS,
    Act.DELIVER: _EDITORS,
    Act.RESOLVE_DELIVERY: _OWNERS,
    Act.ASK_RELEASE: _EDITORS,
    Act.APPROVE_RELEASE: _OWNERS,
    Act.FETCH: _EDITORS,
    Act.ASK_EXPORT: _OWNERS,
    Act.APPROVE_EXPORT: _OWNERS,
    Act.ASK_UPDATE: _EDITORS,
    Act.APPROVE_UPDATE: _OWNERS,
    Act.MANAGE_MEMBERS: _OWNERS,
    Act.FREEZE_BRANCH: _ALL_WHO_ACT,
    Act.UNFREEZE_BRANCH: _OWNERS,
    Act.ERASE: _OWNERS,
    Act.READ_AUDIT: _AUDITORS,
    Act.SEE_STATISTICS: _AUDITORS,
}

# What an open, unattended laptop must not do: asked again for passkey or password within these minutes.
STEP_UP: frozenset[Act] = frozenset(
    {
        Act.APPROVE_PUBLICATION, Act.APPROVE_INVALIDATION, Act.APPROVE_CHANNEL, Act.APPROVE_EDITION,
        Act.RESOLVE_DELIVERY, Act.APPROVE_RELEASE, Act.FETCH, Act.ASK_EXPORT, Act.APPROVE_EXPORT, Act.APPROVE_UPDATE,
        Act.MANAGE_MEMBERS, Act.UNFREEZE_BRANCH, Act.ERASE,
    }
)

# What a frozen branch still can: look, and be thawed.
WHILE_FROZEN: frozenset[Act] = frozenset(
    {
        Act.LOOK, Act.OWN_ACCOUNT, Act.PAUSE, Act.FREEZE_BRANCH, Act.UNFREEZE_BRANCH, Act.READ_AUDIT,
        Act.SEE_STATISTICS,
    }
)


def allows(role: Role, act: Act) -> bool:
    return role in ALLOWED[act]
