# SPDX-License-Identifier: BSD-2-Clause
# The kernel side: one .bpf.c for each hook, linked into one object, and the skeleton that the agent embeds. XDP is an
# object of its own: the same path over another layer, loaded when an interface asks for it.
# -mcpu=v3: clang 14 cannot select fetching atomics below it.
BPF_SRC := $(wildcard bpf/*.bpf.c)
BPF_OBJ := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(BPF_SRC))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Iinclude -Ibpf -Ivmlinux \
	-idirafter /usr/include/$(shell $(CC) -dumpmachine 2>/dev/null)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
$(B)/bpf/rouse.o: $(filter-out $(B)/bpf/rouse_xdp.bpf.o,$(BPF_OBJ))
	$(call say,BPFLINK,$@)$(BPFTOOL) gen object $@ $^
$(B)/bpf/rouse_xdp.o: $(B)/bpf/rouse_xdp.bpf.o
	$(call say,BPFLINK,$@)$(BPFTOOL) gen object $@ $^
$(B)/gen/%.skel.h: $(B)/bpf/%.o
	$(call say,SKEL,$@)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name $*_bpf > $@
SKELETONS := $(B)/gen/rouse.skel.h $(B)/gen/rouse_xdp.skel.h
$(call obj,$(call src,dp)) $(call san,$(call src,dp)): $(SKELETONS)
bpf: $(SKELETONS) ## build the BPF object and its skeleton

.PHONY: bpf
-include $(BPF_OBJ:.o=.d)
