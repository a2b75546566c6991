# The interface for people; CMake does the building (CMakePresets.json), scripts/ the rest.

TARGETS ?= 127.0.0.1 ::1
COUNT   ?= 5
PREFIX  ?= /usr/local
DESTDIR ?=
SETCAP  ?=
SYSCTL  ?=
JOBS    ?= $(shell nproc)
export TARGETS COUNT PREFIX DESTDIR SETCAP SYSCTL JOBS

.DEFAULT_GOAL := help
.PHONY: help build run test test-peers bench function install uninstall format lint fuzz clean

help: ## Show what can be made
	@echo 'make run                       build sonde and measure 127.0.0.1 and ::1 five times'
	@echo 'make run TARGETS="a b c"       measure these instead; COUNT=10 probes each'
	@echo 'make test                      build everything and run every test'
	@echo 'make build                     build the program: build/release/sonde'
	@echo 'make function                  pack function.zip, to run sonde as a function: docs/functions.md'
	@echo 'make test-peers                run the test suites of the tools that sonde stands in for, with them and with sonde'
	@echo 'make bench                     measure sonde itself against bare loops and other tools'
	@echo 'make install                   install below PREFIX (/usr/local), staged in DESTDIR'
	@echo '     SETCAP=1                  and give the program cap_net_raw, so that every user may ping'
	@echo '     SYSCTL=1                  and open ping sockets to every user in /etc/sysctl.d'
	@echo 'make uninstall                 remove what make install put there'
	@echo 'make format                    format all sources; make lint checks format and clang-tidy'
	@echo 'make fuzz                      run each fuzzer for FUZZ_SECONDS (20)'
	@echo 'make clean                     remove build/'

build:
	@scripts/setup build
	@scripts/build release-program

run:
	@scripts/run

test:
	@scripts/setup build test
	@SONDE_CMAKE_OPTIONS=-DSONDE_BUILD_TESTS=ON scripts/build release
	@ctest --test-dir build/release --output-on-failure -j4

test-peers:
	@scripts/setup build peers
	@scripts/build release-program
	@scripts/test-peers

function:
	@scripts/setup build
	@scripts/function

bench:
	@scripts/bench

install:
	@scripts/setup build $(if $(SETCAP),setcap)
	@scripts/build release-install
	@scripts/install build/release

uninstall:
	@scripts/install --uninstall build/release

format:
	@scripts/setup lint
	@scripts/format

lint:
	@scripts/setup build lint
	@scripts/format --check
	@scripts/lint

fuzz:
	@scripts/setup build test lint
	@scripts/fuzz

clean:
	rm -rf build
