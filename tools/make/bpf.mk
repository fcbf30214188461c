# SPDX-License-Identifier: BSD-2-Clause
# The kernel side: one .bpf.c for each hook, linked into one object, and the skeleton that the agent embeds.
# -mcpu=v3: clang 14 cannot select fetching atomics below it.
BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(BPF_SRC))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Iinclude -Ibpf -Ivmlinux \
	-idirafter /usr/include/$(shell $(CC) -dumpmachine 2>/dev/null)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
$(B)/bpf/rouse.o: $(BPF_OBJ)
	$(call say,BPFLINK,$@)$(BPFTOOL) gen object $@ $^
$(B)/gen/rouse.skel.h: $(B)/bpf/rouse.o
	$(call say,SKEL,$@)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name rouse_bpf > $@
$(call obj,$(call src,dp)) $(call san,$(call src,dp)): $(B)/gen/rouse.skel.h
bpf: $(B)/gen/rouse.skel.h ## build the BPF object and its skeleton

.PHONY: bpf
-include $(BPF_OBJ:.o=.d)
