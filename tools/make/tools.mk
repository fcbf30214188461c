# SPDX-License-Identifier: BSD-2-Clause
# The lab's programs, the demo, the agent on this host, and the benchmarks.

BENCH_BIN := $(patsubst tools/bench/%.c,$(B)/bench/%,$(wildcard tools/bench/*.c))
$(B)/bench/%: tools/bench/%.c
	$(call say,CC,$<)mkdir -p $(@D) && $(CC) -D_GNU_SOURCE $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $(B)/bench/$*.d $< -o $@
# Static: what the dynamic linker would add to a start is not what a benchmark is about.
$(B)/bench/stub: LDFLAGS += -static

# Single packets through the programs, over the product's own adapter: bench-packet, bench-flows, bench-scale.
BENCH_DP := $(patsubst %.c,$(B)/obj/%.o,$(addprefix tools/bench/dataplane/,frame.c ground.c run.c))
BENCH_DP_BIN := $(B)/bench/packet $(B)/bench/flows
BENCH_BIN += $(BENCH_DP_BIN)
$(B)/bench/harness.bpf.o: tools/bench/dataplane/harness.bpf.c
	$(call say,BPF,$<)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
$(B)/gen/bench_harness.skel.h: $(B)/bench/harness.bpf.o
	$(call say,SKEL,$@)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name bench_harness_bpf > $@
$(B)/obj/tools/bench/%.o: CPPFLAGS += -Itools/bench
$(call obj,$(wildcard tools/bench/dataplane/*.c)): $(B)/gen/bench_harness.skel.h $(B)/gen/rouse.skel.h
$(BENCH_DP_BIN): $(B)/bench/%: $(B)/obj/tools/bench/dataplane/%.o $(BENCH_DP) $(call obj,$(BASE) $(call src,dp) user/sys/lock.c)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) $^ $(call pkg_libs,$(LIBS_roused)) -lm -lpthread -o $@
bench-programs: $(BENCH_BIN)
-include $(BENCH_BIN:=.d)

demo: all bench-programs ## see a service sleep, wake, scale, split and sleep again, in a throwaway lab (root)
	$(Q)tools/demo
run: all ## the agent on this host, in the foreground (root); `build/bin/rouse` talks to it
	$(Q)mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	$(Q)exec $(B)/bin/roused --hosts-file /etc/hosts $(OPTIONS)

BENCHES := cold warm idle crash weights growth packet flows scale bulk
bench-cold: ## the agent's share of a cold start, its sweep, herds and many services
bench-warm: ## requests a second beside direct, nftables, nginx and HAProxy
bench-idle: ## what 1000 sleeping services cost
bench-crash: ## kill -9 the agent under load, 20 times
bench-weights: ## how exactly connections are split
bench-growth: ## 10 000 services: made, listed, started over, deleted, killed in the middle
bench-scale: ## ten, a thousand, a hundred thousand services: packets, apply, restart, memory
bench-bulk: ## iperf3 through a VIP beside straight routing
bench-flows: ## a million connections: memory, counting, the sweeper
bench-packet: ## ns per packet in the programs: established, new, held, not ours
$(BENCHES:%=bench-%): bench-%: all bench-programs
	$(Q)python3 tools/bench/$*.py
bench: $(BENCHES:%=bench-%) ## all of them

.PHONY: bench-programs demo run bench $(BENCHES:%=bench-%)
