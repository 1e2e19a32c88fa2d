"""PostgreSQL: the log in partitions by position, and room on the pages of the rows that change with every commit."""

from alembic import op

revision = "0004"
down_revision = "0003"

SPAN = 10_000_000
INDEXES = {"events_by_type": "type, position", "events_by_recorded_at": "recorded_at, position"}
CHANGING = ("log_head", "checkpoints", "leases")
SETTLED = "autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.05"
"""Rows that never change are frozen by the first vacuum, so no later one reads them again."""


def upgrade() -> None:
    """Make the table that is there the first partition of the log; none of its rows moves."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    run = connection.exec_driver_sql
    head = run("SELECT position FROM log_head").scalar_one()
    run("ALTER TABLE events RENAME TO events_p0")
    for name in ("events_pkey", *INDEXES):
        run(f"ALTER INDEX {name} RENAME TO {name.replace('events', 'events_p0', 1)}")
    run("CREATE TABLE events (LIKE events_p0, PRIMARY KEY (position)) PARTITION BY RANGE (position)")
    for name, columns in INDEXES.items():
        run(f"CREATE INDEX {name} ON events ({columns})")
    run(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION depositary_refuse()"
    )
    run("ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only")
    present = head // SPAN
    run(f"ALTER TABLE events ATTACH PARTITION events_p0 FOR VALUES FROM (0) TO ({(present + 1) * SPAN})")
    run(f"ALTER TABLE events_p0 SET ({SETTLED})")
    op.execute(MAKE_PARTITION)
    run("REVOKE EXECUTE ON FUNCTION depositary_make_partition FROM PUBLIC")
    op.execute(HAND_OVER)
    if head % SPAN >= SPAN // 2:  # from the middle of a partition on, the next one stands
        run(f"SELECT depositary_make_partition({present + 1})")
    for table in CHANGING:
        run(f"ALTER TABLE {table} SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0)")


MAKE_PARTITION = f"""
CREATE FUNCTION depositary_make_partition(number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    name text := 'events_p' || number;
BEGIN
    IF number <> (SELECT position / {SPAN} + 1 FROM log_head) THEN
        RAISE EXCEPTION 'partition % is not the next', number;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING ALL)', name);
    -- a statement that names the partition does not fire the triggers of the whole
    EXECUTE format('CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION depositary_refuse()', name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER events_append_only', name);
    EXECUTE format('ALTER TABLE %I SET ({SETTLED})', name);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   name, number * {SPAN}, (number + 1) * {SPAN});
END $$
"""
"""`LIKE` and `ATTACH` lock nobody out. It runs with its owner's rights, since who appends need not own the log."""

HAND_OVER = """
DO $$
DECLARE given record;
BEGIN
    FOR given IN
        SELECT grantee::regrole AS role, privilege_type AS right FROM pg_class, aclexplode(relacl)
        WHERE oid = 'events_p0'::regclass AND grantee <> relowner AND grantee <> 0
    LOOP
        EXECUTE format('GRANT %s ON events TO %s', given.right, given.role);
        EXECUTE format('REVOKE %s ON events_p0 FROM %s', given.right, given.role);
        IF given.right = 'INSERT' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION depositary_make_partition TO %s', given.role);
        END IF;
    END LOOP;
END $$
"""
"""Who might read or append goes on to."""


def downgrade() -> None:
    """The log is not taken away."""
    raise NotImplementedError("the log cannot be downgraded")
