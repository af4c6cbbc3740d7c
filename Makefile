# make book [PROFILE=laptop]   install, run the study, build the book
# make checkpoints             install, train the released weights that are missing
# make test                    install, run the tests
# The first suitable of these (gensim has no wheel for 3.14 yet); or name one: make PYTHON=...
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$name && break; done)
PROFILE ?= laptop
BIN := .venv/bin

.PHONY: book checkpoints test check bench mutants clean help
book: .venv/book.stamp
	@$(BIN)/fico build --profile $(PROFILE)

checkpoints: .venv/book.stamp
	@$(BIN)/fico checkpoints

test: .venv/test.stamp
	@$(BIN)/python -m pytest

check: .venv/test.stamp
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

bench: .venv/test.stamp
	@for file in $(filter-out benchmarks/mutants.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$file || exit 1; done

mutants: .venv/test.stamp
	@$(BIN)/python benchmarks/mutants.py

clean:
	rm -rf _build results cache .snakemake

help:
	@echo "make book [PROFILE=laptop]  run the study and build the book"
	@echo "make checkpoints            train the released weights that are missing"
	@echo "make test                   run the tests"
	@echo "make check                  formatting, linting, which room imports which, types"
	@echo "make bench                  the library beside its peers, as ratios"
	@echo "make mutants                how many small changes of the core the tests notice"
	@echo "make clean                  remove everything generated (not .venv)"

# Installed anew only when the pins change.
.venv/book.stamp: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 among python3, python3.13, python3.12 and python3.11: install one, or name it with make PYTHON=/path/to/python" >&2; exit 1; }
	@version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); case "$$version" in \
		3.11|3.12|3.13) ;; \
		"") echo "PYTHON: '$(PYTHON)' is no Python that runs; expected Python 3.11, 3.12 or 3.13" >&2; exit 1;; \
		*) echo "PYTHON: '$(PYTHON)' is Python $$version; expected 3.11, 3.12 or 3.13 (gensim has no wheel for others)" >&2; exit 1;; \
	esac
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the study's packages into .venv (once, a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/test.stamp: .venv/book.stamp
	@echo "Installing the packages that the tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
