// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which interfaces carry the program for clients: the ones that were named, or
 * else every virtual one with an address. Physical uplinks only when named.
 * The kernel tells when links and addresses come and go; then all are looked at
 * again, so that a lost message does no harm.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/timer.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* A link that comes up sends several messages in a row. */
#define LOOK_AFTER_US 2000

struct rs_attach {
	struct rs_agent *agent;
	int socket;
	sd_event_source *source;
	sd_event_source *timer;
	unsigned *links; /* ifindexes that carry our program */
	size_t count;
	size_t capacity;
};

static bool is_wanted(const struct rs_options *options, const struct rs_link_info *link)
{
	if (!options->interface_count)
		return link->kind == RS_LINK_CLIENT;
	for (unsigned i = 0; i < options->interface_count; i++) {
		if (rs_str_equal(options->interfaces[i], link->name))
			return true;
	}
	return false;
}

struct look {
	struct rs_attach *attach;
	unsigned *found;
	size_t found_count;
	size_t found_capacity;
};

static int remember(unsigned **list, size_t *count, size_t *capacity, unsigned ifindex)
{
	if (*count == *capacity) {
		size_t grown_capacity = *capacity ? 2 * *capacity : 16;
		unsigned *grown = realloc(*list, grown_capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*list = grown;
		*capacity = grown_capacity;
	}
	(*list)[(*count)++] = ifindex;
	return 0;
}

static bool contains(const unsigned *list, size_t count, unsigned ifindex)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == ifindex)
			return true;
	}
	return false;
}

static void let_forward(struct rs_agent *agent, const char *link)
{
	struct rs_outbound_config outbound = rs_agent_outbound_config(agent->options);
	struct rs_err err = {0};
	if (rs_outbound_allow(&outbound, link, &err) < 0)
		rs_warn("%s", err.message);
}

static int on_link(void *user, const struct rs_link_info *link)
{
	struct look *look = user;
	struct rs_attach *attach = look->attach;
	struct rs_agent *agent = attach->agent;
	/* Answers to what instances ask of others may come in by any of them. */
	if (link->kind != RS_LINK_OTHER && !contains(attach->links, attach->count, link->ifindex))
		let_forward(agent, link->name);
	if (!is_wanted(agent->options, link))
		return 0;
	if (!contains(attach->links, attach->count, link->ifindex)) {
		struct rs_err err = {0};
		enum rs_way way = link->peer_elsewhere ? RS_WAY_PEER : RS_WAY_NEIGH;
		if (rs_dp_attach(agent->dp, link->ifindex, RS_DP_CLIENT, way, &err) < 0) {
			rs_error("cannot serve clients behind interface=%s: %s", link->name, err.message);
			return 0;
		}
		rs_info("serving clients behind interface=%s hook=%s", link->name, rs_dp_hook_name(agent->dp));
	}
	return remember(&look->found, &look->found_count, &look->found_capacity, link->ifindex);
}

static int look_at_links(struct rs_attach *attach, struct rs_err *err)
{
	struct look look = {.attach = attach};
	int r = rs_links_each(on_link, &look, err);
	if (r < 0) {
		free(look.found);
		return r;
	}
	for (size_t i = 0; i < attach->count; i++) {
		if (!contains(look.found, look.found_count, attach->links[i]))
			rs_dp_detach(attach->agent->dp, attach->links[i]);
	}
	free(attach->links);
	attach->links = look.found;
	attach->count = look.found_count;
	attach->capacity = look.found_capacity;
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_err err = {0};
	(void)source;
	(void)usec;
	if (look_at_links(user, &err) < 0)
		rs_error("cannot follow the interfaces: %s", err.message);
	return 0;
}

static int on_change(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct rs_attach *attach = user;
	char buffer[16384];
	(void)source;
	(void)revents;
	/* What the messages say does not matter, nor does ENOBUFS: everything is looked at again. */
	while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	rs_timer_after(attach->agent->event, &attach->timer, LOOK_AFTER_US, 1000, on_timer, attach);
	return 0;
}

static int open_notifications(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	rs_auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return rs_take_fd(fd);
}

int rs_attach_start(struct rs_agent *agent, struct rs_err *err)
{
	struct rs_attach *attach = calloc(1, sizeof(*attach));
	if (!attach)
		return rs_err_set(err, -ENOMEM, "out of memory");
	agent->attach = attach;
	attach->agent = agent;
	/* Notifications first: what changes during the first look is not missed. */
	attach->socket = open_notifications();
	if (attach->socket < 0)
		return rs_err_set(err, attach->socket, "cannot follow the interfaces: %s", strerror(-attach->socket));
	int r = sd_event_add_io(agent->event, &attach->source, attach->socket, EPOLLIN, on_change, attach);
	if (r < 0)
		return rs_err_set(err, r, "cannot follow the interfaces: %s", strerror(-r));
	return look_at_links(attach, err);
}

struct rs_attach *rs_attach_free(struct rs_attach *attach)
{
	if (!attach)
		return NULL;
	sd_event_source_unref(attach->source);
	sd_event_source_unref(attach->timer);
	if (attach->socket >= 0)
		close(attach->socket);
	free(attach->links);
	free(attach);
	return NULL;
}

unsigned rs_attach_count(const struct rs_agent *agent)
{
	return agent->attach ? (unsigned)agent->attach->count : 0;
}
