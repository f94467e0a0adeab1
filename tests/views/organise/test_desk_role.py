"""On a real PostgreSQL with nothing but our grants: every page of the organisers, and what they do (grants.py)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import db, make_engine
from petitions.grants import grants
from tests import factories
from tests.conftest import Desk, login
from tests.views.organise.test_policy import address, doors
from tests.views.organise.world import World, new_world

pytestmark = pytest.mark.postgres
