# Each target sets up what it needs in .venv, inside the checkout. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_PYTHON ?= $(shell for python in python3.14 python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null && echo "$$python" && exit; done; echo $(PYTHON))

.PHONY: demo test lint lab lab-long bench bench-short soak fuzz audit clean

demo: $(VENV)/.runs  ## the whole lane on embedded defaults, with a guided tour
	$(BIN)/scanner-daemon demo

# A browser, and a keyboard that is made of a pseudo terminal, keep time: they have the machine to themselves.
ALONE := $(wildcard tests/integration/*_browser.py) $(addprefix tests/integration/,test_examples.py test_wedge_umockdev.py)

test: $(VENV)/.tests  ## all tests but the hardware lab
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ALONE:%=--ignore=%)
	$(BIN)/python -m pytest $(ALONE)

lab: $(VENV)/.tests  ## the shipped product on a real kernel: builds a Debian guest for QEMU, some minutes the first time
	$(BIN)/python -m tests.lab
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not long' tests/lab

lab-long: $(VENV)/.tests  ## the lab's long tests: products to the till, setup driven by a scanner
	$(BIN)/python -m tests.lab long
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long tests/lab

lint: $(VENV)/.tests  ## style, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv-bench/.ready .venv-lane/.installed .venv-peers/.peers  ## what the README claims in numbers, next to others: benchmarks/RESULTS.md
	.venv-bench/bin/python -m benchmarks

bench-short: $(VENV)/.tests  ## of that what is counted, in a minute: fails for a wrong ID or a request too many
	$(BIN)/python -m benchmarks --short

soak: $(VENV)/.tests  ## an hour of a busy lane in 72 seconds: memory, descriptors and look-up times stay as they were
	$(BIN)/python -m benchmarks.soak

audit: $(VENV)/.audit  ## known vulnerabilities of the versions we test with; asks pypi.org
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement constraints.txt

fuzz: $(VENV)/.tests  ## a million hostile inputs: no crash, no growth, no secret and no customer in the log
	$(BIN)/python -m tests.fuzz 1000000

clean:
	rm -rf $(VENV) .venv-bench .venv-lane .venv-peers build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.runs: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tests: $(VENV)/.runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

# All on the same Python, the newest that is here: one of the peers needs 3.13.
.venv-bench/.ready: pyproject.toml constraints.txt
	$(MAKE) VENV=.venv-bench PYTHON='$(BENCH_PYTHON)' .venv-bench/.tests
	touch $@

# As a lane has it: the package itself, and nothing for tests.
.venv-lane/.installed: pyproject.toml constraints.txt $(shell git ls-files scanner_daemon)
	rm -rf .venv-lane
	$(BENCH_PYTHON) -m venv .venv-lane
	.venv-lane/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt .
	rm -rf build
	touch $@

.venv-peers/.peers: benchmarks/peers.txt
	test -x .venv-peers/bin/python || $(BENCH_PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	touch $@

$(VENV)/.audit: $(VENV)/.runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[audit]'
	touch $@
