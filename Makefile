# Two commands do all set-up: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# The first interpreter that is new enough; PYTHON=/path/to/python3.12 chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PIP := $(PY) -m pip --disable-pip-version-check --quiet
SPECS ?=
IMAGE_CHECK ?=
FUZZ_SECONDS ?= 60
MINUTES ?= 10
SEED ?=
LEDGER ?= sqlite

.PHONY: help run test unit check proof bench bench-full kill soak format lint clean

help: ## say what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':[^#]*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.run: pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Probe needs Python 3.11 or newer with venv: install it (Debian: apt-get install python3-venv), or say PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "installing into $(CURDIR)/$(VENV) (once) ..."
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) has no working venv module: install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PIP) install -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "installing what the tests need (once) ..."
	@$(PIP) install -e '.[dev]'
	@touch $@

run: $(VENV)/.run ## start the demo: three sandbox vendors, the agent, its page and /metrics; Ctrl-C stops it
	@exec $(BIN)/probe demo

test: $(VENV)/.dev ## run every test; installs the servers that are missing, or lists them
	@$(PY) -m tests.provision
	$(PY) -m pytest -m 'not proof'

unit: $(VENV)/.dev ## run the tests that need no installed servers
	$(PY) -m pytest -m 'not proof and not servers'

lint: $(VENV)/.dev ## ruff, mypy, import contracts, Dockerfile and compose linters
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

check: lint test ## what must pass before a change lands: the linters and `make test`

proof: $(VENV)/.dev ## what needs things from outside: make proof SPECS=DIR IMAGE_CHECK=CMD
	@SPECS='$(SPECS)' IMAGE_CHECK='$(IMAGE_CHECK)' $(PY) -m tests.provision --proof
	SPECS='$(SPECS)' IMAGE_CHECK='$(IMAGE_CHECK)' $(PY) -m pytest -m proof

bench: $(VENV)/.dev ## measure how true our latencies are, and what they cost, beside others (some 10 minutes)
	$(PY) -m tests.bench

bench-full: $(VENV)/.dev ## the same at more rates, with growth curves, agents at rest and each kind of probe (some 25 minutes)
	$(PY) -m tests.bench --full

kill: $(VENV)/.dev ## kill an agent at every step of a lifecycle, and hinder it, at an EC2 server and the sandbox: nothing may be left
	@$(PY) -m tests.chaos.kill

soak: $(VENV)/.dev ## kill, stop and reload agents while everything goes wrong: make soak MINUTES=10 SEED= LEDGER=postgresql
	@$(PY) -m tests.soak --minutes $(MINUTES) --seed '$(SEED)' --ledger $(LEDGER)

format: $(VENV)/.dev ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove everything that make made
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
