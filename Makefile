# Safeconduct. `make demo` plays the main job on embedded parts; `make test`
# sets up what is missing, where it may, and passes every test.
SHELL := /bin/sh
GO ?= go
TOOLS := $(GO) tool -modfile=deploy/tools/go.mod
BIN := bin/safeconduct
ROUNDS ?= 1000

.PHONY: help build demo demo-once demo-real test proof test-fast races fuzz lint fmt generate servers bench bench-short clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

build: ## the program, into bin/
	$(GO) build -o $(BIN) ./gateway/cmd/safeconduct

demo: build ## play the main job on embedded parts, then serve it
	./$(BIN) demo

demo-once: build ## play it and stop
	./$(BIN) demo --once

demo-real: build servers ## play it on private PostgreSQL, Vault and MinIO, and show what proves it
	$(GO) run ./e2e/cmd/demoreal ./$(BIN) --once

servers: ## build or find PostgreSQL, Vault and MinIO for the tests
	$(GO) build -o bin/servers ./e2e/servers/cmd/servers
	./bin/servers build --install

test: ## everything, real servers included; where a part is missing it ends INCOMPLETE (Error 3)
	$(GO) build -o bin/testall ./e2e/cmd/testall
	./bin/testall

proof: ## take over the proof of completeness that the last whole `make test` wrote
	cp bin/proof.md deploy/docs/proof.md

test-fast: ## embedded parts only; needs nothing but Go
	@echo "embedded parts only"
	$(GO) test -shuffle=on $$($(GO) list ./... | grep -v /e2e)

races: servers ## changes against releases on real servers, thousands of times (ROUNDS=1000 of each race)
	SAFECONDUCT_RACE_ROUNDS=$(ROUNDS) $(GO) test ./e2e -run 'TestChangeAgainstRelease' -timeout 6h -v

fuzz: ## every fuzz target for an hour of CPU time each; goes on where it was (FUZZ=-help tells how)
	$(GO) run ./e2e/cmd/fuzz $(FUZZ)

bench: build servers ## measure it on private real servers, beside what it stands on: some eight minutes, on a quiet machine
	$(GO) run ./e2e/cmd/bench ./$(BIN)

bench-short: build servers ## the same, small, in about a minute; fails only if something breaks or holds too much memory
	$(GO) run ./e2e/cmd/bench -short ./$(BIN)

lint: ## linters and generated files
	$(TOOLS) golangci-lint run ./...
	$(GO) mod verify

fmt: ## format
	$(TOOLS) gofumpt -w authz agreements transfer gateway config deploy e2e

generate: build ## write the generated documents anew
	$(GO) test ./config ./gateway/api -run 'Reference|Document' -update

clean:
	rm -rf bin
