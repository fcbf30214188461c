/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting: by reason, by revision, and the agent's bell. Nothing here decides about a packet. */
#ifndef RS_ACCOUNT_BPF_H
#define RS_ACCOUNT_BPF_H

#include "maps.bpf.h"

RS_INLINE struct rs_counters *rs_counters(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&counters, &zero);
}

/* The time of a flow's packets: whole ticks, 4 ms at 250 Hz, and some 20 ns cheaper than the coarse clock. It can be
 * compared with itself alone. */
RS_INLINE __u64 rs_tick_ns(void)
{
	return bpf_jiffies64() * config.jiffy_ns;
}

/* A field of this CPU's counters: not preempted by another writer, so no atomic is needed. */
#define rs_count(name)                                                                                                 \
	do {                                                                                                           \
		struct rs_counters *counters_ = rs_counters();                                                         \
		if (counters_)                                                                                         \
			counters_->name++;                                                                             \
	} while (0)

RS_INLINE struct rs_rings *rs_rings(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&rings, &zero);
}

/* An event to be filled in and submitted; NULL when the ring buffer is full, which the agent sees in `rings`. */
RS_INLINE struct rs_event *rs_event_reserve(enum rs_event_type type, __u64 now)
{
	struct rs_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		rs_count(event_lost);
		struct rs_rings *ring = rs_rings();
		if (ring)
			__sync_fetch_and_add(&ring->events_lost, 1);
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->type = type;
	event->time_ns = now;
	return event;
}

/* False when the ring buffer was full. */
RS_INLINE bool rs_event_send(enum rs_event_type type, __u32 revision, __u32 instance)
{
	struct rs_event *event = rs_event_reserve(type, bpf_ktime_get_ns());
	if (!event)
		return false;
	event->revision = revision;
	event->instance = instance;
	bpf_ringbuf_submit(event, 0);
	return true;
}

/* Rings the agent for a revision that has holds, once until the agent answers by clearing `wake`. */
RS_INLINE void rs_wake(struct rs_revision *revision, __u32 id)
{
	if (__sync_val_compare_and_swap(&revision->wake, 0, 1) != 0)
		return;
	if (rs_event_send(RS_EVENT_WAKE, id, 0))
		rs_count(hold_wake);
	else /* The bell was not heard: leave it unrung, so that the next packet tries again. */
		rs_publish(revision->wake, 0);
}

RS_INLINE struct rs_revision_stats *rs_stats(__u32 revision)
{
	return bpf_map_lookup_elem(&revision_stats, &revision);
}

/* One more request in flight since `now`, or one fewer. Atomic operations only for their order (abi/service.h). */
RS_INLINE void rs_stats_started(struct rs_revision_stats *stats, __u64 now)
{
	__sync_fetch_and_add(&stats->begun, 1);
	stats->started++;
	stats->sum_start_ns += now;
	__sync_fetch_and_add(&stats->settled, 1);
}

RS_INLINE void rs_stats_ended(struct rs_revision_stats *stats, __u64 now)
{
	__sync_fetch_and_add(&stats->begun, 1);
	stats->ended++;
	stats->sum_end_ns += now;
	__sync_fetch_and_add(&stats->settled, 1);
}

#endif
