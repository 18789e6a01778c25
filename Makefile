# The handbook's commands. `make demo` goes from nothing to the finished site, `make test` runs every test.
# Each stage leaves a stamp under _build/stamps, so a second run does only what changed. Logs: _build/logs.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
# runs a command with every setting in its environment, and with a Postgres where the target needs one
RUN := $(PY) -m warehouse run --
BUILD := _build
STAMPS := $(BUILD)/stamps
LOGS := $(BUILD)/logs
INSTALLED := $(VENV)/installed
# the Python to build .venv with; empty = the newest supported one that works
PYTHON ?=
CONTAINER := menswear-postgres
comma := ,

# $(call stage,log name,what it does,command): one line of progress; the end of the command's own output if it fails
define stage
@mkdir -p $(LOGS); printf '%-58s' '$(2)'; begin=$$(date +%s); \
if ($(3)) >$(LOGS)/$(1).log 2>&1; then echo "$$(($$(date +%s) - begin)) s"; \
else status=$$?; echo 'failed'; tail -n 60 $(LOGS)/$(1).log >&2; echo 'All of it: $(LOGS)/$(1).log' >&2; exit $$status; fi
endef

# $(call with_engine,goal): make a goal that depends on the settings, which only the installed project can read
with_engine = +@engine=$$($(PY) -m warehouse stamp $(STAMPS)) && $(MAKE) ENGINE=$$engine $(1)

.PHONY: help demo test lint lock lab notebooks clean install packages
.PHONY: run-postgres-container run-lapsed-workflow-scenarios run-dbt-models stop-remove-docker-container

help:
	@echo 'make demo       install, mock the CRM, build the models, run the chapters, build the book'
	@echo 'make test       every test, on DuckDB and on Postgres'
	@echo 'make lint       style, types, SQL'
	@echo 'make lab        open the chapters in Jupyter'
	@echo 'make notebooks  run the chapters and store their outputs in notebooks/'
	@echo 'make lock       choose the newest allowed version of every package anew'
	@echo 'make clean      delete what the commands above made, except .venv'
	@echo 'TARGET=postgres make demo takes Postgres for the warehouse; .env.sample lists every setting.'

demo: $(INSTALLED)
	$(call with_engine,site)
	@echo "The handbook is ready: open $$PWD/$(BUILD)/html/index.html"

test: $(INSTALLED)
	@$(PY) -m pytest

lint: $(INSTALLED)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/sqlfluff lint --disable-progress-bar dbt/models

lab: $(INSTALLED)
	$(call with_engine,models)
	@$(RUN) jupyter lab --notebook-dir notebooks

notebooks: $(INSTALLED)
	$(call with_engine,models)
	@$(RUN) python -m book.execute --inplace

lock: $(INSTALLED)
	@$(VENV)/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
	  --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean:
	@if [ -x $(PY) ]; then $(PY) -m warehouse remove-postgres; fi
	@rm -rf $(BUILD) dbt/target dbt/logs data/warehouse.duckdb data/warehouse.duckdb.wal data/postgres.removed-*

# Install ---------------------------------------------------------------------------------------------------------

SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

install: $(INSTALLED)
packages: $(VENV)/packages

# uv installs in half a minute what takes pip minutes; pip steps in where uv has no wheel or cannot reach the index
$(VENV)/packages: requirements.lock
	@if ! $(PY) -c 'import pip; $(SUPPORTED)' 2>/dev/null; then \
	  found=; for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	    if "$$python" -c '$(SUPPORTED)' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo 'error: no Python 3.11, 3.12 or 3.13 with venv found: install one, or name it: make PYTHON=/path/to/python3' >&2; \
	    exit 1; \
	  fi; \
	  rm -rf $(VENV) && "$$found" -m venv $(VENV); \
	fi
	$(call stage,install,Install the locked packages into .venv,\
	  sed -n '/^uv==/$(comma)/[^\\]$$/p' requirements.lock >$(BUILD)/uv.lock; \
	  index=$${PIP_INDEX_URL:-$$($(PY) -m pip config get global.index-url 2>/dev/null)}; \
	  if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; fi; \
	  export VIRTUAL_ENV="$$PWD/$(VENV)"; \
	  { $(PY) -m pip install --quiet --require-hashes -r $(BUILD)/uv.lock && \
	    $(VENV)/bin/uv pip install --require-hashes --compile-bytecode -r requirements.lock; } || \
	  $(PY) -m pip install --quiet --require-hashes -r requirements.lock; )
	@touch $@

$(INSTALLED): $(VENV)/packages pyproject.toml
	$(call stage,install-project,Install the project itself,\
	  $(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .)
	@touch $@

# Stages that depend on the settings: reached through with_engine -------------------------------------------------

ifdef ENGINE
.PHONY: site warehouse models FORCE

MOCK_DATA := $(shell find mock_data -name '*.py' -o -name '*.yml') warehouse/settings.py
MODELS := $(shell find dbt \( -name target -o -name logs \) -prune -o -type f \( -name '*.sql' -o -name '*.yml' -o -name '*.md' \) -print)
CHAPTERS := $(wildcard notebooks/*.ipynb)
BOOK := $(shell find book -type f -not -name '*.pyc') _config.yml _toc.yml $(wildcard README.md)

# stands for what holds the data, with its time: deleted, it is made again; changed by hand, the models are built again
DATA := $(wildcard $(STAMPS)/data.$(ENGINE))

site: $(STAMPS)/book
	@:
warehouse: $(STAMPS)/generated.$(ENGINE)
	@:
models: $(STAMPS)/models
	@:

$(STAMPS)/generated.$(ENGINE): $(INSTALLED) $(STAMPS)/settings.$(ENGINE) $(MOCK_DATA) $(if $(DATA),,FORCE)
	$(call stage,generate,Simulate the customers and load the CRM ($(ENGINE)),$(RUN) python -m mock_data generate)
	@touch $@

$(STAMPS)/models: $(STAMPS)/generated.$(ENGINE) $(STAMPS)/target $(MODELS) $(DATA)
	$(call stage,models,Build and test the dbt models$(comma) write their docs,\
	  cd dbt && ../$(RUN) sh -c 'dbt build --quiet && dbt docs generate --static --quiet')
	@touch $@

$(STAMPS)/chapters: $(STAMPS)/models $(CHAPTERS) $(wildcard book/*.py)
	$(call stage,chapters,Run the chapters,$(RUN) python -m book.execute)
	@touch $@

$(STAMPS)/book: $(STAMPS)/chapters $(BOOK) $(if $(wildcard $(BUILD)/html/index.html),,FORCE)
	$(call stage,book,Build the book,$(RUN) python -m book.build)
	@touch $@
endif

# The commands that this project has always had ---------------------------------------------------------------------

run-postgres-container: $(INSTALLED)
	@if docker info >/dev/null 2>&1; then \
	  TARGET=duckdb $(RUN) sh -c ': "$${POSTGRES_USER:?set it in .env}" "$${POSTGRES_PASSWORD:?set it in .env}" \
	    "$${POSTGRES_DB:?set it in .env}"; docker run --detach --name $(CONTAINER) --publish "127.0.0.1:$$POSTGRES_PORT:5432" \
	    --env POSTGRES_USER --env POSTGRES_PASSWORD --env POSTGRES_DB postgres:17'; \
	else \
	  TARGET=postgres $(RUN) true && \
	  echo 'No Docker engine here, and none needed: with TARGET=postgres every command reaches a Postgres by itself.'; \
	fi

run-lapsed-workflow-scenarios: $(INSTALLED)
	$(call with_engine,warehouse)

run-dbt-models: $(INSTALLED)
	$(call with_engine,models)

stop-remove-docker-container: $(INSTALLED)
	@if docker info >/dev/null 2>&1; then docker rm --force $(CONTAINER); \
	else $(PY) -m warehouse remove-postgres && echo 'No Docker engine here: nothing else to stop.'; fi
