# Hansard. `make help` says what there is.

GO         ?= go
DATA       ?= ./hansard-data
FUZZTIME   ?= 30s
ROUNDS     ?= 100
RUNS       ?= 10000
BENCH      ?= .
BENCHTIME  ?= 1s
BENCHCOUNT ?= 1
EVENTS     ?= 1M
MEASURE    ?=
UIRUNS     ?= 5
UISECONDS  ?= 30

# Tools are pinned here and run from the module cache; nothing is installed.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What an event costs is compared with what it costs there.
PEER := github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1

VERSION := $(shell cat VERSION 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo unknown)

.NOTPARALLEL:
.PHONY: help build ui ui-check bench-ui screenshots run serve check test bench measure measure-peer fuzz crash clean cc format vet staticcheck program race fuzz-short interop unit collector

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

build: cc ## build bin/hansard, with the pages if Node.js is there
	scripts/ui --try
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/hansard ./cmd/hansard

ui: ## build the pages alone, for the next build of the program (needs Node.js)
	scripts/ui

screenshots: build ## take the pictures of docs/images anew (needs Node.js and chromium)
	scripts/chromium
	cd web && HANSARD_DEMO_SPEED=60 HANSARD=../bin/hansard npx --no-install vitest run --config test/screenshots.config.ts

bench-ui: build ## measure the pages in a browser: loading, long traces, a busy live feed, long results (UIRUNS=5, UISECONDS=30)
	scripts/chromium
	node web/test/budget.mjs
	cd web && HANSARD=../bin/hansard RUNS=$(UIRUNS) LIVE_SECONDS=$(UISECONDS) npx --no-install vitest run --config test/bench.config.ts --reporter verbose

run: build ## start a server with demonstration data in ./demo-data
	bin/hansard serve --demo --data ./demo-data

serve: build ## start a server on DATA (./hansard-data)
	bin/hansard serve --data $(DATA)

check: format vet staticcheck unit ## the quick loop: format, vet, staticcheck, tests

# Two lanes side by side: real clients and the browser wait much and compute little.
# The plain run of all tests comes last, so that its lines are the last ones.
test: format vet staticcheck program ## everything that must be green
	scripts/lanes "race fuzz-short" "ui-check interop"
	$(MAKE) --no-print-directory unit

# Two kinds: of functions, which this runs, and of a whole server from outside,
# which "make measure" runs (EVENTS, MEASURE: flags of hansard bench).
bench: cc ## run the benchmarks of functions (BENCH, BENCHTIME, BENCHCOUNT)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime $(BENCHTIME) -count $(BENCHCOUNT) ./...

measure: build ## measure a whole server: cost of an event, latency, memory, queries (EVENTS=10M, MEASURE='--only ingest')
	bin/hansard bench --events $(EVENTS) $(MEASURE)

measure-peer: build ## fetch VictoriaLogs, and measure what an event costs beside what it costs there (EVENTS)
	GOBIN=$(CURDIR)/bin $(GO) install $(PEER)
	bin/hansard bench --only peer --peer bin/victoria-logs --events $(EVENTS) --settle 65s

fuzz: cc ## run each fuzz target for FUZZTIME (30s)
	GO=$(GO) scripts/fuzz $(FUZZTIME)

crash: cc ## power cuts on a simulated disk (RUNS, 10000), and kill -9 of the program (ROUNDS, 100)
	HANSARD_CRASH_RUNS=$(RUNS) $(GO) test -count 1 -timeout 0 -run 'TestPowerCuts|TestEveryStep|TestTeeth|TestFaults' ./internal/ledger
	HANSARD_KILL_ROUNDS=$(ROUNDS) $(GO) test -count 1 -timeout 0 -v -run 'TestKill' ./test/e2e

collector: cc ## build the OpenTelemetry Collector from its modules and run it before a server (minutes)
	cd test/collector && $(GO) test -count 1 -timeout 40m .

clean: ## remove what was built and the demonstration data
	rm -rf bin internal/web/dist/ui demo-data demo-data.keys

# The steps of check and test.

cc:
	@GO=$(GO) scripts/cc

format:
	scripts/format

vet: cc
	$(GO) vet ./...

staticcheck: cc
	$(GO) run $(STATICCHECK) ./...

# The program for the tests that start it: it is linked once, and again if the pages in
# it have changed. -w leaves out what only debuggers read, half of the linking. It is
# put in its place at once, because tests of another lane may start it meanwhile.
PROGRAM := $(CURDIR)/bin/hansard-test

program: cc
	$(GO) build -ldflags=-w -o $(PROGRAM).built ./cmd/hansard
	cmp -s $(PROGRAM).built $(PROGRAM) || { cp $(PROGRAM).built $(PROGRAM).next && mv $(PROGRAM).next $(PROGRAM); }

race interop unit: export HANSARD = $(PROGRAM)

# With -short, because what works in one goroutine is tested at full length by unit.
# vet is a step of its own, before.
race: program
	packages=$$(GO=$(GO) scripts/pure) && $(GO) test -race -short -vet=off -timeout 20m $$packages

fuzz-short: cc
	GO=$(GO) scripts/fuzz 2s 1

ui-check: cc
	GO=$(GO) scripts/ui --check

interop: program
	GO=$(GO) scripts/interop

unit: program
	$(GO) test -vet=off -timeout 20m ./...
