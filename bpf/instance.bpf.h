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

/* Is the instance still there to answer, or to close in order? */
RS_INLINE bool rs_can_answer(const struct rs_instance *instance)
{
	__u32 state = instance ? rs_read(instance->state) : RS_INSTANCE_FREE;
	return state != RS_INSTANCE_FREE && state != RS_INSTANCE_DEAD;
}

#endif
