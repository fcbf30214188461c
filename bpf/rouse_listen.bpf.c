// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readiness without polling: a socket of an instance's namespace begins to
 * listen. The event comes before the kernel's check of the port and before the
 * socket can be found, so it makes an instance only probable; the first
 * SYN-ACK makes it ready.
 */
#include "vmlinux.h"
#include "account.bpf.h"

#include <bpf/bpf_tracing.h>

#define RS_TCP_LISTEN 10
#define RS_AF_INET    2
#define RS_AF_INET6   10

/* Can a socket with this address serve connections to the instance's own address? */
RS_INLINE bool rs_reachable(const struct sock *sk, bool *ret_loopback)
{
	const struct sock_common *common = &sk->__sk_common;
	if (common->skc_family == RS_AF_INET) {
		*ret_loopback = (common->skc_rcv_saddr & rs_htonl(0xff000000)) == rs_htonl(0x7f000000);
		return !*ret_loopback;
	}
	const __be32 *word = common->skc_v6_rcv_saddr.in6_u.u6_addr32;
	bool any = !(word[0] | word[1] | word[2] | word[3]);
	*ret_loopback = !(word[0] | word[1] | word[2]) && word[3] == rs_htonl(1);
	return any; /* "::" takes IPv4 too, unless IPV6_V6ONLY says otherwise: then no SYN-ACK ever comes */
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_listen, const struct sock *sk, int oldstate, int newstate)
{
	if (newstate != RS_TCP_LISTEN || sk->sk_protocol != RS_PROTOCOL_TCP)
		return 0;
	__u32 inode = sk->__sk_common.skc_net.net->ns.inum;
	__u32 *id = bpf_map_lookup_elem(&namespaces, &inode);
	if (!id)
		return 0;
	__u32 instance_id = *id;
	struct rs_instance *instance = bpf_map_lookup_elem(&instances, &instance_id);
	if (!instance)
		return 0;

	bool loopback = false;
	bool reachable = rs_reachable(sk, &loopback);
	__u16 port = sk->__sk_common.skc_num;
	__u32 backlog = sk->sk_max_ack_backlog;
	bool matches = reachable && port == rs_ntohs(instance->port[0]);
	if (matches) {
		instance->backlog = backlog;
		if (!(instance->flags & RS_INSTANCE_PROBED))
			__sync_val_compare_and_swap(&instance->state, RS_INSTANCE_STARTING, RS_INSTANCE_PROBABLE);
	}
	struct rs_event *event = rs_event_reserve(RS_EVENT_LISTEN, bpf_ktime_get_ns());
	if (!event)
		return 0;
	event->revision = instance->revision;
	event->instance = instance_id;
	event->backlog = backlog;
	event->port = port;
	event->loopback = loopback;
	event->matches = matches;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
