"""What happened. The log and nothing else: no Flask, no scheduler, no view. Its tables are insert-only."""
