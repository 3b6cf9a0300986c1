# make demo   install what is missing, then run the main job
# make test   the same set-up, then lint, types and all tests
# make test-vagrant   installs Vagrant and libvirt, then two hosts of theirs: up, proven, measured, gone; tens of minutes
# make test-alone   machines on the real clock, without an accelerator too; the machine should have nothing else to do
# make test-ssh   a lab on the machines of another: proven, measured without snapshots, given back; tens of minutes
# make test-cloud   clouds' APIs on this machine: made, found again, removed; then a lab on machines that stand for EC2's instances
# make test-cluster   builds Kubernetes from the distribution's source package, then the tests on real clusters, one on the machines of another lab
# make test-cluster-roles   a cluster's roles: their scenarios and what they tell an API server, on the same build
SHELL := /bin/sh
VENV := .venv
PACKAGES := e2fsprogs mmdebstrap openssh-client python3-venv qemu-system-x86 qemu-utils
# what tests need besides
test fast real: PACKAGES += chromium docker-registry iproute2 iptables nftables skopeo util-linux vagrant wrk
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)
# what makes hosts for `make test-vagrant`
test-vagrant: PACKAGES += dnsmasq-base iproute2 libvirt-clients libvirt-daemon-driver-qemu libvirt-daemon-system util-linux \
  vagrant vagrant-libvirt
# without root, an image is baked with the user's subordinate ids
PACKAGES += $(if $(SUDO),uidmap)

.PHONY: demo test check fast real vm test-alone test-vagrant test-ssh test-cloud cluster-if-built test-cluster test-cluster-roles kubernetes bench intervals packages clean

demo: packages $(VENV)/.netlab
	$(VENV)/bin/netlab run

test: check fast real vm cluster-if-built

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/ansible-lint --offline

fast: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -n auto

# the real command in real surroundings, real plays, real tools; no machine
real: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -m real -n auto

# a fleet on the virtual clock keeps one processor busy, so two at a time; what else runs is not felt in its figures
vm: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -m vm -n 2 --dist worksteal --durations 12 --timeout 1500

# what the virtual clock cannot show: a kernel for each host
test-alone: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -m alone -n 0 --durations 0 --timeout 1800 tests

# in namespaces of the test's own, which need root; no test may take longer than 90 minutes, all together 2 hours
test-vagrant: packages $(VENV)/.dev
	$(SUDO) env PATH="$$PATH" XDG_CACHE_HOME="$(or $(XDG_CACHE_HOME),$(HOME)/.cache)" \
	  timeout --kill-after 60 7200 $(VENV)/bin/pytest -q -m vagrant -n 0 --durations 0 tests/hosts/vagrant

# wall clocks without an accelerator: the machine should have nothing else to do
test-ssh: packages $(VENV)/.dev
	$(VENV)/bin/pytest -q -m 'ssh and not cluster' -n 0 --durations 0 tests/hosts/ssh tests/roles/test_teardown_vm.py

# moto answers for EC2 on 127.0.0.1, a small server of the tests' own for Hetzner; the test with machines needs root
test-cloud: packages $(VENV)/.dev
	$(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' || \
	  $(VENV)/bin/python scripts/collection.py hetzner.hcloud $(VENV)/collections
	$(VENV)/bin/pytest -q -m cloud -n 0 --durations 0 --timeout 3600 tests/hosts/cloud

# Kubernetes from the distribution's source package: tens of minutes and about 6 GB the first time
KUBERNETES := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/netlab/kubernetes-source
kubernetes: packages $(VENV)/.dev
	$(VENV)/bin/python scripts/kubernetes_source.py $(KUBERNETES)

CLUSTER_TESTS := $(VENV)/bin/pytest -q -m cluster -n 0 --durations 0 --timeout 3600
test-cluster: kubernetes
	$(CLUSTER_TESTS) tests/test_cluster_vm.py tests/hosts/ssh/test_ssh_cluster_vm.py

test-cluster-roles: kubernetes
	$(CLUSTER_TESTS) tests/roles

# what `make test` does of it: where the build is there, it is not made again, and else nothing
cluster-if-built: packages $(VENV)/.dev
	@if test -f $(KUBERNETES)/lock.yml; then set -x; $(CLUSTER_TESTS) tests/test_cluster_vm.py; \
	else echo 'SKIPPED the tests on a real cluster: $(KUBERNETES) has no Kubernetes (make test-cluster builds it)'; fi

bench: packages $(VENV)/.netlab
	$(VENV)/bin/python scripts/bench.py

# the tables of docs/measuring.md: how often intervals and verdicts are right; two minutes of processor time, no machine
intervals: $(VENV)/.netlab
	$(VENV)/bin/python scripts/intervals.py
	$(VENV)/bin/python -m scripts.builds

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
