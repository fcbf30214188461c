/* SPDX-License-Identifier: GPL-2.0-only */
/* Parking a SYN, and its further copies: what of holding needs the packet itself. Over either layer. */
#ifndef RS_PARK_BPF_H
#define RS_PARK_BPF_H

#include "datagram.bpf.h"
#include "hold.bpf.h"
#include "work.bpf.h"

RS_INLINE bool rs_hold_fits(const struct rs_packet *packet)
{
	return packet->payload_offset <= RS_HOLD_FRAME_MAX;
}

/* Copies the frame's headers into the slot. The agent, which reads it, checks `version` before and after. */
RS_INLINE void rs_hold_store_frame(RS_CONTEXT *context, struct rs_hold *hold, const struct rs_packet *packet)
{
	__u32 length = packet->payload_offset;
	/* Two comparisons, not the one that clang would make of them: 6.1 does not see through a subtraction
	 * ("R3 min value is outside of the allowed memory range"). */
	if (length > RS_HOLD_FRAME_MAX)
		return;
	rs_hide(length);
	if (length < RS_ETHERNET_LENGTH)
		return;
	__sync_fetch_and_add(&hold->version, 1);
	if (rs_load(context, 0, hold->frame, length) == 0)
		hold->frame_length = (__u16)length;
	__sync_fetch_and_add(&hold->version, 1);
}

/* A further copy of a held SYN: keep the newer one, its timestamps shorten the client's RTT estimate. */
RS_INLINE void rs_hold_refresh(RS_CONTEXT *context, struct rs_hold *hold, const struct rs_packet *packet)
{
	__u64 now = bpf_ktime_get_ns();
	hold->gap_ms = (__u32)((now - hold->last_ns) / 1000000);
	hold->last_ns = now;
	hold->retransmits++;
	hold->client_ifindex = rs_context_ifindex(context);
	rs_hold_store_frame(context, hold, packet);
	rs_count(hold_refreshed);
}

/* Parks work->packet for work->park. False when it was shed, or was parked by another CPU. */
RS_GLOBAL int RS_LAYERED(rs_hold_park)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	if (!work)
		return false;
	__u32 id = work->park.revision;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	struct rs_rings *ring = rs_rings();
	if (!revision || !ring)
		return false;
	const struct rs_packet *packet = &work->packet;
	enum rs_reason admitted =
		rs_hold_fits(packet) ? rs_hold_admit(ring, revision, &packet->tuple.source) : RS_REASON_hold_shed_long;
	const bool is_udp = packet->tuple.protocol == RS_PROTOCOL_UDP;
	__u32 handle = is_udp && admitted == RS_REASON_hold_parked ? rs_datagram_store(context, ring, packet) : 0;
	if (is_udp && !handle && admitted == RS_REASON_hold_parked)
		admitted = RS_REASON_hold_shed_datagram;
	if (admitted != RS_REASON_hold_parked) {
		rs_count(hold_begun);
		rs_count_shed(admitted);
		return false;
	}
	__u64 sequence = __sync_fetch_and_add(&ring->hold.tail, 1);
	struct rs_hold *hold = rs_hold_slot(sequence);
	if (!hold)
		return false;
	rs_publish(hold->state, (__u32)RS_HOLD_FREE);
	hold->key = packet->tuple;
	hold->first_ns = bpf_ktime_get_ns();
	hold->last_ns = hold->first_ns;
	hold->gap_ms = 0;
	hold->isn = packet->sequence;
	hold->revision = work->park.revision;
	hold->route = work->park.route;
	hold->weight_sequence = work->park.weight_sequence;
	hold->port = work->park.port;
	hold->client_ifindex = rs_context_ifindex(context);
	hold->total_ms = revision->hold_total_ms ? revision->hold_total_ms : RS_HOLD_TOTAL_MS;
	hold->retransmits = 0;
	hold->queued = is_udp;
	hold->released = 0;
	hold->queued_bytes = packet->end_offset;
	__builtin_memset(hold->datagram, 0, sizeof(hold->datagram));
	hold->datagram[0] = handle;
	struct rs_datagram *datagram = handle ? rs_datagram(handle - 1) : NULL;
	if (datagram)
		datagram->hold_ns = hold->first_ns;
	rs_hold_store_frame(context, hold, packet);

	int r = rs_hold_index(&hold->key, sequence);
	if (r != 0) {
		/* It never was held: as a slot that moved, it is nobody's. */
		rs_publish(hold->state, (__u32)RS_HOLD_MOVED);
		rs_publish(hold->sequence, sequence + 1);
		if (datagram)
			rs_publish(datagram->used, 0);
		/* The agent, which stops at a slot that is being written, may have stopped at this one. */
		rs_wake(revision, id);
		if (r == -RS_EEXIST) {
			rs_count(hold_refreshed);
			return false;
		}
		rs_count(hold_begun);
		rs_count_shed(RS_REASON_hold_shed_map);
		return false;
	}
	rs_hold_account(hold, 1);
	rs_count(hold_begun);
	rs_count(hold_parked);
	if (is_udp)
		rs_count(datagram_parked);
	/* From here on the slot is seen. The exchange orders it before the wake and before the second look at
	 * the instances; the agent writes "ready" and then looks for holds: one of both sees the other. */
	rs_publish(hold->state, (__u32)RS_HOLD_HELD);
	rs_publish(hold->sequence, sequence + 1);
	return true;
}

#endif
