// SPDX-License-Identifier: GPL-2.0-only
/* The XDP program, for uplinks: the way of a client's packet, as in TC. An object of its own, over the same maps. */
#include "layer_xdp.bpf.h"
#include "client.bpf.h"

const volatile struct rs_config config = {};

SEC("xdp")
int from_wire(struct xdp_md *xdp)
{
	return rs_path_client(xdp);
}

char LICENSE[] SEC("license") = "GPL";
