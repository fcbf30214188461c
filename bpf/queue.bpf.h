/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The queue of datagrams behind a hold of UDP, and the places that they stand
 * in: see abi/datagram.h. A place belongs to whoever has swapped its `used`, a
 * position to whoever has swapped `queued`; what a hold lists is taken out of
 * its list by an exchange, so each place is given back once.
 */
#ifndef RS_QUEUE_BPF_H
#define RS_QUEUE_BPF_H

#include "account.bpf.h"

RS_INLINE struct rs_datagram *rs_datagram(__u32 place)
{
	return bpf_map_lookup_elem(&datagrams, &place);
}

/* A place of one's own, as its number + 1; 0 when none was found. */
RS_INLINE __u32 rs_datagram_take(struct rs_rings *ring)
{
	for (int tries = 0; tries < RS_DATAGRAM_TRIES; tries++) {
		__u32 place = (__u32)__sync_fetch_and_add(&ring->datagram_cursor, 1) & (RS_DATAGRAMS_MAX - 1);
		struct rs_datagram *datagram = rs_datagram(place);
		if (datagram && !rs_read(datagram->used) && __sync_val_compare_and_swap(&datagram->used, 0, 1) == 0)
			return place + 1;
	}
	return 0;
}

RS_INLINE void rs_datagram_give_back(__u32 handle)
{
	struct rs_datagram *datagram = rs_datagram(handle - 1);
	if (datagram)
		rs_publish(datagram->used, 0);
}

/* The list's entry of a position; NULL never, but the verifier asks. */
RS_INLINE __u32 *rs_queue_entry(struct rs_hold *hold, __u32 position)
{
	__u32 index = position & (RS_FLOW_DATAGRAMS_MAX - 1);
	rs_hide(index);
	return index < RS_FLOW_DATAGRAMS_MAX ? &hold->datagram[index] : NULL;
}

/* The hold has ended without them. */
RS_INLINE void rs_queue_drop(struct rs_hold *hold)
{
	rs_publish(hold->queued, RS_QUEUE_CLOSED);
	for (__u32 i = 0; i < RS_FLOW_DATAGRAMS_MAX; i++) {
		__u32 handle = __sync_lock_test_and_set(&hold->datagram[i], 0);
		if (!handle)
			continue;
		rs_datagram_give_back(handle);
		rs_count(datagram_lost);
	}
}

/* May one of `length` bytes go behind those that are queued? A position of one's own, or the reason: it is full
 * (RS_QUEUE_FULL), or no more are added. */
#define RS_QUEUE_FULL (RS_QUEUE_CLOSED + 1)

RS_INLINE __u32 rs_queue_reserve(struct rs_hold *hold, __u32 length)
{
	for (int tries = 0; tries < 4; tries++) {
		__u32 queued = rs_read(hold->queued), released = rs_read(hold->released);
		if (queued & RS_QUEUE_CLOSED)
			return RS_QUEUE_CLOSED;
		if (queued - released >= RS_FLOW_DATAGRAMS_MAX || released >= RS_FLOW_DATAGRAMS_RELEASED_MAX ||
		    rs_read(hold->queued_bytes) + length > RS_FLOW_DATAGRAMS_BYTES_MAX)
			return RS_QUEUE_FULL;
		if (__sync_val_compare_and_swap(&hold->queued, queued, queued + 1) == queued) {
			__sync_fetch_and_add(&hold->queued_bytes, length);
			return queued;
		}
	}
	return RS_QUEUE_FULL;
}

/* The datagram at the head has been sent on. */
RS_INLINE void rs_queue_released(struct rs_hold *hold)
{
	__u32 *entry = rs_queue_entry(hold, hold->released);
	__u32 handle = entry ? __sync_lock_test_and_set(entry, 0) : 0;
	struct rs_datagram *datagram = handle ? rs_datagram(handle - 1) : NULL;
	if (datagram) {
		__sync_fetch_and_add(&hold->queued_bytes, -(int)datagram->length);
		rs_publish(datagram->used, 0);
		rs_count(datagram_released);
	}
	__sync_fetch_and_add(&hold->released, 1);
}

/* Closes an empty queue. False when there is something in it. */
RS_INLINE bool rs_queue_close(struct rs_hold *hold)
{
	__u32 released = rs_read(hold->released);
	return __sync_val_compare_and_swap(&hold->queued, released, released | RS_QUEUE_CLOSED) == released;
}

#endif
