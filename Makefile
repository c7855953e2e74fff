# The commands of this project. Each installs the packages that it needs (apt, pip), and prints their names.
.PHONY: help run demo test test-swift test-agent test-collector test-postgresql test-aws test-discovery test-drills test-faults test-crowds test-packages test-arm64 test-arm64-collector test-kernels test-repository truth agent packages image release push-image document lint \
	format drill bench-agent bench-collector bench-store bench-several bench-aws bench-fleet fuzz reference golden pins clean

help:           ## list these commands
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-24s %s\n' "$$name" "$$text"; done

run:            ## build both programs, scan this host, store the report, show the inventory (STORE=PATH)
	@scripts/run

demo:           ## scan a simulated organisation, one host of which is this machine, show what is found, and serve it
	@scripts/demo

agent:          ## build the static agent: dist/dbcensus-agent-<version>-linux-<arch>, .gz, SHA256SUMS (ARCH=arm64)
	@packaging/build-agent $(if $(ARCH),--arch $(ARCH))

test: lint      ## run all tests but test-arm64-collector, with real servers; as root nothing is skipped
	@scripts/test

drill:          ## lose servers, collectors and regions under load, and measure what clients lose (ARGUMENTS="RUNS=1 ONLY=hand")
	@scripts/drill

test-swift:     ## run the Swift tests of every target, and the house rules
	@scripts/test swift

test-agent: agent ## test the released agent on fixture hosts and next to real servers
	@scripts/test agent

test-collector: agent ## test the collector over HTTP and on the command line
	@scripts/test collector

test-postgresql: agent ## test the collector with its store on PostgreSQL: crashes, a pooler, and the API, faults and discovery
	@scripts/test postgresql

test-aws: agent  ## test the AWS client next to botocore and moto, and the SSM document on Amazon's agent
	@scripts/test aws

test-discovery: agent ## test discovery on a simulated organisation: reasons, coverage, API, schedule
	@scripts/test discovery

test-drills: agent ## test discovery with killed processes, broken networks, throttled regions and full disks
	@scripts/test drills

test-faults: agent ## test killed processes, full disks, damaged stores and malformed reports
	@scripts/test faults

test-crowds: agent ## test hosts with far too many processes, mounts, descriptors and files
	@scripts/test crowds

test-packages: agent ## install, upgrade and remove the packages on booted machines; run the image in a real engine
	@scripts/test packages

test-arm64: agent ## build the agent for arm64, and compare its reports with the x86-64 agent's (qemu-user)
	@scripts/test arm64

test-arm64-collector: agent ## build the collector for arm64, and start its package and image under qemu-user (20 minutes)
	@scripts/test arm64-collector

test-kernels: agent ## boot kernels 5.10 and 6.1 (x86-64, arm64) in a virtual machine, and try the agent in it
	@scripts/test kernels

test-repository: agent ## test the README's commands, links, packages and generated files
	@scripts/test repository

truth: agent    ## compare the agent with every real server that this machine can run (as root)
	@scripts/truth

packages: agent  ## build the packages (.deb, .rpm, .tar.gz) of the collector and the agent into dist/
	@packaging/build-packages

image:          ## build the image of the collector: dist/dbcensus-<version>-image-<arch>.tar, for docker load
	@packaging/build-image

release:        ## build and sign a release in dist/release; as root on x86-64, for both architectures (MINISIGN_KEY=PATH, GPG_KEY=ID or UNSIGNED=yes)
	@packaging/build-release

push-image:     ## send the images of dist/release to Amazon ECR (REGION=… REPOSITORY=…)
	@packaging/push-image "$(REGION)" "$(REPOSITORY)"

document: agent  ## write the SSM document: dist/dbcensus-document-<version>-<delivery>.json (DELIVERY=presigned|s3|https)
	@packaging/build-document

lint:           ## check the format of Swift sources and the syntax of shell scripts
	@scripts/lint

format:         ## rewrite the Swift sources in the house format
	@swift format format --in-place --recursive Package.swift Sources Tests

golden:         ## record the golden reports of the fixture hosts; the run fails, because it tests nothing
	@DBCENSUS_RECORD_GOLDEN=1 swift test --filter GoldenTests

reference: agent ## write docs/cli.md, docs/engines.md, docs/openapi.json and docs/configuration.md
	@bash -c 'source scripts/common.sh; swift_build .build/collector.log --product dbcensus-collector'
	@scripts/reference dist/dbcensus-agent-*-linux-$$(uname -m) .build/debug/dbcensus-collector docs

bench-agent:    ## measure the agent next to ss, du and psutil
	@scripts/bench-agent

bench-collector: ## measure the collector next to SQLite alone and a collector in Python (ARGUMENTS=…)
	@scripts/bench-collector

bench-store:    ## measure the store on SQLite and on PostgreSQL next to pgbench (ARGUMENTS="HOSTS=…")
	@scripts/bench-store

bench-several:  ## measure three collectors on one store next to one, and while one is killed every 20 s
	@scripts/bench-several

bench-aws:      ## measure the AWS client next to boto3, the fleet simulator and the SSM document
	@scripts/bench-aws

bench-fleet:    ## measure discovery of 10,000 and 100,000 simulated hosts next to boto3 (HOSTS="1000 …")
	@scripts/bench-fleet

fuzz:           ## fuzz every parser and the agent, SECONDS_EACH=120 of each
	@scripts/fuzz

pins:           ## pin the Python packages of the tests by hash, after a change of Tests/EndToEnd/*.in
	@scripts/pins

clean:          ## remove .build and dist
	@rm -rf .build dist
