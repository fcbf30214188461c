/* SPDX-License-Identifier: GPL-2.0-only */
/* Holding datagrams, over either layer: the first of a flow with its hold, and those that come behind it. */
#ifndef RS_DATAGRAM_BPF_H
#define RS_DATAGRAM_BPF_H

#include "hold.bpf.h"
#include "work.bpf.h"

/* Copies the whole frame of `packet` into a place. 0 with the reason counted, or the place's number + 1. */
RS_INLINE __u32 rs_datagram_store(RS_CONTEXT *context, struct rs_rings *ring, const struct rs_packet *packet)
{
	__u32 length = packet->end_offset;
	if (length > RS_DATAGRAM_FRAME_MAX || rs_is_segmented(context)) {
		rs_count(datagram_shed_size);
		return 0;
	}
	rs_hide(length);
	if (length < RS_ETHERNET_LENGTH)
		return 0;
	__u32 handle = rs_datagram_take(ring);
	struct rs_datagram *datagram = handle ? rs_datagram(handle - 1) : NULL;
	if (!datagram) {
		rs_count(datagram_shed_node);
		return 0;
	}
	datagram->length = length;
	if (rs_load(context, 0, datagram->frame, length) != 0) {
		rs_publish(datagram->used, 0);
		rs_count(datagram_shed_size); /* shorter than its headers say */
		return 0;
	}
	return handle;
}

enum rs_queued {
	RS_QUEUED,
	RS_QUEUED_NOT, /* counted: there is no room */
	RS_QUEUED_END, /* the hold is about to end: nothing is in front any more */
};

/* Puts work->packet behind what is held at `place` - 1. */
RS_GLOBAL int RS_LAYERED(rs_datagram_queue)(RS_CONTEXT *context, __u64 place)
{
	const struct rs_work *work = rs_work();
	struct rs_rings *ring = rs_rings();
	struct rs_hold *hold = rs_hold_slot(place - 1);
	if (!work || !ring || !hold || rs_read_acquire(hold->sequence) != place || rs_read(hold->state) != RS_HOLD_HELD)
		return RS_QUEUED_END;
	__u32 handle = rs_datagram_store(context, ring, &work->packet);
	struct rs_datagram *datagram = handle ? rs_datagram(handle - 1) : NULL;
	if (!datagram)
		return RS_QUEUED_NOT;
	__u64 first_ns = hold->first_ns;
	datagram->hold_ns = first_ns;
	__u32 position = rs_queue_reserve(hold, work->packet.end_offset);
	__u32 *entry = position & RS_QUEUE_CLOSED ? NULL : rs_queue_entry(hold, position);
	if (!entry) {
		rs_publish(datagram->used, 0);
		if (position == RS_QUEUE_CLOSED)
			return RS_QUEUED_END;
		rs_count(datagram_shed_flow);
		return RS_QUEUED_NOT;
	}
	rs_count(datagram_parked);
	rs_publish(*entry, handle);
	/* Whoever has ended the hold in between has emptied its list before, or finds this in it: one of both gives it
	 * back. */
	if (rs_read(hold->state) != RS_HOLD_HELD && __sync_val_compare_and_swap(entry, handle, 0) == handle) {
		rs_publish(datagram->used, 0);
		rs_count(datagram_lost);
	}
	hold->last_ns = bpf_ktime_get_ns();
	hold->client_ifindex = work->sender.ifindex;
	return RS_QUEUED;
}

#endif
