/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types that the tracing program reads, and of those only the
 * members used: CO-RE (preserve_access_index) finds their real offsets in the
 * running kernel's BTF at load. Everything else comes from the UAPI headers.
 *
 *	sock, sock_common	include/net/sock.h
 *	net, ns_common		include/net/net_namespace.h, include/linux/ns_common.h
 */
#ifndef RS_VMLINUX_H
#define RS_VMLINUX_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	__be32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_ipv6only : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u32 sk_max_ack_backlog;
};

#pragma clang attribute pop

#endif
