"""The records. One noun, one file; knows neither flask nor dramatiq."""

from petitions.models.approval import (
    AlreadyAsked,
    AlreadyDecided,
    Approval,
    JustLetIn,
    MayNot,
    Proposal,
    ProposalLapsed,
    SamePerson,
)
from petitions.models.audit import AuditEntry
from petitions.models.authority import Addressee, Authority, Channel
from petitions.models.authority_import import AuthorityImport
from petitions.models.branch import Branch, FormerSeal
from petitions.models.channel_change import ChangeUnderWay, ChannelChange
from petitions.models.clock import Clock, ClockStopped
from petitions.models.conditions import NOT_SAID, Conditions, NothingAsked
from petitions.models.credentials import LastCredential
from petitions.models.delivery import AlreadyLeft, AtWork, Delivery, DeliveryAttempt, NotOnHold, OnHold
from petitions.models.document import Document, DocumentProgress, Volume
from petitions.models.edition import (
    CheckFailed,
    Edition,
    EditionInProgress,
    NothingNew,
    NotPublic,
    RequestLapsed,
    TooSoon,
    last_received,
    totals,
    usual_channels,
)
from petitions.models.erasure import Erasure
from petitions.models.evidence import Checkpoint, EvidenceLog, LogDamaged, Tile, recorded_leaves
from petitions.models.export import Export, ExportsOff, ExportTooSoon
from petitions.models.handout import (
    DeliveriesStopped,
    Handout,
    HandoutOver,
    NotByPerson,
    NotFetched,
    NotMade,
    require_releasable,
)
from petitions.models.held_copy import HeldCopy, TooManyCopies
from petitions.models.invalidation import Invalidation, InvalidationRow, NobodyMatches, ReasonMissing
from petitions.models.invitation import AlreadyMember, Invitation, InvitationOver
from petitions.models.letter import Letter, MailCap, Suppression
from petitions.models.link import Link, LinkOver
from petitions.models.mail_domain import MailDomain, MailDomainDay
from petitions.models.member import LastOwner, Member, OnlyOwner, OwnRole, StillMember
from petitions.models.member_session import MemberSession
from petitions.models.outlook import Outlook, look_ahead
from petitions.models.passkey import Passkey
from petitions.models.password_reset import PasswordReset, ResetOver
from petitions.models.petition import AddresseeKnown, LimitsLoosened, Petition, PetitionNotReady, UnderReview
from petitions.models.petition_text import PetitionText
from petitions.models.photo import Photo, QuotaReached
from petitions.models.preview import Preview
from petitions.models.prisoner import DateUnclear, Prisoner, PrisonerEvent, Reliability, Source
from petitions.models.report import NoReportsTaken, Report, ReportCopy, ReportMessage
from petitions.models.signature import (
    WAITING,
    AlreadySigned,
    DataKey,
    Disclosure,
    LinkExpired,
    NotConfirmable,
    Pace,
    PetitionOver,
    Signature,
    SignatureHeld,
    Slot,
    cause_period,
    letter_cause,
)
from petitions.models.stage import Stage, stage_of
from petitions.models.subscription import Subscription
from petitions.models.switch import Stop, Switch, blocked
from petitions.models.transitions import IllegalTransition
from petitions.models.trend import Trend, TrendClosed
from petitions.models.trigger import Trigger, next_hearing
from petitions.models.update import (
    NothingWritten,
    PetitionUpdate,
    Progress,
    TooManyUpdates,
    UpdateLetter,
    UpdateText,
)
from petitions.models.work import NamedLease

__all__ = [
    "NOT_SAID",
    "WAITING",
    "Addressee",
    "AddresseeKnown",
    "AlreadyAsked",
    "AlreadyDecided",
    "AlreadyLeft",
    "AlreadyMember",
    "AlreadySigned",
    "Approval",
    "AtWork",
    "AuditEntry",
    "Authority",
    "AuthorityImport",
    "Branch",
    "ChangeUnderWay",
    "Channel",
    "ChannelChange",
    "CheckFailed",
    "Checkpoint",
    "Clock",
    "ClockStopped",
    "Conditions",
    "DataKey",
    "DateUnclear",
    "DeliveriesStopped",
    "Delivery",
    "DeliveryAttempt",
    "Disclosure",
    "Document",
    "DocumentProgress",
    "Edition",
    "EditionInProgress",
    "Erasure",
    "EvidenceLog",
    "Export",
    "ExportTooSoon",
    "ExportsOff",
    "FormerSeal",
    "Handout",
    "HandoutOver",
    "HeldCopy",
    "IllegalTransition",
    "Invalidation",
    "InvalidationRow",
    "Invitation",
    "InvitationOver",
    "JustLetIn",
    "LastCredential",
    "LastOwner",
    "Letter",
    "LimitsLoosened",
    "Link",
    "LinkExpired",
    "LinkOver",
    "LogDamaged",
    "MailCap",
    "MailDomain",
    "MailDomainDay",
    "MayNot",
    "Member",
    "MemberSession",
    "NamedLease",
    "NoReportsTaken",
    "NobodyMatches",
    "NotByPerson",
    "NotConfirmable",
    "NotFetched",
    "NotMade",
    "NotOnHold",
    "NotPublic",
    "NothingAsked",
    "NothingNew",
    "NothingWritten",
    "OnHold",
    "OnlyOwner",
    "Outlook",
    "OwnRole",
    "Pace",
    "Passkey",
    "PasswordReset",
    "Petition",
    "PetitionNotReady",
    "PetitionOver",
    "PetitionText",
    "PetitionUpdate",
    "Photo",
    "Preview",
    "Prisoner",
    "PrisonerEvent",
    "Progress",
    "Proposal",
    "ProposalLapsed",
    "QuotaReached",
    "ReasonMissing",
    "Reliability",
    "Report",
    "ReportCopy",
    "ReportMessage",
    "RequestLapsed",
    "ResetOver",
    "SamePerson",
    "Signature",
    "SignatureHeld",
    "Slot",
    "Source",
    "Stage",
    "StillMember",
    "Stop",
    "Subscription",
    "Suppression",
    "Switch",
    "Tile",
    "TooManyCopies",
    "TooManyUpdates",
    "TooSoon",
    "Trend",
    "TrendClosed",
    "Trigger",
    "UnderReview",
    "UpdateLetter",
    "UpdateText",
    "Volume",
    "blocked",
    "cause_period",
    "last_received",
    "letter_cause",
    "look_ahead",
    "next_hearing",
    "recorded_leaves",
    "require_releasable",
    "stage_of",
    "totals",
    "usual_channels",
]
