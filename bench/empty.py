"""The least that a request costs under this server: a Flask route that does nothing with it."""

from flask import Flask, request

app = Flask(__name__, static_folder=None)


@app.route("/", methods=["GET", "POST"])
def empty() -> str:
    request.get_data()  # a body left unread makes the server close the connection
    return ""
