"""What people meet. HTTP, pages, commands, clock, secrets: only here."""
