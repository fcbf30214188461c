// SPDX-License-Identifier: BSD-2-Clause
/* What listens in an instance, asked from the kernel by sock_diag: no connection is made, nothing is disturbed. */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel's TCP_CLOSE and TCP_LISTEN; <netinet/tcp.h> cannot stand beside <linux/tcp.h>. */
#define STATE_CLOSE  7 /* of a UDP socket that takes datagrams from anyone */
#define STATE_LISTEN 10

/* net.ipv4.ip_local_port_range begins there by default. */
#define EPHEMERAL_MIN 32768

/* A socket belongs to the namespace that it was made in: go there, make it, come back. Other threads stay. */
int rs_diag_open(const char *netns_name)
{
	char path[96];
	snprintf(path, sizeof(path), RS_SANDBOX_NETNS_DIR "/%s", netns_name);
	rs_auto_fd int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	rs_auto_fd int there = open(path, O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		return -errno;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int r = fd < 0 ? -errno : fd;
	/* An agent in the wrong namespace would do harm to everything it touches next. */
	if (setns(here, CLONE_NEWNET) < 0)
		abort();
	if (fd >= 0) {
		struct timeval timeout = {.tv_sec = 1};
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	}
	return r;
}

static int ask(int fd, uint8_t family, bool udp)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof(message),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family,
			    .sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
			    .idiag_states = 1U << (udp ? STATE_CLOSE : STATE_LISTEN)},
	};
	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}

static bool is_v6_only(const struct nlmsghdr *header, const struct inet_diag_msg *socket)
{
	int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof(*socket)));
	for (const struct rtattr *at = (const struct rtattr *)(socket + 1); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == INET_DIAG_SKV6ONLY)
			return *(const uint8_t *)RTA_DATA(at);
	}
	return false;
}

/* Who can reach this listener. */
struct reach {
	uint8_t families; /* bit n: over the family n, from elsewhere */
	bool loopback;	  /* only from inside */
};

static struct reach reach_of(const struct nlmsghdr *header, const struct inet_diag_msg *socket)
{
	struct rs_address bound;
	memcpy(bound.byte, socket->id.idiag_src, sizeof(bound.byte));
	if (socket->idiag_family == AF_INET)
		bound = rs_address_v4(socket->id.idiag_src[0]);
	if (rs_address_family(&bound) == RS_V4) {
		bool loopback = bound.byte[12] == 127;
		return (struct reach){.families = loopback ? 0 : 1 << RS_V4, .loopback = loopback};
	}
	static const struct rs_address loopback6 = {.byte = {[15] = 1}};
	if (rs_address_equal(&bound, &loopback6))
		return (struct reach){.loopback = true};
	/* "::" takes IPv4 as well, unless the program has said that it shall not. */
	bool takes_v4 = rs_address_is_none(&bound) && !is_v6_only(header, socket);
	return (struct reach){.families = (uint8_t)(1 << RS_V6 | takes_v4 << RS_V4)};
}

struct search {
	uint16_t port;
	bool udp;
	uint8_t families; /* that the instance has addresses of */
	struct rs_rt_listener listener;
};

static void look_at(const struct nlmsghdr *header, struct search *search)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(header);
	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	uint16_t port = ntohs(socket->id.idiag_sport);
	struct reach reach = reach_of(header, socket);
	reach.families &= search->families;
	if (port != search->port) {
		/* A UDP socket with a port that the kernel chose is a client's. */
		if (reach.families && !(search->udp && port >= EPHEMERAL_MIN))
			search->listener.elsewhere = port;
	} else if (reach.loopback) {
		search->listener.loopback = true;
	} else if (reach.families) {
		/* Several with SO_REUSEPORT: the kernel spreads connections over them. */
		search->listener.families |= reach.families;
		if (search->udp)
			return; /* its queues are bytes */
		search->listener.queued += socket->idiag_rqueue;
		search->listener.backlog += socket->idiag_wqueue;
	}
}

static int receive(int fd, struct search *search)
{
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0)
			return -errno;
		int left = (int)n;
		for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, left);
		     header = NLMSG_NEXT(header, left)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *error = NLMSG_DATA(header);
				/* A kernel without IPv6. */
				return error->error == -ENOENT ? 0 : error->error;
			}
			look_at(header, search);
		}
	}
}

int rs_rt_listener(struct rs_rt *rt, struct rs_rt_instance *instance, struct rs_rt_listener *ret_listener)
{
	struct rs_box *box = rs_box_of(instance);
	struct search search = {.port = instance->port, .udp = instance->is_udp, .families = 1 << RS_V4};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	(void)rt;
	if (!rs_address_is_none(&instance->address6))
		search.families |= 1 << RS_V6;
	if (box->diag < 0) {
		int fd = rs_diag_open(instance->name);
		if (fd < 0)
			return fd == -ENOENT ? -ESRCH : fd;
		box->diag = fd;
	}
	for (size_t i = 0; i < rs_array_length(families); i++) {
		int r = ask(box->diag, families[i], search.udp);
		if (r == 0)
			r = receive(box->diag, &search);
		if (r < 0) {
			/* A half-read answer must not be taken for the next one. */
			close(box->diag);
			box->diag = -1;
			return r;
		}
	}
	if (search.listener.families) {
		search.listener.elsewhere = 0;
		search.listener.loopback = false;
	}
	*ret_listener = search.listener;
	return search.listener.families ? 0 : -ENOENT;
}
