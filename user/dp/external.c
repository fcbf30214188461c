// SPDX-License-Identifier: BSD-2-Clause
/* Which ports of the node's own addresses are looked up at all. */
#include "dp/internal.h"

#include "rouse.skel.h"

#include <bpf/bpf.h>

static int change_word(struct rs_dp *dp, __u32 word, __u64 clear, __u64 set)
{
	int map = bpf_map__fd(dp->skeleton->maps.external);
	__u64 bits = 0;
	int r = bpf_map_lookup_elem(map, &word, &bits);
	if (r < 0 || ((bits & ~clear) | set) == bits)
		return r;
	bits = (bits & ~clear) | set;
	return bpf_map_update_elem(map, &word, &bits, BPF_ANY);
}

int rs_dp_external_set(struct rs_dp *dp, unsigned short port, unsigned char protocol, bool is_external)
{
	__u64 bit = rs_external_bit(port);
	return change_word(dp, rs_external_word(port, protocol), bit, is_external ? bit : 0);
}

void rs_dp_external_sweep(struct rs_dp *dp, bool (*is_claimed)(void *user, unsigned short port, unsigned char protocol),
			  void *user)
{
	int map = bpf_map__fd(dp->skeleton->maps.external);
	for (__u32 word = 0; word < RS_EXTERNAL_WORDS; word++) {
		__u64 bits = 0, stale = 0;
		if (bpf_map_lookup_elem(map, &word, &bits) < 0)
			continue;
		for (unsigned i = 0; bits && i < 64; i++) {
			unsigned short port = (unsigned short)(word % (RS_EXTERNAL_WORDS / 2) * 64 + i);
			unsigned char protocol = word < RS_EXTERNAL_WORDS / 2 ? RS_PROTOCOL_TCP : RS_PROTOCOL_UDP;
			if ((bits & rs_external_bit(port)) && !is_claimed(user, port, protocol))
				stale |= rs_external_bit(port);
		}
		if (stale)
			change_word(dp, word, stale, 0);
	}
}
