// SPDX-License-Identifier: BSD-2-Clause
/* The rounds of a measurement (harness.h), for both hooks. Not part of the product's object. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi/flow.h"
#include "harness.h"

#define INLINE static inline __attribute__((always_inline))

struct bench_round bench_round = {};

/* A program array takes programs of one kind: one for each kind of round. */
#define TARGETS(name)                                                                                                  \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                                                 \
		__uint(max_entries, 1);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, __u32);                                                                                  \
	} name SEC(".maps")

TARGETS(target_tc);
TARGETS(target_xdp);
TARGETS(target_frags);

/* The dataplane's own maps: run.c puts them here before the load. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct rs_tuple);
	__type(value, struct rs_flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct rs_tuple);
	__type(value, struct rs_reply);
} replies SEC(".maps");

/* Number of this round's connection. */
INLINE __u32 choose(struct bench_round *round)
{
	if (round->order == BENCH_NEXT)
		return round->next++;
	round->random = round->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (__u32)((round->random >> 32) * round->connections >> 32);
}

INLINE int put(void *data, void *end, __u32 at, __u32 value, __u32 size)
{
	void *to = data + (at & 127);
	if (to + 4 > end)
		return 0;
	if (size == 2)
		*(__u16 *)to = bpf_htons((__u16)value);
	else
		*(__u32 *)to = bpf_htonl(value);
	return 1;
}

INLINE int restore(void *data, void *end)
{
	struct bench_round *round = &bench_round;
	if (data + BENCH_HEAD_V4 > end)
		return 0;
	/* In pieces that no field of a header straddles: a load that takes bytes of two stores which are still on their
	 * way waits for both, and that would be a delay of the measurement's own. */
	*(__u16 *)data = round->first;
	__u32 *to = data + 2;
	for (int i = 0; i < (BENCH_HEAD_V4 - 2) / 4; i++)
		to[i] = round->words[i];
	if (round->head_bytes == BENCH_HEAD_V6) {
		if (data + BENCH_HEAD_V6 > end)
			return 0;
		for (int i = (BENCH_HEAD_V4 - 2) / 4; i < (BENCH_HEAD_V6 - 2) / 4; i++)
			to[i] = round->words[i];
	}
	if (round->order == BENCH_ONE)
		return 1;
	__u32 n = choose(round);
	return put(data, end, round->client_address_at, round->first_client + (n >> BENCH_PORTS_SHIFT), 4) &&
	       put(data, end, round->client_port_at, BENCH_PORT_FIRST + (n & ((1 << BENCH_PORTS_SHIFT) - 1)), 2) &&
	       put(data, end, round->vip_address_at, round->first_vip + n % round->services, 4);
}

SEC("tc")
int round_tc(struct __sk_buff *skb)
{
	if (restore((void *)(long)skb->data, (void *)(long)skb->data_end)) {
		skb->mark = bench_round.mark;
		bpf_tail_call(skb, &target_tc, 0);
	}
	return -100; /* no such verdict: the target is missing */
}

SEC("xdp")
int round_xdp(struct xdp_md *xdp)
{
	if (restore((void *)(long)xdp->data, (void *)(long)xdp->data_end))
		bpf_tail_call(xdp, &target_xdp, 0);
	return -100;
}

SEC("xdp.frags")
int round_frags(struct xdp_md *xdp)
{
	if (restore((void *)(long)xdp->data, (void *)(long)xdp->data_end))
		bpf_tail_call(xdp, &target_frags, 0);
	return -100;
}

/* What the measurement costs. */
SEC("tc")
int nothing_tc(struct __sk_buff *skb)
{
	return 0;
}

SEC("xdp")
int nothing_xdp(struct xdp_md *xdp)
{
	return 0;
}

SEC("xdp.frags")
int nothing_frags(struct xdp_md *xdp)
{
	return 0;
}

/* What any program must pay that finds a connection in tables of this size: the look-ups, and one field read. */
INLINE int find(void *data, void *end)
{
	struct rs_tuple key = {.protocol = 6};
	__u16 *ports;
	if (bench_round.head_bytes == BENCH_HEAD_V6) {
		if (data + BENCH_HEAD_V6 > end)
			return 0;
		__builtin_memcpy(&key.source, data + 22, 16);
		__builtin_memcpy(&key.destination, data + 38, 16);
		ports = data + 54;
	} else {
		if (data + BENCH_HEAD_V4 > end)
			return 0;
		key.source = rs_address_v4(*(__u32 *)(data + 26));
		key.destination = rs_address_v4(*(__u32 *)(data + 30));
		ports = data + 34;
	}
	key.source_port = ports[0];
	key.destination_port = ports[1];
	if (bench_round.is_reply) {
		const struct rs_reply *reply = bpf_map_lookup_elem(&replies, &key);
		return reply ? (int)(reply->settled & 1) + 1 : 0;
	}
	const struct rs_flow *flow = bpf_map_lookup_elem(&flows, &key);
	return flow ? (int)(flow->state & 1) + 1 : 0;
}

SEC("tc")
int find_tc(struct __sk_buff *skb)
{
	return find((void *)(long)skb->data, (void *)(long)skb->data_end);
}

SEC("xdp")
int find_xdp(struct xdp_md *xdp)
{
	return find((void *)(long)xdp->data, (void *)(long)xdp->data_end);
}

SEC("xdp.frags")
int find_frags(struct xdp_md *xdp)
{
	return find((void *)(long)xdp->data, (void *)(long)xdp->data_end);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
