# `make run` trains the 1989 network, `make test` tests the project; both set up .venv first.
# PYTHON picks the interpreter that .venv is made from (after `make clean`, when there is one).

PYTHON  ?= python3
WORKERS ?= 2
ARGS    ?=

# tests of one file stay together, for what they share, until a worker has nothing left to do
SHARED := -n $(WORKERS) --dist worksteal

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CORE := $(VENV)/.installed
DEV  := $(VENV)/.installed-dev
PEER := $(VENV)/.installed-bench

.PHONY: run test slow fast coverage crash stress fuzz bench race scaling instructions site lint lock clean

run: $(CORE)
	$(BIN)/sn run nets/zipcode.sn $(ARGS)

test: lint
	$(BIN)/pytest -q -m "not slow" $(SHARED) $(ARGS)

slow: $(DEV)
	$(BIN)/pytest -m slow $(ARGS)

fast: $(DEV)
	$(BIN)/pytest -q -m "not slow and not kernels" $(SHARED) $(ARGS)

# which lines of sn/ no test runs in its own process
coverage: $(DEV)
	$(BIN)/pytest -q -m "not slow" $(SHARED) --cov $(ARGS)

crash: $(CORE)
	$(BIN)/python scripts/crash.py $(ARGS)

# a minute of each target; ARGS="--cases 100000 programs" for more of one
fuzz: $(DEV)
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(PIP) --only-binary :all: atheris || \
	  echo "Atheris could not be installed: the guided fuzzer is left out" >&2
	$(BIN)/python -m scripts.fuzz $(ARGS)

# some mutants of each room, the survivors in full; ARGS="--sample 60 parser" for more of one
mutants: $(DEV)
	@$(BIN)/python -c "import cosmic_ray" 2>/dev/null || \
	  $(PIP) --prefer-binary -c requirements.lock -c requirements-dev.lock cosmic-ray==8.7.0
	$(BIN)/python scripts/mutants.py $(ARGS)

stress: $(CORE)
	$(BIN)/python -m scripts.stress $(ARGS)

bench: race scaling instructions

race: $(PEER)
	$(BIN)/python bench/zipcode.py $(ARGS)

scaling: $(PEER)
	$(BIN)/python bench/scaling.py

instructions: $(CORE)
	$(BIN)/python bench/instructions.py

# the documents as a site, links checked: build/site; `make site ARGS=serve` shows it at localhost
site: $(CORE)
	@test -x build/docs/bin/mkdocs || { $(PYTHON) -m venv build/docs && \
	  build/docs/bin/python -m pip install --quiet --only-binary :all: -r requirements-docs.lock; }
	NO_MKDOCS_2_WARNING=1 build/docs/bin/mkdocs $(or $(ARGS),build --quiet)

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The stamps: an installation is made anew when a list of versions or pyproject.toml is newer.
# Wheels only, so that no C compiler is needed.
$(CORE): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "'$(PYTHON)' is not on the path; name a Python 3.11 or newer: make run PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "SN needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	    "name another: make run PYTHON=python3.12" >&2; \
	  exit 1; }
	@echo "setting up $(VENV) (once; about a minute)" >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) --only-binary :all: -r requirements.lock
	@$(PIP) --no-deps -e .
	@touch $@

$(DEV): $(CORE) requirements-dev.lock
	@echo "adding the development tools to $(VENV) (once)" >&2
	@$(PIP) --only-binary :all: -r requirements-dev.lock
	@touch $@

# On Linux the package index has torch for CUDA only, which is ten times as large; the page named
# here lists torch for the CPU, and pip prefers it. What cannot be installed is left out of the race.
TORCH_CPU := https://download.pytorch.org/whl/cpu/torch/

$(PEER): $(CORE)
	@echo "adding the benchmark's rivals to $(VENV) (once; these are large)" >&2
	@$(PIP) -c requirements.lock -e '.[plot]'
	@$(PIP) -c requirements.lock --find-links $(TORCH_CPU) -e '.[bench]' && touch $@ || \
	  echo "torch and jax could not be installed: they are left out, and tried again next time" >&2

# Newest versions that fit pyproject.toml, frozen. The second list has what the first one lacks.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --only-binary :all: .
	{ echo "# Made by \`make lock\`: what \`sn\` runs with."; \
	  build/lock/bin/pip freeze --exclude sn --exclude setuptools; } > build/core.lock
	build/lock/bin/python -m pip install --quiet --only-binary :all: '.[dev]'
	{ echo "# Made by \`make lock\`: what the tests need besides."; \
	  echo "-r requirements.lock"; \
	  build/lock/bin/pip freeze --exclude sn --exclude setuptools \
	    | grep -vxFf build/core.lock; } > build/dev.lock
	mv build/core.lock requirements.lock && mv build/dev.lock requirements-dev.lock
	$(PYTHON) -m venv build/lock-docs
	build/lock-docs/bin/python -m pip install --quiet --only-binary :all: mkdocs mkdocs-material
	{ echo "# Made by \`make lock\`: what \`make site\` builds with."; \
	  build/lock-docs/bin/pip freeze --exclude setuptools; } > requirements-docs.lock

# All that make made; runs/ stays, it holds results.
clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
