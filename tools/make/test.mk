# SPDX-License-Identifier: BSD-2-Clause
# Tests. Every test/unit/**/X_test.c is one program, built with ASan and UBSan; the lines
# that begin with `/* link:` name what it links, which keeps the pure floors pure:
#   /* link: base core */        floors (base core wire yaml cli sys), folders (agent/api), single files
# cmocka prints the results; tools/test/run adds them up.
UNIT_SRC := $(sort $(shell find test/unit -name '*_test.c' 2>/dev/null))
UNIT_BIN := $(patsubst test/unit/%_test.c,$(B)/test/unit/%,$(UNIT_SRC))
floor_base := $(BASE)
floor_core := $(BASE) $(CORE)
floor_wire := $(BASE) $(CORE) $(WIRE)
floor_yaml := $(BASE) $(CORE) $(WIRE) $(YAML)
floor_cli := $(floor_yaml) user/sys/lock.c $(filter-out user/cli/main.c,$(call src,cli))
floor_sys := $(BASE) $(call src,sys)
floor_rt := $(BASE) $(CORE) $(call src,sys) $(filter-out $(SANDBOX),$(call src,rt))
linked = $(sort $(foreach w,$(shell sed -n 's,^/\* link: \(.*\) \*/,\1,p' $(1)),$(if $(filter %.c,$(w)),$(w),$(or $(floor_$(w)),$(call src,$(w))))))

$(B)/san/test/%.o: CPPFLAGS += -Itest
define unit
$(patsubst test/unit/%_test.c,$(B)/test/unit/%,$(1)): $(call san,$(1) $(call linked,$(1)))
	$$(call say,LINK san,$$@)mkdir -p $$(@D) && $$(CC) $$(CFLAGS) $$(SANITIZE) $$^ -lcmocka $$(call pkg_libs,$$(sort $$(LIBS_roused) $$(LIBS_rouse))) -lm -lpthread -o $$@
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit,$(t))))

# test/packet/**/X_test.c run the BPF programs on single packets (BPF_PROG_TEST_RUN), test/net/**/X_test.c in network
# namespaces with real sockets. Both are built as the unit tests are, and need root.
floor_dp := $(BASE) $(call src,dp) user/sys/lock.c
floor_packet := $(CORE) $(filter-out %_test.c,$(wildcard test/packet/*.c)) $(wildcard test/packet/rows/*.c)
$(call san,$(wildcard test/packet/*.c test/packet/*/*.c test/net/dp*.c)): $(B)/gen/rouse.skel.h
define tier
$(1)_SRC := $$(sort $$(shell find test/$(1) -name '*_test.c' 2>/dev/null))
$(1)_BIN := $$(patsubst test/$(1)/%_test.c,$$(B)/test/$(1)/%,$$($(1)_SRC))
$$(foreach t,$$($(1)_SRC),$$(eval $$(call program,$(1),$$(t))))
$(1): $$($(1)_BIN)
	$$(Q)tools/test/run $(1)
endef
define program
$(patsubst test/$(1)/%_test.c,$(B)/test/$(1)/%,$(2)): $(call san,$(2) $(call linked,$(2)))
	$$(call say,LINK san,$$@)mkdir -p $$(@D) && $$(CC) $$(CFLAGS) $$(SANITIZE) $$^ -lcmocka $$(call pkg_libs,$$(LIBS_roused)) -lm -lpthread -o $$@
endef
$(foreach t,packet net,$(eval $(call tier,$(t))))

packet: ## run the BPF programs on single packets (root)
net: $(B)/bin/rouse-sandbox ## run the network tests in namespaces (root)
.PHONY: packet net

test-kernels: $(packet_BIN) $(net_BIN) ## run both on Debian's 6.1 and 6.12 kernels, in QEMU (a quarter of an hour)
	$(Q)B=$(B) test/kernels/run
kernels: test-kernels
.PHONY: test-kernels kernels

unit: $(UNIT_BIN) ## run the unit tests (no root needed)
	$(Q)tools/test/run unit
.PHONY: unit
