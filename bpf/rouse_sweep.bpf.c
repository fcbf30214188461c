// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sweeper: one timer that expires holds and ages connections, also when no
 * agent runs. Each run visits at most RS_SWEEP_STEPS entries of each ring and
 * comes back soon when more is due, so that it never holds a CPU for long.
 */
#include "flow.bpf.h"
#include "pure/age.h"

#define RS_SWEEP_IDLE_NS (100 * 1000000ULL)
#define RS_SWEEP_SOON_NS (10 * 1000000ULL)
#define RS_SWEEP_NOW_NS	 (1 * 1000000ULL)
/* When it does not keep up: a quarter of a CPU at most. */
#define RS_SWEEP_LATE_NS       (200 * 1000ULL)
#define RS_SWEEP_LATE_AFTER_NS (250 * 1000000ULL)
#define RS_CLOCK_MONOTONIC     1
#define RS_EBUSY	       16

/* One run's context for the loop callbacks. */
struct rs_sweep {
	struct rs_rings *ring;
	__u64 now;
};

/* Goes round the live part of the ring and expires what has waited long enough. */
static long sweep_hold(__u32 step, struct rs_sweep *sweep)
{
	struct rs_rings *ring = sweep->ring;
	if (ring->hold_cursor < ring->hold.head)
		ring->hold_cursor = ring->hold.head;
	__u64 sequence = ring->hold_cursor;
	if (sequence >= rs_read(ring->hold.tail)) {
		ring->hold_cursor = ring->hold.head;
		return 1;
	}
	struct rs_hold *hold = rs_hold_slot(sequence);
	if (!hold || rs_read_acquire(hold->sequence) != sequence + 1)
		return 1; /* its producer is still writing */
	ring->hold_cursor = sequence + 1;
	if (rs_read(hold->state) != RS_HOLD_HELD)
		return 0;
	struct rs_tuple key = hold->key;
	__u32 isn = hold->isn;
	enum rs_reason why = rs_hold_expiry(hold->first_ns, hold->last_ns, hold->gap_ms, hold->total_ms, sweep->now);
	if (why == RS_REASON_hold_parked || !rs_hold_end(hold, RS_HOLD_EXPIRED))
		return 0;
	rs_count(hold_expired);
	rs_flow_end_unanswered(&key, isn);
	if (why == RS_REASON_hold_expired_idle)
		rs_count(hold_expired_idle);
	else
		rs_count(hold_expired_total);
	return 0;
}

/* A long hold goes on at the end of the ring, so that the ring goes on too. False: it stays, for now. */
RS_INLINE bool move_long_hold(struct rs_rings *ring, struct rs_hold *old)
{
	__u32 version = rs_read(old->version);
	if (version & 1)
		return false; /* its frame is being replaced */
	if (old->key.protocol == RS_PROTOCOL_UDP)
		return false; /* others may be adding to its queue, and a minute is the longest that it stays */
	__u64 sequence = __sync_fetch_and_add(&ring->hold.tail, 1);
	struct rs_hold *moved = rs_hold_slot(sequence);
	if (!moved || moved == old)
		return false;
	rs_publish(moved->state, (__u32)RS_HOLD_FREE);
	__builtin_memcpy(&moved->version, &old->version, sizeof(*old) - __builtin_offsetof(struct rs_hold, version));
	/* Until here it is only a copy that nothing leads to. The swap hands the hold over: one of both slots is
	 * HELD, never both, and whoever ends it ends it once. */
	if (rs_read_acquire(old->version) != version ||
	    __sync_val_compare_and_swap(&old->state, RS_HOLD_HELD, RS_HOLD_MOVED) != RS_HOLD_HELD) {
		rs_publish(moved->state, (__u32)RS_HOLD_MOVED);
		rs_publish(moved->sequence, sequence + 1);
		return false;
	}
	rs_count(hold_moved);
	int r = rs_map_update(&hold_index, &moved->key, &sequence, BPF_ANY);
	rs_publish(moved->state, (__u32)RS_HOLD_HELD);
	rs_publish(moved->sequence, sequence + 1);
	if (r != 0 && rs_hold_end(moved, RS_HOLD_SHED))
		rs_count_shed(RS_REASON_hold_shed_map);
	return true;
}

/* The head passes slots whose holds have ended. A long hold at the head of a ring that is half full, and that
 * mostly of ended ones, is moved out of its way. */
static long advance_hold_head(__u32 step, struct rs_sweep *sweep)
{
	struct rs_rings *ring = sweep->ring;
	__u64 head = ring->hold.head, used = rs_read(ring->hold.tail) - head;
	if (!used)
		return 1;
	struct rs_hold *hold = rs_hold_slot(head);
	if (!hold || rs_read_acquire(hold->sequence) != head + 1)
		return 1;
	__u32 state = rs_read(hold->state);
	if (state == RS_HOLD_FREE)
		return 1;
	if (state == RS_HOLD_HELD) {
		bool clogged = used > (config.holds_mask + 1) / 2 && rs_read(ring->held) < used / 2;
		if (!clogged || step >= RS_SWEEP_STEPS || !move_long_hold(ring, hold))
			return 1;
	}
	ring->hold.head = head + 1;
	return 0;
}

/* What is left of the flow's instance: RS_INSTANCE_FREE when its entry serves another one by now. */
RS_INLINE __u32 flow_instance_state(const struct rs_flow *flow)
{
	struct rs_instance *instance = rs_flow_instance(flow);
	return instance ? rs_read(instance->state) : RS_INSTANCE_FREE;
}

/* The flow of a ring's entry, brought up to date; NULL when it has ended, now or before. */
RS_INLINE struct rs_flow *visit_flow(const struct rs_tuple *key, __u64 born_ns)
{
	__u64 now = rs_tick_ns();
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, key);
	if (!flow || flow->born_ns != born_ns)
		return NULL;
	if (!rs_flow_is_half_open(flow->state))
		rs_flow_sync(key, flow);
	__u32 instance = flow_instance_state(flow);
	bool closed = flow->state == RS_TCP_CLOSED || flow->state == RS_TCP_FIN_BOTH;
	const struct rs_udp_quiet udp = {config.udp_unreplied_ms, config.udp_replied_ms};
	if (instance == RS_INSTANCE_FREE || rs_flow_is_over(flow, instance == RS_INSTANCE_DEAD, &udp, now)) {
		if (rs_flow_end(key, flow) && !closed)
			rs_count(flow_idle);
		return NULL;
	}
	/* Nobody is left to answer, or it has been answered. */
	if (rs_read(flow->busy) && (instance == RS_INSTANCE_DEAD || rs_flow_is_answered(flow, now)))
		rs_flow_set_idle(flow);
	return flow;
}

RS_INLINE bool push_slow(struct rs_ring *ring, const struct rs_tuple *key, __u64 born_ns, __u64 now)
{
	return rs_flow_ring_push(&flow_ring_slow, ring, RS_RING_RESERVE_SWEEP, key, born_ns,
				 now + RS_FLOW_VISIT_SLOW_MS * 1000000ULL);
}

/* Half-open flows, and those that left that state when the fast ring had no room. */
static long sweep_open(__u32 step, struct rs_sweep *sweep)
{
	struct rs_ring *ring = &sweep->ring->flow_open;
	struct rs_tuple key;
	__u64 born_ns, now = sweep->now;
	if (rs_read(ring->head) >= rs_read(ring->tail) || !rs_flow_open_pop(ring, now, &key, &born_ns))
		return 1;
	struct rs_flow *flow = visit_flow(&key, born_ns);
	if (!flow || rs_read(flow->in_fast_ring) || flow->in_slow_ring ||
	    (!rs_flow_is_half_open(flow->state) && rs_flow_watch(&key, flow, RS_RING_RESERVE_SWEEP)))
		return 0;
	rs_flow_ring_write(&flow_ring_open, ring, config.open_mask, &key, born_ns,
			   now + RS_FLOW_VISIT_FAST_MS * 1000000ULL);
	return 0;
}

static long sweep_fast(__u32 step, struct rs_sweep *sweep)
{
	struct rs_ring *ring = &sweep->ring->flow_fast;
	__u64 head = ring->head, now = sweep->now;
	if (head >= rs_read(ring->tail))
		return 1;
	__u32 index = (__u32)head & config.flows_mask;
	struct rs_flow_ring_entry *entry = bpf_map_lookup_elem(&flow_ring_fast, &index);
	if (!entry || rs_read_acquire(entry->sequence) != head + 1 || entry->due_ns > now)
		return 1;
	struct rs_tuple key = entry->key;
	__u64 born_ns = entry->born_ns;
	ring->head = head + 1;

	struct rs_flow *flow = visit_flow(&key, born_ns);
	if (!flow)
		return 0;
	bool stays = !rs_flow_is_settled(flow->state) || rs_read(flow->busy);
	if (!stays && !flow->in_slow_ring) {
		flow->in_slow_ring = push_slow(&sweep->ring->flow_slow, &key, born_ns, now);
		stays = !flow->in_slow_ring;
	}
	if (stays) {
		rs_flow_ring_push(&flow_ring_fast, ring, RS_RING_RESERVE_SWEEP, &key, born_ns,
				  now + RS_FLOW_VISIT_FAST_MS * 1000000ULL);
		return 0;
	}
	rs_publish(flow->in_fast_ring, 0);
	/* A packet in between saw the flag and left the ring to us. */
	if (rs_read(flow->busy) || !rs_flow_is_settled(flow->state))
		rs_flow_watch(&key, flow, RS_RING_RESERVE_SWEEP);
	return 0;
}

static long sweep_slow(__u32 step, struct rs_sweep *sweep)
{
	struct rs_ring *ring = &sweep->ring->flow_slow;
	__u64 head = ring->head, now = sweep->now;
	if (head >= rs_read(ring->tail))
		return 1;
	__u32 index = (__u32)head & config.flows_mask;
	struct rs_flow_ring_entry *entry = bpf_map_lookup_elem(&flow_ring_slow, &index);
	if (!entry || rs_read_acquire(entry->sequence) != head + 1 || entry->due_ns > now)
		return 1;
	struct rs_tuple key = entry->key;
	__u64 born_ns = entry->born_ns;
	ring->head = head + 1;
	if (visit_flow(&key, born_ns))
		push_slow(ring, &key, born_ns, now);
	return 0;
}

/* More is due than is visited: a million busy connections are a million visits a second. */
RS_INLINE bool is_late(const struct rs_sweep *sweep)
{
	__u32 index = (__u32)sweep->ring->flow_fast.head & config.flows_mask;
	struct rs_flow_ring_entry *next = bpf_map_lookup_elem(&flow_ring_fast, &index);
	return next && next->due_ns + RS_SWEEP_LATE_AFTER_NS < sweep->now;
}

static int sweep_run(void *map, __u32 *key, struct rs_sweeper *value)
{
	struct rs_rings *ring = rs_rings();
	if (!ring)
		return 0;
	struct rs_sweep sweep = {.ring = ring, .now = bpf_ktime_get_ns()};
	__u64 next = RS_SWEEP_IDLE_NS;

	if (ring->hold.head != rs_read(ring->hold.tail)) {
		bpf_loop(RS_SWEEP_STEPS, sweep_hold, &sweep, 0);
		long passed = bpf_loop(RS_SWEEP_STEPS * 4, advance_hold_head, &sweep, 0);
		next = passed >= RS_SWEEP_STEPS ? RS_SWEEP_NOW_NS : RS_SWEEP_SOON_NS;
	}
	long open = bpf_loop(RS_SWEEP_STEPS, sweep_open, &sweep, 0);
	long fast = bpf_loop(RS_SWEEP_STEPS, sweep_fast, &sweep, 0);
	long slow = bpf_loop(RS_SWEEP_STEPS, sweep_slow, &sweep, 0);
	if (open >= RS_SWEEP_STEPS || fast >= RS_SWEEP_STEPS || slow >= RS_SWEEP_STEPS)
		next = is_late(&sweep) ? RS_SWEEP_LATE_NS : RS_SWEEP_NOW_NS;
	else if ((ring->flow_fast.head != rs_read(ring->flow_fast.tail) ||
		  rs_read(ring->flow_open.head) != rs_read(ring->flow_open.tail)) &&
		 next > RS_SWEEP_SOON_NS)
		next = RS_SWEEP_SOON_NS;
	ring->sweeps++;
	bpf_timer_start(&value->timer, next, 0);
	return 0;
}

/* Run once by each agent that loads the programs: (re)arms the timer with this program's sweep. */
SEC("syscall")
int start_sweeper(void *context)
{
	__u32 zero = 0;
	struct rs_sweeper *value = bpf_map_lookup_elem(&sweeper, &zero);
	if (!value)
		return -1;
	/* -EBUSY when an earlier agent has initialised it: then only the callback changes. -ENOMEM comes and goes: the
	 * kernel allocates where it must not wait for a lock. */
	long r = bpf_timer_init(&value->timer, &sweeper, RS_CLOCK_MONOTONIC);
	if (r != 0 && r != -RS_EBUSY)
		return -1;
	if (bpf_timer_set_callback(&value->timer, sweep_run) != 0)
		return -2;
	return bpf_timer_start(&value->timer, RS_SWEEP_SOON_NS, 0) != 0 ? -3 : 0;
}

char LICENSE[] SEC("license") = "GPL";
