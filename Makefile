# `make` alone prints the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build cross lab-build lab-up lab-down lab-status lab-fault lab-heal loadtest-up loadtest-down test check bench soak soak-restores soak-cuts soak-load install uninstall clean

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null || echo none)
DATE    := $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## open the console on the lab, or on a simulated system where the lab cannot run
	@scripts/check-go
	@scripts/demo

build: ## build bin/opsdeck
	@scripts/check-go
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w $(LDFLAGS)' -o bin/opsdeck ./cmd/opsdeck

cross: ## see that it builds for other systems (what works there: docs/guide/demo.md)
	@scripts/check-go
	@for target in linux/arm64 darwin/arm64 freebsd/amd64; do \
		echo "$$target"; GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go build -o /dev/null ./cmd/opsdeck || exit 1; \
	done

# No VCS stamp: the images are made anew when their program changes, and it
# should not change with every commit.
lab-build: ## build bin/lab and the program its containers run
	@scripts/check-go
	@cd lab && CGO_ENABLED=0 go build -trimpath -buildvcs=false -o ../bin/lab ./cmd/lab
	@cd lab && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o ../bin/ifrs9svc ./cmd/ifrs9svc

lab-up: lab-build ## start the real servers and containers on loopback
	@scripts/install-packages lab
	@scripts/lab up

lab-down: lab-build ## stop what the lab started, and nothing else
	@scripts/lab down

lab-status: lab-build ## ask every server and container how it is
	@scripts/lab status

lab-fault: lab-build ## break something: make lab-fault NAME=container-killed
	@if [ -z "$(NAME)" ]; then echo 'NAME= one of:'; scripts/lab faults; exit 64; fi
	@scripts/lab fault '$(NAME)'

lab-heal: lab-build ## mend it again: make lab-heal NAME=container-killed (or all)
	@if [ -z "$(NAME)" ]; then echo 'NAME= all or one of:'; scripts/lab faults; exit 64; fi
	@scripts/lab heal '$(NAME)'

# Of the two names that Compose goes by, the one that is here.
COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) -p loadtest -f deploy/loadtest/compose.yaml

loadtest-up: ## start a Locust master and two workers in containers: make loadtest-up LOCUST_HOST=http://10.0.0.5:8000
	@if [ -z "$(LOCUST_HOST)" ]; then echo 'LOCUST_HOST= names what is loaded'; exit 64; fi
	@LOCUST_HOST='$(LOCUST_HOST)' $(COMPOSE) up -d

loadtest-down: ## stop them
	@LOCUST_HOST=none $(COMPOSE) down

test: ## install what is missing and run all tests against the lab
	@scripts/check-go
	@scripts/install-packages lab
	@$(MAKE) --no-print-directory lab-build
	@scripts/test-with-lab

check: ## format, vet, linters, import rules, tests with the race detector
	@scripts/check-go
	@scripts/install-packages check
	@scripts/check

bench: ## measure the budgets on the lab into docs/figures.md (OPSDECK_BENCH_PEERS=dir: beside lazydocker, ctop and dry of that folder)
	@scripts/check-go
	@scripts/install-packages lab
	@$(MAKE) --no-print-directory build lab-build
	@scripts/measure run

soak: ## a long run with faults, into docs/figures.md: make soak MINUTES=120
	@scripts/check-go
	@scripts/install-packages lab
	@$(MAKE) --no-print-directory build lab-build
	@LDFLAGS='$(LDFLAGS)' scripts/measure soak --minutes $(or $(MINUTES),120)

soak-restores: ## restores to random commits, of each engine, on servers of its own: make soak-restores N=50
	@scripts/check-go
	@scripts/install-packages lab
	@OPSDECK_TEST_RESTORES=$(or $(N),50) go test -tags lab -count=1 -v -timeout 4h ./cmd/opsdeck -run 'ToRandomCommitsGiveExactlyTheirRows$$'

soak-cuts: ## backups of each engine cut at random moments, on servers of its own: make soak-cuts N=30
	@scripts/check-go
	@scripts/install-packages lab
	@OPSDECK_CUTS=$(or $(N),30) go test -tags lab -count=1 -v -timeout 4h ./cmd/opsdeck -run 'BackupsThatAreCut|WhatIsCutOff'

soak-load: ## a load of 1,000 requests a second on a server of its own: make soak-load MINUTES=10
	@scripts/check-go
	@OPSDECK_SOAK_LOAD=$(or $(MINUTES),10) go test -count=1 -v -timeout 12h ./load -run 'AGeneratorThatSendsForLongKeepsItsMemoryAndItsPace$$'

# What a package would hold. DESTDIR is a folder to build one in.
PREFIX ?= /usr/local
BIN    ?= bin/opsdeck
SHARE   = $(DESTDIR)$(PREFIX)/share
INSTALLED = $(DESTDIR)$(PREFIX)/bin/opsdeck $(SHARE)/man/man1/opsdeck.1 $(SHARE)/bash-completion/completions/opsdeck \
	$(SHARE)/zsh/site-functions/_opsdeck $(SHARE)/fish/vendor_completions.d/opsdeck.fish

bin/opsdeck:
	@$(MAKE) --no-print-directory build

install: $(BIN) ## install bin/opsdeck, man page and completions (PREFIX=/usr/local DESTDIR=)
	@mkdir -p $(sort $(dir $(INSTALLED)))
	@install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/opsdeck
	@set -o pipefail; put() { "$(abspath $(BIN))" "$${@:2}" | install -m 644 /dev/stdin "$$1"; }; \
	put $(SHARE)/man/man1/opsdeck.1 man && \
	put $(SHARE)/bash-completion/completions/opsdeck completion bash && \
	put $(SHARE)/zsh/site-functions/_opsdeck completion zsh && \
	put $(SHARE)/fish/vendor_completions.d/opsdeck.fish completion fish
	@printf 'installed %s\n' $(INSTALLED)

uninstall: ## take away what install put there
	@rm -f $(INSTALLED)

clean: ## remove what was built (the lab's data: bin/lab down --purge)
	rm -rf bin
