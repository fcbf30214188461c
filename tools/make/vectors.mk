# SPDX-License-Identifier: BSD-2-Clause
# Golden vectors: inputs and expected outputs of the pure core, run from JSON files.
#   make test-vectors                         the files of test/vectors
#   make test-vectors VECTORS="a.json b.json" any files of that schema
VECTORS ?= test/vectors/kpa.json test/vectors/rollout.json
VECTORS_RUN := $(B)/test/vectors-run

$(VECTORS_RUN): $(call san,$(wildcard test/vectors/*.c) $(BASE) $(CORE))
	$(call say,LINK san,$@)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SANITIZE) $^ $(call pkg_libs,libcjson) -lm -o $@

test-vectors: $(VECTORS_RUN) ## run golden vectors: VECTORS="a.json b.json"
	$(Q)$(VECTORS_RUN) $(VECTORS)
.PHONY: test-vectors
