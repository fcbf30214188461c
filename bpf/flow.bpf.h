/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections: begin, busy and idle, end, and their places in the two ageing rings. */
#ifndef RS_FLOW_BPF_H
#define RS_FLOW_BPF_H

#include "account.bpf.h"
#include "hold.bpf.h"
#include "pure/tcp_state.h"

RS_INLINE bool rs_flow_ring_push(void *map, struct rs_ring *ring, const struct rs_tuple *key, __u64 born_ns,
				 __u64 due_ns)
{
	if (rs_read(ring->tail) - rs_read(ring->head) + RS_RING_MARGIN > config.flows_mask + 1)
		return false;
	__u64 sequence = __sync_fetch_and_add(&ring->tail, 1);
	__u32 index = (__u32)sequence & config.flows_mask;
	struct rs_flow_ring_entry *entry = bpf_map_lookup_elem(map, &index);
	if (!entry)
		return false;
	entry->key = *key;
	entry->born_ns = born_ns;
	entry->due_ns = due_ns;
	__sync_lock_test_and_set(&entry->sequence, sequence + 1);
	return true;
}

RS_INLINE struct rs_instance *rs_instance(__u32 id)
{
	return bpf_map_lookup_elem(&instances, &id);
}

/* The flow's instance, or NULL when its entry serves another one by now. */
RS_INLINE struct rs_instance *rs_flow_instance(const struct rs_flow *flow)
{
	struct rs_instance *instance = rs_instance(flow->instance);
	return instance && instance->generation == flow->instance_generation ? instance : NULL;
}

/* In-flight falls: the SLOT event tells the agent when someone waits for the place. */
RS_INLINE void rs_flow_set_idle(struct rs_flow *flow, __u64 now)
{
	if (__sync_val_compare_and_swap(&flow->busy, 1, 0) != 1)
		return;
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats) {
		stats->ended++;
		stats->sum_end_ns += now;
	}
	struct rs_instance *instance = rs_flow_instance(flow);
	if (!instance)
		return;
	__sync_fetch_and_add(&instance->in_flight, -1);
	__u32 id = flow->revision;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	if (instance->limit && revision && rs_read(revision->held) > 0)
		rs_event_send(RS_EVENT_SLOT, id, flow->instance);
}

/* A request on a connection that was idle. Its instance is given: it counts, whatever the limit. */
RS_INLINE void rs_flow_set_busy(const struct rs_tuple *key, struct rs_flow *flow, __u64 now)
{
	if (__sync_val_compare_and_swap(&flow->busy, 0, 1) != 0)
		return;
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats) {
		stats->started++;
		stats->sum_start_ns += now;
	}
	struct rs_instance *instance = rs_flow_instance(flow);
	if (instance)
		__sync_fetch_and_add(&instance->in_flight, 1);
	struct rs_rings *ring = rs_rings();
	if (ring)
		rs_flow_ring_push(&flow_ring_fast, &ring->flow_fast, key, flow->born_ns,
				  now + RS_FLOW_VISIT_FAST_MS * 1000000ULL);
}

/* Removes both halves. Returns false when another CPU did. */
RS_INLINE bool rs_flow_end(const struct rs_tuple *key, struct rs_flow *flow, __u64 now)
{
	struct rs_tuple reply = {
		.source = flow->instance_address,
		.destination = key->source,
		.source_port = flow->instance_port,
		.destination_port = key->source_port,
		.protocol = key->protocol,
	};
	rs_flow_set_idle(flow, now);
	struct rs_instance *instance = rs_flow_instance(flow);
	if (bpf_map_delete_elem(&flows, key) != 0)
		return false;
	bpf_map_delete_elem(&replies, &reply);
	if (instance)
		__sync_fetch_and_add(&instance->flows, -1);
	rs_count(flow_ended);
	return true;
}

/* What the pick has decided for a new connection. The instance's place is reserved already. */
struct rs_pick {
	struct rs_instance *instance;
	__u32 instance_id;
	struct rs_park park;
	__u32 client_ifindex;
	__u32 client_way;
	__u8 client_mac[6];
};

/* Tracks a new connection, busy from its SYN on. False when a map is full: the reservation stays with the caller. */
RS_INLINE bool rs_flow_begin(const struct rs_packet *packet, const struct rs_pick *pick)
{
	__u64 now = bpf_ktime_get_ns();
	struct rs_instance *instance = pick->instance;
	struct rs_flow flow = {
		.born_ns = now,
		.client_ns = now,
		.request_ns = now,
		.instance_address = instance->address,
		.instance_port = instance->port,
		.instance = pick->instance_id,
		.instance_generation = instance->generation,
		.instance_ifindex = instance->ifindex,
		.revision = pick->park.revision,
		.route = pick->park.route,
		.weight_sequence = pick->park.weight_sequence,
		.isn = packet->sequence,
		.client_ifindex = pick->client_ifindex,
		.client_way = pick->client_way,
		.state = RS_TCP_SYN_SENT,
		.busy = 1,
	};
	__builtin_memcpy(flow.instance_mac, instance->mac, 6);
	__builtin_memcpy(flow.client_mac, pick->client_mac, 6);
	struct rs_tuple reply = {
		.source = flow.instance_address,
		.destination = packet->tuple.source,
		.source_port = flow.instance_port,
		.destination_port = packet->tuple.source_port,
		.protocol = packet->tuple.protocol,
	};
	struct rs_rings *ring = rs_rings();
	if (!ring || bpf_map_update_elem(&flows, &packet->tuple, &flow, BPF_ANY) != 0)
		return false;
	if (bpf_map_update_elem(&replies, &reply, &packet->tuple, BPF_ANY) != 0 ||
	    !rs_flow_ring_push(&flow_ring_fast, &ring->flow_fast, &packet->tuple, now,
			       now + RS_FLOW_VISIT_FAST_MS * 1000000ULL)) {
		bpf_map_delete_elem(&flows, &packet->tuple);
		bpf_map_delete_elem(&replies, &reply);
		return false;
	}
	__sync_fetch_and_add(&instance->flows, 1);
	struct rs_revision_stats *stats = rs_stats(flow.revision);
	if (stats) {
		stats->connections++;
		stats->started++;
		stats->sum_start_ns += now;
	}
	rs_count(connection_new);
	return true;
}

#endif
