# make run: install, build, start. make test: install, build, all tests that need Node alone.
.PHONY: run test lint build
NPM_INSTALLED := node_modules/.package-lock.json

run: $(NPM_INSTALLED)
	npm start

test: $(NPM_INSTALLED) lint
	npm test

lint: $(NPM_INSTALLED)
	npm run --silent lint

build: $(NPM_INSTALLED)
	npm run --silent build

$(NPM_INSTALLED): package-lock.json
	npm ci
	@touch $@

-include compat-tests/compat.mk
