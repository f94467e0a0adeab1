"""The records. One noun, one file; knows neither flask nor dramatiq."""

from petitions.models.approval import Approval, MayNot, SamePerson
from petitions.models.audit import AuditEntry
from petitions.models.authority import Addressee, Authority, Channel
from petitions.models.branch import Branch, FormerSeal
from petitions.models.delivery import Delivery, DeliveryAttempt
from petitions.models.edition import (
    CheckFailed,
    Document,
    Edition,
    EditionInProgress,
    NothingNew,
    NotPublic,
    RequestLapsed,
    TooSoon,
    Volume,
    totals,
)
from petitions.models.letter import Letter, MailCap, Suppression
from petitions.models.member import LastOwner, Member
from petitions.models.petition import Petition, PetitionNotReady, PetitionText, Trigger
from petitions.models.prisoner import DateUnclear, Prisoner, PrisonerEvent
from petitions.models.signature import (
    WAITING,
    AlreadySigned,
    DataKey,
    Disclosure,
    LinkExpired,
    NotConfirmable,
    PetitionOver,
    Signature,
    SignatureHeld,
    Slot,
    cause_period,
    letter_cause,
)
from petitions.models.transitions import IllegalTransition
from petitions.models.work import NamedLease

__all__ = [
    "WAITING", "Addressee", "AlreadySigned", "Approval", "AuditEntry", "Authority", "Branch", "Channel",
    "CheckFailed", "DataKey", "DateUnclear", "Delivery", "DeliveryAttempt", "Disclosure", "Document",
    "Edition", "EditionInProgress", "FormerSeal", "IllegalTransition", "LastOwner", "Letter", "LinkExpired",
    "MailCap", "MayNot", "Member", "NamedLease", "NotConfirmable", "NotPublic", "NothingNew", "Petition",
    "PetitionNotReady", "PetitionOver", "PetitionText", "Prisoner", "PrisonerEvent", "RequestLapsed",
    "SamePerson", "Signature", "SignatureHeld", "Slot", "Suppression", "TooSoon", "Trigger", "Volume",
    "cause_period", "letter_cause", "totals",
]
