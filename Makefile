# Two commands: `make demo` shows the product, `make test` proves it.
# The rest are the parts of `make test`, one by one.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

# Real recordings, where a folder of them lies beside the checkout; without one the app's
# generator stands in, and the build says so.
ifneq ($(wildcard ../shared/data),)
export TINYFIELD_DATA ?= $(abspath ../shared/data)
endif

.PHONY: demo test tools lint ctest pytest docs images schema clean

demo: $(VENV)/.demo
	$(BIN)/python scripts/demo.py $(ARGS)

test: tools $(VENV)/.test lint pytest

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 10) <= sys.version_info < (3, 14)))' || \
	  { echo "tinyfield needs Python 3.10 to 3.13; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 3; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "venv is not installed: sudo apt-get install python3-venv"; exit 3; }
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "Installing tinyfield (TensorFlow is large: a minute or two) ..."
	$(BIN)/python -m pip install --quiet --editable '.[train,gateway]'
	$(BIN)/python -m compileall -q tinyfield gateway
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo "Installing tinyfield with what its tests need ..."
	$(BIN)/python -m pip install --quiet --editable '.[train,gateway,test,docs]'
	$(BIN)/python -m compileall -q tinyfield gateway
	@touch $@ $(VENV)/.demo

tools:
	scripts/install-tools.sh

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=benchmarks $(BIN)/mypy benchmarks
	scripts/lint-c.sh

pytest: $(VENV)/.test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

docs: $(VENV)/.test
	$(BIN)/mkdocs build --strict

images: $(VENV)/.test
	$(BIN)/python scripts/images.py

schema: $(VENV)/.demo
	$(BIN)/tinyfield schema > docs/app.schema.json

clean:
	rm -rf build dist site .pio firmware/generated demo-run .pytest_cache .mypy_cache .ruff_cache
