/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may begin a connection: asked once, when its service has been looked up.
 * Who may not is dropped without a word, before anything is woken, held or
 * tracked: an answer would go to whoever a forged source address names, and
 * would tell a stranger that the service is there.
 */
#ifndef RS_ACCESS_BPF_H
#define RS_ACCESS_BPF_H

#include "account.bpf.h"
#include "work.bpf.h"

/* RS_REASON_forwarded, or why not. `outside`: the client is not on this node. */
RS_INLINE enum rs_reason rs_access_check(const struct rs_route *route, const struct rs_address *source, bool outside)
{
	if (outside && (route->flags & RS_ROUTE_LOCAL))
		return RS_REASON_not_visible;
	if (!route->allowed)
		return RS_REASON_forwarded;
	struct rs_allowed_key key = {
		.prefix_bits = RS_ALLOWED_LIST_BITS + RS_ALLOWED_ADDRESS_BITS,
		.list = route->allowed,
		.address = *source,
	};
	return bpf_map_lookup_elem(&allowed, &key) ? RS_REASON_forwarded : RS_REASON_not_allowed;
}

/* The agent hears of it once a minute: a flood must not fill the ring that wake-ups go through. */
RS_INLINE void rs_access_tell(struct rs_route *route, __u32 id, const struct rs_address *source, enum rs_reason why)
{
	__u32 denied = __sync_fetch_and_add(&route->denied, 1) + 1;
	__u64 now = bpf_ktime_get_ns(), told = rs_read(route->denied_ns);
	if ((told && now - told < RS_DENIED_TELL_MS * 1000000ULL) ||
	    __sync_val_compare_and_swap(&route->denied_ns, told, now) != told)
		return;
	struct rs_event *event = rs_event_reserve(RS_EVENT_DENIED, now);
	if (!event)
		return;
	event->route = id;
	event->source = *source;
	event->denied = denied;
	event->reason = why;
	bpf_ringbuf_submit(event, 0);
}

/* For routes that not everyone may use: may work->packet? RS_REASON_forwarded, or the reason, counted and told. */
RS_GLOBAL int rs_access(__u32 id)
{
	struct rs_route *route = bpf_map_lookup_elem(&routes, &id);
	const struct rs_work *work = rs_work();
	if (!route || !work)
		return RS_REASON_no_target;
	struct rs_address source = work->packet.tuple.source;
	enum rs_reason why = rs_access_check(route, &source, work->sender.outside);
	if (why == RS_REASON_forwarded)
		return why;
	if (why == RS_REASON_not_visible)
		rs_count(not_visible);
	else
		rs_count(not_allowed);
	rs_access_tell(route, id, &source, why);
	return why;
}

#endif
