# Every target works alone in an empty clone: it makes the environment first if that is missing or stale.
# Results go to stdout; what is being done goes to stderr, one line each.
# Needs Python 3.11 or newer and make; uses uv where it is on PATH (make UV= … does without).

INCIDENT ?= 2024-01-14-web-outage
ARGS ?=
# Files of tests run side by side, one process a core; make test SPREAD= … runs them one after the other.
SPREAD ?= -n auto --dist loadfile
UV ?= $(shell command -v uv 2>/dev/null)
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/postmortem-nb

# A stamp's name holds a checksum of what it was made from, so a changed lock, a changed pyproject.toml,
# a moved clone or a deleted .venv each lead to exactly the steps that are needed.
sum = $(shell $(1) | cksum | cut -d' ' -f1)
HERE_SUM := $(call sum,pwd -P)
RUN_SUM := $(call sum,cat requirements.lock)
DEV_SUM := $(call sum,cat requirements.lock requirements-dev.lock)
PACKAGE_SUM := $(call sum,cat pyproject.toml)
HERE := $(VENV)/.stamp-here-$(HERE_SUM)
LOCKED := $(VENV)/.stamp-locked-$(RUN_SUM)
PACKAGE := $(VENV)/.stamp-package-$(PACKAGE_SUM)
DEV := $(VENV)/.stamp-dev-$(DEV_SUM)

say = printf '%s\n' 'make: $(1)' >&2
# $(call install,LOCK): exactly what the lock says, nothing else; uv if it is there and can, else pip.
install = { [ -n "$(UV)" ] && "$(UV)" pip install -q --python $(BIN)/python --require-hashes -r $(1) >&2; } \
  || $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1) >&2

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup report batch lab doctor test soak check lint format lock clean FORCE

help:
	@echo "make report INCIDENT=NAME  run one incident, print the path of its HTML (default $(INCIDENT))"
	@echo "make batch                 run every incident in data/incidents"
	@echo "make lab                   open JupyterLab on notebooks/postmortem.ipynb"
	@echo "make doctor                say what is installed and what is missing"
	@echo "make test                  all tests (ARGS='-k word' for some)"
	@echo "make soak                  kill a batch 200 times at random moments (an hour)"
	@echo "make check                 lint, format, types and the fast tests"
	@echo "make setup                 only make the environment, in .venv"
	@echo "make lock                  compile both locks anew (UPGRADE=1: newest versions)"
	@echo "make clean                 remove .venv and caches; reports/ stays"

setup: $(PACKAGE)
	@:

report: $(PACKAGE)
	@$(RUN) run "$(INCIDENT)" $(ARGS)

batch: $(PACKAGE)
	@$(RUN) batch $(ARGS)

lab: $(PACKAGE)
	@$(RUN) lab $(ARGS)

doctor: $(PACKAGE)
	@$(RUN) doctor $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(SPREAD) $(ARGS)

soak: $(DEV)
	@$(BIN)/python -m benchmarks.soak $(ARGS)

check: lint
	@$(call say,fast tests)
	@$(BIN)/python -m pytest -m "not browser and not lab and not slow" $(SPREAD) $(ARGS)

lint: $(DEV)
	@$(call say,ruff check)
	@$(BIN)/ruff check -q .
	@$(call say,ruff format --check)
	@$(BIN)/ruff format -q --check . || { $(BIN)/ruff format --check .; $(call say,"make format" rewrites them); exit 1; }
	@$(call say,mypy)
	@$(BIN)/mypy --no-error-summary

format: $(DEV)
	@$(BIN)/ruff check -q --fix-only .
	@$(BIN)/ruff format -q .

ifneq ($(shell $(BIN)/python -c "print('ok')" 2>/dev/null),ok)
$(HERE): FORCE
endif
$(HERE):
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  $(call say,Python 3.11 or newer is needed. Found: '"$$($(or $(PYTHON),python3) --version 2>&1 || true)"'. Install one or name it: make PYTHON=/path/to/python3.12 …); exit 1; }
	@$(call say,making .venv with $(PYTHON))
	@ls $(VENV)/.stamp-here-* >/dev/null 2>&1 || [ ! -x $(BIN)/python ] || exit 0; rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >&2
	@touch $@

$(LOCKED): $(HERE)
	@$(call say,installing requirements.lock (half a minute with pip))
	@rm -f $(VENV)/.stamp-locked-* $(VENV)/.stamp-package-* $(VENV)/.stamp-dev-*
	@$(call install,requirements.lock)
	@touch $@

$(PACKAGE): $(LOCKED)
	@$(call say,installing this package from the working tree)
	@rm -f $(VENV)/.stamp-package-*
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-index --no-build-isolation --no-deps -e . >&2
	@touch $@

$(DEV): $(PACKAGE)
	@$(call say,installing requirements-dev.lock (some seconds))
	@rm -f $(VENV)/.stamp-dev-*
	@$(call install,requirements-dev.lock)
	@touch $@

# Only maintainers need this one, and only it needs uv; it fetches one if there is none.
LOCK_UV = $(or $(UV),.venv-lock/bin/uv)
LOCK_FLAGS = -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --group pyproject.toml:build $(if $(UPGRADE),--upgrade)
lock:
	@[ -n "$(UV)" ] || [ -x .venv-lock/bin/uv ] || { $(call say,installing uv into .venv-lock); \
	  $(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install -qq --disable-pip-version-check uv; }
	@$(call say,compiling requirements.lock and requirements-dev.lock)
	@$(LOCK_UV) pip compile pyproject.toml --extra explore --extra s3 --extra cluster --extra trends --extra pdf $(LOCK_FLAGS) -o requirements.lock >/dev/null
	@$(LOCK_UV) pip compile pyproject.toml --extra explore --extra s3 --extra cluster --extra trends --extra pdf --extra dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock >/dev/null
	@! grep -n '://' requirements.lock requirements-dev.lock >&2 || { $(call say,a lock holds an address); exit 1; }

clean:
	@rm -rf $(VENV) .venv-lock build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
