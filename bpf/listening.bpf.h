/* SPDX-License-Identifier: GPL-2.0-only */
/* A socket of an instance's namespace takes what comes to one of the instance's ports: its bits, and the agent's event.
 */
#ifndef RS_LISTENING_BPF_H
#define RS_LISTENING_BPF_H

#include "account.bpf.h"

/* What has been found out about a socket that listens (TCP) or is bound (UDP). */
struct rs_socket {
	__u32 instance;
	__u32 backlog; /* TCP */
	__u16 port;    /* host order; 0 = none so far */
	bool udp;
	bool loopback;
	__u8 families; /* bit per family: of the addresses of its instance that it serves */
};

/* The instance's port of that number and protocol; RS_PORTS_MAX when it has none. */
RS_INLINE __u32 rs_port_index(const struct rs_instance *instance, __u16 number, bool udp)
{
	for (__u32 i = 0; number && i < RS_PORTS_MAX; i++) {
		if (instance->port[i] == rs_htons(number) && (instance->udp >> i & 1) == udp)
			return i;
	}
	return RS_PORTS_MAX;
}

/* Sets the port's bit for these families: as a word, because no atomic operation is smaller. */
RS_INLINE void rs_listening_set(struct rs_instance *instance, __u32 index, __u8 families)
{
	union {
		__u8 byte[4];
		__u32 word;
	} bits = {.word = 0};
	_Static_assert(__builtin_offsetof(struct rs_instance, mtu) % 4 == 0 &&
			       __builtin_offsetof(struct rs_instance, listening) ==
				       __builtin_offsetof(struct rs_instance, mtu) + 2,
		       "mtu and listening are one word");
	for (__u32 family = 0; family < RS_FAMILIES; family++) {
		if (families >> family & 1)
			bits.byte[2 + family] = (__u8)(1U << index);
	}
	__sync_fetch_and_or((__u32 *)&instance->mtu, bits.word);
}

/* What refuses in a family from here on is not the lack of a listener. */
RS_INLINE void rs_hears(struct rs_instance *instance, __u8 families)
{
	__u32 deaf = 0;
	for (__u32 family = 0; family < RS_FAMILIES; family++)
		deaf |= families >> family & 1 ? RS_INSTANCE_DEAF(family) : 0;
	__sync_fetch_and_and(&instance->flags, ~deaf);
}

/* Many programs bind a UDP socket for each of their own requests: the agent hears of those that serve a port, and while
 * an instance starts of all, so that it can say what the program does instead. */
RS_INLINE bool rs_socket_is_told(const struct rs_instance *instance, const struct rs_socket *socket, bool serves)
{
	return serves || !socket->udp || rs_read(instance->state) == RS_INSTANCE_STARTING;
}

RS_INLINE void rs_socket_found(const struct rs_socket *socket)
{
	__u32 id = socket->instance;
	struct rs_instance *instance = bpf_map_lookup_elem(&instances, &id);
	if (!instance)
		return;
	__u32 index = rs_port_index(instance, socket->port, socket->udp);
	bool serves = index < RS_PORTS_MAX && socket->families;
	if (serves)
		rs_listening_set(instance, index, socket->families);
	if (serves && index == 0)
		rs_hears(instance, socket->families);
	if (serves && index == 0 && !socket->udp) {
		instance->backlog = socket->backlog;
		/* A UDP socket answers nothing by itself: there the agent says when the instance is ready. */
		if (!(instance->flags & RS_INSTANCE_PROBED))
			__sync_val_compare_and_swap(&instance->state, RS_INSTANCE_STARTING, RS_INSTANCE_PROBABLE);
	}
	if (!rs_socket_is_told(instance, socket, serves))
		return;
	struct rs_event *event = rs_event_reserve(RS_EVENT_LISTEN, bpf_ktime_get_ns());
	if (!event)
		return;
	event->revision = instance->revision;
	event->instance = id;
	event->backlog = socket->backlog;
	event->port = socket->port;
	event->loopback = socket->loopback;
	event->serves = serves ? (__u8)(index + 1) : 0;
	bpf_ringbuf_submit(event, 0);
}

#endif
