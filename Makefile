# Petitions. `make` says what there is; `make run` shows it working.

PYTHON ?= python3
JOBS ?= 3
BIN := .venv/bin
# Where it is set, every process compiles all of our code anew, which takes a second or two; tests start a hundred.
unexport PYTHONDONTWRITEBYTECODE
PO := $(wildcard petitions/translations/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

# Locked packages with hashes, by uv where there is one, else by pip.
install = if [ -x $(BIN)/uv ]; then \
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1); \
	else $(BIN)/python -m pip install --quiet --require-hashes -r $(1); fi

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test lint bench lock messages revision tools clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup  ## the demonstration: everything on this machine, nothing leaves it (ARGS="--port 8001")
	$(BIN)/petitions demo $(ARGS)

setup: .venv/.runtime $(MO)  ## .venv with what running needs

setup-test: setup .venv/.test  ## and with what testing needs

test: setup-test tools  ## every test (ARGS="-k names", JOBS=1)
	@# browsers beside the others, not among them: Playwright keeps an event loop running, in which nothing else may start one
	@( $(BIN)/pytest -m browser $(ARGS) >.venv/browsers.log 2>&1 & pytest=$$!; trap 'kill $$pytest' TERM; \
		wait $$pytest; code=$$?; cat .venv/browsers.log; exit $$code ) & \
	browsers=$$!; trap 'kill $$browsers' INT TERM; \
	$(BIN)/pytest -m "not browser" -n $(JOBS) --dist worksteal $(ARGS); others=$$?; \
	wait $$browsers; browsers=$$?; \
	for code in $$browsers $$others; do case $$code in 0|5) ;; *) exit $$code;; esac; done  # 5: of these ARGS chose none

lint: setup-test  ## style, types, and which way imports point
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup-test .venv/.bench  ## side by side with the alternatives (ONLY=names-table)
	$(BIN)/python -m bench $(ONLY)

messages: setup  ## bring the catalogues up to date with the words in code and templates
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -k lazy_gettext -k _l -o .venv/messages.pot .
	$(BIN)/pybabel -q extract -F document.cfg --no-location --sort-output -o .venv/document.pot .
	@for po in $(PO); do language=$${po#petitions/translations/}; words=$${po##*/}; \
		$(BIN)/pybabel -q update -i .venv/$${words%.po}.pot -o $$po -l $${language%%/*} \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date; done

revision: setup-test  ## draft the next migration from the models (MESSAGE="Add mottos")
	@test -n "$(MESSAGE)" || { echo 'say what it does: make revision MESSAGE="Add mottos"' >&2; exit 2; }
	$(BIN)/python -c 'import sys; from petitions.migrate import draft; draft(sys.argv[1])' "$(MESSAGE)"
	$(BIN)/ruff format --quiet migrations/versions

lock: .venv/.made  ## choose the newest versions and write the lock files
	echo uv | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --quiet --upgrade -o requirements-uv.txt
	$(COMPILE) --upgrade --extra build -o requirements.txt
	$(COMPILE) --upgrade --extra test -c requirements.txt -o requirements-test.txt
	$(COMPILE) --upgrade --extra bench -c requirements-test.txt -o requirements-bench.txt

clean:  ## remove .venv, caches and compiled catalogues; never var/
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info $(MO)

# -- below: how ------------------------------------------------------------------------------------

.venv/.made:
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed; say where it is: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo 'Python cannot make a virtual environment; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.txt || \
		echo 'uv is not to be had here; going on with pip, which takes a little longer'
	@touch $@

.venv/.runtime: .venv/.made requirements.txt pyproject.toml
	@echo 'installing what running needs ...'
	@$(call install,requirements.txt)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.test: .venv/.runtime requirements-test.txt
	@echo 'installing what testing needs ...'
	@$(call install,requirements-test.txt)
	@touch $@

.venv/.bench: .venv/.test requirements-bench.txt
	@echo 'installing what we measure ourselves against ...'
	@$(call install,requirements-bench.txt)
	@touch $@

%.mo: %.po .venv/.runtime
	$(BIN)/pybabel -q compile -i $< -o $@

tools:  # programs that tests use and pip does not bring
	@missing=; \
	command -v pdfsig >/dev/null || missing="$$missing poppler-utils"; \
	command -v qpdf >/dev/null || missing="$$missing qpdf"; \
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$$missing rabbitmq-server"; \
	[ -n "$$PETITIONS_CHROMIUM" ] || command -v chromium >/dev/null || missing="$$missing chromium"; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing ..."; apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	else echo "The tests need these programs; on Debian: sudo apt-get install$$missing" >&2; exit 1; fi
