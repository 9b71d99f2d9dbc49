# The commands of daily work. `make` alone lists them.
#
# One build serves all. Development dependencies switch on features of crates that the program
# shares with them, so `cargo build` and `cargo test` would each compile the network library (burn,
# about 9 minutes of CPU) in their own way. Therefore every target that builds asks for the same
# selection, $(SELECTION), in the one profile, release: the program and the tests together. What
# `cargo test` then asks for is already there.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
SELECTION := --release --locked --bins --tests
VIGIL := $(or $(CARGO_TARGET_DIR),target)/release/vigil

# The recordings and models of `make auroc`, and the file of `make fuzz`.
DATA ?= ../shared/data/scalp-bids
AUROC_MODELS ?= fold-1,fold-2,fold-3,fold-4,fold-5,fold-6
FUZZ_TEST ?= edf_damaged
FUZZ_CASES ?= 20000
FUZZ_SECONDS ?= 300

.PHONY: help
help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.PHONY: setup
setup: ## install the Debian packages that are missing, check the Rust toolchain
	@bash .ci/setup

.PHONY: build
build: setup ## compile the program and its tests, once for all targets
	$(CARGO) build $(SELECTION)

.PHONY: demo
demo: build ## replay the recordings of a real patient, from the first to the last alarm
	$(VIGIL) demo

.PHONY: test
test: build ## run the tests
	$(CARGO) test --release --locked

.PHONY: bench
bench: setup ## measure the parts that must be fast
	$(CARGO) bench --locked

.PHONY: fuzz
fuzz: build ## read damaged files by the thousand; with cargo-fuzz, search for more
	VIGIL_FUZZ_CASES=$(FUZZ_CASES) $(CARGO) test --release --locked --test $(FUZZ_TEST)
	@if [ ! -d fuzz ]; then echo "fuzz: no folder fuzz/, so no cargo-fuzz targets to run"; \
	elif ! $(CARGO) fuzz --version >/dev/null 2>&1; then \
	    echo "fuzz: cargo-fuzz is not installed (cargo install cargo-fuzz; it needs a nightly toolchain)"; \
	else \
	    for target in $$($(CARGO) fuzz list); do \
	        $(CARGO) +nightly fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS); \
	    done; \
	fi

.PHONY: check
check: setup ## format, lints, and with cargo-deny licences and advisories
	$(CARGO) fmt --check
	$(CARGO) clippy --release --all-targets --locked -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --locked check bans licenses sources; $(CARGO) deny --locked check advisories; \
	else echo "check: cargo-deny is not installed (cargo install cargo-deny --locked); licences and advisories go unchecked"; fi

.PHONY: auroc
auroc: build ## second-by-second AUROC on people whom the networks were not trained on
	$(VIGIL) evaluate --data $(DATA) --model $(AUROC_MODELS) --beside models/baselines/per_person.tsv

.PHONY: models
models: build ## train the networks anew, in hours: one per fold for `make auroc`, and the one of the demo
	for fold in 1 2 3 4 5 6; do $(VIGIL) train --data $(DATA) --name fold-$$fold --fold $$fold/6; done
	$(VIGIL) train --data $(DATA) --name cnn --exclude chb03

.PHONY: clean
clean: ## remove what was built; models and patients stay
	$(CARGO) clean
