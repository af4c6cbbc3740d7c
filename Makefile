# make book [PROFILE=laptop]   install, run the study, build the book
# make test                    install, run the tests
PYTHON ?= python3
PROFILE ?= laptop
BIN := .venv/bin

.PHONY: book test check bench clean help
book: .venv/book.stamp
	@$(BIN)/fico build --profile $(PROFILE)

test: .venv/test.stamp
	@$(BIN)/python -m pytest

check: .venv/test.stamp
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports --no-cache

bench: .venv/test.stamp
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf _build results cache .snakemake

help:
	@echo "make book [PROFILE=laptop]  run the study and build the book"
	@echo "make test                   run the tests"
	@echo "make check                  formatting, linting, and which part imports which"
	@echo "make bench                  the library beside its peers, as ratios"
	@echo "make clean                  remove everything generated (not .venv)"

# Installed anew only when the pins change.
.venv/book.stamp: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the study's packages into .venv (once, a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/test.stamp: .venv/book.stamp
	@echo "Installing the packages that the tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
