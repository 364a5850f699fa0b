# Every target sets up what it needs by itself: Python 3.11+, make and the package index are enough.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
export PYTHONDONTWRITEBYTECODE :=# whatever the shell says: else each of the thousand processes of a test run compiles it all

.PHONY: install demo test lint docs bench chaos soak pins clean

install: .venv/ready
	@$(BIN)/python -m compileall -q bridge connectors

# uv only to install quickly: everything runs from the plain virtual environment.
.venv/ready: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable . --group dev
	@touch $@

demo: install
	@$(BIN)/bridge demo $(ARGS)

test: install lint
	@$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

lint: install
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . && $(BIN)/mypy && $(BIN)/lint-imports

# Writes the tables of the docs that are made from declarations.
docs: install
	@$(BIN)/python -m tests.documented

bench: install
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: install
	@$(BIN)/python -m tests.chaos $(ARGS)

soak: install
	@$(BIN)/python -m tests.chaos --rounds 200 $(ARGS)

# Renews every pin. Names and versions only; read the difference before committing it.
pins:
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --upgrade \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --group dev --output-file constraints.txt
	@$(BIN)/uv --version | sed -E 's/^uv ([^ ]+).*/uv==\1/' >> constraints.txt
	@LC_ALL=C sort -o constraints.txt constraints.txt

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
