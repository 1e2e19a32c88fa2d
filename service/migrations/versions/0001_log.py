"""The log: append-only tables that refuse UPDATE, DELETE and TRUNCATE, and the one row that numbers its positions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LOG = {"events": ("position",), "event_ids": ("id",), "stream_versions": ("stream", "version")}
REFUSAL = "the log is append-only: record a correction or a retraction instead"


def upgrade() -> None:
    """Create the tables, then the triggers of the engine at hand."""
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("position", position, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(160), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("earliest", sa.String(10)),
        sa.Column("latest", sa.String(10)),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("events_by_type", "events", ["type", "position"])
    op.create_index("events_by_recorded_at", "events", ["recorded_at", "position"])
    op.create_table(
        "event_ids",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stream_versions",
        sa.Column("stream", sa.String(160), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO log_head (id, position, recorded_at) VALUES (1, 0, 0)")
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table, key in LOG.items():
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        op.execute(  # INSERT OR REPLACE deletes without firing DELETE triggers
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    op.execute(
        "CREATE TRIGGER log_head_only_grows BEFORE UPDATE ON log_head "
        "WHEN NEW.id <> OLD.id OR NEW.position < OLD.position "
        "OR (OLD.position > 0 AND NEW.recorded_at < OLD.recorded_at) "
        "BEGIN SELECT RAISE(ABORT, 'the head of the log only grows'); END"
    )
    op.execute(
        f"CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    op.execute(
        f"CREATE TRIGGER log_head_no_replace BEFORE INSERT ON log_head BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION depositary_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION depositary_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.id <> OLD.id OR NEW.position < OLD.position "
        "OR (OLD.position > 0 AND NEW.recorded_at < OLD.recorded_at) "
        "THEN RAISE EXCEPTION 'the head of the log only grows'; END IF; RETURN NEW; END $$"
    )
    for table in LOG:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION depositary_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    op.execute(
        "CREATE TRIGGER log_head_only_grows BEFORE UPDATE ON log_head "
        "FOR EACH ROW EXECUTE FUNCTION depositary_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER log_head_stays BEFORE DELETE OR TRUNCATE ON log_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION depositary_refuse()"
    )
    for trigger in ("log_head_only_grows", "log_head_stays"):
        op.execute(f"ALTER TABLE log_head ENABLE ALWAYS TRIGGER {trigger}")


def downgrade() -> None:
    """The log is not taken away."""
    raise NotImplementedError("the log cannot be downgraded")
