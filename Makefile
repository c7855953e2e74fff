# The commands of this project. Each installs what it needs (apt, pip) and says so.
.PHONY: run test truth agent lint format bench-agent bench-collector fuzz reference golden pins clean

run:            ## build, scan this host, ingest the frame, show the inventory
	@scripts/run

test: lint agent ## everything: unit tests, fixture hosts, the real binary against real servers
	@scripts/test

truth: agent    ## every real server that this machine can run, and what the agent says of it
	@scripts/truth

agent:          ## the static agent: dist/dbcensus-agent-<version>-linux-<arch>, .gz, SHA256SUMS
	@packaging/build-agent

lint:           ## swift format's strict lint, and no shell script that bash cannot parse
	@scripts/lint

format:         ## rewrite the sources in the house format
	@swift format format --in-place --recursive Package.swift Sources Tests

bench-agent:    ## the agent beside ss, du and psutil, on this host and on a synthetic one
	@scripts/bench-agent

bench-collector: ## the collector beside SQLite alone and a collector in Python; a store of a million databases
	@scripts/bench-collector

fuzz:           ## spoiled input for every parser and for the whole agent; SECONDS_EACH=120 of each
	@scripts/fuzz

reference: agent ## docs/cli.md and docs/openapi.json, from what the programs say of themselves
	@swift build --product dbcensus-collector
	@scripts/reference dist/dbcensus-agent-*-linux-$$(uname -m) .build/debug/dbcensus-collector docs

golden:         ## record the golden reports anew; the run fails, so that nobody takes it for a test
	@DBCENSUS_RECORD_GOLDEN=1 swift test --filter GoldenTests

pins:           ## the Python packages of the tests, each with its hashes, after a change of Tests/EndToEnd/*.in
	@scripts/pins

clean:
	@rm -rf .build dist
