"""The evidence log, limits of pages, time stamps, respelt names, links to documents.

Leaves of what is counted already are made by the next count (mailer.actors.evidence). On the way down the positions
that withdrawals took are taken out again: the older program gives positions to signatures only.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "log_checkpoints",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_log_checkpoints_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checkpoints")),
        sa.UniqueConstraint("petition_id", "size", name=op.f("uq_log_checkpoints_petition_id_size")),
    )
    op.create_table(
        "log_tiles",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_log_tiles_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_tiles")),
        sa.UniqueConstraint(
            "petition_id", "level", "number", name=op.f("uq_log_tiles_petition_id_level_number")
        ),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mail_sha256", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("downloads", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_downloaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_downloaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_links_delivery_id_deliveries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["members.id"], name=op.f("fk_links_revoked_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("public_id", name=op.f("uq_links_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index(op.f("ix_links_delivery_id"), "links", ["delivery_id"], unique=False)
    with op.batch_alter_table("addressees", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("transliterates", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.add_column(sa.Column("max_pages", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("mode", sa.String(length=24), server_default="attached", nullable=False)
        )

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("by_link", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letter", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("letter_sha256", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_documents_letter_sha256"), ["letter_sha256"], unique=False)

    with op.batch_alter_table("petitions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("log_number", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("log_stopped_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawal_position", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("counts_again_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_signatures_unlogged",
            ["petition_id"],
            unique=False,
            sqlite_where=sa.text(
                "state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"
            ),
            postgresql_where=sa.text(
                "state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"
            ),
        )
        batch_op.create_index(
            "uq_signatures_withdrawal",
            ["petition_id", "withdrawal_position"],
            unique=True,
            sqlite_where=sa.text("withdrawal_position IS NOT NULL"),
            postgresql_where=sa.text("withdrawal_position IS NOT NULL"),
        )

    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    _close_the_gaps()
    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.drop_column("stamped_at")

    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_signatures_withdrawal",
            sqlite_where=sa.text("withdrawal_position IS NOT NULL"),
            postgresql_where=sa.text("withdrawal_position IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_signatures_unlogged",
            sqlite_where=sa.text(
                "state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"
            ),
            postgresql_where=sa.text(
                "state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"
            ),
        )
        batch_op.drop_column("counts_again_since")
        batch_op.drop_column("withdrawal_position")

    with op.batch_alter_table("petitions", schema=None) as batch_op:
        batch_op.drop_column("log_stopped_at")
        batch_op.drop_column("log_number")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_documents_letter_sha256"))
        batch_op.drop_column("letter_sha256")
        batch_op.drop_column("letter")

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("by_link")

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.drop_column("mode")
        batch_op.drop_column("max_pages")

    with op.batch_alter_table("addressees", schema=None) as batch_op:
        batch_op.drop_column("transliterates")

    op.drop_table("links")
    op.drop_table("log_tiles")
    op.drop_table("log_checkpoints")


def _close_the_gaps() -> None:
    op.execute(
        "UPDATE editions SET log_size = log_size - (SELECT count(*) FROM signatures AS gone"
        " WHERE gone.petition_id = editions.petition_id AND gone.withdrawal_position <= editions.log_size)"
    )
    op.execute(
        "UPDATE petitions SET log_size = log_size - (SELECT count(*) FROM signatures AS gone"
        " WHERE gone.petition_id = petitions.id AND gone.withdrawal_position IS NOT NULL)"
    )
    for change in (
        # negative on the way, so that no two of a petition are ever the same
        "-(position - (SELECT count(*) FROM signatures AS gone WHERE gone.petition_id = signatures.petition_id"
        " AND gone.withdrawal_position < signatures.position))",
        "-position",
    ):
        op.execute(
            f"UPDATE signatures SET position = {change}"  # noqa: S608 - both are written above
            " WHERE position IS NOT NULL AND petition_id IN"
            " (SELECT petition_id FROM signatures WHERE withdrawal_position IS NOT NULL)"
        )
