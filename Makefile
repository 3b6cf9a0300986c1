# make demo   install what is missing, then run the main job
# make test   the same set-up, then lint, types and all tests
SHELL := /bin/sh
VENV := .venv
PACKAGES := e2fsprogs mmdebstrap openssh-client python3-venv qemu-system-x86 qemu-utils
# what tests need besides
test fast: PACKAGES += docker-registry skopeo wrk
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)
# without root, an image is baked with the user's subordinate ids
PACKAGES += $(if $(SUDO),uidmap)

.PHONY: demo test check fast vm bench packages clean

demo: packages $(VENV)/.netlab
	$(VENV)/bin/netlab run

test: check fast vm

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/ansible-lint --offline

fast: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -n auto

# one process boots the fleets, so that a small machine is not asked for two at once
vm: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -m vm --timeout 1500

bench: packages $(VENV)/.netlab
	$(VENV)/bin/python scripts/bench.py

packages:
	@missing=$$(for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || printf '%s ' $$package; \
	done); \
	test -z "$$missing" || { set -x; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/.netlab: $(VENV)/bin/python pyproject.toml
	$(VENV)/bin/pip install -q -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(VENV)/bin/pip install -q -e '.[dev]'
	touch $@ $(VENV)/.netlab

clean:
	rm -rf $(VENV) build dist
