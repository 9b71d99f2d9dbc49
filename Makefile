# The commands of daily work. `make` alone lists them.
#
# One build serves all. Development dependencies switch on features of crates that the program
# shares with them, so `cargo build` and `cargo test` would each compile the network library (burn,
# about 9 minutes of CPU) in their own way. Therefore every target that builds asks for the program
# together with tests, in the one profile, release: $(SELECTION), or $(PROGRAM) where one test stands
# for all. What `cargo test` then asks for is already there.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
SELECTION := --release --locked --bins --tests
# The program alone, for those who want to see it run first: one test brings in the same features.
PROGRAM := --release --locked --bins --test alarm_states
VIGIL := $(or $(CARGO_TARGET_DIR),target)/release/vigil

# The recordings and models of `make auroc`, and the file of `make fuzz`.
DATA ?= ../shared/data/scalp-bids
# One training keeps little more than one core busy, so folds are trained side by side, a core each.
TRAINED_AT_ONCE ?= $(shell nproc)
AUROC_MODELS ?= fold-1,fold-2,fold-3,fold-4,fold-5,fold-6
FUZZ_TEST ?= edf_damaged
FUZZ_CASES ?= 20000
FUZZ_SECONDS ?= 300

# Where `make install` puts things.
PREFIX ?= /usr/local
UNITS ?= /etc/systemd/system
DESTDIR ?=

.PHONY: help
help: ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.PHONY: setup
setup: ## install the Debian packages that are missing, check the Rust toolchain
	@bash .ci/setup

.PHONY: build
build: setup ## compile the program and its tests, once for all targets
	$(CARGO) build $(SELECTION)

.PHONY: program
program: setup ## compile the program alone
	$(CARGO) build $(PROGRAM)

.PHONY: demo
demo: program ## replay the recordings of a real patient, from the first to the last alarm
	$(VIGIL) demo

.PHONY: demo-page
demo-page: program ## the same patient as if it happened now, with the review page
	$(VIGIL) replay patients/chb03/recordings --patient chb03 --serve --speed 1 --out out/demo-page

.PHONY: test
test: build python counterparties browser ## run the tests, as many programs side by side as there are cores
	CARGO="$(CARGO)" bash .ci/tests

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

.PHONY: python
python: ## for the tests with liblsl: a Python of their own in .venv, if there is none
	@bash .ci/python

.PHONY: browser
browser: ## install the browser in which the review page is tested (Debian's chromium)
	@bash .ci/browser

.PHONY: counterparties
counterparties: ## install the MQTT broker that a test speaks with (Debian's mosquitto)
	@bash .ci/counterparties

.PHONY: crash
crash: build ## kill the daemon three hundred times, two hundred of them while alarms rise, and see what is lost
	$(CARGO) test --release --locked --test daemon_survives_kill -- --ignored --nocapture
	$(CARGO) test --release --locked --test alarms_survive_kill -- --ignored --nocapture

.PHONY: alarm-latency
alarm-latency: build ## from verdict to a webhook received on loopback, over some fifty alarms
	$(CARGO) test --release --locked --test alarm_latency -- --ignored --nocapture

.PHONY: screenshots
screenshots: program python browser ## photograph the review page for GUIDE and README
	.venv/bin/python tests/page/photograph.py $(VIGIL) docs

.PHONY: bench-page
bench-page: program python browser ## how long turning a page of the review page takes, in headless Chromium
	.venv/bin/python benches/page_turn.py

.PHONY: bench-preview
bench-preview: build ## how long it takes to show what other settings would have done to a week
	$(CARGO) test --release --locked --test recalibration how_long_a_preview -- --ignored --nocapture

.PHONY: bench-ward
bench-ward: build ## ten minutes of 64 beds over LSL: latency, loss, memory
	$(CARGO) test --release --locked --test ward_load a_ward_of_64_beds -- --ignored --nocapture

.PHONY: soak
soak: build ## a simulated day of 4 beds, as fast as it goes: memory
	$(CARGO) test --release --locked --test ward_load over_a_simulated_day -- --ignored --nocapture

.PHONY: install
install: ## after `make build`, as root: install the daemon as a service (DESTDIR and PREFIX are obeyed)
	@[ -x $(VIGIL) ] || { echo "install: $(VIGIL) is not there: run \`make build\` first, as yourself"; exit 1; }
	install -D -m 755 $(VIGIL) $(DESTDIR)$(PREFIX)/bin/vigil
	install -d $(DESTDIR)$(PREFIX)/share/vigil/models $(DESTDIR)$(PREFIX)/share/doc/vigil
	cp -r models/cnn models/shared $(DESTDIR)$(PREFIX)/share/vigil/models/
	install -m 644 GUIDE.md README.md ARCHITECTURE.md LICENSE-* $(DESTDIR)$(PREFIX)/share/doc/vigil/
	install -d $(DESTDIR)$(PREFIX)/share/doc/vigil/docs $(DESTDIR)$(PREFIX)/share/doc/vigil/models/reports
	install -m 644 docs/* $(DESTDIR)$(PREFIX)/share/doc/vigil/docs/
	install -m 644 models/README.md $(DESTDIR)$(PREFIX)/share/doc/vigil/models/
	install -m 644 models/reports/*.md $(DESTDIR)$(PREFIX)/share/doc/vigil/models/reports/
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/local|$(PREFIX)|g' systemd/vigil.service > $(DESTDIR)$(UNITS)/vigil.service
	sed 's|/usr/local|$(PREFIX)|g' systemd/vigil.socket > $(DESTDIR)$(UNITS)/vigil.socket
	install -D -m 644 systemd/vigil.sysusers $(DESTDIR)/usr/lib/sysusers.d/vigil.conf
	install -D -m 644 systemd/vigil.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/vigil.conf
	install -d $(DESTDIR)/etc/vigil
	@if [ -e $(DESTDIR)/etc/vigil/vigil.toml ]; then echo "install: /etc/vigil/vigil.toml is left as it is"; \
	else sed 's|/usr/local|$(PREFIX)|g' systemd/vigil.toml > $(DESTDIR)/etc/vigil/vigil.toml; fi
	@if [ ! -e $(DESTDIR)/etc/vigil/api-token ]; then \
	    (umask 077; head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > $(DESTDIR)/etc/vigil/api-token); fi
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
	    systemd-sysusers vigil.conf && systemd-tmpfiles --create vigil.conf && systemctl daemon-reload; \
	    echo "install: next, describe the beds in /etc/vigil/vigil.toml, then: systemctl enable --now vigil.socket vigil"; fi

.PHONY: uninstall
uninstall: ## remove what install put there; configuration, patients and records stay
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl disable --now vigil vigil.socket || true; fi
	rm -f $(DESTDIR)$(PREFIX)/bin/vigil $(DESTDIR)$(UNITS)/vigil.service $(DESTDIR)$(UNITS)/vigil.socket
	rm -f $(DESTDIR)/usr/lib/sysusers.d/vigil.conf $(DESTDIR)/usr/lib/tmpfiles.d/vigil.conf
	rm -rf $(DESTDIR)$(PREFIX)/share/vigil $(DESTDIR)$(PREFIX)/share/doc/vigil
	@echo "uninstall: /etc/vigil and /var/lib/vigil (patients, records, alarms) are left; remove them by hand"

.PHONY: auroc
auroc: program ## second-by-second AUROC on people whom the networks were not trained on
	$(VIGIL) evaluate --data $(DATA) --model $(AUROC_MODELS) --beside models/baselines/per_person.tsv

FOLDS := 1 2 3 4 5 6
names = $(subst $(space),$(comma),$(addprefix $(1)-,$(FOLDS)))
comma := ,
empty :=
space := $(empty) $(empty)
DETECTOR := drawing and traces
PEERS := --three-class $(call names,fold) --two-class $(call names,two-class) --hard-negatives $(call names,hard-negatives)

.PHONY: cross-person
cross-person: program ## the methods side by side on people whom no network has seen: models/reports/cross-person
	$(VIGIL) evaluate cross-person --data $(DATA) $(PEERS) --gains 0.85,1,1.18 \
	    --also "$(DETECTOR)=$(call names,traces)" --about "$(DETECTOR)" --out models/reports/cross-person

.PHONY: equipment
equipment: program ## the detector where EEG is smaller or larger, filtered, or without some electrodes: models/reports/equipment
	$(VIGIL) evaluate cross-person --data $(DATA) --three-class $(call names,traces) --amplitudes 0.5,0.7,1.4,2 --equipment --out models/reports/equipment

.PHONY: look-alikes
look-alikes: program ## alarms where periodic discharges, chewing and the like are added to seizure-free EEG: models/reports/look-alikes
	$(VIGIL) evaluate cross-person --data $(DATA) --three-class $(call names,fold) --two-class $(call names,two-class) --look-alikes \
	    --also "$(DETECTOR)=$(call names,traces)" --about "$(DETECTOR)" --out models/reports/look-alikes

# The networks that are compared must lie in one folder, and those of this trial are not kept.
.PHONY: look-alikes-taught
look-alikes-taught: program ## teach networks such look-alikes, in one to two hours, and compare: out/look-alikes-taught
	mkdir -p out/taught
	cp -r $(foreach kind,fold two-class traces,$(foreach fold,$(FOLDS),models/$(kind)-$(fold))) out/taught
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --models out/taught --name look-K --fold K/6 --from fold-K --look-alikes --epochs 2
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --models out/taught --name look-traces-K --fold K/6 --from look-K --look-alikes \
	    --config models/architectures/traces.toml
	$(VIGIL) evaluate cross-person --data $(DATA) --models out/taught --three-class $(call names,fold) --two-class $(call names,two-class) --look-alikes \
	    --also "$(DETECTOR)=$(call names,traces)" --about "$(DETECTOR)" --also "three-class CNN on the drawing, taught look-alikes=$(call names,look)" \
	    --also "three-class CNN on drawing and traces, taught look-alikes=$(call names,look-traces)" --out out/look-alikes-taught

# The detector's network with two classes: what the third one is worth, all else equal. Not kept.
.PHONY: third-class
third-class: program ## train the detector's network with two classes, in half an hour, and compare: out/third-class
	mkdir -p out/third-class-networks
	cp -r $(foreach kind,two-class traces,$(foreach fold,$(FOLDS),models/$(kind)-$(fold))) out/third-class-networks
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --models out/third-class-networks --name two-traces-K --fold K/6 \
	    --from two-class-K --two-classes --config models/architectures/traces.toml
	$(VIGIL) evaluate cross-person --data $(DATA) --models out/third-class-networks --three-class $(call names,traces) --two-class $(call names,two-traces) --look-alikes \
	    --out out/third-class

.PHONY: within-patient
within-patient: program ## patients' later recordings after a fit to the earlier ones: models/reports/within-patient
	$(VIGIL) evaluate within-patient --data $(DATA) $(PEERS) --sensitivity 0.85 \
	    --also "$(DETECTOR)=$(call names,traces)" --about "$(DETECTOR)" --out models/reports/within-patient

.PHONY: longitudinal
longitudinal: program ## each person's stream in time order, blocks of a minute: models/reports/longitudinal
	$(VIGIL) evaluate longitudinal --data $(DATA) $(PEERS) --block 60 \
	    --also "$(DETECTOR)=$(call names,traces)" --about "$(DETECTOR)" --out models/reports/longitudinal

.PHONY: models
models: program ## train all networks anew, in hours
	$(VIGIL) train --autoencoder --data $(DATA) --exclude chb03
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --name fold-K --fold K/6
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --name two-class-K --fold K/6 --two-classes
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --name hard-negatives-K --fold K/6 --two-classes --hard-negatives
	seq 6 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --name traces-K --fold K/6 --from fold-K --config models/architectures/traces.toml
	$(VIGIL) train --replace --data $(DATA) --name cnn-drawing --exclude chb03
	$(VIGIL) train --replace --data $(DATA) --name cnn --exclude chb03 --from cnn-drawing --config models/architectures/traces.toml
	rm -r models/cnn-drawing

THREE = $(1)-1,$(1)-2,$(1)-3
TRIAL = seq 3 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --models out/models --fold K/3 --epochs 1

.PHONY: switches
switches: program ## train with each switch, in an hour, and compare on people whom no network has seen: models/reports/switches
	$(VIGIL) labels --data $(DATA) --model $(AUROC_MODELS) --out out/proposals.tsv
	$(TRIAL) --name base-K
	$(TRIAL) --name cleaned-K --labels out/proposals.tsv
	$(TRIAL) --name simulated-K --simulated
	$(TRIAL) --name fine-K --from simulated-K
	for few in 1 3 10; do \
	    $(TRIAL) --name few$$few-K --seizure-people $$few; \
	    $(TRIAL) --name fewsim$$few-K --seizure-people $$few --from simulated-K; done
	$(VIGIL) evaluate cross-person --data $(DATA) --models out/models --out models/reports/switches --three-class $(call THREE,base) \
	    --also "labels under review=$(call THREE,cleaned)" --also "simulated alone=$(call THREE,simulated)" \
	    --also "simulated, then real=$(call THREE,fine)" $(foreach few,1 3 10,--also "seizures of $(few)=$(call THREE,few$(few))" \
	    --also "simulated, then seizures of $(few)=$(call THREE,fewsim$(few))")

ARCHITECTURES := quarter narrow default wide deep

.PHONY: architectures
architectures: program ## train networks of several sizes, in an hour, and compare what they cost: models/reports/architectures
	for one in $(ARCHITECTURES); do \
	    seq 3 | RAYON_NUM_THREADS=1 xargs -P $(TRAINED_AT_ONCE) -I K $(VIGIL) train --replace --data $(DATA) --models out/models \
	        --name $$one-K --fold K/3 --epochs 1 --config models/architectures/$$one.toml; done
	$(TRIAL) --name traces-K --from default-K --config models/architectures/traces.toml
	$(VIGIL) evaluate architectures --data $(DATA) --models out/models --out models/reports/architectures \
	    $(foreach one,$(ARCHITECTURES) traces,--networks $(one)=$(call THREE,$(one))) --shipped traces

.PHONY: clean
clean: ## remove what was built; models and patients stay
	$(CARGO) clean
