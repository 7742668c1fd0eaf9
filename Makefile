# `make help` lists the targets. Each makes the environment first if it is not there.
SHELL := bash
PYTHON := .venv/bin/python
SCRIPTS := .ci/run $(wildcard recipes/*.sh recipes/*/*.sh)

# Tools of the environment, MMseqs2 say, are found before the machine's own; what pip put under ~/.local is not seen,
# since it would shadow the numpy and pandas that QIIME 2 was built with.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONNOUSERSITE := 1

.DEFAULT_GOAL := help
.PHONY: env demo test lint format clean help

env:  ## make the environment .venv/, with QIIME 2 and this plugin in it
	@recipes/environments/make-env.sh

demo: env  ## correct the taxonomy of a small community whose truth is known
	@recipes/demo.sh

# The tests' networks are so small that more threads only wait for each other.
test: export OMP_NUM_THREADS := 1
test: lint  ## run the linters and the tests (PYTEST="-k tree" adds options for pytest)
	@recipes/environments/install-browser.sh
	$(PYTHON) -m pytest $(PYTEST)

lint: env  ## check the style of the Python files and the shell scripts
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	shellcheck $(SCRIPTS)

format: env  ## rewrite the Python files in the project's style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

clean:  ## remove .venv/ and everything that was built
	rm -rf .venv build dist demo-output test-output *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 10
