/* SPDX-License-Identifier: GPL-2.0-only */
/* Which packets concern us: those for VIPs, and those for the external ports of the node's own addresses. */
#ifndef RS_OURS_BPF_H
#define RS_OURS_BPF_H

#include "account.bpf.h"
#include "maps.bpf.h"
#include "pure/packet.h"

RS_INLINE int rs_pass_untouched(void)
{
	rs_count(not_ours);
	return RS_NEXT;
}

RS_INLINE bool rs_is_vip(const struct rs_packet *packet)
{
	const rs_word *word = (const rs_word *)&packet->tuple.destination;
	if (packet->family == RS_V4)
		return (word[3] & config.vip_v4_mask) == config.vip_v4;
	return !(((word[0] & config.vip_v6_mask[0]) ^ config.vip_v6[0]) |
		 ((word[1] & config.vip_v6_mask[1]) ^ config.vip_v6[1]) |
		 ((word[2] & config.vip_v6_mask[2]) ^ config.vip_v6[2]) |
		 ((word[3] & config.vip_v6_mask[3]) ^ config.vip_v6[3]));
}

/* Packets for this port (network order) of an address of the node may be a service's. */
RS_INLINE bool rs_is_external(__be16 port, __u8 protocol)
{
	__u32 word = rs_external_word(rs_ntohs(port), protocol);
	const __u64 *bits = bpf_map_lookup_elem(&external, &word);
	return bits && (*bits & rs_external_bit(rs_ntohs(port)));
}

/* The verdict on a packet that belongs to nothing of ours: dropped at a VIP, which is nobody else's; at another address
 * it is the stack's. */
#define rs_leave(packet, reason)                                                                                       \
	({                                                                                                             \
		int verdict_ = RS_DROP;                                                                                \
		if (rs_is_vip(packet))                                                                                 \
			rs_count(reason);                                                                              \
		else                                                                                                   \
			verdict_ = rs_pass_untouched();                                                                \
		verdict_;                                                                                              \
	})

#endif
