# UNIEV: `make run` brings up the whole platform, `make test` proves it, `make help` lists the rest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; choose another one with `make run PYTHON=python3.12`.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
BUILT := $(if $(wildcard package-lock.json),node_modules/.built)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
READY := $(INSTALLED) $(BUILT) $(CATALOGUES)
# Enough for the settings to load where nothing is connected to (mypy).
UNCONNECTED := SECRET_KEY=unused FIELD_ENCRYPTION_KEYS=dW51c2VkLXVudXNlZC11bnVzZWQtdW51c2VkLTAwMDA= DATABASE_URL=postgres://nowhere/none REDIS_URL=redis://nowhere

##@ Use

.PHONY: run
run: $(READY) ## Bring up everything: databases, web, chargers' door, worker, beat, simulated fleet
	@exec $(BIN)/python -m unievp.devtools.run

.PHONY: demo-reset
demo-reset: $(INSTALLED) ## Forget the embedded database; the next `make run` has fresh demo data
	@$(BIN)/python -m unievp.devtools.reset

##@ Prove

.PHONY: test
test: $(READY) ## The test suite without a browser; ARGS='-k name' passes options to pytest
	@$(BIN)/pytest -n 2 $(ARGS)

.PHONY: test-slow
test-slow: $(READY) ## The slow tier: chaos, kill -9, long fuzzing
	@$(BIN)/pytest -m slow $(ARGS) || [ $$? -eq 5 ]

.PHONY: e2e
e2e: $(READY) ## Browser tests (Debian: apt install chromium)
	@$(BIN)/pytest -m e2e $(wildcard e2e) $(ARGS) || [ $$? -eq 5 ]

.PHONY: screenshots
screenshots: $(READY) ## Take the pictures of README and docs anew (docs/images)
	@$(BIN)/pytest -q -m e2e e2e/pictures/take.py $(ARGS)

.PHONY: lint
lint: $(READY) ## Style, formatting, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(UNCONNECTED) $(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m unievp.devtools.environment
	$(BIN)/python manage.py makemigrations --check --dry-run

.PHONY: bench
bench: $(READY) ## Measure the chargers' door under load, on embedded services of its own
	@$(BIN)/python -m bench $(ARGS)

##@ Work

.PHONY: install
install: $(READY) ## Install and build what the other targets need, and nothing else

.PHONY: assets
assets: $(BUILT) ## Install and build the page assets into static/vendor

.PHONY: messages
messages: $(CATALOGUES) ## Compile the message catalogues

.PHONY: format
format: $(INSTALLED) ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

COMPILE = $(BIN)/pip-compile --quiet --no-header --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)

.PHONY: lock
lock: $(INSTALLED) ## Pin the requirements anew; ARGS=--upgrade takes the current releases
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-dev.txt --constraint requirements.txt requirements-dev.in

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## "; print "UNIEV\n\nmake TARGET" } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\n%s\n%s\n' 'Variables of `make run`: PORT, OCPP_PORT, BIND, DATA_DIR, DATABASE_URL, REDIS_URL,' \
		'SIMULATOR_CHARGERS; the others are in docs/configuration.md'

# --- What the targets need: made once, made again when their sources change -------------------

$(INSTALLED): requirements-dev.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "UNIEV needs Python 3.11 or later; this is $$(python3 --version 2>&1). Name another one: make PYTHON=…" >&2; \
		exit 1; fi
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python cannot make a virtual environment (Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "Installing the Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

node_modules/.built: package.json package-lock.json $(wildcard scripts/*.mjs)
	@command -v npm >/dev/null || { echo "UNIEV needs Node 20 or later with npm for the page assets." >&2; exit 1; }
	@echo "Installing and building the page assets …"
	@npm ci --silent --no-audit --no-fund
	@npm run --silent build
	@touch $@

%.mo: %.po $(INSTALLED)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
