# make run: install, build, start. make test: install, build, all tests that need Node alone. make simulate, make power-loss: see below.
.PHONY: run test lint build simulate power-loss left-out-syncs
NPM_INSTALLED := node_modules/.package-lock.json

run: $(NPM_INSTALLED)
	npm start

test: $(NPM_INSTALLED) lint
	npm test

lint: $(NPM_INSTALLED)
	npm run --silent lint

build: $(NPM_INSTALLED)
	npm run --silent build

# SEED=7 HOURS=1 replays one simulation, line by line; SEEDS=1000 HOURS=1 runs many, from the seed FIRST on.
simulate: build
	node dist/scripts/simulate.js --seed "$(SEED)" --seeds "$(SEEDS)" --first "$(FIRST)" --hours "$(HOURS)"

# CUTS=10000 SEED=1 loses power that often, in runs from the seed 1 on; SEED=7 CUT=12345 is one of them, line by line.
power-loss: build
	node dist/scripts/power-loss.js --seed "$(SEED)" --cuts "$(CUTS)" --cut "$(CUT)" --duration "$(DURATION)"

# Builds that leave out one sync each: the loss of power must show it.
left-out-syncs: build
	POWER_LOSS_LONG=1 node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js dist/src/testing/power-loss/left-out-syncs

$(NPM_INSTALLED): package-lock.json
	npm ci
	@touch $@

-include compat-tests/compat.mk
