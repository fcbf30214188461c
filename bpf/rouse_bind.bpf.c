// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readiness of UDP ports: a socket of an instance's cgroup has been bound. When
 * these programs run it can be found already, so what is sent to it arrives.
 * They see no kernel structures, but the cookie of the socket's namespace.
 */
#include "listening.bpf.h"

#define RS_SOCK_DGRAM 2

RS_INLINE void rs_bound(struct bpf_sock *context, __u8 families, bool loopback)
{
	__u64 cookie = bpf_get_netns_cookie(context);
	__u32 *instance = bpf_map_lookup_elem(&netns_cookies, &cookie);
	if (!instance)
		return;
	struct rs_socket socket = {
		.instance = *instance,
		.port = (__u16)context->src_port,
		.udp = true,
		.loopback = loopback,
		.families = families,
	};
	rs_socket_found(&socket);
}

RS_INLINE bool rs_is_udp(const struct bpf_sock *context)
{
	return context->type == RS_SOCK_DGRAM && context->protocol == RS_PROTOCOL_UDP;
}

SEC("cgroup/post_bind4")
int on_bind4(struct bpf_sock *context)
{
	if (!rs_is_udp(context))
		return 1;
	bool loopback = (context->src_ip4 & rs_htonl(0xff000000)) == rs_htonl(0x7f000000);
	rs_bound(context, loopback ? 0 : 1 << RS_V4, loopback);
	return 1;
}

SEC("cgroup/post_bind6")
int on_bind6(struct bpf_sock *context)
{
	if (!rs_is_udp(context))
		return 1;
	__u32 a = context->src_ip6[0], b = context->src_ip6[1], c = context->src_ip6[2], d = context->src_ip6[3];
	bool loopback = !(a | b | c) && d == rs_htonl(1);
	__u8 families = loopback ? 0 : 1 << RS_V6;
	if (!(a | b) && c == rs_htonl(0xffff)) { /* an IPv4 address in IPv6's clothes */
		loopback = (d & rs_htonl(0xff000000)) == rs_htonl(0x7f000000);
		families = loopback ? 0 : 1 << RS_V4;
	} else if (!(a | b | c | d)) {
		/* "::" takes IPv4 too, unless IPV6_V6ONLY says otherwise, which cannot be seen here: the agent asks. */
		families = 1 << RS_V4 | 1 << RS_V6;
	}
	rs_bound(context, families, loopback);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
