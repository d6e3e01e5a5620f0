# make run: install, build, start. make test: install, build, all tests that need Node alone. make simulate: see below.
.PHONY: run test lint build simulate
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

$(NPM_INSTALLED): package-lock.json
	npm ci
	@touch $@

-include compat-tests/compat.mk
