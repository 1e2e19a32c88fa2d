"""`python -m service` is the command `depositary`."""

from service.cli import main

main()
