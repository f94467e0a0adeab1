"""The blueprints of the organisers' screens."""

from flask import Blueprint

from petitions.views.organise.account import account
from petitions.views.organise.addressees import addressees
from petitions.views.organise.audit import audit
from petitions.views.organise.authorities import authorities
from petitions.views.organise.authority_imports import authority_imports
from petitions.views.organise.branch import branch
from petitions.views.organise.channel_changes import channel_changes
from petitions.views.organise.channels import channels
from petitions.views.organise.clocks import clocks
from petitions.views.organise.credentials import credentials
from petitions.views.organise.deliveries import deliveries
from petitions.views.organise.delivery import delivery
from petitions.views.organise.editions import editions
from petitions.views.organise.endings import endings
from petitions.views.organise.erasures import erasures
from petitions.views.organise.events import events
from petitions.views.organise.exports import exports
from petitions.views.organise.fraud import fraud
from petitions.views.organise.freezing import freezing
from petitions.views.organise.handouts import handouts
from petitions.views.organise.home import home
from petitions.views.organise.invalidations import invalidations
from petitions.views.organise.invitations import invitations
from petitions.views.organise.joining import joining
from petitions.views.organise.letters import letters
from petitions.views.organise.login import login
from petitions.views.organise.lost import lost
from petitions.views.organise.members import members
from petitions.views.organise.petitions import petitions
from petitions.views.organise.photos import photos
from petitions.views.organise.previews import previews
from petitions.views.organise.prisoners import prisoners
from petitions.views.organise.proposals import proposals
from petitions.views.organise.publication import publication
from petitions.views.organise.report_copies import copies
from petitions.views.organise.reports import reports
from petitions.views.organise.retention import retention
from petitions.views.organise.safeguards import safeguards
from petitions.views.organise.signatures import signatures
from petitions.views.organise.statistics import statistics
from petitions.views.organise.stops import stops
from petitions.views.organise.texts import texts
from petitions.views.organise.triggers import triggers
from petitions.views.organise.update_sending import sending
from petitions.views.organise.updates import updates
from petitions.views.organise.verify import verify

BLUEPRINTS: tuple[Blueprint, ...] = (
    account,
    addressees,
    audit,
    authorities,
    authority_imports,
    branch,
    channel_changes,
    channels,
    clocks,
    copies,
    credentials,
    deliveries,
    delivery,
    editions,
    endings,
    events,
    exports,
    fraud,
    freezing,
    handouts,
    home,
    invalidations,
    invitations,
    joining,
    letters,
    login,
    lost,
    members,
    petitions,
    photos,
    previews,
    prisoners,
    proposals,
    publication,
    reports,
    safeguards,
    sending,
    signatures,
    statistics,
    stops,
    texts,
    triggers,
    updates,
    erasures,
    retention,
    verify,
)
