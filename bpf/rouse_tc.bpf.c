// SPDX-License-Identifier: GPL-2.0-only
/* The TC ingress programs, one for each kind of interface. */
#include "path_tc.bpf.h"

const volatile struct rs_config config = {};

/* Veths of containers and namespaces, bridges, uplinks: whoever may be a client. */
SEC("tc")
int from_client(struct __sk_buff *skb)
{
	return rs_path_client(skb);
}

/* The host side of an instance's veth: its replies, and its own connections. */
SEC("tc")
int from_instance(struct __sk_buff *skb)
{
	return rs_path_instance(skb);
}

/* rouse1, the inner end of rouse0: clients on this host, and the agent's releases and resets. */
SEC("tc")
int from_host(struct __sk_buff *skb)
{
	return rs_path_host(skb);
}

char LICENSE[] SEC("license") = "GPL";
