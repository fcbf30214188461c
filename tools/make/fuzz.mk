# SPDX-License-Identifier: BSD-2-Clause
# Fuzzing. Every test/fuzz/X_fuzz.c is one libFuzzer program (clang, with ASan and UBSan); its `/* link: ... */` line
# says what it links, as in test.mk. test/fuzz/corpus/X/ holds its seeds.
#   make fuzz FUZZ_SECONDS=600    each target for that long; a finding is kept below $(B)/test/fuzz
FUZZ_SRC := $(sort $(wildcard test/fuzz/*_fuzz.c))
FUZZ_BIN := $(patsubst test/fuzz/%_fuzz.c,$(B)/test/fuzz/%,$(FUZZ_SRC))
FUZZ_SANITIZE := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_SECONDS ?= 20
fuz = $(patsubst %.c,$(B)/fuzz/%.o,$(1))

$(B)/fuzz/%.o: %.c
	$(call say,CC fuzz,$<)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) $(CFLAGS) $(FUZZ_SANITIZE) -MMD -MP -c $< -o $@

define fuzz
$(patsubst test/fuzz/%_fuzz.c,$(B)/test/fuzz/%,$(1)): $(call fuz,$(1) $(call linked,$(1)))
	$$(call say,LINK fuzz,$$@)mkdir -p $$(@D) && $$(CLANG) $$(CFLAGS) $$(FUZZ_SANITIZE) $$^ $$(call pkg_libs,libcjson yaml-0.1) -lm -lpthread -o $$@
endef
$(foreach t,$(FUZZ_SRC),$(eval $(call fuzz,$(t))))

fuzz: $(FUZZ_BIN) ## run the libFuzzer targets, FUZZ_SECONDS each (20)
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tools/test/run fuzz
.PHONY: fuzz
-include $(shell find $(B)/fuzz -name '*.d' 2>/dev/null)
