# Everything that a developer does here; CI runs the same targets.
# `make` alone lists them.

SHELL := bash
.DEFAULT_GOAL := help

# Tools run at these versions wherever they are run.
GOLANGCI_LINT_VERSION := v2.15.0
TOOLS := $(CURDIR)/bin

# Public data sets that three example projects read. Where they are absent the
# tests on them do not run, and `make test` says so loudly; in CI they fail.
export CUSTOMHOUSE_DATA ?= $(if $(or $(CI),$(wildcard ../shared/data)),$(abspath ../shared/data),none)

# The vendors' own descriptions of their interfaces, which requests are held
# against. As above.
export CUSTOMHOUSE_SPECS ?= $(if $(or $(CI),$(wildcard ../shared/specs)),$(abspath ../shared/specs),none)

ONLY ?=
CUSTOMERS ?= 5000

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/customhouse
	go build -o bin/customhouse ./cmd/customhouse

.PHONY: demo
demo: build ## a synthetic shop over two days, delivered to files and to fakes of platforms (CUSTOMERS=5000)
	bin/customhouse demo --customers $(CUSTOMERS)

.PHONY: data
data:
	@if [ "$$CUSTOMHOUSE_DATA" = none ]; then \
		echo "WARNING: the public data sets are not in ../shared/data: the tests on them do NOT run. Set CUSTOMHOUSE_DATA to their folder." >&2; fi
	@if [ "$$CUSTOMHOUSE_SPECS" = none ]; then \
		echo "WARNING: the vendors' OpenAPI documents are not in ../shared/specs: requests are NOT held against them. Set CUSTOMHOUSE_SPECS to their folder." >&2; fi

# The warehouses that tests run on and that are not Go modules of ours. Where they
# are absent the tests on them do not run, and `make test` says so; in CI they fail.
CHDB := adapters/clickhouse/chtest/node_modules
BQENGINE := bin/bqengine
ENGINES := $(CHDB) $(BQENGINE)
.PHONY: engines
engines: $(ENGINES) ## install ClickHouse's engine for tests (npm, half a gigabyte) and build BigQuery's (8 GB of memory, 4 minutes)

$(CHDB): adapters/clickhouse/chtest/package-lock.json
	cd $(@D) && npm ci --ignore-scripts --no-fund --no-audit
	@touch $@

# GoogleSQL's analyzer is one package of 100 MB: nothing else is compiled beside it.
BQSOURCE := adapters/bigquery/bqtest/engine
$(BQENGINE): $(wildcard $(BQSOURCE)/*.go $(BQSOURCE)/go.*)
	cd $(BQSOURCE) && go build -p 1 -ldflags '-s -w' -o $(CURDIR)/$@ .

.PHONY: engines-there
engines-there:
	@for engine in $(ENGINES); do \
		[ -e "$$engine" ] || echo "WARNING: the engine $$engine is not installed: the tests on it do NOT run. To install it: make engines" >&2; \
	done

.PHONY: test
test: data engines-there ## all tests
	go test -timeout 15m ./...
	@$(MAKE) --no-print-directory data engines-there

.PHONY: test-long
test-long: data engines-there ## all tests, with the race detector, killed runs many times, and each fuzz target for a minute
	CUSTOMHOUSE_LONG=1 go test -race -timeout 60m ./...
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz'); do \
			echo "fuzzing $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime 1m "$$package" || exit 1; \
		done; \
	done
	go run ./cmd/bench -only identity-50m
	go run ./cmd/bench -only segments-50m -customers 1000000

.PHONY: soak
soak: ## an hour of serve with a schedule each minute, at a platform that is away for three
	CUSTOMHOUSE_SOAK=1h go test -timeout 4h -run '^TestSoak$$' -v ./cmd/customhouse

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) ## format and lint checks
	$< run ./...
	cd $(BQSOURCE) && $< run ./...

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) ## format all Go files
	$< fmt ./...

.PHONY: bench
bench: CUSTOMERS = 1000000
bench: ## benchmarks, as ratios in one run (ONLY=compile, run, clickhouse, memory, identity, segments, aggregates, erased, privacy, sync or destinations chooses; CUSTOMERS=1000000)
	go run ./cmd/bench -only '$(ONLY)' -customers $(CUSTOMERS)

.PHONY: golden
golden: ## rewrite the committed golden files; look at the diff
	go test -run Golden -update $$(grep -rl --include='*_test.go' '"update"' . | xargs -n1 dirname | sort -u)

# A name with the version in it, so that a new version is installed.
$(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@

.PHONY: clean
clean: ## remove what was built
	rm -rf bin .demo
