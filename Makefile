# `make demo` shows relink at work, `make test` proves it; both set up .venv first.
# Needs Python 3.11 or newer with its venv module, a POSIX shell and GNU make 3.81.

PYTHONS = $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)
FOLDERS = engine machines adapters
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

HERE = '$(subst ','\'',$(CURDIR))/.venv'
IS_USABLE = { test -x .venv/bin/python && grep -F -q -e ' '$(HERE) .venv/pyvenv.cfg; } 2>/dev/null

# Otherwise it looks on the network for a newer release of itself.
PYRIGHT = PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright

SITE_PACKAGES = -c 'import sysconfig; print(sysconfig.get_path("purelib"))'

# The tests start hundreds of processes. Each would compile all of relink again.
test coverage: export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test coverage lint types docs bench dist clean replace
.NOTPARALLEL: # one pip at a time in one environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed-demo ## play relink's situations against a simulated Stripe, no keys needed
	@.venv/bin/relink demo

# Hypothesis draws from sets too, whose order depends on the hash seed.
# `CI=true make test` runs the full profile; tests/profile.py says what that is.
test: .venv/installed-test .venv/preview-sdk/installed .venv/xstate/installed .venv/axe-core/installed .venv/mermaid/installed ## run the tests, quickly; CI=true: all they can do
	PYTHONHASHSEED=0 .venv/bin/python -m pytest --numprocesses logical --maxprocesses 8

coverage: .venv/installed-test .venv/preview-sdk/installed .venv/xstate/installed .venv/axe-core/installed .venv/mermaid/installed ## run the tests and report the branches that they miss
	.venv/bin/coverage run -m pytest
	.venv/bin/coverage report --show-missing --skip-covered

lint: .venv/installed-lint ## check style and format
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

docs: .venv/installed-test ## write the generated pages of the documentation
	.venv/bin/python docs/generate.py

# mypy does not follow editable installs; links lay the folders out as they install.
# The examples are checked as a user's code: against an installed relink, and no settings of ours
# but that pyright is strict too.
types: .venv/installed-test .venv/installed-types ## check types, as a user's own code would see them too
	@mkdir -p .venv/src/relink
	@for folder in $(FOLDERS); do \
	    test -e .venv/src/relink/$$folder || ln -s ../../../$$folder .venv/src/relink/$$folder; \
	done
	MYPYPATH=.venv/src .venv/bin/mypy --strict $(FOLDERS:%=-p relink.%)
	rm -rf build .venv/user
	.venv/bin/python -m venv --without-pip .venv/user
	$(PIP) --no-deps --no-build-isolation --target "$$(.venv/user/bin/python $(SITE_PACKAGES))" .
	.venv/bin/python $(SITE_PACKAGES) >"$$(.venv/user/bin/python $(SITE_PACKAGES))/others.pth"
	.venv/bin/mypy --strict --config-file= \
	    --python-executable .venv/user/bin/python docs/examples/*.py docs/examples/charts/*.py
	$(PYRIGHT) --pythonpath .venv/user/bin/python

bench: .venv/installed-bench ## measure speed, beside others: ROWS="decide step" for some rows
	.venv/bin/python -m benchmarks $(ROWS)

dist: .venv/installed-lint ## build the sdist and, from it, the wheel
	rm -rf dist
	.venv/bin/python -m build --no-isolation

clean: ## remove all that make made
	rm -rf .venv build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# setuptools comes first, and from the constraints: an isolated build would fetch the newest.
# Newer pips show its warning about editable installs, which is meant for other layouts.
.venv/installed-%: pyproject.toml setup.py constraints.txt .venv/pyvenv.cfg
	@echo "Installing relink[$*] into .venv"
	@$(PIP) setuptools
	@PYTHONWARNINGS=ignore $(PIP) --no-build-isolation --editable '.[$*]'
	@touch $@

# The simulator's objects are compared with the types of Stripe's preview SDK, which has the
# same name as the generally available one and so gets a folder of its own.
.venv/preview-sdk/installed: constraints-preview.txt .venv/pyvenv.cfg
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	    --target .venv/preview-sdk --requirement constraints-preview.txt
	@touch $@

# XState plays what `relink export` writes, and axe-core looks for barriers in the pages. They are
# for the tests only, so npm need not be there.
.venv/xstate/installed .venv/axe-core/installed: .venv/%/installed: constraints-node.txt .venv/pyvenv.cfg
	@if command -v npm >/dev/null; then \
	    mkdir -p $(@D) && npm install --silent --no-save --no-package-lock --ignore-scripts \
	        --no-audit --no-fund --prefix $(@D) $$(grep '^$*@' constraints-node.txt) && touch $@; \
	else \
	    echo "npm is not installed: the tests that need $* are skipped"; \
	fi

# The browser draws what `relink diagram --format mermaid` writes. One file of the package is all
# that it needs, so none of its dependencies is installed.
.venv/mermaid/installed: constraints-node.txt .venv/pyvenv.cfg
	@if command -v npm >/dev/null; then \
	    mkdir -p $(@D) && cd $(@D) && rm -f *.tgz && \
	    npm pack --silent $$(grep '^mermaid@' ../../constraints-node.txt) >/dev/null && \
	    tar -xzf *.tgz package/dist/mermaid.min.js && rm -f *.tgz && touch installed; \
	else \
	    echo "npm is not installed: the test that needs Mermaid is skipped"; \
	fi

# Each interpreter is tried until one serves: a name on the path may not run (a version
# manager's shim), or lack what Debian packages apart (venv).
# An environment whose interpreter has gone, as after an upgrade, is replaced. So is one that came
# along with a moved or copied folder: its commands run in the folder that it was made in, which
# pyvenv.cfg names.
.venv/pyvenv.cfg: $(if $(shell $(IS_USABLE) && echo usable),,replace)
	@test ! -e $@ || $(IS_USABLE) || echo "Replacing .venv, which belongs to another folder or has no interpreter"
	@lacking=; \
	for python in $(PYTHONS); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    error=$$("$$python" -c 'import ensurepip, sqlite3, ssl, venv' 2>&1 | tail -n 1); \
	    if [ -z "$$error" ]; then \
	        "$$python" -m venv --clear .venv && exit 0; \
	        rm -rf .venv; exit 1; \
	    fi; \
	    lacking="$$lacking; $$python lacks a module ($$error)"; \
	done; \
	{ \
	    echo "relink needs Python 3.11 or newer with its venv module."; \
	    echo "Tried: $(PYTHONS)$$lacking."; \
	    echo "On Debian and Ubuntu: apt-get install python3 python3-venv (python3.13-venv for python3.13)."; \
	    echo "To name an interpreter: make PYTHON=/path/to/python3"; \
	} >&2; \
	exit 1
