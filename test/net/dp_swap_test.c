// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c test/net/load.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Changes under load that nobody notices: programs are replaced by others, agents by the next, routes, frontends and
 * instances change; no packet is lost, no request fails, and each is answered by the old or by the new, never by
 * something in between. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"
#include "net/load.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REPLACEMENTS 1000
#define RESTARTS     3
#define CHANGES	     100

static struct net net;
static struct load load;
static unsigned modes; /* of XDP on the client's interface; 0 = TC */

static int open_client_link(void)
{
	rs_auto_free char *path = rs_str_format("%s/links/%s%u", net.bpf_dir, modes ? "xdp-" : "", net.client_if);
	int fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

static int program_of(int link)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	assert_int_equal(bpf_obj_get_info_by_fd(link, &info, &size), 0);
	int fd = bpf_prog_get_fd_by_id(info.prog_id);
	assert_true(fd >= 0);
	return fd;
}

/* Packets that came in by the client's interface. */
static uint64_t received(void)
{
	unsigned long long packets;
	FILE *file = popen("ip -j -s link show client | jq '.[0].stats64.rx.packets'", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%llu", &packets), 1);
	pclose(file);
	return packets;
}

/* What came by the client's interface, and what our programs have decided on, read while nothing comes. Others than the
 * client's program see only replies, which count as such, and nothing that is not ours (begin() sees to it). */
struct packets {
	uint64_t came;
	uint64_t met;
};

static struct packets count_packets(void)
{
	struct packets packets;
	do {
		packets.came = received();
		packets.met = net_counter(&net, RS_REASON_forwarded) + net_counter(&net, RS_REASON_not_ours);
	} while (received() != packets.came);
	return packets;
}

/* Each packet that came met one program, and nothing else became of it. */
static uint64_t check_packets(struct packets before)
{
	struct packets now = count_packets();
	if (now.came - before.came != now.met - before.met)
		fail_msg("%llu packets came, our programs decided on %llu",
			 (unsigned long long)(now.came - before.came), (unsigned long long)(now.met - before.met));
	assert_int_equal(net_since_mark(&net, RS_REASON_no_flow), 0);
	assert_int_equal(net_since_mark(&net, RS_REASON_syn_retransmitted), 0);
	return now.came - before.came;
}

static void begin(unsigned servers)
{
	load_init(&load);
	for (unsigned i = 1; i <= servers; i++) {
		load_serve(&load, net.instance[i], i);
		/* No ARP of theirs. */
		net_shell(net.node,
			  "mac=$(ip -j link show %s | jq -r '.[0].address'); nsenter --net=/proc/%d/fd/%d ip neighbour "
			  "replace"
			  " 198.19.255.1 lladdr $mac dev eth0",
			  i == 1 ? "one" : "two", (int)getpid(), net.instance[i]);
	}
	net_mark(&net);
}

static void test_a_thousand_replacements(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	rs_auto_fd int link = open_client_link();
	rs_auto_fd int first = program_of(link);
	net_close_agent(&net);
	net_open_agent(&net);
	rs_auto_fd int second = program_of(link);
	begin(1);
	struct packets before = count_packets();
	load_ask(&load, net.client, VIP, 80);
	for (int i = 0; i < REPLACEMENTS; i++) {
		assert_int_equal(bpf_link_update(link, i % 2 ? second : first, NULL), 0);
		load_wait(&load, 1);
	}
	uint64_t answered = load.state->answered;
	load_stop(&load);
	uint64_t packets = check_packets(before);
	assert_true(answered >= REPLACEMENTS);
	print_message("%d replacements, %llu requests, %llu packets, lost 0\n", REPLACEMENTS,
		      (unsigned long long)answered, (unsigned long long)packets);
}

static void test_agents_come_and_go(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	begin(1);
	struct packets before = count_packets();
	load_ask(&load, net.client, VIP, 80);
	for (int i = 0; i < RESTARTS; i++) {
		load_wait(&load, 20);
		net_close_agent(&net);
		load_wait(&load, 20);
		net_open_agent(&net);
	}
	load_wait(&load, 20);
	load_stop(&load);
	check_packets(before);
}

/* Route 1 leads to revision 1, of instance 1; route 2 to revision 2, of instance 2. */
static void two_routes(void)
{
	assert_int_equal(rs_dp_revision_init(net.dp, 2, 0x2222, 10000, 60000), 0);
	net_instance(&net, 1, RS_INSTANCE_READY);
	struct rs_instance *second = net_instance(&net, 2, RS_INSTANCE_STARTING);
	struct rs_instance copy = *second;
	rs_dp_instance_remove(net.dp, 2, net.netns_inode[2]);
	copy.revision = 2;
	assert_int_equal(rs_dp_instance_add(net.dp, 2, &copy, net.netns_inode[2]), 0);
	rs_dp_instance_set_state(net.dp, 2, RS_INSTANCE_READY);
	struct rs_route route = {.generation = 1, .target = {2}};
	assert_int_equal(rs_dp_route_set(net.dp, 2, &route), 0);
	begin(2);
}

/* What is asked from here on may be answered by either; after `settle` only by that one. */
static void between(void)
{
	__atomic_store_n(&load.state->allowed, 1U << 1 | 1U << 2, __ATOMIC_SEQ_CST);
}

static void settle(unsigned number)
{
	__atomic_store_n(&load.state->allowed, 1U << number, __ATOMIC_SEQ_CST);
	load_wait(&load, 4);
}

static void test_a_route_changes_whole(void **state)
{
	(void)state;
	two_routes();
	load_ask(&load, net.client, VIP, 80);
	/* The two differ in everything that a packet reads: half of one with half of the other leads nowhere. */
	struct rs_route routes[] = {
		{.generation = 1, .target = {1}},
		{.generation = 2, .target = {0, 0, 0, 2}},
	};
	memset(routes[1].slot, 3, sizeof(routes[1].slot));
	for (int i = 0; i < CHANGES; i++) {
		between();
		assert_int_equal(rs_dp_route_set(net.dp, 1, &routes[(i + 1) % 2]), 0);
		settle(i % 2 ? 1 : 2);
	}
	load_stop(&load);
	assert_int_equal(net_since_mark(&net, RS_REASON_no_target), 0);
}

static void test_a_frontend_changes_whole(void **state)
{
	(void)state;
	two_routes();
	load_ask(&load, net.client, VIP, 80);
	const struct rs_address address = rs_address_v4(inet_addr(VIP));
	const struct rs_frontend_key key = rs_dp_frontend(&address, 80, RS_PROTOCOL_TCP);
	for (int i = 0; i < CHANGES; i++) {
		between();
		assert_int_equal(rs_dp_frontend_set(net.dp, &key, i % 2 ? 1 : 2, 0), 0);
		settle(i % 2 ? 1 : 2);
	}
	load_stop(&load);
	assert_int_equal(net_since_mark(&net, RS_REASON_no_service), 0);
}

static void test_instances_take_turns(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	net_instance(&net, 2, RS_INSTANCE_DRAINING);
	begin(2);
	load_ask(&load, net.client, VIP, 80);
	for (unsigned i = 0; i < CHANGES; i++) {
		unsigned next = i % 2 ? 1 : 2;
		between();
		rs_dp_instance_set_state(net.dp, next, RS_INSTANCE_READY);
		rs_dp_instance_set_state(net.dp, 3 - next, RS_INSTANCE_DRAINING);
		settle(next);
	}
	load_stop(&load);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_begun), 0);
}

static int open_net(void **state)
{
	const char *why;
	modes = *state ? *(unsigned *)*state : 0;
	assert_true(net_open_xdp(&net, modes, &why));
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

static unsigned native = RS_XDP_NATIVE;

#define ON_TC(function) cmocka_unit_test_setup_teardown(function, open_net, close_net)
#define ON_XDP(function, mode)                                                                                         \
	{                                                                                                              \
#function "_" #mode, function, open_net, close_net, &mode                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TC(test_a_thousand_replacements), ON_XDP(test_a_thousand_replacements, native),
		ON_TC(test_agents_come_and_go),	     ON_XDP(test_agents_come_and_go, native),
		ON_TC(test_a_route_changes_whole),   ON_TC(test_a_frontend_changes_whole),
		ON_TC(test_instances_take_turns),    ON_XDP(test_instances_take_turns, native),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
