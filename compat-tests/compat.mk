# Included by the Makefile: the targets that need more than Node. compat-tests/README.md tells them apart.
.PHONY: compat compat-all bench

# CLIENTS=kcat narrows it down; BROKER_CMD='…' tries another broker.
compat: build
	node dist/compat-tests/run.js $(CLIENTS)

compat-all: build
	node dist/compat-tests/run.js --all

# BENCH='--broker … --broker …' and more: node dist/scripts/bench/main.js --help
bench: build
	compat-tests/setup.sh debian java go
	node dist/scripts/bench/main.js $(BENCH)
