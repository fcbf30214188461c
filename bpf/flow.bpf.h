/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections: begin, busy and idle, end, and their places in the ageing rings. */
#ifndef RS_FLOW_BPF_H
#define RS_FLOW_BPF_H

#include "account.bpf.h"
#include "hold.bpf.h"
#include "instance.bpf.h"
#include "pure/age.h"
#include "pure/reply.h"
#include "pure/tcp_state.h"
#include "work.bpf.h"

/* Entries that each kind of push leaves free: the sweeper must always be able to put back what lives. */
#define RS_RING_RESERVE_BUSY  (1ULL * RS_RING_MARGIN)
#define RS_RING_RESERVE_SWEEP (RS_RING_MARGIN / 2ULL)

RS_INLINE bool rs_flow_ring_write(void *map, struct rs_ring *ring, __u32 mask, const struct rs_tuple *key,
				  __u64 born_ns, __u64 due_ns)
{
	__u64 sequence = __sync_fetch_and_add(&ring->tail, 1);
	__u32 index = (__u32)sequence & mask;
	struct rs_flow_ring_entry *entry = bpf_map_lookup_elem(map, &index);
	if (!entry)
		return false;
	entry->key = *key;
	entry->born_ns = born_ns;
	entry->due_ns = due_ns;
	rs_publish(entry->sequence, sequence + 1);
	return true;
}

RS_INLINE bool rs_flow_ring_push(void *map, struct rs_ring *ring, __u64 reserve, const struct rs_tuple *key,
				 __u64 born_ns, __u64 due_ns)
{
	if (rs_read(ring->tail) - rs_read(ring->head) + reserve > config.flows_mask + 1)
		return false;
	return rs_flow_ring_write(map, ring, config.flows_mask, key, born_ns, due_ns);
}

/* Sees to it that the flow stands in the fast ring, once. */
RS_INLINE bool rs_flow_watch(const struct rs_tuple *key, struct rs_flow *flow, __u64 reserve)
{
	if (__sync_val_compare_and_swap(&flow->in_fast_ring, 0, 1) != 0)
		return true;
	struct rs_rings *ring = rs_rings();
	if (ring && rs_flow_ring_push(&flow_ring_fast, &ring->flow_fast, reserve, key, flow->born_ns,
				      bpf_ktime_get_ns() + RS_FLOW_VISIT_FAST_MS * 1000000ULL))
		return true;
	rs_publish(flow->in_fast_ring, 0); /* it still stands in the open or slow ring, which sees to it later */
	return false;
}

/* The flow's instance, or NULL when its entry serves another one by now. */
RS_INLINE struct rs_instance *rs_flow_instance(const struct rs_flow *flow)
{
	struct rs_instance *instance = rs_instance(flow->instance);
	return instance && instance->generation == flow->instance_generation ? instance : NULL;
}

/* A place became free in a revision that has holds: tells the agent, once until it listens. */
RS_INLINE void rs_slot_free(__u32 id, __u32 instance)
{
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	if (!revision || !rs_read(revision->held))
		return;
	if (__sync_val_compare_and_swap(&revision->slot_rung, 0, 1) != 0)
		return;
	if (!rs_event_send(RS_EVENT_SLOT, id, instance))
		rs_publish(revision->slot_rung, 0);
}

/* No request is open on the connection any more. */
RS_INLINE void rs_flow_set_idle(struct rs_flow *flow)
{
	if (__sync_val_compare_and_swap(&flow->busy, 1, 0) != 1)
		return;
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats)
		rs_stats_ended(stats, bpf_ktime_get_ns());
	struct rs_instance *instance = rs_flow_instance(flow);
	if (!instance)
		return;
	__sync_fetch_and_add(&instance->in_flight, -1);
	if (instance->limit)
		rs_slot_free(flow->revision, flow->instance);
}

/* A request on a connection that was idle. Its instance is given: it counts, whatever the limit. */
RS_INLINE void rs_flow_set_busy(const struct rs_tuple *key, struct rs_flow *flow)
{
	if (__sync_val_compare_and_swap(&flow->busy, 0, 1) != 0)
		return;
	__u64 now = bpf_ktime_get_ns();
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats)
		rs_stats_started(stats, now);
	struct rs_instance *instance = rs_flow_instance(flow);
	if (instance)
		__sync_fetch_and_add(&instance->in_flight, 1);
	/* Another CPU that ends the flow marks it first and makes it idle afterwards: one of both sees the other. */
	if (rs_read(flow->ended))
		rs_flow_set_idle(flow);
	else if (!rs_flow_is_half_open(flow->state)) /* those are visited as often, and must stay where they give way */
		rs_flow_watch(key, flow, RS_RING_RESERVE_BUSY);
}

/* Brings the flow up to what its replies have noted. */
RS_GLOBAL int rs_flow_sync(const struct rs_tuple *key, struct rs_flow *flow)
{
	struct rs_tuple tuple;
	if (!key || !flow)
		return false;
	rs_flow_reply_tuple(key, flow, &tuple);
	const struct rs_reply *reply = bpf_map_lookup_elem(&replies, &tuple);
	if (reply)
		rs_flow_catch_up(flow, reply);
	return reply != NULL;
}

/* Removes both halves. Returns false when another CPU did. */
RS_GLOBAL int rs_flow_end(const struct rs_tuple *of, struct rs_flow *flow)
{
	struct rs_work *work = rs_work();
	if (!of || !flow || !work)
		return false;
	if (__sync_val_compare_and_swap(&flow->ended, 0, 1) != 0)
		return false;
	/* In the work area: the stack is short, and `of` is no map key for 6.1. */
	struct rs_tuple *key = &work->ended_key, *reply = &work->ended_reply;
	*key = *of;
	rs_flow_reply_tuple(key, flow, reply);
	rs_flow_set_idle(flow);
	struct rs_instance *instance = rs_flow_instance(flow);
	if (instance)
		__sync_fetch_and_add(&instance->flows, -1);
	/* While it stands under its key nobody can begin another one there: this removes no stranger. */
	bpf_map_delete_elem(&flows, key);
	bpf_map_delete_elem(&replies, reply);
	rs_count(flow_ended);
	return true;
}

/* Takes the oldest half-open flow out of the open ring when it is due at `now`; whoever moves the head owns it. */
RS_INLINE bool rs_flow_open_pop(struct rs_ring *ring, __u64 now, struct rs_tuple *ret_key, __u64 *ret_born_ns)
{
	__u64 head = rs_read(ring->head);
	__u32 index = (__u32)head & config.open_mask;
	struct rs_flow_ring_entry *entry = bpf_map_lookup_elem(&flow_ring_open, &index);
	if (!entry || rs_read_acquire(entry->sequence) != head + 1 || entry->due_ns > now)
		return false;
	*ret_key = entry->key;
	*ret_born_ns = entry->born_ns;
	return __sync_val_compare_and_swap(&ring->head, head, head + 1) == head;
}

RS_INLINE bool rs_flow_open_is_full(const struct rs_ring *ring)
{
	return rs_read(ring->tail) - rs_read(ring->head) + RS_RING_MARGIN > config.open_mask;
}

/* Are both of one client? An IPv6 client has the lower half of its address to choose from. */
RS_INLINE bool rs_is_same_client(const struct rs_address *a, const struct rs_address *b)
{
	const rs_word *x = (const rs_word *)a, *y = (const rs_word *)b;
	return x[0] == y[0] && x[1] == y[1] && (rs_address_family(a) == RS_V6 || (x[2] == y[2] && x[3] == y[3]));
}

/* Is its place in the open ring the only one that it has? */
RS_INLINE bool rs_flow_is_open_only(const struct rs_flow *flow)
{
	return !rs_read(flow->in_fast_ring) && !flow->in_slow_ring;
}

enum rs_room {
	RS_ROOM_NONE,
	RS_ROOM_FREE,
	RS_ROOM_EVICT, /* the half-open flow of work->ended_key is to end for it */
};

/* What is oldest in the open ring leaves it, if it can. It may go on for good, in another ring or since it has ended;
 * an open connection never ends for a newer one; and of those that are half-open, one that the newcomer's own client
 * has begun goes first: a flood pushes out its own. With `last` any. */
RS_INLINE enum rs_room rs_flow_open_take(struct rs_ring *ring, struct rs_work *work, bool last)
{
	struct rs_tuple *key = &work->ended_key;
	__u64 born_ns;
	if (!rs_flow_open_pop(ring, ~0ULL, key, &born_ns))
		return RS_ROOM_NONE;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, key);
	if (!flow || flow->born_ns != born_ns || !rs_flow_is_open_only(flow))
		return RS_ROOM_FREE;
	if (!rs_flow_is_half_open(flow->state)) {
		if (rs_flow_watch(key, flow, RS_RING_RESERVE_SWEEP))
			return RS_ROOM_FREE;
	} else if (last || rs_is_same_client(&key->source, &work->packet.tuple.source)) {
		return RS_ROOM_EVICT;
	}
	rs_flow_ring_write(&flow_ring_open, ring, config.open_mask, key, born_ns,
			   bpf_ktime_get_ns() + RS_FLOW_VISIT_FAST_MS * 1000000ULL);
	return RS_ROOM_NONE;
}

/* The last flow that began on this CPU is the same client's, and nothing has come of it: a SYN more is dropped sooner
 * than it pushes out anybody else's. A client whose connections open is no flood, however many it makes. */
RS_INLINE bool rs_is_flood(const struct rs_work *work)
{
	if (!rs_is_same_client(&work->begun.source, &work->packet.tuple.source))
		return false;
	const struct rs_flow *last = bpf_map_lookup_elem(&flows, &work->begun);
	return last && rs_flow_is_half_open(last->state);
}

/* Looks for a place in the open ring for the connection of work->packet; with `evict` for a half-open one that ends, so
 * that the maps have room too. A function that ends none itself: their stacks add up. */
RS_GLOBAL int rs_flow_find_room(bool evict)
{
	struct rs_rings *rings_ = rs_rings();
	struct rs_work *work = rs_work();
	if (!rings_ || !work)
		return RS_ROOM_NONE;
	struct rs_ring *ring = &rings_->flow_open;
	bool is_flood = rs_is_flood(work);
	for (__u32 tries = 1; tries <= RS_EVICT_TRIES; tries++) {
		if (!evict && !rs_flow_open_is_full(ring))
			return RS_ROOM_FREE;
		if (rs_read(ring->head) == rs_read(ring->tail))
			return RS_ROOM_NONE;
		if (rs_flow_open_take(ring, work, tries == RS_EVICT_TRIES && !is_flood) == RS_ROOM_EVICT)
			return RS_ROOM_EVICT;
	}
	return evict || rs_flow_open_is_full(ring) ? RS_ROOM_NONE : RS_ROOM_FREE;
}

/* False when no half-open flow may end for it, or other CPUs are at the same place all the time. */
RS_INLINE bool rs_flow_make_room(struct rs_work *work, bool evict)
{
	int room = rs_flow_find_room(evict);
	if (room != RS_ROOM_EVICT)
		return room == RS_ROOM_FREE;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &work->ended_key);
	if (!flow || !rs_flow_is_half_open(flow->state) || !rs_flow_is_open_only(flow))
		return !evict; /* it has gone on meanwhile, and has left its place */
	if (rs_flow_end(&work->ended_key, flow))
		rs_count(flow_evicted);
	return true;
}

/* The hold of this SYN has ended without an answer: what its release began ends too. */
RS_INLINE void rs_flow_end_unanswered(const struct rs_tuple *key, __u32 isn)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, key);
	if (flow && flow->state == RS_TCP_SYN_SENT && flow->isn == isn)
		rs_flow_end(key, flow);
}

/* The ends of a client's packet on its way to the instance. */
RS_INLINE void rs_flow_forward_ends(const struct rs_packet *packet, const struct rs_flow *flow,
				    struct rs_ends *ret_ends)
{
	ret_ends->source = flow->hairpin ? &packet->tuple.destination : &packet->tuple.source;
	ret_ends->source_port = flow->seen_port;
	ret_ends->destination = &flow->instance_address;
	ret_ends->destination_port = flow->instance_port;
}

enum rs_begun {
	RS_BEGUN,
	RS_BEGUN_ELSEWHERE, /* another CPU has just begun it with a copy of the same SYN */
	RS_BEGUN_FULL,	    /* a map or a ring is full, or there is no memory */
	RS_BEGUN_CLASH,	    /* no port is free for it at the instance */
};

/* Makes the replies of work->flow lead to its key. Two connections of a client that differ in their VIPs alone (a tag's
 * and the service's) look the same to one instance: the later one gets another source port, as with any NAT. */
RS_INLINE enum rs_begun rs_flow_claim_replies(struct rs_work *work)
{
	struct rs_tuple *key = &work->key, *reply = &work->reply;
	struct rs_flow *flow = &work->flow;
	rs_flow_reply_tuple(key, flow, reply);
	struct rs_reply *noted = &work->noted;
	__builtin_memset(noted, 0, sizeof(*noted));
	noted->key = *key;
	noted->server_ack = flow->server_ack;
	noted->revision = flow->revision;
	noted->instance_ifindex = flow->instance_ifindex;
	noted->client_ifindex = flow->client_ifindex;
	__builtin_memcpy(noted->client_mac, flow->client_mac, 6);
	noted->client_way = flow->client_way;
	for (__u32 n = 0; n < RS_PORT_TRIES; n++) {
		reply->destination_port = rs_hash_port(key, config.seed, n);
		int r = rs_map_update(&replies, reply, noted, BPF_NOEXIST);
		if (r == -RS_EEXIST)
			continue;
		if (r != 0)
			return RS_BEGUN_FULL;
		work->flow.seen_port = reply->destination_port;
		if (n > 0)
			rs_count(port_changed);
		return RS_BEGUN;
	}
	return RS_BEGUN_CLASH;
}

/* Tracks the new connection of work->packet with work->instance, busy from its SYN on; it stands in work->flow
 * afterwards. Unless it begins, the reservation stays with the caller. */
RS_GLOBAL int rs_flow_begin(void)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_BEGUN_FULL;
	/* The tick, as all later times of the flow: they are compared with each other. born_ns is fine: it tells
	 * connections apart. */
	__u64 now = bpf_ktime_get_ns(), tick = rs_tick_ns();
	struct rs_instance *instance = rs_instance(work->instance);
	const struct rs_packet *packet = &work->packet;
	const struct rs_address *address = instance ? rs_instance_address(instance, packet->family) : NULL;
	if (!instance || !address)
		return RS_BEGUN_FULL;
	struct rs_flow *flow = &work->flow;
	work->key = packet->tuple;
	/* Field by field: clang would make a whole one on the stack first. */
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->born_ns = now;
	flow->client_ns = tick;
	flow->request_ns = tick;
	flow->instance_address = *address;
	flow->instance_port = rs_instance_port(instance, work->park.port);
	flow->instance = work->instance;
	flow->instance_generation = instance->generation;
	flow->instance_ifindex = instance->ifindex;
	flow->revision = work->park.revision;
	flow->route = work->park.route;
	flow->weight_sequence = work->park.weight_sequence;
	flow->port = work->park.port;
	flow->instance_mtu = instance->mtu;
	flow->isn = packet->sequence;
	flow->client_ifindex = work->sender.ifindex;
	flow->client_way = (__u8)work->sender.way;
	flow->server_ack = packet->sequence + 1;
	flow->client_next = rs_packet_end(packet);
	flow->state = RS_TCP_SYN_SENT;
	if (packet->tuple.protocol == RS_PROTOCOL_UDP) {
		flow->state = RS_UDP_UNREPLIED;
		flow->held = work->sender.released;
		flow->bytes_in = packet->payload_length;
	}
	flow->busy = 1;
	flow->hairpin = rs_address_equal(address, &packet->tuple.source);
	__builtin_memcpy(flow->instance_mac, instance->mac, 6);
	__builtin_memcpy(flow->client_mac, work->sender.mac, 6);
	struct rs_rings *ring = rs_rings();
	/* The flow comes last: once it can be found it is whole. A ring entry without one is skipped. */
	if (!ring || !rs_flow_ring_write(&flow_ring_open, &ring->flow_open, config.open_mask, &work->key, now,
					 now + RS_FLOW_VISIT_FAST_MS * 1000000ULL))
		return RS_BEGUN_FULL;
	enum rs_begun claimed = rs_flow_claim_replies(work);
	if (claimed != RS_BEGUN)
		return claimed;
	int r = rs_map_update(&flows, &work->key, flow, BPF_NOEXIST);
	if (r != 0) {
		bpf_map_delete_elem(&replies, &work->reply);
		return r == -RS_EEXIST ? RS_BEGUN_ELSEWHERE : RS_BEGUN_FULL;
	}
	__sync_fetch_and_add(&instance->flows, 1);
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats) {
		stats->connections++;
		stats->bytes_in += flow->bytes_in;
		rs_stats_started(stats, now);
	}
	work->begun = packet->tuple;
	rs_count(connection_new);
	if (flow->hairpin)
		rs_count(hairpin);
	return RS_BEGUN;
}

#endif
