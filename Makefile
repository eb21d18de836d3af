# `make setup` once; `make check` before every commit (about two minutes); `make test` is everything (.ci/run).
VENV ?= .venv
BIN = $(VENV)/bin

$(VENV)/.ready: pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . --group dev
	touch $@

.PHONY: setup demo check test lint docs samples
setup: $(VENV)/.ready

demo: setup
	$(BIN)/fwverify verify samples/acme-ups-3.1.0 --policy samples/demo.yaml --keys keys

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH=$(BIN):$$PATH lint-imports

check: lint
	$(BIN)/pytest -n 2 -m "not slow and not interop"

test: lint
	$(BIN)/pytest -n 2

docs: setup
	$(BIN)/python -m tests.make_docs

samples: setup
	$(BIN)/python samples/build.py
