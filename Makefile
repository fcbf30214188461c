# SPDX-License-Identifier: BSD-2-Clause
# Rouse: `make help` lists the targets. V=1 shows the commands. Everything built lands in build/.

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := all

B ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool) /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' "$(1)" "$(2)";)

VERSION := $(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null || echo unknown)

export B
include tools/make/deps.mk

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes
SYSCONFDIR ?= /etc
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(B)/gen -DRS_VERSION='"$(VERSION)"' -DRS_SYSCONFDIR='"$(SYSCONFDIR)"'
CFLAGS ?= -O2 -g
# Headers are read and written through structs that lie in arrays of bytes, as the kernel does it.
CFLAGS += -std=gnu17 -fno-strict-aliasing $(WARNINGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# One list of libraries for each binary: what a floor may use stands here.
LIBS_roused := libbpf libelf zlib libnl-3.0 libnl-route-3.0 libnftables libcjson yaml-0.1 libsystemd libmicrohttpd libcurl sqlite3
LIBS_rouse := libcjson yaml-0.1 libcurl ncursesw
LIBS_rouse-sandbox := libnl-3.0 libnl-route-3.0 libcjson
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)
CPPFLAGS += $(call pkg_cflags,$(sort $(LIBS_roused) $(LIBS_rouse)))

src = $(sort $(foreach d,$(1),$(wildcard user/$(d)/*.c) $(wildcard user/$(d)/*/*.c)))
BASE := $(call src,base)
CORE := $(call src,core)
# wire/yaml*.c is the command line's and the configuration's (libyaml); all else reads JSON alone.
WIRE := $(filter-out user/wire/yaml%,$(call src,wire))
YAML := $(wildcard user/wire/yaml*.c)
# rt/sandbox/ is the helper program that builds an instance's sandbox and becomes the instance.
SANDBOX := $(wildcard user/rt/sandbox/*.c)
SRC_roused := $(BASE) $(CORE) $(WIRE) $(YAML) $(call src,sys dp agent) $(filter-out $(SANDBOX),$(call src,rt))
SRC_rouse := $(BASE) $(CORE) $(WIRE) $(YAML) user/sys/lock.c $(call src,cli)
SRC_rouse-sandbox := $(BASE) $(SANDBOX) $(wildcard user/rt/log_*.c) user/rt/names.c
BINARIES := $(addprefix $(B)/bin/,rouse roused rouse-sandbox)

all: $(BINARIES) ## build build/bin/rouse, roused and rouse-sandbox

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
san = $(patsubst %.c,$(B)/san/%.o,$(1))

$(B)/obj/%.o: %.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
# What is only in headers (include/) is tested as the compiler makes it for roused: at -O2 types that alias matter.
SAN_LEVEL := -O1
$(B)/san/test/unit/include/%.o: SAN_LEVEL := -O2
$(B)/san/%.o: %.c
	$(call say,CC san,$<)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(SAN_LEVEL) $(SANITIZE) -MMD -MP -c $< -o $@

define binary
$(B)/bin/$(1): $$(call obj,$$(SRC_$(1)))
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) $$(CFLAGS) $$(LDFLAGS) $$^ $$(call pkg_libs,$$(LIBS_$(1))) -lm -lpthread -o $$@
endef
$(foreach b,rouse roused rouse-sandbox,$(eval $(call binary,$(b))))

include tools/make/bpf.mk tools/make/test.mk tools/make/fuzz.mk tools/make/vectors.mk tools/make/tools.mk tools/make/man.mk tools/make/install.mk tools/make/check.mk

clean: ## remove build/
	$(Q)rm -rf $(B)

help: ## this list
	$(Q)grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

.PHONY: all clean help
-include $(shell find $(B)/obj $(B)/san -name '*.d' 2>/dev/null)
