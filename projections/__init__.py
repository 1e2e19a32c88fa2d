"""What it means. Every table here may be dropped and comes back from the log. Views do not import each other."""
