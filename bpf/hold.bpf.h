/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holding SYNs: admit, park, refresh, end. See abi/hold.h for the ring.
 *
 * A slot's outcome is decided by one compare-and-swap on its state, and
 * whoever wins it does the accounting, so each hold ends exactly once.
 */
#ifndef RS_HOLD_BPF_H
#define RS_HOLD_BPF_H

#include "account.bpf.h"
#include "pure/admit.h"
#include "pure/packet.h"

RS_INLINE struct rs_rings *rs_rings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&rings, &zero);
}

RS_INLINE struct rs_hold *rs_hold_slot(__u64 sequence)
{
	__u32 index = (__u32)sequence & config.holds_mask;
	return bpf_map_lookup_elem(&holds, &index);
}

/* The hold of this connection, or NULL. */
RS_INLINE struct rs_hold *rs_hold_find(const struct rs_tuple *key)
{
	__u64 *sequence = bpf_map_lookup_elem(&hold_index, key);
	if (!sequence)
		return NULL;
	struct rs_hold *hold = rs_hold_slot(*sequence);
	if (!hold || hold->sequence != *sequence + 1 || rs_read(hold->state) != RS_HOLD_HELD)
		return NULL;
	return hold;
}

RS_INLINE void rs_source_add(const struct rs_address *source, int n)
{
	__u32 *held = bpf_map_lookup_elem(&sources, source);
	if (held) {
		if (n > 0)
			__sync_fetch_and_add(held, 1);
		else if (rs_read(*held) > 0)
			__sync_fetch_and_add(held, -1);
	} else if (n > 0) {
		__u32 one = 1;
		bpf_map_update_elem(&sources, source, &one, BPF_NOEXIST);
	}
}

/* Ends the hold with `outcome`. Returns false when another CPU has ended it first. */
RS_INLINE bool rs_hold_end(struct rs_hold *hold, enum rs_hold_state outcome)
{
	struct rs_tuple key = hold->key;
	__u32 id = hold->revision;

	if (__sync_val_compare_and_swap(&hold->state, RS_HOLD_HELD, outcome) != RS_HOLD_HELD)
		return false;
	bpf_map_delete_elem(&hold_index, &key);
	rs_source_add(&key.source, -1);
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	if (revision)
		__sync_fetch_and_add(&revision->held, -1);
	return true;
}

/* Copies the frame's headers into the slot. The agent, which reads it, checks `version` before and after. */
RS_INLINE void rs_hold_store_frame(struct __sk_buff *skb, struct rs_hold *hold, const struct rs_packet *packet)
{
	__u32 length = packet->payload_offset;
	if (length < 1 || length > RS_HOLD_FRAME_MAX)
		return;
	__sync_fetch_and_add(&hold->version, 1);
	if (bpf_skb_load_bytes(skb, 0, hold->frame, length) == 0)
		hold->frame_length = (__u16)length;
	__sync_fetch_and_add(&hold->version, 1);
}

/* A further copy of a held SYN: keep the newer one, its timestamps shorten the client's RTT estimate. */
RS_INLINE void rs_hold_refresh(struct __sk_buff *skb, struct rs_hold *hold, const struct rs_packet *packet)
{
	__u64 now = bpf_ktime_get_ns();
	hold->gap_ms = (__u32)((now - hold->last_ns) / 1000000);
	hold->last_ns = now;
	hold->retransmits++;
	rs_hold_store_frame(skb, hold, packet);
	rs_count(hold_refreshed);
}

RS_INLINE enum rs_reason rs_hold_admit(const struct rs_rings *ring, const struct rs_revision *revision,
				       const struct rs_address *source)
{
	__u32 *source_held = bpf_map_lookup_elem(&sources, source);
	struct rs_admit in = {
		.node_held = (__u32)(rs_read(ring->hold.tail) - rs_read(ring->hold.head)),
		.node_max = config.holds_mask + 1 > RS_RING_MARGIN ? config.holds_mask + 1 - RS_RING_MARGIN : 1,
		.revision_held = rs_read(revision->held),
		.revision_max = revision->hold_max,
		.source_held = source_held ? *source_held : 0,
		.source_max = config.holds_per_source,
	};
	return rs_admit_hold(&in);
}

RS_INLINE void rs_count_shed(enum rs_reason why)
{
	struct rs_counters *count = rs_counters();
	if (!count)
		return;
	count->hold_shed++;
	if (why == RS_REASON_hold_shed_node)
		count->hold_shed_node++;
	else if (why == RS_REASON_hold_shed_revision)
		count->hold_shed_revision++;
	else if (why == RS_REASON_hold_shed_source)
		count->hold_shed_source++;
	else
		count->hold_shed_map++;
}

/* What is known of a connection when its SYN comes to be parked. */
struct rs_park {
	__u32 route;
	__u32 revision;
	__u32 weight_sequence;
};

/* Parks the SYN and rings the agent. False when it was shed. */
RS_INLINE bool rs_hold_park(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_park *park,
			    struct rs_revision *revision)
{
	struct rs_rings *ring = rs_rings();
	rs_count(hold_begun);
	if (!ring)
		return false;
	enum rs_reason admitted = rs_hold_admit(ring, revision, &packet->tuple.source);
	if (admitted != RS_REASON_hold_parked) {
		rs_count_shed(admitted);
		return false;
	}
	__u64 sequence = __sync_fetch_and_add(&ring->hold.tail, 1);
	struct rs_hold *hold = rs_hold_slot(sequence);
	if (!hold) {
		rs_count_shed(RS_REASON_hold_shed_map);
		return false;
	}
	hold->key = packet->tuple;
	hold->first_ns = bpf_ktime_get_ns();
	hold->last_ns = hold->first_ns;
	hold->gap_ms = 0;
	hold->isn = packet->sequence;
	hold->revision = park->revision;
	hold->route = park->route;
	hold->weight_sequence = park->weight_sequence;
	hold->client_ifindex = skb->ifindex;
	hold->total_ms = revision->hold_total_ms ? revision->hold_total_ms : RS_HOLD_TOTAL_MS;
	hold->retransmits = 0;
	rs_hold_store_frame(skb, hold, packet);
	hold->sequence = sequence + 1;
	/* From here on the slot is seen. The exchanges order it before the wake and before the second look
	 * at the instances; the agent writes "ready" and then looks for holds: one of both sees the other. */
	__sync_fetch_and_add(&revision->held, 1);
	rs_source_add(&packet->tuple.source, 1);
	__sync_lock_test_and_set(&hold->state, RS_HOLD_HELD);
	rs_count(hold_parked);
	if (bpf_map_update_elem(&hold_index, &packet->tuple, &sequence, BPF_ANY) != 0) {
		if (rs_hold_end(hold, RS_HOLD_SHED))
			rs_count_shed(RS_REASON_hold_shed_map);
		return false;
	}
	return true;
}

#endif
