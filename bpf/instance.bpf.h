/* SPDX-License-Identifier: GPL-2.0-only */
/* Instances: what there is to know of one before it is picked, and after. */
#ifndef RS_INSTANCE_BPF_H
#define RS_INSTANCE_BPF_H

#include "maps.bpf.h"

RS_INLINE struct rs_instance *rs_instance(__u32 id)
{
	return bpf_map_lookup_elem(&instances, &id);
}

/* Its address of that family; NULL when it has none. */
RS_INLINE const struct rs_address *rs_instance_address(const struct rs_instance *instance, __u32 family)
{
	const struct rs_address *address = family == RS_V4 ? &instance->address[RS_V4] : &instance->address[RS_V6];
	return rs_address_is_none(address) ? NULL : address;
}

/* 0 when it has no such port. */
RS_INLINE __be16 rs_instance_port(const struct rs_instance *instance, __u32 port)
{
	return port < RS_PORTS_MAX ? instance->port[port] : 0;
}

/* Ready for so long that all of its ports have their sockets, if they will ever have any. */
RS_INLINE bool rs_instance_is_settled(const struct rs_instance *instance)
{
	__u64 ready_ns = rs_read(instance->ready_ns);
	return ready_ns && bpf_ktime_get_ns() - ready_ns > RS_PORT_PATIENCE_MS * 1000000ULL;
}

/* Does somebody take what comes to this port of it? Readiness is that of the first one; of the others sockets are told
 * of. A port on which nobody listens for long answers for itself, by RST or ICMP. */
RS_INLINE bool rs_instance_serves(const struct rs_instance *instance, __u32 family, __u32 port)
{
	if (!rs_instance_port(instance, port))
		return false;
	__u8 listening = family == RS_V4 ? instance->listening[RS_V4] : instance->listening[RS_V6];
	return port == 0 || (listening >> (port & 7) & 1) || rs_instance_is_settled(instance);
}

/* Is the instance still there to answer, or to close in order? */
RS_INLINE bool rs_can_answer(const struct rs_instance *instance)
{
	__u32 state = instance ? rs_read(instance->state) : RS_INSTANCE_FREE;
	return state != RS_INSTANCE_FREE && state != RS_INSTANCE_DEAD;
}

#endif
