# Common tasks, for example: make demo, make test. The only requirements are Python 3.11 to 3.14 and make.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$name" -c "$(SUPPORTED)" 2>/dev/null && { echo "$$name"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs benchmark-cpu benchmark-gpu clean

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.core ## Install econsim into .venv and run the first scenario.
	$(BIN)/econsim run one_step

test: $(VENV)/.test ## Run all tests, with one thread per process.
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.lint ## Check style, spelling and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

docs: $(VENV)/.docs ## Build the documentation into site/.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

benchmark-cpu: $(VENV)/.core ## Rerun benchmarks for 20 minutes; say which claims hold.
	$(BIN)/python benchmarks/cpu.py $(ARGS)

benchmark-gpu: $(VENV)/.test ## Run the benchmarks that need a CUDA GPU.
	$(BIN)/python benchmarks/gpu.py $(ARGS)

clean: ## Remove the environment, builds and caches, but not runs.
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find econsim tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c "$(SUPPORTED)" 2>/dev/null || { \
	echo "econsim needs Python 3.11 to 3.14, found $(if $(PYTHON),$(PYTHON) ($$($(PYTHON) --version 2>&1)),none)." >&2; \
	echo "Install a supported version and give its path: make demo PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Each environment has a stamp file, so that make reinstalls only if pyproject.toml or constraints.txt has changed.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing econsim and its dependencies into $(VENV) (about a minute, 1.2 GB) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing econsim[$*] into $(VENV) ..."
	@$(PIP) --editable ".[$*]"
	@touch $@ $(VENV)/.core

# What lint, docs and test need, in one installation, as .ci/run makes it.
$(VENV)/.checks: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing econsim[docs,lint] into $(VENV) ..."
	@$(PIP) --editable ".[docs,lint]"
	@touch $@ $(foreach name,core docs lint test,$(VENV)/.$(name))
