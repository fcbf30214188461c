// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readiness without polling: a socket of an instance's namespace begins to
 * listen. The event comes before the kernel's check of the port and before the
 * socket can be found, so it makes an instance only probable; the first
 * SYN-ACK makes it ready.
 */
#include "vmlinux.h"
#include "listening.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define RS_TCP_LISTEN 10
#define RS_AF_INET    2
#define RS_AF_INET6   10

/* The families whose connections a socket with this address takes. One that is bound to an address of its own is
 * believed to be bound to the instance's. */
RS_INLINE __u8 rs_reachable(const struct sock *sk, bool *ret_loopback)
{
	const struct sock_common *common = &sk->__sk_common;
	if (common->skc_family == RS_AF_INET) {
		*ret_loopback = (common->skc_rcv_saddr & rs_htonl(0xff000000)) == rs_htonl(0x7f000000);
		return *ret_loopback ? 0 : 1 << RS_V4;
	}
	struct rs_address bound;
	__builtin_memcpy(&bound, &common->skc_v6_rcv_saddr, sizeof(bound));
	if (rs_address_is_none(&bound)) /* "::" takes IPv4 too, unless IPV6_V6ONLY says otherwise */
		return BPF_CORE_READ_BITFIELD(common, skc_ipv6only) ? 1 << RS_V6 : 1 << RS_V4 | 1 << RS_V6;
	if (rs_address_family(&bound) == RS_V4) {
		*ret_loopback = bound.byte[12] == 127;
		return *ret_loopback ? 0 : 1 << RS_V4;
	}
	const struct rs_address loopback = {.byte = {[15] = 1}};
	*ret_loopback = rs_address_equal(&bound, &loopback);
	return *ret_loopback ? 0 : 1 << RS_V6;
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
	bool loopback = false;
	struct rs_socket socket = {
		.instance = *id,
		.backlog = sk->sk_max_ack_backlog,
		.port = sk->__sk_common.skc_num,
	};
	socket.families = rs_reachable(sk, &loopback);
	socket.loopback = loopback;
	rs_socket_found(&socket);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
