// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* UDP sockets that are bound in an instance's namespace: which of its ports they serve, and what is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct net net;
static char group[128]; /* the cgroup that this process is in */
static char home[128];	/* and the one that it came from */

/* --- a cgroup of its own ------------------------------------------------------------------------------------------ */

static bool find_unified(char *out, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	bool found = false;
	for (struct mntent *entry; mounts && !found && (entry = getmntent(mounts));) {
		found = strcmp(entry->mnt_type, "cgroup2") == 0;
		if (found)
			snprintf(out, size, "%s", entry->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

/* The path of this process's group in the unified hierarchy: the line that begins with "0::". */
static void read_home(const char *unified)
{
	char line[256];
	FILE *file = fopen("/proc/self/cgroup", "r");
	assert_non_null(file);
	home[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			snprintf(home, sizeof(home), "%.40s%.80s", unified, line + 3);
	}
	fclose(file);
}

static bool move_to(const char *directory)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "0", 1) == 1;
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

struct heard {
	struct rs_event event;
	unsigned count;
};

static void hear(void *user, const struct rs_event *event)
{
	struct heard *heard = user;
	if (event->type != RS_EVENT_LISTEN)
		return;
	heard->event = *event;
	heard->count++;
}

static struct heard events(void)
{
	struct heard heard = {.count = 0};
	rs_dp_events_consume(net.dp, hear, &heard); /* a program's event stands there when bind() has returned */
	return heard;
}

static int bind_to(int family, int type, const char *address, unsigned short port)
{
	rs_auto_fd int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(setns(net.instance[1], CLONE_NEWNET), 0);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(back, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	if (family == AF_INET)
		assert_int_equal(inet_pton(AF_INET, address, &v4.sin_addr), 1);
	else
		assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	const struct sockaddr *to = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	if (bind(fd, to, family == AF_INET ? sizeof(v4) : sizeof(v6)) < 0)
		fail_msg("bind to %s: %s", address, strerror(errno));
	return fd;
}

/* Instance 1 with the ports UDP 53, TCP 53, UDP 5353, known by the cookie of its namespace. */
static struct rs_instance *starting(void)
{
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_STARTING);
	rs_auto_fd int probe = net_socket(net.instance[1], SOCK_DGRAM);
	unsigned long long cookie = 0;
	socklen_t size = sizeof(cookie);
	assert_int_equal(getsockopt(probe, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size), 0);
	assert_int_equal(rs_dp_cookie_set(net.dp, cookie, 1), 0);
	one->port[0] = one->port[1] = htons(53);
	one->port[2] = htons(5353);
	one->udp = 1 << 0 | 1 << 2;
	return one;
}

static void test_which_port_and_which_families(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int family, type;
		const char *address;
		unsigned short port;
		unsigned serves;
		unsigned char v4, v6;
		bool loopback;
	} rows[] = {
		{"any", AF_INET, SOCK_DGRAM, "0.0.0.0", 53, 1, 1, 0, false},
		{"its own", AF_INET, SOCK_DGRAM, "198.19.0.1", 53, 1, 1, 0, false},
		{"loopback", AF_INET, SOCK_DGRAM, "127.0.0.1", 53, 0, 0, 0, true},
		{"another port", AF_INET, SOCK_DGRAM, "0.0.0.0", 5300, 0, 0, 0, false},
		{"the third", AF_INET, SOCK_DGRAM, "0.0.0.0", 5353, 3, 4, 0, false},
		{"any of both", AF_INET6, SOCK_DGRAM, "::", 53, 1, 1, 1, false},
		{"mapped", AF_INET6, SOCK_DGRAM, "::ffff:198.19.0.1", 53, 1, 1, 0, false},
		{"mapped loopback", AF_INET6, SOCK_DGRAM, "::ffff:127.0.0.1", 53, 0, 0, 0, true},
		{"loopback of IPv6", AF_INET6, SOCK_DGRAM, "::1", 53, 0, 0, 0, true},
	};
	net_shell(net.instance[1], "sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0");
	struct rs_instance *one = starting();
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		memset(one->listening, 0, sizeof(one->listening));
		one->mtu = 1400;
		int fd = bind_to(rows[i].family, rows[i].type, rows[i].address, rows[i].port);
		struct heard heard = events();
		if (heard.count != 1 || heard.event.serves != rows[i].serves || heard.event.port != rows[i].port ||
		    heard.event.loopback != rows[i].loopback || heard.event.instance != 1)
			fail_msg("%s: %u events, port %u, serves %u, loopback %u", rows[i].name, heard.count,
				 heard.event.port, heard.event.serves, heard.event.loopback);
		if (one->listening[RS_V4] != rows[i].v4 || one->listening[RS_V6] != rows[i].v6 || one->mtu != 1400)
			fail_msg("%s: bits %x and %x, mtu %u", rows[i].name, one->listening[RS_V4],
				 one->listening[RS_V6], one->mtu);
		assert_int_equal(one->state, RS_INSTANCE_STARTING); /* the agent says when */
		close(fd);
	}
}

static void test_tcp_of_the_same_number_is_another_port(void **state)
{
	(void)state;
	struct rs_instance *one = starting();
	int bound = bind_to(AF_INET, SOCK_STREAM, "0.0.0.0", 53);
	assert_int_equal(events().count, 0); /* bound, and not listening */
	assert_int_equal(listen(bound, 5), 0);
	struct heard heard = events();
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.event.serves, 2);
	assert_int_equal(one->listening[RS_V4], 1 << 1);
	assert_int_equal(one->state, RS_INSTANCE_STARTING); /* readiness is that of the first port */
	assert_int_equal(one->backlog, 0);
	close(bound);
}

/* A resolver binds a socket for each of its questions. */
static void test_a_ready_instance_that_binds_often_tells_nobody(void **state)
{
	(void)state;
	starting();
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_READY);
	for (unsigned short i = 0; i < 100; i++)
		close(bind_to(AF_INET, SOCK_DGRAM, "0.0.0.0", 20000 + i));
	assert_int_equal(events().count, 0);
	close(bind_to(AF_INET, SOCK_DGRAM, "0.0.0.0", 53));
	assert_int_equal(events().count, 1);
}

static void test_others_are_nobody(void **state)
{
	(void)state;
	starting();
	rs_auto_fd int fd = net_socket(net.instance[2], SOCK_DGRAM);
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(53)};
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(events().count, 0);
}

static int open_net(void **state)
{
	const char *why;
	struct rs_err err = {0};
	(void)state;
	assert_true(net_open(&net, RS_HOOK_AUTO, &why));
	if (rs_dp_attach_binds(net.dp, group, &err) < 0)
		fail_msg("%s", err.message);
	/* As by a restarted agent: twice is once. */
	assert_int_equal(rs_dp_attach_binds(net.dp, group, &err), 0);
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

#define NET_TEST(function) cmocka_unit_test_setup_teardown(function, open_net, close_net)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_which_port_and_which_families),
		NET_TEST(test_tcp_of_the_same_number_is_another_port),
		NET_TEST(test_a_ready_instance_that_binds_often_tells_nobody),
		NET_TEST(test_others_are_nobody),
	};
	const char *why = "there is no cgroup version 2 to put a process into";
	char unified[64];
	if (!find_unified(unified, sizeof(unified)) || geteuid() != 0) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	read_home(unified);
	snprintf(group, sizeof(group), "%s/rouse-bind-test-%d", unified, (int)getpid());
	if (mkdir(group, 0755) < 0 || !move_to(group) || !net_open(&net, RS_HOOK_AUTO, &why)) {
		move_to(home);
		rmdir(group);
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (!move_to(home) || rmdir(group) < 0)
		printf("# cannot remove %s\n", group);
	return failed;
}
