# make run     start the app: sets up what is missing, prints the address (PORT, HOST, GRATICULE_DATA,
#              DATABASE_URL and REDIS_URL change the defaults)
# make test    every test, on SQLite and on PostgreSQL with Redis, in Node and in a browser
# make check   formatting, lint, types, import contracts, generated files: the same as CI
# make bench   [ONLY=NAME] the benchmarks, one JSON object a line
# make screenshots  the pictures of docs/screenshots
# make protocol  regenerate the browser's types from backend/protocol/messages.py
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run test check bench protocol format vitest pytest pytest-team pytest-e2e screenshots

BIN := .venv/bin
# One core is left to the process under test; torch's threads would otherwise fight over two cores.
JOBS ?= 2

# A stamp's name carries the hash of what it was made from: nothing is done again until that changes.
hash = $(shell cat $(1) 2>/dev/null | sha256sum | cut -c1-16)
WEB_SOURCES = $(shell find frontend -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null | sort)
PACKAGES := .venv/.installed-$(call hash,requirements.txt)
PACKAGES_DEV := .venv/.installed-dev-$(call hash,requirements.txt requirements-dev.txt)
NODE_PACKAGES := frontend/node_modules/.installed-$(call hash,frontend/package-lock.json)
WEB := frontend/dist/.built-$(call hash,$(WEB_SOURCES))

run: $(PACKAGES) $(WEB)
	$(BIN)/python manage.py setup
	exec $(BIN)/python manage.py serve

# Without -j the parts run one after the other, the quick ones first.
test: vitest pytest pytest-team pytest-e2e

vitest: $(NODE_PACKAGES)
	cd frontend && npm test

pytest: $(PACKAGES_DEV) $(WEB)
	.ci/system-packages
	OMP_NUM_THREADS=1 $(BIN)/pytest --ignore=tests/e2e -n $(JOBS)

pytest-team: $(PACKAGES_DEV)
	.ci/system-packages
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.infrastructure.team $(BIN)/pytest --ignore=tests/e2e -m database -n $(JOBS)

pytest-e2e: $(PACKAGES_DEV) $(WEB)
	.ci/system-packages
	$(BIN)/pytest tests/e2e

check: $(PACKAGES_DEV) $(NODE_PACKAGES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	DATABASE_URL=sqlite://:memory: GRATICULE_SECRET_KEY=schema $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python manage.py export_protocol --check
	cd frontend && npm run check

format: $(PACKAGES_DEV) $(NODE_PACKAGES)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	cd frontend && npm run format

bench: $(PACKAGES_DEV) $(WEB)
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

screenshots: $(PACKAGES_DEV) $(WEB)
	.ci/system-packages
	$(BIN)/python -m tests.e2e.screenshots

protocol: $(PACKAGES) $(NODE_PACKAGES)
	$(BIN)/python manage.py export_protocol
	cd frontend && npm run protocol

.venv/bin/python:
	python="$$(.ci/find-python)"; "$$python" -m venv .venv

$(PACKAGES): | .venv/bin/python
	$(BIN)/pip install --disable-pip-version-check -r requirements.txt
	rm -f .venv/.installed-*
	touch $@

$(PACKAGES_DEV): | .venv/bin/python
	$(BIN)/pip install --disable-pip-version-check -r requirements-dev.txt
	rm -f .venv/.installed-*
	touch $@ $(PACKAGES)

$(NODE_PACKAGES):
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || { echo "Node 20 or newer is needed to build the interface; found: $$(node --version 2>/dev/null || echo none)." >&2; exit 1; }
	cd frontend && npm ci --no-audit --no-fund
	rm -f frontend/node_modules/.installed-*
	touch $@

$(WEB): | $(NODE_PACKAGES)
	cd frontend && npm run build
	rm -f frontend/dist/.built-*
	touch $@
