-- What the role `depositary`, under which the service runs, may do in a database that another role owns.
-- Run it as the owner after `depositary db upgrade`. The log can be read and added to, never changed.

GRANT USAGE, CREATE ON SCHEMA public TO depositary;
GRANT SELECT ON alembic_version TO depositary;
GRANT SELECT, INSERT ON events, event_ids, stream_versions TO depositary;
GRANT SELECT, UPDATE ON log_head TO depositary;
GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoints, leases, tokens, job_claims, audits TO depositary;
