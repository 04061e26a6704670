# What one does here every day. A fresh Debian with python3 (3.11 or later), python3-venv, git and make is enough.
#
#   make demo        install the package into .venv and run the tour
#   make test        everything that must hold: lint, types, layers, tests (`make check` is the same)
#   make test-long   the long forms of racy tests
#   make test-agents the real clients of coding agents, against a model of our own (needs npm)
#   make bench       measure against the peers
#   make lint        ruff's opinion     make format     let ruff repair it
#   make lock        resolve the pinned requirements anew (needs uv)
#   make clean       remove everything that can be made again
#
# Arguments for pytest or the benchmarks: make tests ARGS="-k spawn"

PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= 2
UV      ?= uv
ARGS    ?=

BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check --quiet install
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command "make lock"

# The stamps say what a virtual environment holds, so that nothing is installed twice.
MADE := $(VENV)/.stamp-made
DEMO := $(VENV)/.stamp-demo
DEV  := $(VENV)/.stamp-dev

# Real services that some tests run: from the system, else unpacked here.
PROGRAMS := $(VENV)/programs

# Real clients of coding agents, pinned: about 900 MB, so only for the tests that are about them.
AGENTS := $(VENV)/agents

# Somebody else's search path must not decide what is tested here.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := test
.NOTPARALLEL:
.PHONY: demo test check lint types layers tests test-long test-agents bench format lock clean

demo: $(DEMO)
	$(BIN)/python examples/demo.py

test: lint types layers tests

check: test

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy --strict src

layers: $(DEV)
	$(BIN)/lint-imports

# Exit code 5 is pytest's "no test was selected": fine for the serial part, never for the parallel one.
tests: $(DEV) $(PROGRAMS)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not serial and not long and not agents" $(ARGS)
	$(BIN)/python -m pytest -m "serial and not long and not agents" $(ARGS) || [ $$? -eq 5 ]

test-long: $(DEV) $(PROGRAMS)
	$(BIN)/python -m pytest -m long $(ARGS)

test-agents: $(DEV) $(AGENTS)/.stamp
	$(BIN)/python -m pytest -m agents $(ARGS)

bench: $(DEV)
	$(BIN)/python -m benchmarks $(ARGS)

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) --group demo -c requirements/runtime.txt -o requirements/demo.txt
	$(LOCK) pyproject.toml --group dev -c requirements/runtime.txt -c requirements/demo.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.git -prune -o -type d -name __pycache__ -print0 | xargs -0 rm -rf

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "make: $(PYTHON) is not Python 3.11 or later; name one with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Everything is pinned with hashes; the package itself is built by the pinned backend, without asking the index.
$(DEMO): $(MADE) requirements/runtime.txt requirements/demo.txt pyproject.toml
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/demo.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(DEMO) requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(PROGRAMS): tests/programs/install.sh | $(DEV)
	@sh $< $@
	@mkdir -p $@ && touch $@

# Where they cannot be had there is no stamp, and it is tried again the next time.
$(AGENTS)/.stamp: tests/agents/install.sh tests/agents/package.json tests/agents/package-lock.json | $(DEV)
	@sh $< $(AGENTS)
