"""A database that already holds many signatures with their letters and slots, of the size that real ones have.

Random bytes stand for boxes and tags: nothing opens them, but every index is as large and as scattered as it would be.
SQLite makes the rows itself, in 40 s for a million where sealing them would take minutes; it needs 2 GB of memory and
of disk for that, because rows that do not fit into its cache would be written many times.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

NAME_BOX, MAIL_BOX, SELF_BOX = 92, 284, 540  # bytes, as signing.sealed_row makes them
ID = "lower(hex(randomblob(12)))"  # 24 characters, as public ids have
ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
DAY = "date('2026-09-01', '+' || (i * 60 / :count) || ' days')"
HOUR = f"{DAY} || ' 12:00:00.000000'"

SIGNATURES = f"""
INSERT INTO signatures (
    public_id, petition_id, text_id, state, country, disclosure, shows_city, wants_listing, dedup_tag, content_tag,
    net_tag, name_key_id, mail_key_id, name_box, mail_box, self_box, commitment, token_hash, expires_at, created_hour,
    owner_confirmed_on, confirmed_on, position
)
{ROWS}
SELECT
    {ID}, :petition, :text, 'confirmed', 'DE', 'all', 1, 0, randomblob(16), randomblob(16),
    randomblob(16), :name_key, :mail_key, randomblob({NAME_BOX}), randomblob({MAIL_BOX}), randomblob({SELF_BOX}),
    randomblob(32), randomblob(32), {HOUR}, {HOUR},
    {DAY}, {DAY}, i
FROM n
"""
LETTERS = f"""
INSERT INTO letters (public_id, kind, cause, signature_id, state, created_at, sent_at, crashes, tries, not_before)
SELECT {ID}, 'confirm_signature', 'confirm_signature:' || public_id || ':2993000', id, 'sent', created_hour,
    created_hour, 0, 0, created_hour
FROM signatures
"""
SLOTS = "INSERT INTO slots (petition_id, tag, signature_id) SELECT petition_id, dedup_tag, id FROM signatures"


def fill(database: Path, count: int, keys: dict[str, int]) -> None:
    """Adds `count` confirmed signatures; `keys` are the ids of petition, text, name_key and mail_key."""
    with closing(sqlite3.connect(database)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-3000000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(SIGNATURES, keys | {"count": count})
        connection.execute(LETTERS)
        connection.execute(SLOTS)
        connection.execute(
            "UPDATE petitions SET log_size = :count, confirmed_count = :count WHERE id = :petition",
            {"count": count, "petition": keys["petition"]},
        )
        connection.execute("ANALYZE")
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")
