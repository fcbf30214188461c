# SPDX-License-Identifier: BSD-2-Clause
# Packages. The stamps are included, so that make remakes them first (tools/deps installs what is missing, when it
# runs as root) and then reads everything again: pkg-config and the compilers are asked when they are there.
DEPS_FREE := help clean deps uninstall
DEPS_GOALS := $(filter-out $(DEPS_FREE),$(or $(MAKECMDGOALS),all))
deps_for = $(if $(filter $(2),$(DEPS_GOALS)),$(1))
DEPS_GROUPS := $(sort $(if $(DEPS_GOALS),build) \
	$(call deps_for,lab test,test test-% check %-check unit packet net e2e fuzz kernels) \
	$(call deps_for,kernels,kernels) $(call deps_for,lab demo,demo) $(call deps_for,lab bench,bench bench-%))

$(B)/deps/%: tools/packages tools/deps
	$(Q)tools/deps $* && mkdir -p $(@D) && echo '# tools/deps $* found everything' > $@
ifneq ($(DEPS_GROUPS),)
include $(DEPS_GROUPS:%=$(B)/deps/%)
endif

deps: ## install missing packages (Debian), for building, testing, benchmarks and the demo
	$(Q)tools/deps build lab test demo bench
.PHONY: deps
