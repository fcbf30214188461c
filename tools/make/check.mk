# SPDX-License-Identifier: BSD-2-Clause
# The gates that stand before the tests, and `make test`, which is everything in order.
C_FILES = $(shell git -c safe.directory='*' ls-files '*.c' '*.h' | grep -v ^vmlinux/)
SCRIPTS = $(shell git -c safe.directory='*' grep -lE '^\#!.*(bash|/sh)$$' -- tools test .ci examples)

format-check: ## every C file is as clang-format writes it
	$(call say,FORMAT)clang-format --dry-run -Werror $(C_FILES)

# Each header compiles alone: it includes what it uses. Those of bpf/ are stages of one program and stand in order.
HEADERS = $(filter-out bpf/%,$(filter %.h,$(C_FILES)))
hdr-check: $(B)/gen/rouse.skel.h ## every header compiles alone
	$(call say,HEADERS)for header in $(HEADERS); do \
		$(CC) $(CPPFLAGS) -Itest -Itools/bench $(CFLAGS) -Wno-unused -fsyntax-only -x c -include $$header /dev/null || exit 1; done

# Every file says its licence, by the folder it lives in.
spdx-check:
	$(call say,SPDX)tools/test/spdx $(C_FILES) $(SCRIPTS)

# The first law of docs/architecture.md, and the map of user/agent.
floors-check: ## no file includes a higher floor
	$(call say,FLOORS)tools/test/floors

# One file, one idea.
LINES_MAX := 600
size-check:
	$(call say,SIZES)wc -l $(C_FILES) $(SCRIPTS) | awk '$$2 != "total" && $$1 > $(LINES_MAX) \
		{ print $$2 ": " $$1 " lines, more than $(LINES_MAX)"; bad = 1 } END { exit bad }'

script-check: ## shellcheck over every script
	$(call say,SCRIPTS)shellcheck -x -P SCRIPTDIR -e SC2016,SC2119 $(SCRIPTS)

cppcheck: ## static analysis
	$(call say,CPPCHECK)cppcheck --quiet --error-exitcode=1 --enable=warning,performance --inline-suppr \
		--suppressions-list=tools/test/cppcheck.supp --std=c11 -j 2 -D_GNU_SOURCE -DRS_VERSION='""' -DRS_SYSCONFDIR='""' \
		--include=tools/test/cppcheck.h -Iinclude -Iuser $(filter-out %.bpf.c,$(filter user/%.c tools/%.c,$(C_FILES)))

# What documents say about the code is compared with the code.
docs-check: $(B)/bin/roused
	$(Q)tools/test/manifest-fields --check
	$(Q)tools/test/failure-table
	$(Q)B=$(B) tools/test/config-table --check

check: format-check hdr-check spdx-check size-check floors-check script-check docs-check cppcheck ## the gates: format, headers, licences, floors, scripts, documents, cppcheck

TEST_PROGRAMS = $(UNIT_BIN) $(packet_BIN) $(net_BIN) $(FUZZ_BIN) $(VECTORS_RUN)
TIERS ?= unit vectors packet net e2e docs fuzz
test: all check bench-programs test-programs ## everything: packages, build, gates, every test
	$(Q)tools/test/run $(TIERS)
test-programs: $$(TEST_PROGRAMS)
e2e: all bench-programs ## only the end-to-end tests (root)
	$(Q)tools/test/run e2e

.PHONY: docs-check format-check hdr-check spdx-check size-check floors-check script-check cppcheck check test test-programs e2e
