-- What the role `depositary`, under which the service runs, may do in a database that another role owns.
-- Run it as the owner after `depositary db upgrade`. The log can be read and added to, never changed.

\set ON_ERROR_STOP on
BEGIN;
GRANT USAGE, CREATE ON SCHEMA public TO depositary;
GRANT SELECT ON alembic_version TO depositary;
GRANT SELECT, INSERT ON events, event_ids, stream_versions TO depositary;
GRANT SELECT, UPDATE ON log_head TO depositary;
GRANT EXECUTE ON FUNCTION depositary_make_partition TO depositary;
GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoints, leases, tokens, job_claims, audits TO depositary;

-- The views are the service's own: hand over those that another role made.
DO $$
DECLARE made record;
BEGIN
  FOR made IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'depositary'
    AND tablename ~ '^(timeline|tallies|partnerships)_[a-z]+_[0-9]+$'
  LOOP
    EXECUTE format('ALTER TABLE %I OWNER TO depositary', made.tablename);
  END LOOP;
END $$;
COMMIT;
