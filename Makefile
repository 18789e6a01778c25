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
TOOLS := $(BUILD)/tools
# the Python to build .venv with; empty = the newest supported one that works
PYTHON ?=
comma := ,

# $(call stage,log name,what it does,command): a line when it begins and one when it ends, for stages may run side by
# side; the end of the command's own output if it fails
define stage
@mkdir -p $(LOGS); echo '$(2) ...'; begin=$$(date +%s); \
if ($(3)) >$(LOGS)/$(1).log 2>&1; then printf '%-58s%s s\n' '$(2)' "$$(($$(date +%s) - begin))"; \
else status=$$?; printf '%-58s%s\n' '$(2)' failed; \
tail -n 60 $(LOGS)/$(1).log >&2; echo 'All of it: $(LOGS)/$(1).log' >&2; exit $$status; fi
endef

# $(call with_engine,goal): make a goal that depends on the settings, which only the installed project can read; two
# stages at a time, unless the caller says how many
with_engine = +@engine=$$($(PY) -m warehouse stamp $(STAMPS)) && \
  $(MAKE) $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j2) ENGINE=$$engine $(1)

.PHONY: help demo test quick test-nightly lint lock lab notebooks clean install packages
.PHONY: run-postgres-container run-lapsed-workflow-scenarios run-dbt-models stop-remove-docker-container

help:
	@echo 'make demo       install, mock the CRM, build the models, run the chapters, build the book'
	@echo 'make test       every test, on DuckDB and on Postgres; make quick: those that need no server and no minute'
	@echo 'make lint       style, types, SQL'
	@echo 'make check-project  workflows, schemas, packages, secrets, weak code; make hooks lets git run the checks'
	@echo 'make run-workflows  the hosted workflows, on this machine'
	@echo 'make serve      the finished site at an address, on PORT (8000)'
	@echo 'make lab        open the chapters in Jupyter, and say at which address'
	@echo 'make notebooks  run the chapters and store their outputs in notebooks/'
	@echo 'make lock       choose the newest allowed version of every package anew'
	@echo 'make compose-pipeline   the pipeline in a container; -jupyter, -book, -pipeline-postgres, -localstack, -down'
	@echo 'make test-image  build the images without Docker, and run what is in them'
	@echo 'make deploy-local   the stack and the book on LocalStack; destroy-local takes it down, test-infra tests it'
	@echo 'make clean      delete what the commands above made, except .venv'
	@echo 'TARGET=postgres make demo takes Postgres for the warehouse; .env.sample lists every setting.'

demo: $(INSTALLED)
	$(call with_engine,site)
	@$(PY) -m mock_data describe
	@echo "The handbook is ready: open $$PWD/$(BUILD)/html/index.html"

# two processes; tests/conftest.py says which tests go together, and puts the longest first, so that both end together
PYTEST = $(PY) -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder --quiet
test: $(INSTALLED)
	@$(PYTEST)

quick: $(INSTALLED)
	@HYPOTHESIS_PROFILE=quick $(PYTEST) -m 'not slow and not postgres and not nightly'

# all of it, the properties on ten times as many examples
test-nightly: $(INSTALLED)
	@HYPOTHESIS_PROFILE=nightly $(PYTEST) -m ''

lint: $(INSTALLED)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/sqlfluff lint --disable-progress-bar dbt/models
	@# the third engine: what its dialect cannot parse is written otherwise
	@$(VENV)/bin/sqlfluff lint --disable-progress-bar --dialect sparksql --rules aliasing.unique.table dbt/models

lab: $(INSTALLED)
	$(call with_engine,models)
	@$(RUN) python -m book.lab

notebooks: $(INSTALLED)
	$(call with_engine,models)
	@$(RUN) python -m book.execute --inplace

# one lock for all; the images install a part of it each
COMPILE = $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade --quiet \
  --no-emit-index-url --no-header --no-annotate
lock: $(INSTALLED)
	@$(COMPILE) --all-extras -o requirements.lock pyproject.toml
	@$(COMPILE) --constraint requirements.lock -o containers/pipeline.lock pyproject.toml
	@$(COMPILE) --constraint requirements.lock --extra notebooks -o containers/notebooks.lock pyproject.toml
	@$(COMPILE) -o tools/requirements.lock tools/requirements.in

clean:
	@if [ -x $(PY) ]; then $(PY) -m warehouse remove-postgres; fi
	@if [ -x $(PY) ] && [ -d $(BUILD)/containers ]; then $(PY) -c 'from containers.engine import tidy; tidy()'; fi
	@if [ -x $(PY) ] && [ -d $(BUILD)/cloud ]; then $(PY) -c 'from terraform.localstack import tidy; tidy()'; fi
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
MODELS := $(shell find dbt \( -name target -o -name logs \) -prune -o -type f \( -name '*.sql' -o -name '*.yml' -o -name '*.csv' -o -name '*.md' \) -print)
CHAPTERS := $(wildcard notebooks/*.ipynb)
BOOK := $(shell find book -type f -not -name '*.pyc') _config.yml _toc.yml $(wildcard README.md)

# stands for what holds the data, with its time: deleted, it is made again; changed by hand, the models are built again
DATA := $(wildcard $(STAMPS)/data.$(ENGINE))

site: $(STAMPS)/book
	@:
warehouse: $(STAMPS)/generated.$(ENGINE)
	@:
models: $(STAMPS)/tested.$(ENGINE)
	@:

$(STAMPS)/generated.$(ENGINE): $(INSTALLED) $(STAMPS)/settings.$(ENGINE) $(MOCK_DATA) $(if $(DATA),,FORCE)
	$(call stage,generate,Simulate the customers and load the CRM ($(ENGINE)),$(RUN) python -m mock_data generate)
	@touch $@

# what dbt prints is in the logs already
DBT = cd dbt && DBT_LOG_LEVEL_FILE=none
# leaves the warehouse to be read by others at the same time; dbt parses the project anew for another connection
DBT_READ = $(DBT) WAREHOUSE_ACCESS=read_only DBT_TARGET_PATH=target/tested

# needs no data: done while the customers are simulated and the models built
$(STAMPS)/parsed.$(ENGINE): $(INSTALLED) $(MODELS)
	$(call stage,parsed,Parse the dbt project for its tests,$(DBT_READ) ../$(RUN) dbt parse --quiet)
	@touch $@

$(STAMPS)/models.$(ENGINE): $(STAMPS)/generated.$(ENGINE) $(MODELS) $(DATA)
	$(call stage,models,Build the dbt models,$(DBT) ../$(RUN) dbt build --quiet --exclude-resource-type test unit_test)
	@touch $@

# unit tests judge the models' code, not the data: `make test` runs them
$(STAMPS)/tested.$(ENGINE): $(STAMPS)/models.$(ENGINE) $(STAMPS)/parsed.$(ENGINE)
	$(call stage,tested,Test the data and write the dbt docs,\
	  $(DBT_READ) ../$(RUN) sh -c 'dbt test --quiet --exclude-resource-type unit_test && \
	  dbt docs generate --static --quiet --exclude test_type:data test_type:unit')
	@touch $@

$(STAMPS)/chapters: $(STAMPS)/models.$(ENGINE) $(STAMPS)/target $(CHAPTERS) $(wildcard book/*.py)
	$(call stage,chapters,Run the chapters,$(RUN) python -m book.execute)
	@touch $@

$(STAMPS)/book: $(STAMPS)/tested.$(ENGINE) $(STAMPS)/chapters $(STAMPS)/addresses $(BOOK) $(if $(wildcard $(BUILD)/html/index.html),,FORCE)
	$(call stage,book,Build the book,$(RUN) python -m book.build)
	@touch $@
endif

# Supply chain and workflows ----------------------------------------------------------------------------------------

.PHONY: tools check-project run-workflows hooks sbom audit test-engine test-truth check-site check-lab check-links test-conda
.PHONY: serve screenshots lighthouse

SBOM ?= $(BUILD)/html/sbom.cdx.json

tools: $(TOOLS)/installed

# what checks the project and no reader needs, in an environment of its own
$(TOOLS)/installed: tools/requirements.lock tools/package.json tools/package-lock.json | $(INSTALLED)
	@command -v npm >/dev/null || { echo 'error: npm is missing: install Node.js 20 or newer with npm' >&2; exit 1; }
	$(call stage,tools,Install the checking tools into $(TOOLS),\
	  rm -rf $(TOOLS) && $(PY) -m venv $(TOOLS) && cp tools/package.json tools/package-lock.json $(TOOLS)/ && \
	  $(TOOLS)/bin/python -m pip install --quiet --require-hashes -r tools/requirements.lock && \
	  npm ci --ignore-scripts --no-audit --no-fund --prefix $(TOOLS))
	@touch $@

check-project: $(TOOLS)/installed
	@$(PY) -m pytest tools

run-workflows: $(TOOLS)/installed
	@$(PY) -m tools.run_workflows $(WORKFLOW)

hooks: $(TOOLS)/installed
	@$(TOOLS)/bin/pre-commit install

sbom: $(TOOLS)/installed
	@! { [ -e $(SBOM) ] && ! grep -qs '"bomFormat": "CycloneDX"' $(SBOM); } || \
	  { echo 'error: $(SBOM) is no list of packages: nothing was written; give another file' >&2; exit 1; }
	@mkdir -p $(dir $(SBOM))
	@PYTHONWARNINGS=ignore $(TOOLS)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --no-validate --output-format JSON --output-file $(SBOM) requirements.lock

# needs an index with advisories; without one it fails and says so
audit: $(TOOLS)/installed
	@$(PY) -m tools.audit

# half of the tests: with TARGET=postgres those that need a server, else the others
test-engine: $(INSTALLED)
	@$(PYTEST) -m 'not nightly and $(if $(filter postgres,$(TARGET)),postgres,not postgres)'

# the KPIs against the truth, in the world of SEED
test-truth: $(INSTALLED)
	@TEST_SEED=$(SEED) $(PY) -m pytest tests/truth

PORT ?= 8000
serve: $(INSTALLED)
	@$(PY) -m book.serve $(BUILD)/html --port $(PORT)

check-site: $(INSTALLED)
	@$(PY) -m book.check $(BUILD)/html

check-lab: $(INSTALLED)
	$(call with_engine,models)
	@$(RUN) python -m book.check_lab

# every page in light, dark, on a phone and on paper: for a person to look at
SCREENSHOTS ?= $(BUILD)/screenshots
screenshots: $(INSTALLED)
	@$(PY) -m book.check $(BUILD)/html --screenshots $(SCREENSHOTS)

# scores depend on how busy the machine is, so no test asks for them
lighthouse: $(INSTALLED) $(TOOLS)/installed
	@$(PY) -m tools.lighthouse $(BUILD)/html

# asks every address that the book names, so it needs the whole network
check-links: $(INSTALLED)
	$(call with_engine,site)
	@$(VENV)/bin/jupyter-book build $(BUILD)/book-src --path-output $(BUILD)/links --builder linkcheck

# CONDA_CHANNELS: Miniconda asks for its own channels' terms even where an environment does not use them
test-conda:
	@command -v conda >/dev/null || { echo 'error: conda is missing: install Miniforge, then run this again' >&2; exit 1; }
	@CONDA_CHANNELS=conda-forge conda env create --yes --prefix $(BUILD)/conda --file environment.yml
	@conda run --no-capture-output --prefix $(BUILD)/conda bash .binder/postBuild

# The commands that this project has always had ---------------------------------------------------------------------

run-postgres-container: $(INSTALLED)
	@if docker info >/dev/null 2>&1; then \
	  $(PY) -m containers.compose postgres && \
	  echo 'To use it, in .env: TARGET=postgres POSTGRES_HOST=127.0.0.1, and warehouse for _USER and _DB unless you chose others.'; \
	else \
	  TARGET=postgres $(RUN) true && \
	  echo 'No Docker engine here, and none needed: with TARGET=postgres every command reaches a Postgres by itself.'; \
	fi

run-lapsed-workflow-scenarios: $(INSTALLED)
	$(call with_engine,warehouse)

run-dbt-models: $(INSTALLED)
	$(call with_engine,models)

stop-remove-docker-container: $(INSTALLED)
	@if docker info >/dev/null 2>&1; then $(PY) -m containers.compose down; \
	else $(PY) -m warehouse remove-postgres && echo 'No Docker engine here: nothing else to stop.'; fi

# Containers ------------------------------------------------------------------------------------------------------

.PHONY: compose-pipeline compose-pipeline-postgres compose-jupyter compose-book compose-localstack compose-down
.PHONY: postgres-password test-image

# checks engine, port and password first; Docker says the same late and in many words
COMPOSE = @$(PY) -m containers.compose
compose-pipeline: $(INSTALLED); $(COMPOSE) pipeline
compose-pipeline-postgres: $(INSTALLED); $(COMPOSE) pipeline-postgres
compose-jupyter: $(INSTALLED); $(COMPOSE) jupyter
compose-book: $(INSTALLED); $(COMPOSE) book
compose-localstack: $(INSTALLED); $(COMPOSE) localstack
compose-down: $(INSTALLED); $(COMPOSE) down

postgres-password: $(INSTALLED)
	@$(PY) -m containers.compose password

# builds every image without Docker, on a stand-in for the official base, and runs what is in it
test-image: $(TOOLS)/installed
	@$(PY) -m pytest -o addopts= -q containers/test_image.py

# Cloud -----------------------------------------------------------------------------------------------------------

.PHONY: deploy-local destroy-local test-infra

deploy-local: $(INSTALLED)
	@$(PY) -m terraform deploy local

destroy-local: $(INSTALLED)
	@$(PY) -m terraform destroy local

# checks the Terraform code, and puts the stack up and takes it down on stand-ins for AWS
test-infra: $(INSTALLED)
	@$(PY) -m terraform test
