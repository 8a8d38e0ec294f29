.DEFAULT_GOAL := help
# Hundreds of processes are started here: one compiles a module, all others find it.
export PYTHONDONTWRITEBYTECODE =
.PHONY: help bootstrap demo test bench bench-growth bench-profile faults-points chaos up down clean

help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bootstrap: ## Fetch what is needed, into this folder only
	@deploy/local/bootstrap.sh

demo: bootstrap ## Send hundreds of requests the whole way, and show what became of them (KEEP=1 leaves it running)
	@.venv/bin/secondlook demo

test: bootstrap ## Format, lint, types, import rules, and all tests, on real servers that it starts itself
	@tests/run

bench: bootstrap ## Measure throughput, acknowledgement, CPU and memory, and write bench/RESULTS.md
	@.venv/bin/python -m bench.run

bench-growth: bootstrap ## The same with 10,000 and with 300,000 cases stored before (long)
	@.venv/bin/python -m bench.run --stored 10000 300000

bench-profile: bootstrap ## Where the CPU time of each service goes, by part (about 4 minutes)
	@.venv/bin/python -m bench.profile

faults-points: bootstrap ## Kill, break, cancel a running stack at each named point, five times each (about 15 minutes)
	@.venv/bin/python -m tests.faults --seeds 5 --lanes 5 --report tests/faults/RESULTS.md

chaos: bootstrap ## Break a whole platform for 15 minutes, judge it from outside, and write docs/fault-report.md (SEED=, MINUTES=)
	@.venv/bin/python -m tests.chaos --report docs/fault-report.md

up: bootstrap ## Start servers and services here, and return when all is ready
	@.venv/bin/secondlook up

down: bootstrap ## Stop what `make up` has started
	@.venv/bin/secondlook down

clean: ## Stop what runs here; remove everything that was fetched or made, the local data too
	@if [ -x .venv/bin/secondlook ]; then .venv/bin/secondlook down; fi
	@rm -rf .secondlook .venv deploy/local/jars deploy/local/launcher/target .*_cache build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
