// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Wires that lose, repeat and reorder packets, in both directions (netem), and wires of several widths. What goes in
 * comes out, byte for byte (net_exchange() compares each), and what was held is released in the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/time.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static struct net net;

/* What the client sends, and what the instance sends, on its way to our hooks. */
static void worsen(const char *how)
{
	net_need(net.client, "tc qdisc add dev lo root netem loss 1% && tc qdisc del dev lo root");
	net_shell(net.client, "tc qdisc replace dev eth0 root netem limit 10000 %s", how);
	net_shell(net.instance[1], "tc qdisc replace dev eth0 root netem limit 10000 %s", how);
}

static void connect_both(int listener, int *ret_client, int *ret_server)
{
	*ret_client = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(*ret_client, DEADLINE_MS), 0);
	*ret_server = net_accept(listener, DEADLINE_MS);
}

/* The connection is served, its data is intact, and it is forgotten afterwards. */
static void move_data(unsigned bytes)
{
	int client, server;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	connect_both(listener, &client, &server);
	net_exchange(client, server, bytes);
	close(client);
	close(server);
	close(listener);
}

static void test_a_wire_that_loses(void **state)
{
	(void)state;
	worsen("loss 3% delay 1ms");
	move_data(2 << 20);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
}

static void test_a_wire_that_reorders(void **state)
{
	(void)state;
	/* A quarter of the packets goes ahead of those before it. */
	worsen("delay 3ms reorder 25% 50%");
	move_data(2 << 20);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_no_flow), 0);
}

static void test_a_wire_that_repeats(void **state)
{
	(void)state;
	worsen("duplicate 100%");
	move_data(1 << 20);
	/* Both copies of the SYN are of one connection. */
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
	assert_true(net_since_mark(&net, RS_REASON_syn_retransmitted) >= 1);
}

static void test_a_syn_that_comes_twice_is_held_once(void **state)
{
	(void)state;
	unsigned long long sequence[2];
	worsen("duplicate 100%");
	int client = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_refreshed, 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_begun), 1);
	assert_int_equal(net_holds(&net, sequence, 2), 1);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence[0]), 0);
	/* The agent may say it twice, too. */
	rs_dp_release(net.dp, sequence[0]);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 100000);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_released), 1);
	close(client);
	close(server);
	close(listener);
}

/* Lets go on what is held, again and again, as the agent does. */
static void release_new(unsigned long long *held, unsigned *count, unsigned max)
{
	*count += net_holds(&net, held + *count, max - *count);
	for (unsigned i = 0; i < *count; i++) {
		if (rs_dp_hold_state(net.dp, held[i]) == RS_HOLD_HELD)
			rs_dp_release(net.dp, held[i]);
	}
}

#define CLIENTS	 8
#define COLD_MAX (4 * CLIENTS)

/* Of a SYN and its four copies (1, 3, 7 and 15 s later) all are lost once in 400 times. */
static void test_a_cold_wake_under_loss(void **state)
{
	(void)state;
	unsigned long long held[COLD_MAX];
	unsigned count = 0, connected = 0;
	int clients[CLIENTS];
	bool is_connected[CLIENTS] = {false};
	worsen("loss 30%");
	net_instance(&net, 1, RS_INSTANCE_STARTING);
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i] = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, 1);
	int listener = net_listen(net.instance[1], 8080, CLIENTS);
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_PROBABLE);
	uint64_t deadline = rs_now_ns() + 70 * RS_NS_PER_S;
	while (connected < CLIENTS) {
		if (rs_now_ns() > deadline)
			fail_msg("%u of %d clients are connected", connected, CLIENTS);
		release_new(held, &count, COLD_MAX);
		for (unsigned i = 0; i < CLIENTS; i++) {
			if (is_connected[i])
				continue;
			is_connected[i] = net_connected(clients[i], 1) == 0;
			connected += is_connected[i];
		}
		poll(NULL, 0, 5);
	}
	/* Nothing was begun twice, and nobody is held any more. */
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new) - net_since_mark(&net, RS_REASON_flow_ended),
			 CLIENTS);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_expired), 0);
	net_check_sum(&net);
	assert_int_equal(rs_dp_revision(net.dp, 1)->held, 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close(listener);
}

/* --- widths ------------------------------------------------------------------------------------------------------- */

static void width(unsigned mtu)
{
	net_shell(net.node, "ip link set client mtu %u && ip link set one mtu %u", mtu, mtu);
	net_shell(net.client, "ip link set eth0 mtu %u", mtu);
	net_shell(net.instance[1], "ip link set eth0 mtu %u", mtu);
}

static void test_every_width(void **state)
{
	(void)state;
	static const unsigned mtus[] = {1280, 1500, 9000};
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	for (size_t i = 0; i < rs_array_length(mtus); i++) {
		int client, server;
		width(mtus[i]);
		connect_both(listener, &client, &server);
		net_exchange(client, server, 4 << 20);
		close(client);
		close(server);
	}
	close(listener);
}

/* Each packet as wide as the wire, or some dozens as one (GSO, GRO). */
static void test_every_width_without_large_segments(void **state)
{
	(void)state;
	net_need(net.client, "ethtool -K lo gso off && ethtool -K lo gso on");
	const char *off = "ethtool -K eth0 gso off gro off tso off >/dev/null";
	net_shell(net.client, "%s", off);
	net_shell(net.instance[1], "%s", off);
	net_shell(net.node, "for i in client one; do ethtool -K $i gso off gro off tso off >/dev/null; done");
	test_every_width(state);
}

/* A client on a wide wire, an instance on a narrow one: the handshake tells them. */
static void test_ends_of_different_widths(void **state)
{
	(void)state;
	width(9000);
	net_shell(net.node, "ip link set one mtu 1280");
	net_shell(net.instance[1], "ip link set eth0 mtu 1280");
	move_data(4 << 20);
}

static int open_net(void **state)
{
	const char *why;
	assert_true(net_open(&net, *state ? RS_HOOK_CLSACT : RS_HOOK_AUTO, &why));
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

static int clsact;

#define NET_TEST(function) cmocka_unit_test_setup_teardown(function, open_net, close_net)
#define CLSACT_TEST(function)                                                                                          \
	{                                                                                                              \
#function "_on_clsact", function, open_net, close_net, &clsact                                         \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_a_wire_that_loses),
		CLSACT_TEST(test_a_wire_that_loses),
		NET_TEST(test_a_wire_that_reorders),
		NET_TEST(test_a_wire_that_repeats),
		NET_TEST(test_a_syn_that_comes_twice_is_held_once),
		NET_TEST(test_a_cold_wake_under_loss),
		NET_TEST(test_every_width),
		CLSACT_TEST(test_every_width),
		NET_TEST(test_every_width_without_large_segments),
		NET_TEST(test_ends_of_different_widths),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
