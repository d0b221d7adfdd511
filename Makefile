# Two targets matter to a visitor: `make demo` and `make test`. Both need Python >= 3.11, pip and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.PHONY: demo
demo: .make/demo ## watch real SDK calls go through a misbehaving CometAPI and come out right
	@$(BIN)/halley demo

.PHONY: test
test: .make/test ## install what the tests need and run all of them
	$(BIN)/python -m pytest -n auto --dist loadfile
	$(BIN)/python -m tests.environments

.PHONY: lint
lint: .make/lint ## style, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

.PHONY: types
types: .make/lint ## strict types of the package, and the public API as users type it
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing

.PHONY: examples
examples: .make/test ## run every example and every page of docs against the simulator
	$(BIN)/python -m tests.examples

.PHONY: bench
bench: .make/bench ## what halley costs, beside others
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/stream_overhead.py

.PHONY: bench-goodput
bench-goodput: .make/bench ## how much of an unknown limit halley and others get, in virtual time
	$(BIN)/python benchmarks/goodput.py

.PHONY: clean
clean: ## remove what the targets above made
	rm -rf $(VENV) .venvs .make

.make/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "halley needs Python 3.11 or newer; call: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@mkdir -p .make && touch $@

.make/demo: pyproject.toml | .make/venv
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

.make/test: pyproject.toml | .make/venv
	$(BIN)/python -m pip install --quiet --editable . --group test
	@touch $@ .make/demo

.make/lint: pyproject.toml | .make/test
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

.make/bench: pyproject.toml | .make/test
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@
