# What a developer and the CI run. `make` alone lists the targets.

# rustup's own folder, for shells that were opened before Rust was installed.
export PATH := $(PATH):$(HOME)/.cargo/bin

# `make run PROFILE=dev` compiles faster and serves slower.
PROFILE ?= release

.DEFAULT_GOAL := help
.PHONY: help run test check bench conformance plugin peers schema web prerequisites

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: prerequisites web ## Build the server and start it; settings come from the environment
	@exec cargo run --profile $(PROFILE) -- serve

test: prerequisites ## Run every test; needs no service
	@exec .ci/test

check: prerequisites ## Formatting, lints, licences and advisories
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@.ci/dependencies

bench: prerequisites web ## Measure the server: see tests/bench/run
	@exec tests/bench/run

conformance: prerequisites web ## Run public suites against the server: see tests/conformance/run
	@exec tests/conformance/run

plugin: prerequisites ## Add an engine to a copy of the repository: see tests/plugin/run
	@exec tests/plugin/run

peers: prerequisites ## Compare the engines with Python's libraries: see tests/peers/README.md
	@exec tests/peers/run

schema: prerequisites ## Write schema.graphql anew
	@mkdir -p target
	cargo run --quiet -- schema > target/schema.graphql
	@mv target/schema.graphql schema.graphql

web: ## Build the GraphiQL page into the next build, when npm is there
	@.ci/web

prerequisites:
	@.ci/prerequisites
