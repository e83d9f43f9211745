# Everything a developer or an operator types. `make help` lists it.
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
PY := $(VENV)/bin/python
# The first of these that is 3.11 or later makes the virtual environment.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
PIP := $(PY) -m pip install --disable-pip-version-check --quiet
LOCKED := $(PIP) --require-hashes --no-deps
# Passed on to the command of the target: make test ARGS="tests/config -k port", make benchmark ARGS="--json".
ARGS ?=

.PHONY: help install install-dev secrets run test test-quick check lint types contracts migrations openapi-check format openapi lock settings benchmark compare load

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed vendor/vendor/deck.gl.js ## Creates .venv with what Akin runs on
install-dev: install $(VENV)/.installed-dev ## Adds what checking Akin needs

$(VENV)/.installed: requirements.txt requirements.lock
	@test -n "$(PYTHON)" || { echo "akin: Python 3.11 or later is needed" >&2; exit 1; }
	@echo "Installing Akin's requirements into $(VENV); the first time this takes a few minutes"
	@$(PYTHON) -m venv $(VENV) || { echo "akin: Python's venv is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@# torch first and alone: other packages would otherwise choose its build. All else must be what was locked.
	$(PIP) "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)"
	$(LOCKED) -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-dev.lock
	$(LOCKED) -r requirements-dev.lock
	@touch $@

# What draws the map, from npm; where that cannot be had Akin shows lists instead and asks again the next time.
vendor/vendor/deck.gl.js: config/vendored.py | $(VENV)/.installed
	-@$(PY) -m config.vendored

secrets: ## Makes the passwords that docker-compose.yml reads, in ./secrets
	@deploy/make-secrets

run: install ## Starts everything; PORT=8001 changes the port, Ctrl-C stops it
	@$(PY) manage.py start

test: install-dev ## Runs the tests, on services of their own
	@# What kills processes waits more than it works: afterwards, two files at a time. Exit status 5: ARGS left nothing to run.
	$(PY) -m pytest -n auto -m "not faults" $(ARGS) || [ $$? -eq 5 ]
	$(PY) -m pytest -n 2 --dist loadfile -m faults $(ARGS) || [ $$? -eq 5 ]

test-quick: install-dev ## The tests that need neither Chromium nor a real model, and kill nothing
	$(PY) -m pytest -n auto -m "not chromium and not model and not faults and not slow" $(ARGS)

check: lint types contracts migrations openapi-check test ## Runs all that CI runs

lint: install-dev ## Style and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: install-dev ## mypy, strict
	$(PY) -m mypy

contracts: install-dev ## What may import what
	$(VENV)/bin/lint-imports

migrations: install-dev ## No model has changed without a migration
	$(PY) manage.py makemigrations --check --dry-run

openapi-check: install-dev ## docs/openapi.json is what the code says
	$(PY) manage.py openapi --check

format: install-dev ## Formats the code and mends what can be mended
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

openapi: install ## Writes docs/openapi.json from the code
	$(PY) manage.py openapi

lock: install-dev ## Writes the hashes of what the requirements name into the .lock files
	@for name in requirements requirements-dev requirements-traces; do \
		$(VENV)/bin/uv pip compile --quiet --no-deps --generate-hashes --no-annotate --no-header --universal \
			--python-version 3.11 --no-emit-package torch --output-file $$name.lock $$name.txt || exit; \
	done

settings: install ## Writes the table in docs/settings.md from the code
	$(PY) manage.py settings_table

benchmark: install ## Latency, throughput and recall: make benchmark ARGS="--collection debian"
	$(PY) manage.py benchmark $(ARGS)

compare: install ## txtai, Chroma and Akin in turn, in an environment of their own: make compare ARGS="--items 5000"
	$(PY) -m benchmarks.compare $(ARGS)

load: $(VENV)-load/.installed ## Load on a running server: make load ARGS="http://127.0.0.1:8000 --collection demo --key KEY"
	$(VENV)-load/bin/python -m benchmarks.load.run $(ARGS)

$(VENV)-load/.installed: benchmarks/load/requirements.txt
	@$(PYTHON) -m venv $(VENV)-load
	$(VENV)-load/bin/python -m pip install --disable-pip-version-check --quiet -r $<
	@touch $@
