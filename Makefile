# hotline12345: `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup web demo run test test-long check bench lock system-packages asterisk whole-suite clean
# Where a container says so, every process compiles the whole program anew: an engine's start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
HAS_DEPENDENCIES := $(VENV)/.has-dependencies
HAS_PROJECT := $(VENV)/.has-project
# A machine with a Node of its own can build the front end beside the installation of the Python packages.
NODE_IS_HERE = $(shell command -v npm >/dev/null && node -p 'let [a, b] = process.versions.node.split(".").map(Number), \
	[c, d] = require("./agent_desk/web/package.json").engines.node.slice(2).split(".").map(Number); \
	a > c || (a == c && b >= d) || ""' 2>/dev/null)
# What takes long to get ready is got ready side by side.
TOGETHER = $(MAKE) --no-print-directory --jobs=4
# Test files side by side, in the order of tests/conftest.py: most of a system test is waiting for people to finish speaking.
WORKERS ?= 3

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  %s\n  %s\n' 'make demo ONCE=1      plays the story once, prints what happened, and ends' \
		'make bench ONLY=NAME  measures one row, such as seat.handover'

setup: ## everything that a clone needs: Python packages by hash, the browser front end
	@$(TOGETHER) $(HAS_PROJECT) web

demo: setup ## one citizen's call, from ringing to the return visit, on a real Asterisk; then yours to try
	@$(VENV)/bin/hotline demo $(if $(ONCE),--once)

run: setup ## the engine with config.yaml
	@$(VENV)/bin/hotline run

test: ## unit, integration and system tests (real Asterisk, phones and browser); < 15 minutes
	@$(TOGETHER) whole-suite asterisk

whole-suite: $(HAS_PROJECT) web system-packages
	@$(PY) -m pytest tests/system tests/integration tests/unit -m 'not long' --durations=15 -n $(WORKERS) --dist loadfile \
		--no-loadscope-reorder

test-long: setup system-packages ## the cells that make test leaves out: every interleaving of call control, every death between two orders; 30 minutes
	@$(PY) -m pytest tests/system -m long

check: $(HAS_PROJECT) ## style, types, architecture and the fast tests; < 1 minute
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m pytest -q tests/unit

bench: setup system-packages ## measure beside the peers; writes var/bench.json
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY))

web: $(if $(NODE_IS_HERE),$(PY),$(HAS_DEPENDENCIES)) ## the browser front end, when its sources changed
	@$(PY) agent_desk/web/build.py

system-packages: $(PY) ## what the tests need of the system: chromium, SIPp, espeak-ng, ffmpeg, PostgreSQL
	@$(PY) tests/system_packages.py

asterisk: $(HAS_PROJECT) ## an Asterisk in var/, where the machine has none
	@$(PY) -c 'from pathlib import Path; from telephony.asterisk import ensure_asterisk; ensure_asterisk(Path("var"))'

lock: $(HAS_DEPENDENCIES) ## resolve requirements.lock anew (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv: https://docs.astral.sh/uv/' >&2; exit 1; }
	uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		pyproject.toml --group dev -o requirements.lock

clean: ## remove what make made; var/ (ledger, recordings) is yours and stays
	@rm -rf $(VENV) dist agent_desk/static agent_desk/web/node_modules .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(PY):
	@bash tests/make_venv.sh $(VENV)

$(HAS_DEPENDENCIES): requirements.lock | $(PY)
	@echo 'Python packages: installing by hash …'
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(HAS_PROJECT): pyproject.toml $(HAS_DEPENDENCIES)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
