/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holding SYNs: admit, park, refresh, end. See abi/hold.h for the ring and a
 * slot's life.
 *
 * A slot's end is decided by one compare-and-swap on its state, and whoever
 * wins it does the accounting, so each hold ends exactly once.
 */
#ifndef RS_HOLD_BPF_H
#define RS_HOLD_BPF_H

#include "account.bpf.h"
#include "queue.bpf.h"
#include "work.bpf.h"
#include "pure/admit.h"
#include "pure/hash.h"
#include "pure/packet.h"

RS_INLINE struct rs_hold *rs_hold_slot(__u64 sequence)
{
	__u32 index = (__u32)sequence & config.holds_mask;
	return bpf_map_lookup_elem(&holds, &index);
}

RS_INLINE __u32 *rs_source(const struct rs_address *address)
{
	__u32 index = rs_hash_address(address, config.seed) % RS_SOURCES_MAX;
	return bpf_map_lookup_elem(&sources, &index);
}

#define RS_HOLD_IS(state) (1U << (RS_HOLD_##state))

/* The slot of a sequence in one of `states`, or NULL when it has another state or serves another hold by now. */
RS_INLINE struct rs_hold *rs_hold_at(__u64 sequence, __u32 states)
{
	struct rs_hold *hold = rs_hold_slot(sequence);
	if (!hold || rs_read_acquire(hold->sequence) != sequence + 1)
		return NULL;
	return states >> (rs_read(hold->state) & 31) & 1 ? hold : NULL;
}

/* The hold of this connection, or NULL. */
RS_INLINE struct rs_hold *rs_hold_find(const struct rs_tuple *key)
{
	__u64 *sequence = bpf_map_lookup_elem(&hold_index, key);
	return sequence ? rs_hold_at(*sequence, RS_HOLD_IS(HELD)) : NULL;
}

/* One hold more or less (n = 1 or -1), for everyone who counts them. */
RS_INLINE void rs_hold_account(const struct rs_hold *hold, int n)
{
	__u32 id = hold->revision;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	if (revision)
		__sync_fetch_and_add(&revision->held, n);
	__u32 *source = rs_source(&hold->key.source);
	if (source)
		__sync_fetch_and_add(source, n);
	struct rs_rings *ring = rs_rings();
	if (ring)
		__sync_fetch_and_add(&ring->held, (__s64)n);
}

/* Ends the hold with `outcome`. Returns false when another CPU has ended it first. */
RS_GLOBAL int rs_hold_end(struct rs_hold *hold, enum rs_hold_state outcome)
{
	struct rs_work *work = rs_work();
	if (!hold || !work)
		return false;
	/* Won first and read afterwards: until the outcome stands the slot cannot be used anew. */
	if (__sync_val_compare_and_swap(&hold->state, RS_HOLD_HELD, RS_HOLD_FREE) != RS_HOLD_HELD)
		return false;
	/* Not on the stack, which is short here; and what `hold` leads to is no map key for 6.1. */
	struct rs_tuple *key = &work->unheld_key;
	*key = hold->key;
	bpf_map_delete_elem(&hold_index, key);
	if (key->protocol == RS_PROTOCOL_UDP)
		rs_queue_drop(hold);
	rs_hold_account(hold, -1);
	rs_publish(hold->state, (__u32)outcome);
	return true;
}

RS_INLINE enum rs_reason rs_hold_admit(const struct rs_rings *ring, const struct rs_revision *revision,
				       const struct rs_address *source)
{
	const __u32 *source_held = rs_source(source);
	struct rs_admit in = {
		/* Places of the ring, not holds: one that has ended keeps its place until the sweeper comes by. */
		.node_held = (__u32)(rs_read(ring->hold.tail) - rs_read(ring->hold.head)),
		.node_max = config.holds_mask + 1 - RS_RING_MARGIN,
		.revision_held = rs_read(revision->held),
		.revision_max = revision->hold_max,
		.source_held = source_held ? rs_read(*source_held) : 0,
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
	else if (why == RS_REASON_hold_shed_long)
		count->hold_shed_long++;
	else if (why == RS_REASON_hold_shed_datagram)
		count->hold_shed_datagram++;
	else
		count->hold_shed_map++;
}

/* Leads from the connection to its slot. 0, -EEXIST when it has another live hold, or the map's error. */
RS_INLINE int rs_hold_index(const struct rs_tuple *key, __u64 sequence)
{
	int r = rs_map_update(&hold_index, key, &sequence, BPF_NOEXIST);
	if (r != -RS_EEXIST)
		return r;
	__u64 *other = bpf_map_lookup_elem(&hold_index, key);
	struct rs_hold *hold = other ? rs_hold_slot(*other) : NULL;
	if (hold && (rs_read_acquire(hold->sequence) < *other + 1 ||
		     rs_hold_at(*other, RS_HOLD_IS(HELD) | RS_HOLD_IS(FREE) | RS_HOLD_IS(MOVED))))
		return -RS_EEXIST; /* or is being written, ended or moved at this moment */
	/* It led to a hold that has ended: that must not shut out this client for ever. */
	return rs_map_update(&hold_index, key, &sequence, BPF_ANY);
}

#endif
