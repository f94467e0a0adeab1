"""What the demonstration has mailed, to read on the spot. There is no such page outside the demonstration."""

import ipaddress

from flask import Blueprint, Response, abort, current_app, render_template, request

from petitions.config import Settings
from petitions.demo.outbox import MailMissing, Outbox

outbox = Blueprint("outbox", __name__, url_prefix="/dev/outbox")


@outbox.before_request
def only_here() -> None:
    address = request.remote_addr or ""
    if not (_settings().demonstration and address and ipaddress.ip_address(address).is_loopback):
        abort(404)


@outbox.get("")
def index() -> str:
    return render_template("outbox/index.html", mails=_outbox().messages(100))


@outbox.get("/<mail>")
def show(mail: str) -> str:
    try:
        return render_template("outbox/show.html", mail=_outbox().read(mail))
    except MailMissing:
        abort(404)


@outbox.get("/<mail>/<int:number>")
def attachment(mail: str, number: int) -> Response:
    try:
        name, content = _outbox().attachment(mail, number)
    except MailMissing:
        abort(404)
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _outbox() -> Outbox:
    return Outbox(_settings().outbox)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
