"""The steps that bring a database's tables to today's form: the log, the engine's bookkeeping, the accounts."""
