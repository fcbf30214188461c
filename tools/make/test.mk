# SPDX-License-Identifier: BSD-2-Clause
# Tests. Every test/unit/**/X_test.c is one program, built with ASan and UBSan; the first
# line that begins with `/* link:` names what it links, which keeps the pure floors pure:
#   /* link: base core */        floors (base core wire yaml cli sys), folders (agent/api), single files
# cmocka prints the results; tools/test/run adds them up.
UNIT_SRC := $(sort $(shell find test/unit -name '*_test.c' 2>/dev/null))
UNIT_BIN := $(patsubst test/unit/%_test.c,$(B)/test/unit/%,$(UNIT_SRC))
floor_base := $(BASE)
floor_core := $(BASE) $(CORE)
floor_wire := $(BASE) $(CORE) $(WIRE)
floor_yaml := $(BASE) $(CORE) $(WIRE) $(YAML)
floor_cli := $(floor_yaml) $(filter-out user/cli/main.c,$(call src,cli))
floor_sys := $(BASE) $(call src,sys)
floor_rt := $(BASE) $(CORE) $(call src,sys) $(filter-out $(SANDBOX),$(call src,rt))
linked = $(sort $(foreach w,$(shell sed -n 's,^/\* link: \(.*\) \*/,\1,p' $(1) | head -1),$(if $(filter %.c,$(w)),$(w),$(or $(floor_$(w)),$(call src,$(w))))))

$(B)/san/test/%.o: CPPFLAGS += -Itest
define unit
$(patsubst test/unit/%_test.c,$(B)/test/unit/%,$(1)): $(call san,$(1) $(call linked,$(1)))
	$$(call say,LINK san,$$@)mkdir -p $$(@D) && $$(CC) $$(CFLAGS) $$(SANITIZE) $$^ -lcmocka $$(call pkg_libs,$$(LIBS_roused) yaml-0.1) -lm -lpthread -o $$@
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit,$(t))))

unit: $(UNIT_BIN) ## run the unit tests (no root needed)
	$(Q)tools/test/run unit
.PHONY: unit
