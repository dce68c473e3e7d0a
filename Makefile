# make run    dictate a recording through the C library   (make run WAV=path for another one)
# make test   every test            make lint      ruff and mypy
# make lib    the library           make sanitize  the C tests under sanitizers
# make bench  speed and memory      make bench-llm what one shared client saves
# make clean  remove what was built
#
# PYTHON is the interpreter that the environment is made of, 3.11 or newer with its shared library.

PYTHON ?= python3
CC ?= cc

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LIB := build/.ready
NATIVE := $(wildcard koe/native/*.[ch]) include/koe_core.h build_ffi.py

.PHONY: run test lint lib sanitize bench bench-llm clean

# The configuration of this run is its own: it does not touch the one in your home.
run: build/dictate
	@mkdir -p build/home
	@$(BIN)/koe convert "$(or $(WAV),$(firstword $(wildcard $(VENV)/lib/python3*/site-packages/moonshine_voice/assets/beckett.wav)))" build/recording.pcm
	@HOME="$(CURDIR)/build/home" build/dictate build/recording.pcm

test: $(LIB)
	$(BIN)/pytest

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lib: $(LIB)

# LeakSanitizer is off: an interpreter that is never finalised keeps what it has.
sanitize: $(LIB)
	KOE_SANITIZE=address,undefined ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 \
	  $(BIN)/pytest tests/abi
	KOE_SANITIZE=thread $(BIN)/pytest tests/abi/test_ring.py

bench: $(LIB)
	$(BIN)/python -m bench

bench-llm: $(READY)
	$(BIN)/python -m bench.llm

clean:
	rm -rf build bench/out $(VENV)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "koe: $(PYTHON) is older than Python 3.11; try: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "koe: $(PYTHON) can't make an environment; install its venv module (Debian: python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(LIB): $(READY) $(NATIVE)
	CC="$(CC)" $(BIN)/python build_ffi.py
	@touch $@

build/dictate: examples/c/dictate.c $(LIB)
	$(CC) -std=c11 -O2 -Wall -Wextra -Ibuild/abi-c/include $< -Lbuild/abi-c/lib -lkoe_core \
	  -Wl,-rpath,"$(CURDIR)/build/abi-c/lib" -lpthread -o $@
