"""What organisers' screens need. What exists gets its random names here; branches at work count as verified."""

import base64
import os
import uuid
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "switches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("thrown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("thrown_by", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switches")),
        sa.UniqueConstraint("name", name=op.f("uq_switches_name")),
    )
    op.create_table(
        "authority_imports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("plan_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_authority_imports_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_imports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_authority_imports_public_id")),
    )
    with op.batch_alter_table("authority_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authority_imports_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_authority_imports_member_id"), ["member_id"], unique=False)

    op.create_table(
        "channel_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("authority_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["members.id"], name=op.f("fk_channel_changes_approved_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["members.id"], name=op.f("fk_channel_changes_asked_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["authorities.id"], name=op.f("fk_channel_changes_authority_id_authorities")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_channel_changes_branch_id_branches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_changes")),
        sa.UniqueConstraint("public_id", name=op.f("uq_channel_changes_public_id")),
    )
    with op.batch_alter_table("channel_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_changes_authority_id"), ["authority_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_channel_changes_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(
            "uq_channel_changes_open",
            ["authority_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state IN ('imported', 'asked', 'approved')"),
            postgresql_where=sa.text("state IN ('imported', 'asked', 'approved')"),
        )

    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invited_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_invitations_branch_id_branches")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["members.id"], name=op.f("fk_invitations_invited_by_id_members")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_invitations_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitations_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_member_id"), ["member_id"], unique=False)

    op.create_table(
        "member_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_member_sessions_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_sessions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_sessions_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_sessions_token_hash")),
    )
    with op.batch_alter_table("member_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_sessions_member_id"), ["member_id"], unique=False)

    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_passkeys_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_passkeys_public_id")),
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_member_id"), ["member_id"], unique=False)

    op.create_table(
        "password_resets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_password_resets_member_id_members"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_resets_token_hash")),
    )
    with op.batch_alter_table("password_resets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_resets_member_id"), ["member_id"], unique=False)

    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["members.id"], name=op.f("fk_proposals_asked_by_id_members")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_proposals_branch_id_branches")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["members.id"], name=op.f("fk_proposals_decided_by_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("public_id", name=op.f("uq_proposals_public_id")),
    )
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposals_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposals_subject"), ["subject"], unique=False)
        batch_op.create_index(
            "uq_proposals_waiting",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("doubt", sa.String(length=24), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reply_key", sa.LargeBinary(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("prisoner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("taken_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_reports_branch_id_branches")),
        sa.ForeignKeyConstraint(
            ["prisoner_id"],
            ["prisoners.id"],
            name=op.f("fk_reports_prisoner_id_prisoners"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["members.id"], name=op.f("fk_reports_taken_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_reports_code_hash")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reports_public_id")),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reports_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reports_prisoner_id"), ["prisoner_id"], unique=False)

    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audit_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions.id"], name=op.f("fk_erasures_petition_id_petitions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasures_public_id")),
    )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasures_petition_id"), ["petition_id"], unique=False)
        batch_op.create_index(
            "uq_erasures_marked",
            ["petition_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state = 'marked'"),
            postgresql_where=sa.text("state = 'marked'"),
        )

    op.create_table(
        "exports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signers", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["members.id"], name=op.f("fk_exports_approved_by_id_members")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["members.id"], name=op.f("fk_exports_asked_by_id_members")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_exports_branch_id_branches")),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions.id"], name=op.f("fk_exports_petition_id_petitions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("branch_id", "number", name=op.f("uq_exports_branch_id_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_exports_public_id")),
    )
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exports_petition_id"), ["petition_id"], unique=False)

    op.create_table(
        "invalidations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("reason_class", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("matched_confirmed", sa.Integer(), nullable=False),
        sa.Column("confirmed_then", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["members.id"], name=op.f("fk_invalidations_asked_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_invalidations_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invalidations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invalidations_public_id")),
    )
    with op.batch_alter_table("invalidations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invalidations_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_invalidations_petition_id"), ["petition_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invalidations_state"), ["state"], unique=False)

    op.create_table(
        "mail_domains",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(length=254), nullable=True),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_mail_domains_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_domains")),
        sa.UniqueConstraint("petition_id", "tag", name=op.f("uq_mail_domains_petition_id_tag")),
    )
    op.create_table(
        "petition_updates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("written_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_page", sa.Boolean(), nullable=False),
        sa.Column("written_to", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_petition_updates_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["written_by_id"], ["members.id"], name=op.f("fk_petition_updates_written_by_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_updates")),
        sa.UniqueConstraint("public_id", name=op.f("uq_petition_updates_public_id")),
    )
    with op.batch_alter_table("petition_updates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_petition_updates_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index("ix_petition_updates_petition_state", ["petition_id", "state"], unique=False)

    op.create_table(
        "photos",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prisoner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("alt", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upload_box", sa.LargeBinary(), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("image_box", sa.LargeBinary(), nullable=True),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "(prisoner_id IS NULL) <> (report_id IS NULL)", name=op.f("ck_photos_one_subject")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_photos_branch_id_branches")),
        sa.ForeignKeyConstraint(
            ["prisoner_id"],
            ["prisoners.id"],
            name=op.f("fk_photos_prisoner_id_prisoners"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_photos_report_id_reports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("name", name=op.f("uq_photos_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_photos_public_id")),
    )
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_photos_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_photos_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_photos_prisoner_id"), ["prisoner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_photos_report_id"), ["report_id"], unique=False)
        batch_op.create_index(
            "ix_photos_waiting",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "report_copies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_box", sa.LargeBinary(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_report_copies_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_copies_report_id_reports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_copies")),
        sa.UniqueConstraint("public_id", name=op.f("uq_report_copies_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_report_copies_token_hash")),
    )
    with op.batch_alter_table("report_copies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_report_copies_asked",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.create_index(batch_op.f("ix_report_copies_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_copies_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_copies_report_id"), ["report_id"], unique=False)

    op.create_table(
        "report_messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("content_tag", sa.LargeBinary(), nullable=True),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.Column("answer_box", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_report_messages_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["reports.id"],
            name=op.f("fk_report_messages_report_id_reports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_messages")),
        sa.UniqueConstraint("content_tag", name=op.f("uq_report_messages_content_tag")),
        sa.UniqueConstraint("public_id", name=op.f("uq_report_messages_public_id")),
    )
    with op.batch_alter_table("report_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_messages_report_id"), ["report_id"], unique=False)

    op.create_table(
        "trends",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("example", sa.String(length=24), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["members.id"], name=op.f("fk_trends_closed_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_trends_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trends")),
        sa.UniqueConstraint("public_id", name=op.f("uq_trends_public_id")),
    )
    with op.batch_alter_table("trends", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trends_petition_id"), ["petition_id"], unique=False)
        batch_op.create_index(
            "uq_trends_open",
            ["petition_id", "kind", "key"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "mail_domain_days",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("domain_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("paces", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["mail_domains.id"],
            name=op.f("fk_mail_domain_days_domain_id_mail_domains"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_domain_days")),
        sa.UniqueConstraint("domain_id", "day", name=op.f("uq_mail_domain_days_domain_id_day")),
    )
    op.create_table(
        "previews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("addressee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["addressee_id"],
            ["addressees.id"],
            name=op.f("fk_previews_addressee_id_addressees"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_previews_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_previews")),
        sa.UniqueConstraint("public_id", name=op.f("uq_previews_public_id")),
    )
    with op.batch_alter_table("previews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_previews_addressee_id"), ["addressee_id"], unique=False)
        batch_op.create_index(
            "ix_previews_due",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.create_index(batch_op.f("ix_previews_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_previews_petition_id"), ["petition_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["data_keys.id"], name=op.f("fk_subscriptions_key_id_data_keys")),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petitions.id"],
            name=op.f("fk_subscriptions_petition_id_petitions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("petition_id", "tag", name=op.f("uq_subscriptions_petition_id_tag")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscriptions_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_subscriptions_token_hash")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_running",
            ["petition_id", "id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "update_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("update_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"],
            ["petition_updates.id"],
            name=op.f("fk_update_texts_update_id_petition_updates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_texts")),
        sa.UniqueConstraint("update_id", "language", name=op.f("uq_update_texts_update_id_language")),
    )
    op.create_table(
        "document_progress",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("addressee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["addressee_id"],
            ["addressees.id"],
            name=op.f("fk_document_progress_addressee_id_addressees"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["editions.id"],
            name=op.f("fk_document_progress_edition_id_editions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_progress")),
        sa.UniqueConstraint(
            "edition_id", "addressee_id", name=op.f("uq_document_progress_edition_id_addressee_id")
        ),
    )
    with op.batch_alter_table("document_progress", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_progress_addressee_id"), ["addressee_id"], unique=False)

    op.create_table(
        "held_copies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("signature_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["members.id"], name=op.f("fk_held_copies_asked_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signatures.id"],
            name=op.f("fk_held_copies_signature_id_signatures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_copies")),
        sa.UniqueConstraint("signature_id", name=op.f("uq_held_copies_signature_id")),
    )
    with op.batch_alter_table("held_copies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_held_copies_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_copies_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_copies_state"), ["state"], unique=False)

    op.create_table(
        "invalidation_rows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invalidation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("signature_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("was", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["invalidation_id"],
            ["invalidations.id"],
            name=op.f("fk_invalidation_rows_invalidation_id_invalidations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signatures.id"],
            name=op.f("fk_invalidation_rows_signature_id_signatures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invalidation_rows")),
        sa.UniqueConstraint(
            "invalidation_id", "signature_id", name=op.f("uq_invalidation_rows_invalidation_id_signature_id")
        ),
    )
    with op.batch_alter_table("invalidation_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invalidation_rows_signature_id"), ["signature_id"], unique=False)

    op.create_table(
        "update_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("update_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscription_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_update_letters_subscription_id_subscriptions"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["update_id"],
            ["petition_updates.id"],
            name=op.f("fk_update_letters_update_id_petition_updates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_letters")),
        sa.UniqueConstraint("public_id", name=op.f("uq_update_letters_public_id")),
        sa.UniqueConstraint(
            "update_id", "subscription_id", name=op.f("uq_update_letters_update_id_subscription_id")
        ),
    )
    with op.batch_alter_table("update_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_update_letters_created_at"), ["created_at"], unique=False)
        batch_op.create_index(
            "ix_update_letters_due",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )
        batch_op.create_index(batch_op.f("ix_update_letters_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_update_letters_subscription_id"), ["subscription_id"], unique=False
        )

    op.create_table(
        "clocks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("stopped_by", sa.String(length=24), nullable=True),
        sa.Column(
            "stopped_by_member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_clocks_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stopped_by_member_id"], ["members.id"], name=op.f("fk_clocks_stopped_by_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
        sa.UniqueConstraint("delivery_id", "kind", name=op.f("uq_clocks_delivery_id_kind")),
        sa.UniqueConstraint("public_id", name=op.f("uq_clocks_public_id")),
    )
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clocks_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clocks_due_on"), ["due_on"], unique=False)

    op.create_table(
        "handouts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("export_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=40), nullable=True),
        sa.Column("last_error_class", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_handouts_branch_id_branches")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_handouts_delivery_id_deliveries")
        ),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name=op.f("fk_handouts_export_id_exports")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_handouts_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handouts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_handouts_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_handouts_token_hash")),
    )
    with op.batch_alter_table("handouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handouts_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handouts_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(
            "ix_handouts_due",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.create_index(batch_op.f("ix_handouts_export_id"), ["export_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handouts_lease_owner"), ["lease_owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_handouts_member_id"), ["member_id"], unique=False)

    with op.batch_alter_table("addressees", schema=None) as batch_op:
        batch_op.add_column(sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("names_blocked", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )

    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_audit_entries_branch_id"), ["branch_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_audit_entries_branch_id_branches"), "branches", ["branch_id"], ["id"]
        )

    with op.batch_alter_table("authorities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asks", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("profile", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("sources", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("seed", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("changed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_authorities_changed_by_id_branches"), "branches", ["changed_by_id"], ["id"]
        )

    with op.batch_alter_table("branches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("frozen_by", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("takes_reports", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("report_countries", sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
        )

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "uq_channels_authority_kind",
            ["authority_id", "kind"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("assigned_to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("sent_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("reference", sa.String(length=120), server_default="", nullable=False))
        batch_op.create_foreign_key(
            batch_op.f("fk_deliveries_assigned_to_id_members"), "members", ["assigned_to_id"], ["id"]
        )

    with op.batch_alter_table("delivery_attempts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_delivery_attempts_by_id_members"), "members", ["by_id"], ["id"]
        )

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("front_matter", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("editions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("channels", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("decline_reason", sa.Text(), server_default="", nullable=False))

    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("branch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("language", sa.String(length=8), server_default="", nullable=False))
        batch_op.add_column(sa.Column("words", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
        batch_op.add_column(sa.Column("address_box", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("secret_box", sa.LargeBinary(), nullable=True))
        batch_op.add_column(
            sa.Column("mail_domain_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.alter_column("signature_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(batch_op.f("ix_letters_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_letters_member_id"), ["member_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_letters_member_id_members"), "members", ["member_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_letters_branch_id_branches"), "branches", ["branch_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_letters_mail_domain_id_mail_domains"),
            "mail_domains",
            ["mail_domain_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(length=8), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("let_in_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("let_in_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("fs_uniquifier", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("password", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("tf_totp_secret", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("totp_counter", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("recovery_hashes", sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_members_let_in_by_id_members"), "members", ["let_in_by_id"], ["id"]
        )
    _fill("members", "fs_uniquifier", lambda: uuid.uuid4().hex)
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.alter_column("fs_uniquifier", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_members_fs_uniquifier"), ["fs_uniquifier"])

    with op.batch_alter_table("petitions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome_words", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("removed_because", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("signing_paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deliveries_paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("retention_days", sa.Integer(), nullable=True))

    with op.batch_alter_table("prisoner_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public_id", sa.String(length=24), nullable=True))
        batch_op.add_column(
            sa.Column("source_list", sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
        )
    _fill("prisoner_events", "public_id", _public_id)
    with op.batch_alter_table("prisoner_events", schema=None) as batch_op:
        batch_op.alter_column("public_id", existing_type=sa.String(length=24), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_prisoner_events_public_id"), ["public_id"])

    with op.batch_alter_table("prisoners", schema=None) as batch_op:
        batch_op.add_column(sa.Column("health", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("health_agreed", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.add_column(sa.Column("harm_assessment", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("harm_limits", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("harm_result", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("harm_assessed_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "harm_assessed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_prisoners_harm_assessed_by_id_members"), "members", ["harm_assessed_by_id"], ["id"]
        )

    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("wants_news", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
        )
        batch_op.add_column(sa.Column("confirm_net_tag", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("confirm_pace", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_signatures_wants_news",
            ["petition_id"],
            unique=False,
            sqlite_where=sa.text("state = 'confirmed' AND wants_news"),
            postgresql_where=sa.text("state = 'confirmed' AND wants_news"),
        )

    with op.batch_alter_table("triggers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=24), server_default="count", nullable=False))
        batch_op.add_column(sa.Column("on_date", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("days_before", sa.Integer(), nullable=True))
        batch_op.alter_column("threshold", existing_type=sa.INTEGER(), nullable=True)

    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))

    op.execute("UPDATE branches SET verified_at = CURRENT_TIMESTAMP")


def downgrade() -> None:
    # What the older program cannot hold: letters to members, orders that are no threshold.
    op.execute("DELETE FROM letters WHERE signature_id IS NULL")
    op.execute(
        "UPDATE editions SET trigger_id = NULL WHERE trigger_id IN (SELECT id FROM triggers WHERE threshold IS NULL)"
    )
    op.execute("DELETE FROM triggers WHERE threshold IS NULL")
    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.drop_column("erased_at")

    with op.batch_alter_table("triggers", schema=None) as batch_op:
        batch_op.alter_column("threshold", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("days_before")
        batch_op.drop_column("on_date")
        batch_op.drop_column("kind")

    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_signatures_wants_news",
            sqlite_where=sa.text("state = 'confirmed' AND wants_news"),
            postgresql_where=sa.text("state = 'confirmed' AND wants_news"),
        )
        batch_op.drop_column("confirm_pace")
        batch_op.drop_column("confirm_net_tag")
        batch_op.drop_column("wants_news")

    with op.batch_alter_table("prisoners", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_prisoners_harm_assessed_by_id_members"), type_="foreignkey")
        batch_op.drop_column("harm_assessed_by_id")
        batch_op.drop_column("harm_assessed_on")
        batch_op.drop_column("harm_result")
        batch_op.drop_column("harm_limits")
        batch_op.drop_column("harm_assessment")
        batch_op.drop_column("health_agreed")
        batch_op.drop_column("health")

    with op.batch_alter_table("prisoner_events", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_prisoner_events_public_id"), type_="unique")
        batch_op.drop_column("source_list")
        batch_op.drop_column("public_id")

    with op.batch_alter_table("petitions", schema=None) as batch_op:
        batch_op.drop_column("retention_days")
        batch_op.drop_column("deliveries_paused_at")
        batch_op.drop_column("signing_paused_at")
        batch_op.drop_column("paused_at")
        batch_op.drop_column("opens_at")
        batch_op.drop_column("removed_because")
        batch_op.drop_column("outcome_words")

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_members_let_in_by_id_members"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_members_fs_uniquifier"), type_="unique")
        batch_op.drop_column("recovery_hashes")
        batch_op.drop_column("totp_counter")
        batch_op.drop_column("tf_totp_secret")
        batch_op.drop_column("password")
        batch_op.drop_column("fs_uniquifier")
        batch_op.drop_column("let_in_at")
        batch_op.drop_column("let_in_by_id")
        batch_op.drop_column("language")

    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_letters_mail_domain_id_mail_domains"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_letters_branch_id_branches"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_letters_member_id_members"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_letters_member_id"))
        batch_op.drop_index(batch_op.f("ix_letters_branch_id"))
        batch_op.alter_column("signature_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("mail_domain_id")
        batch_op.drop_column("secret_box")
        batch_op.drop_column("address_box")
        batch_op.drop_column("words")
        batch_op.drop_column("language")
        batch_op.drop_column("branch_id")
        batch_op.drop_column("member_id")

    with op.batch_alter_table("editions", schema=None) as batch_op:
        batch_op.drop_column("decline_reason")
        batch_op.drop_column("channels")
        batch_op.drop_column("reason")

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_column("front_matter")

    with op.batch_alter_table("delivery_attempts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_delivery_attempts_by_id_members"), type_="foreignkey")
        batch_op.drop_column("by_id")

    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_deliveries_assigned_to_id_members"), type_="foreignkey")
        batch_op.drop_column("reference")
        batch_op.drop_column("sent_on")
        batch_op.drop_column("assigned_to_id")

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_channels_authority_kind",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )
        batch_op.drop_column("retired_at")

    with op.batch_alter_table("branches", schema=None) as batch_op:
        batch_op.drop_column("report_countries")
        batch_op.drop_column("takes_reports")
        batch_op.drop_column("frozen_by")
        batch_op.drop_column("frozen_at")
        batch_op.drop_column("verified_at")

    with op.batch_alter_table("authorities", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_authorities_changed_by_id_branches"), type_="foreignkey")
        batch_op.drop_column("changed_by_id")
        batch_op.drop_column("changed_at")
        batch_op.drop_column("seed")
        batch_op.drop_column("sources")
        batch_op.drop_column("profile")
        batch_op.drop_column("note")
        batch_op.drop_column("asks")

    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_audit_entries_branch_id_branches"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_audit_entries_branch_id"))
        batch_op.drop_column("branch_id")

    with op.batch_alter_table("addressees", schema=None) as batch_op:
        batch_op.drop_column("names_blocked")
        batch_op.drop_column("removed_at")

    with op.batch_alter_table("handouts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handouts_member_id"))
        batch_op.drop_index(batch_op.f("ix_handouts_lease_owner"))
        batch_op.drop_index(batch_op.f("ix_handouts_export_id"))
        batch_op.drop_index(
            "ix_handouts_due",
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.drop_index(batch_op.f("ix_handouts_delivery_id"))
        batch_op.drop_index(batch_op.f("ix_handouts_branch_id"))

    op.drop_table("handouts")
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clocks_due_on"))
        batch_op.drop_index(batch_op.f("ix_clocks_delivery_id"))

    op.drop_table("clocks")
    with op.batch_alter_table("update_letters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_update_letters_subscription_id"))
        batch_op.drop_index(batch_op.f("ix_update_letters_lease_owner"))
        batch_op.drop_index(
            "ix_update_letters_due",
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        )
        batch_op.drop_index(batch_op.f("ix_update_letters_created_at"))

    op.drop_table("update_letters")
    with op.batch_alter_table("invalidation_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invalidation_rows_signature_id"))

    op.drop_table("invalidation_rows")
    with op.batch_alter_table("held_copies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_held_copies_state"))
        batch_op.drop_index(batch_op.f("ix_held_copies_lease_owner"))
        batch_op.drop_index(batch_op.f("ix_held_copies_expires_at"))

    op.drop_table("held_copies")
    with op.batch_alter_table("document_progress", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_progress_addressee_id"))

    op.drop_table("document_progress")
    op.drop_table("update_texts")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_subscriptions_running",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("subscriptions")
    with op.batch_alter_table("previews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_previews_petition_id"))
        batch_op.drop_index(batch_op.f("ix_previews_lease_owner"))
        batch_op.drop_index(
            "ix_previews_due",
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.drop_index(batch_op.f("ix_previews_addressee_id"))

    op.drop_table("previews")
    op.drop_table("mail_domain_days")
    with op.batch_alter_table("trends", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_trends_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_trends_petition_id"))

    op.drop_table("trends")
    with op.batch_alter_table("report_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_messages_report_id"))

    op.drop_table("report_messages")
    with op.batch_alter_table("report_copies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_copies_report_id"))
        batch_op.drop_index(batch_op.f("ix_report_copies_lease_owner"))
        batch_op.drop_index(batch_op.f("ix_report_copies_expires_at"))
        batch_op.drop_index(
            "ix_report_copies_asked",
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )

    op.drop_table("report_copies")
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_photos_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_photos_report_id"))
        batch_op.drop_index(batch_op.f("ix_photos_prisoner_id"))
        batch_op.drop_index(batch_op.f("ix_photos_lease_owner"))
        batch_op.drop_index(batch_op.f("ix_photos_branch_id"))

    op.drop_table("photos")
    with op.batch_alter_table("petition_updates", schema=None) as batch_op:
        batch_op.drop_index("ix_petition_updates_petition_state")
        batch_op.drop_index(batch_op.f("ix_petition_updates_lease_owner"))

    op.drop_table("petition_updates")
    op.drop_table("mail_domains")
    with op.batch_alter_table("invalidations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invalidations_state"))
        batch_op.drop_index(batch_op.f("ix_invalidations_petition_id"))
        batch_op.drop_index(batch_op.f("ix_invalidations_lease_owner"))

    op.drop_table("invalidations")
    with op.batch_alter_table("exports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exports_petition_id"))

    op.drop_table("exports")
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_erasures_marked",
            sqlite_where=sa.text("state = 'marked'"),
            postgresql_where=sa.text("state = 'marked'"),
        )
        batch_op.drop_index(batch_op.f("ix_erasures_petition_id"))

    op.drop_table("erasures")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reports_prisoner_id"))
        batch_op.drop_index(batch_op.f("ix_reports_branch_id"))

    op.drop_table("reports")
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_proposals_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_proposals_subject"))
        batch_op.drop_index(batch_op.f("ix_proposals_branch_id"))

    op.drop_table("proposals")
    with op.batch_alter_table("password_resets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_resets_member_id"))

    op.drop_table("password_resets")
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkeys_member_id"))

    op.drop_table("passkeys")
    with op.batch_alter_table("member_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_sessions_member_id"))

    op.drop_table("member_sessions")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_member_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_branch_id"))

    op.drop_table("invitations")
    with op.batch_alter_table("channel_changes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_channel_changes_open",
            sqlite_where=sa.text("state IN ('imported', 'asked', 'approved')"),
            postgresql_where=sa.text("state IN ('imported', 'asked', 'approved')"),
        )
        batch_op.drop_index(batch_op.f("ix_channel_changes_branch_id"))
        batch_op.drop_index(batch_op.f("ix_channel_changes_authority_id"))

    op.drop_table("channel_changes")
    with op.batch_alter_table("authority_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_authority_imports_member_id"))
        batch_op.drop_index(batch_op.f("ix_authority_imports_expires_at"))

    op.drop_table("authority_imports")
    op.drop_table("switches")


def _fill(table: str, column: str, make: Callable[[], str]) -> None:
    """Gives each row a value of its own."""
    rows = sa.table(table, sa.column("id"), sa.column(column))
    connection = op.get_bind()
    for (id_,) in connection.execute(sa.select(rows.c.id)).all():
        connection.execute(sa.update(rows).where(rows.c.id == id_).values({column: make()}))


def _public_id() -> str:
    return base64.b32encode(os.urandom(15)).decode().lower()
