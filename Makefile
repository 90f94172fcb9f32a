# Shouwang. `make demo` and `make test` do their own set-up on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export GOFLAGS := -buildvcs=false
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
# Other clips for demo, bench and eval: make demo VIDEOS=/path/to/clips
# Without ../shared/videos it is Debian's clip, which the set-up fetches.
VIDEOS ?= $(or $(wildcard ../shared/videos),.cache/opencv-doc/usr/share/doc/opencv-doc/examples/data)
export VIDEOS

UI_SOURCES := $(shell find web/ui -path web/ui/node_modules -prune -o -path web/ui/dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := $(shell find . -name '*.go' -not -path './.cache/*' -not -path '*/node_modules/*' 2>/dev/null) $(shell find . -name '*.cedar' -o -name '*.sql' -not -path '*/node_modules/*' 2>/dev/null) go.mod go.sum
C_SOURCES := $(shell find analyze -name '*.c' -o -name '*.h' 2>/dev/null)

.PHONY: help setup build ui demo test lint bench thousand eval neon fuzz clean docs
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup:
	@deploy/setup/install.sh build

build: setup bin/shouwang bin/shouwang-analyzer bin/shouwang-demo ## build the binaries into bin/

web/ui/node_modules/.stamp: web/ui/package.json web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund --loglevel=error
	touch $@

web/ui/dist/index.html: web/ui/node_modules/.stamp $(UI_SOURCES)
	cd web/ui && npm run build --silent
	touch $@

ui: web/ui/dist/index.html

bin/shouwang: $(GO_SOURCES) web/ui/dist/index.html
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/shouwang

bin/shouwang-analyzer: $(GO_SOURCES) $(C_SOURCES)
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/shouwang-analyzer

bin/shouwang-eval: $(GO_SOURCES) $(C_SOURCES)
	go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/shouwang-eval

bin/shouwang-demo: $(GO_SOURCES) web/ui/dist/index.html
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/shouwang-demo

demo: ## a whole seeded township with real cameras; prints the wall's address
	@deploy/setup/install.sh demo
	@$(MAKE) --no-print-directory build
	@bin/shouwang-demo

test: ## install what is missing and run every test, the browser's included
	@deploy/setup/install.sh test
	@$(MAKE) --no-print-directory build
	@deploy/setup/test.sh

lint: ## gofumpt, golangci-lint, the interface's types
	@deploy/setup/lint.sh

bench: ## speed: cameras per core, memory, latency, with the machine named
	@deploy/setup/install.sh demo
	@$(MAKE) --no-print-directory build
	@bin/shouwang bench

thousand: ## the whole service with a thousand cameras for ten minutes, then two thousand
	@deploy/setup/install.sh demo
	@$(MAKE) --no-print-directory build
	@bin/shouwang bench thousand

eval: ## accuracy: labelled clips, composites with exact truth, other engines' rules (EVAL=full: every encoding)
	@deploy/setup/install.sh demo
	@$(MAKE) --no-print-directory build bin/shouwang-eval
	@bin/shouwang eval

neon: ## the model's kernels on arm64, under emulation, against the scalar code (installs a cross compiler)
	@deploy/setup/neon.sh

fuzz: ## every fuzz target and hostile streams against analyzers, FUZZTIME each (default 10m)
	@deploy/setup/fuzz.sh $(or $(FUZZTIME),10m)

clean: ## remove what was built (not what was recorded)
	rm -rf bin web/ui/dist/assets web/ui/dist/index.html .cache/demo .cache/bench
