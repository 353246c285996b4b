# The front door. Needs make, npm and Node 20 or newer; everything else comes with `make install`.
.DEFAULT_GOAL := help
.PHONY: help install build up up-mesh demo-failover demo-scale-out demo-load engines faults soak test bench check gen format vendor-protos deploy-tools clean

PNPM := npx --yes pnpm@10.34.9
NODE := scripts/node
INSTALLED := node_modules/.installed
MANIFESTS := package.json pnpm-lock.yaml pnpm-workspace.yaml $(wildcard patches/*.patch gen/package.json tests/package.json sdk/*/package.json services/*/package.json packages/*/package.json packages/engines/*/package.json)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## install Node 24 and all packages, as locked (up, test and check do it first)
	@:

# The stamp makes a second call instant.
$(INSTALLED): $(MANIFESTS)
	@echo 'Installing Node 24 and the packages …'
	@$(PNPM) install --frozen-lockfile --reporter=append-only --loglevel=error
	@touch $@

build: install ## bundle the CLI, the one part that does not run from source
	@if grep -q '"build"' sdk/cli/package.json; then cd sdk/cli && ../../$(NODE) --run build; fi

up: build ## start the server in the foreground; Ctrl-C or SIGTERM drains and stops it
	@exec scripts/serve services/all/src/main.ts

up-mesh: build engines ## start the services apart, on real engines, in the foreground; Ctrl-C stops them all
	@exec $(NODE) scripts/up-mesh.ts

demo-failover: build engines ## kill a process of every kind under load: who takes over, how long it takes, what the checker says
	@exec $(NODE) scripts/demo/failover.ts $(ARGS)

demo-scale-out: build engines ## carry more messages with two and three sequencers and gateways than with one, and lose none
	@exec $(NODE) scripts/demo/scale-out.ts $(ARGS)

demo-load: build $(if $(filter single,$(ENGINE)),,engines) ## send 100,000 messages a minute into the mesh; ENGINE=single: 300,000 into one process
	@exec $(NODE) scripts/demo/load.ts $(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

engines: install ## bring the real servers for the tests (Go, Java 17 with Maven) into .cache/engines; test does it too
	@$(NODE) scripts/engines.ts $(ARGS)

faults: build engines ## run the fault cases on the mesh, and write their table to docs/faults.md (ARGS=--help)
	@exec $(NODE) scripts/faults.ts $(ARGS)

soak: build engines ## harm a mesh at random for half an hour while messages flow, and check every promise (ARGS=--help)
	@exec $(NODE) scripts/soak.ts $(ARGS)

test: build ## run every test suite
	@$(NODE) scripts/test.ts

bench: install ## measure this machine; ARGS='--only pairs,open --seconds 4', ARGS=--help
	@$(NODE) tests/bench/main.ts $(ARGS)

check: install ## check generated code, contracts, types, style, dead code, layers and licences
	@$(NODE) scripts/check.ts

gen: install ## generate gen/ from proto/: code, and the OpenAPI document
	@$(NODE) scripts/generate.ts

format: install ## format the code and the contracts, and apply safe fixes
	@node_modules/.bin/biome check --write --log-level=error .
	@node_modules/.bin/buf format --write proto

vendor-protos: install ## fetch the contracts by others (third_party/) from their npm packages afresh
	@$(NODE) scripts/vendor-protos.ts

deploy-tools: ## build helm and docker compose (Go) into .cache/deploy, with which check looks at deploy/
	@deploy/tools

clean: ## remove what builds and tests made; keeps packages, engines and data
	@rm -rf $(filter-out .cache/engines,$(wildcard .cache/*)) .out sdk/*/dist
