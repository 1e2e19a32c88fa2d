"""Who may read and write, which scheduled jobs were claimed, and how the last audit ended."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create `tokens`, `job_claims` and `audits`."""
    op.create_table(
        "tokens",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "job_claims",
        sa.Column("job", sa.String(40), primary_key=True),
        sa.Column("due", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("claimed_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "audits",
        sa.Column("ended_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("differences", sa.Integer, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take the accounts away."""
    for table in ("audits", "job_claims", "tokens"):
        op.drop_table(table)
