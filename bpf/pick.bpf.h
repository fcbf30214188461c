/* SPDX-License-Identifier: GPL-2.0-only */
/* Picks: the revision by exact weights, the instance by load, with its place reserved. */
#ifndef RS_PICK_BPF_H
#define RS_PICK_BPF_H

#include "account.bpf.h"
#include "instance.bpf.h"

/* The revision of the route's next connection, 0 for none. */
RS_INLINE __u32 rs_pick_revision(struct rs_route *route, __u32 *ret_sequence)
{
	__u64 sequence = __sync_fetch_and_add(&route->sequence, 1);
	__u32 slot = (__u32)(sequence % RS_ROUTE_SLOTS);
	*ret_sequence = (__u32)sequence;
	/* The verifier does not follow a remainder: hide it from the compiler, and check. */
	rs_hide(slot);
	if (slot >= RS_ROUTE_SLOTS)
		return 0;
	__u32 target = route->slot[slot];
	rs_hide(target);
	return target < RS_ROUTE_TARGETS_MAX ? route->target[target] : 0;
}

/* One more request for the instance, unless that passes its limit. */
RS_INLINE bool rs_reserve(struct rs_instance *instance)
{
	if (!instance->limit) {
		__sync_fetch_and_add(&instance->in_flight, 1);
		return true;
	}
	/* A lost race means that another CPU took or gave back a place: look again, a few times. */
	for (int tries = 0; tries < 4; tries++) {
		__u32 now = rs_read(instance->in_flight);
		if (now >= instance->limit)
			return false;
		if (__sync_val_compare_and_swap(&instance->in_flight, now, now + 1) == now)
			return true;
	}
	return false;
}

/* What is asked of an instance. */
struct rs_wanted {
	__u32 revision;
	__u32 family;  /* enum rs_family: an address of it */
	__u32 port;    /* index of a port that it has */
	bool released; /* a SYN that the agent lets go on: it may also try an instance that only listens so far */
};

RS_INLINE bool rs_pickable(const struct rs_instance *instance, const struct rs_wanted *wanted)
{
	__u32 state = rs_read(instance->state);
	return instance->revision == wanted->revision &&
	       (state == RS_INSTANCE_READY || (wanted->released && state == RS_INSTANCE_PROBABLE)) &&
	       (!instance->limit || rs_read(instance->in_flight) < instance->limit) &&
	       rs_instance_address(instance, wanted->family) &&
	       rs_instance_serves(instance, wanted->family, wanted->port);
}

#define RS_LOAD_UNSURE (1U << 30)

struct rs_scan {
	struct rs_revision *revision;
	struct rs_wanted wanted;
	__u32 best;
	__u32 best_load;
};

static long rs_scan_instance(__u32 i, struct rs_scan *scan)
{
	if (i >= RS_REVISION_INSTANCES_MAX)
		return 1;
	__u32 candidate = rs_read(scan->revision->instance[i]);
	struct rs_instance *instance = candidate ? bpf_map_lookup_elem(&instances, &candidate) : NULL;
	if (!instance || !rs_pickable(instance, &scan->wanted))
		return 0;
	/* One that only listens so far, or has just refused, is a last resort. */
	__u32 load =
		rs_read(instance->in_flight) + (rs_read(instance->state) == RS_INSTANCE_READY ? 0 : RS_LOAD_UNSURE);
	if (load < scan->best_load) {
		scan->best_load = load;
		scan->best = candidate;
	}
	return 0;
}

/* The revision's instance with the fewest requests in flight that can take one more, reserved; 0 for none. The
 * parameters are those of struct rs_wanted. */
RS_GLOBAL __u32 rs_pick_instance(__u32 id, __u32 family, __u32 port, __u32 released)
{
	struct rs_scan scan = {
		.revision = bpf_map_lookup_elem(&revisions, &id),
		.wanted = {.revision = id, .family = family, .port = port, .released = released},
	};
	if (!scan.revision)
		return 0;
	__u32 count = rs_read(scan.revision->instance_count);
	/* A lost reservation race leads to a second look, no further: then the SYN is held. */
	for (int round = 0; round < 2; round++) {
		scan.best = 0;
		scan.best_load = ~0U;
		bpf_loop(count < RS_REVISION_INSTANCES_MAX ? count : RS_REVISION_INSTANCES_MAX, rs_scan_instance, &scan,
			 0);
		__u32 best = scan.best;
		struct rs_instance *instance = best ? bpf_map_lookup_elem(&instances, &best) : NULL;
		if (!instance)
			return 0;
		if (rs_reserve(instance))
			return best;
	}
	return 0;
}

#endif
