# A thin layer over CMake. `make help` lists the targets.
BUILD  ?= build
JOBS   ?= $(shell nproc)
FILTER ?=
GENERATOR := $(shell command -v ninja >/dev/null 2>&1 && echo -G Ninja)

.PHONY: all help setup demo test quick bench size fuzz format lint install clean asan

all: setup ## build the command at build/tern
	@cmake -S . -B $(BUILD) $(GENERATOR) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

setup: ## install the Debian packages that are missing
	@scripts/setup

asan:
	@cmake -S . -B $(BUILD)/asan $(GENERATOR) -DTERN_SANITIZE=ON -DTERN_WERROR=ON >/dev/null
	@cmake --build $(BUILD)/asan -j $(JOBS)

demo: all ## tell the whole story on this machine
	@$(BUILD)/tern demo

test: setup asan ## every test, under the sanitizers; FILTER=name for some
	@cd $(BUILD)/asan && ctest --output-on-failure -j $(JOBS) $(if $(FILTER),-R '$(FILTER)')

quick: asan ## unit and structure tests only
	@cd $(BUILD)/asan && ctest --output-on-failure -j $(JOBS) -R '^(unit|structure)\.'

bench: all ## the benchmarks, as ratios to limits measured in the same run
	@$(BUILD)/tern bench all

size: ## flash, RAM and stack of the core
	@scripts/size

fuzz: ## search with libFuzzer (FUZZ_SECONDS each)
	@scripts/fuzz

format: ## clang-format everything
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint: ## clang-format and clang-tidy, nothing changed
	@scripts/lint

install: all ## install the command, libraries and headers
	@cmake --install $(BUILD)

clean:
	@rm -rf $(BUILD)
