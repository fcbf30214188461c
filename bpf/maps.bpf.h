/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map, once. All are pinned by name, carry BTF for `bpftool map dump`,
 * and are weak so that the objects that include this file share them. Sizes
 * are defaults: the agent sets others before the load.
 *
 * Flows are allocated when used, not in advance: a node with few connections
 * pays for few. Arrays that the agent maps into its memory are updated there
 * field by field, with atomic stores.
 */
#ifndef RS_MAPS_BPF_H
#define RS_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Padding that nobody wrote makes look-ups fail: none in the ABI. test/unit/include asks the host's compiler too. */
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"
#include "abi/config.h"
#include "abi/counters.h"
#include "abi/datagram.h"
#include "abi/event.h"
#include "abi/flow.h"
#include "abi/fragment.h"
#include "abi/hold.h"
#include "abi/service.h"
#include "abi/version.h"
#include "abi/limits.h"
#pragma clang diagnostic pop

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_abi);
} abi SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_FRONTENDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_frontend_key);
	__type(value, struct rs_frontend);
} frontends SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_EXTERNAL_WORDS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);   /* rs_external_word() */
	__type(value, __u64); /* a bit for each port that may have a frontend at an address of the node */
} external SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_ROUTES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_route);
} routes SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, RS_ALLOWED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_allowed_key);
	__type(value, __u32);
} allowed SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_REVISIONS_MAX + 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_revision);
} revisions SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_INSTANCES_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_instance);
} instances SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_REVISIONS_MAX + 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32); /* revision */
	__type(value, struct rs_maglev);
} maglev SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RS_REVISIONS_MAX + 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_revision_stats);
} revision_stats SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_FLOWS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_tuple);
	__type(value, struct rs_flow);
} flows SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_FLOWS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_tuple);
	__type(value, struct rs_reply);
} replies SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_FLOWS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_flow_ring_entry);
} flow_ring_fast SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_FLOWS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_flow_ring_entry);
} flow_ring_slow SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_FLOWS_MAX / RS_FLOWS_OPEN_SHARE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_flow_ring_entry);
} flow_ring_open SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_HOLDS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_hold);
} holds SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_DATAGRAMS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_datagram);
} datagrams SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_HOLDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_tuple);
	__type(value, __u64); /* the slot's sequence */
} hold_index SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RS_SOURCES_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);   /* hash of a client's address: counters that cannot be evicted or leak */
	__type(value, __u32); /* SYNs held for the clients that share the place */
} sources SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_rings);
} rings SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_IFACES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32); /* ifindex */
	__type(value, struct rs_iface);
} ifaces SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_INSTANCES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);   /* inode of a network namespace */
	__type(value, __u32); /* instance */
} namespaces SEC(".maps") __weak;

/* The same, for programs that see only the namespace's cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_INSTANCES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u64);
	__type(value, __u32); /* instance */
} netns_cookies SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_counters);
} counters SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RS_EVENTS_BYTES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps") __weak;

struct rs_sweeper {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_sweeper);
} sweeper SEC(".maps") __weak;

extern const volatile struct rs_config config;

/* Fields of a map's value that several CPUs and the agent change. */
#define rs_read(x) (*(volatile __typeof__(x) *)&(x))

/* BPF has no acquire and release, but its fetching atomics are full barriers (Documentation/bpf/standardization:
 * BPF_FETCH): what was written before a publish is seen after a read that sees it. */
#define rs_publish(x, value) ((void)__sync_lock_test_and_set(&(x), (value)))
#define rs_read_acquire(x)   __sync_fetch_and_add(&(x), 0)

/* What map updates return (negated); <errno.h> is not for BPF. As an int: before 6.4 the function behind the helper
 * returned one, and the upper half of the register is whatever was there. */
#define RS_EEXIST			      17
#define rs_map_update(map, key, value, flags) ((int)bpf_map_update_elem(map, key, value, flags))

/* A function of its own for the verifier too: checked once by itself, not again on each way to its calls, which keeps
 * every program far below the limit of a million instructions. It must not trust its pointers to be set, and copies
 * what is to be a map's key: 6.1 takes none by such a pointer ("R2 type=mem expected=fp, pkt, pkt_meta, map_key,
 * map_value"). Weak: each object that uses it has a copy, and the linker keeps one. */
#define RS_GLOBAL __attribute__((noinline, weak))

#endif
