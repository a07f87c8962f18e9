# The whole interface: make run, make test, make check, make bench, make docs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check bench docs clean

help:
	@echo "make run     set up, cluster the documentation of the Python packages installed here, print the result"
	@echo "make test    set up and run the tests"
	@echo "make check   lint and formatting"
	@echo "make bench   the benchmark tables of benchmarks/README.md"
	@echo "make docs    the pictures of the README, by the machine's own chromium"

# The stamp is newer than pyproject.toml exactly when the environment has what it asks for.
.venv/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: .venv/installed
	$(BIN)/docclust run configs/default.toml --out runs/pydocs --force

test: .venv/installed
	$(BIN)/python -m pytest

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/installed
	@test -n "$(DOCCLUST_CORPORA)" || { echo "DOCCLUST_CORPORA must name the folder of labelled corpora. See benchmarks/README.md."; exit 2; }
	$(BIN)/python benchmarks/quality.py "$(DOCCLUST_CORPORA)" --continue --table
	$(BIN)/python benchmarks/quality.py "$(DOCCLUST_CORPORA)" --ablation --continue --table
	$(BIN)/python benchmarks/ambiguity.py "$(DOCCLUST_CORPORA)" --continue --table
	$(BIN)/python benchmarks/speed.py "$(DOCCLUST_CORPORA)" --table
	$(BIN)/python benchmarks/throughput.py "$(DOCCLUST_CORPORA)" --table

docs: .venv/installed
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf .venv runs
