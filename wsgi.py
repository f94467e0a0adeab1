"""The web process: `granian --interface wsgi wsgi:app`, as `petitions web` starts it."""

from petitions import migrate
from petitions.app import create_app
from petitions.bell import bell, make_broker
from petitions.config import load
from petitions.db import db
from petitions.keys import with_kept_secrets

settings = with_kept_secrets(load())
db.connect(settings.database)
migrate.require_current(db.engine)
bell.hang(make_broker(settings.broker_url))
app = create_app(settings)
