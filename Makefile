# The same commands for those who type make; everything is in dev.py.
# Arguments: make test ARGS="--deep -k tallies"

PYTHON ?= python3

.PHONY: demo test lint

demo:
	$(PYTHON) dev.py demo $(ARGS)

test:
	$(PYTHON) dev.py test $(ARGS)

lint:
	$(PYTHON) dev.py lint
