<%!
    def ours(body):
        """Alembic's code without its boilerplate comments."""
        kept = [line for line in body.splitlines() if not line.strip().startswith("# ###")]
        return "\n".join(kept).strip()
%>\
"""${message.rstrip(".")}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    ${ours(upgrades) if upgrades else "pass"}


def downgrade() -> None:
    ${ours(downgrades) if downgrades else "pass"}
