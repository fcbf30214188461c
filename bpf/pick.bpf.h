/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Picks: the revision by exact weights or by the client's address, the instance
 * by the revision's policy, with its place reserved. Asked once for each
 * connection: from then on its flow knows, and before that its hold knows the
 * revision. A retransmitted SYN finds one of them, whatever has changed.
 */
#ifndef RS_PICK_BPF_H
#define RS_PICK_BPF_H

#include "account.bpf.h"
#include "instance.bpf.h"
#include "pure/hash.h"
#include "work.bpf.h"

/* The slot of the route's next connection: numbers that go round, so that the weights are exact whichever CPUs the
 * connections come in by. Or, where a client keeps its revision, the slot of its address. */
RS_INLINE __u32 rs_pick_slot(struct rs_route *route, const struct rs_address *source, struct rs_park *park)
{
	park->numbered = !(route->flags & RS_ROUTE_STICKY);
	if (!park->numbered)
		return park->weight_sequence = rs_hash_address(source, route->seed) % RS_ROUTE_SLOTS;
	__u64 sequence = __sync_fetch_and_add(&route->sequence, 1);
	park->weight_sequence = (__u32)sequence;
	return (__u32)(sequence % RS_ROUTE_SLOTS);
}

/* The revision of the route's next connection, 0 for none. */
RS_INLINE __u32 rs_pick_revision(struct rs_route *route, const struct rs_address *source, struct rs_park *park)
{
	__u32 slot = rs_pick_slot(route, source, park);
	/* The verifier does not follow a remainder: hide it from the compiler, and check. */
	rs_hide(slot);
	if (slot >= RS_ROUTE_SLOTS)
		return 0;
	__u32 target = route->slot[slot];
	rs_hide(target);
	return target < RS_ROUTE_TARGETS_MAX ? route->target[target] : 0;
}

/* What was picked for work->packet is neither begun nor held: the number that it took is the next connection's, or a
 * flood against full tables would use up shares. When another CPU has taken the next number meanwhile, this one is
 * missing: what is admitted is then exact but for those. */
RS_GLOBAL int rs_pick_undo(void)
{
	const struct rs_work *at_hand = rs_work();
	if (!at_hand || !at_hand->park.numbered)
		return false;
	__u32 id = at_hand->park.route;
	struct rs_route *route = bpf_map_lookup_elem(&routes, &id);
	if (!route)
		return false;
	__u64 next = rs_read(route->sequence);
	return (__u32)next == at_hand->park.weight_sequence + 1 &&
	       __sync_val_compare_and_swap(&route->sequence, next, next - 1) == next;
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
	__u8 family;   /* enum rs_family: an address of it */
	__u8 port;     /* index of a port that it has */
	bool released; /* what the agent lets go on: it may also try an instance that only listens so far */
	__u8 pad;
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

/* A search among the revision's instances. Small: the stack of the whole chain of calls is. */
struct rs_search {
	struct rs_revision *revision;
	struct rs_maglev *table; /* by hash */
	struct rs_wanted wanted;
	__u32 best; /* so far; 0 = none */
	union {
		__u32 best_load;
		__u32 entry; /* of the table, where the walk begins */
	};
};

static long rs_search_by_load(__u32 i, struct rs_search *search)
{
	if (i >= RS_REVISION_INSTANCES_MAX)
		return 1;
	__u32 candidate = rs_read(search->revision->instance[i]);
	struct rs_instance *instance = candidate ? rs_instance(candidate) : NULL;
	if (!instance || !rs_pickable(instance, &search->wanted))
		return 0;
	/* One that only listens so far, or has just refused, is a last resort. */
	__u32 load =
		rs_read(instance->in_flight) + (rs_read(instance->state) == RS_INSTANCE_READY ? 0 : RS_LOAD_UNSURE);
	if (load < search->best_load) {
		search->best_load = load;
		search->best = candidate;
	}
	return search->revision->policy == RS_PICK_FIRST && load < RS_LOAD_UNSURE;
}

/* The instance with the fewest requests in flight that can take one more, or the first that can where the policy is
 * that: reserved. 0 for none. */
RS_INLINE __u32 rs_pick_by_load(struct rs_search *search)
{
	__u32 count = rs_read(search->revision->instance_count);
	/* A lost reservation race leads to a second look, no further: then the SYN is held. */
	for (int round = 0; round < 2; round++) {
		search->best = 0;
		search->best_load = ~0U;
		bpf_loop(count < RS_REVISION_INSTANCES_MAX ? count : RS_REVISION_INSTANCES_MAX, rs_search_by_load,
			 search, 0);
		struct rs_instance *instance = search->best ? rs_instance(search->best) : NULL;
		if (!instance)
			return 0;
		if (rs_reserve(instance))
			return search->best;
	}
	return 0;
}

static long rs_search_by_hash(__u32 i, struct rs_search *search)
{
	__u32 entry = (search->entry + i) % RS_MAGLEV_SIZE;
	rs_hide(entry);
	if (entry >= RS_MAGLEV_SIZE)
		return 1;
	__u32 place = search->table->place[entry];
	rs_hide(place);
	if (place >= RS_REVISION_INSTANCES_MAX)
		return 0;
	__u32 candidate = rs_read(search->revision->instance[place]);
	struct rs_instance *instance = candidate ? rs_instance(candidate) : NULL;
	/* For the first try it has to be ready, released or not. */
	if (!instance || rs_read(instance->state) != RS_INSTANCE_READY || !rs_pickable(instance, &search->wanted) ||
	    !rs_reserve(instance))
		return 0;
	search->best = candidate;
	return 1;
}

/* The instance that the client's address leads to, or one behind it in the table when that cannot take it: reserved.
 * 0 for none. Each revision has a seed of its own, and none of them is that of `sources` or of a route. */
RS_INLINE __u32 rs_pick_by_hash(struct rs_search *search, const struct rs_address *source)
{
	const __u64 uid = search->revision->uid;
	search->table = bpf_map_lookup_elem(&maglev, &search->wanted.revision);
	if (!search->table)
		return 0;
	__u32 seed = rs_hash_mix(config.seed ^ (__u32)uid) ^ (__u32)(uid >> 32);
	search->entry = rs_hash_address(source, seed) % RS_MAGLEV_SIZE;
	bpf_loop(RS_MAGLEV_TRIES, rs_search_by_hash, search, 0);
	return search->best;
}

/* An instance of the revision for the packet at hand, with its place reserved; 0 for none. The parameters are those of
 * struct rs_wanted. */
RS_GLOBAL __u32 rs_pick_instance(__u32 id, __u32 family, __u32 port, __u32 released)
{
	struct rs_search search = {
		.revision = bpf_map_lookup_elem(&revisions, &id),
		.wanted = {.revision = id, .family = family, .port = port, .released = released},
	};
	const struct rs_work *at_hand = rs_work();
	if (!search.revision || !at_hand)
		return 0;
	if (search.revision->policy == RS_PICK_HASH && rs_pick_by_hash(&search, &at_hand->packet.tuple.source))
		return search.best;
	return rs_pick_by_load(&search);
}

#endif
