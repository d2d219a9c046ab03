# What a developer and the CI run. `make` alone lists the targets.

# rustup's own folder, for shells that were opened before Rust was installed.
export PATH := $(PATH):$(HOME)/.cargo/bin

# `make run PROFILE=dev` compiles faster and serves slower.
PROFILE ?= release

.DEFAULT_GOAL := help
.PHONY: help run test check bench schema prerequisites

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: prerequisites ## Build the server and start it; settings come from the environment
	@exec cargo run --profile $(PROFILE) -- serve

test: prerequisites ## Run every test; needs no service
	@exec .ci/test

check: prerequisites ## Formatting, lints, licences and advisories
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@.ci/dependencies

bench: prerequisites ## Measure the server: see tests/bench/run
	@exec tests/bench/run

schema: prerequisites ## Write schema.graphql anew
	@mkdir -p target
	cargo run --quiet -- schema > target/schema.graphql
	@mv target/schema.graphql schema.graphql

prerequisites:
	@.ci/prerequisites
