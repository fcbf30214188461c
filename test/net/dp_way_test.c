// SPDX-License-Identifier: BSD-2-Clause
/* families: 4 6 */
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Every way between a client and an instance, with real data on it, on both hooks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/time.h"

#include "base/str.h"
#include "pure/checksum.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;

/* Connects, moves data both ways, closes from the client's side, and waits until the connection is forgotten. */
static void serve_one(int ns, const char *address, unsigned short port, int listener, unsigned bytes)
{
	uint64_t ended = net_since_mark(&net, RS_REASON_flow_ended);
	int client = net_connect(ns, address, port, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, bytes);
	close(client);
	char byte;
	assert_true(net_readable(server, DEADLINE_MS));
	assert_int_equal(recv(server, &byte, 1, 0), 0);
	close(server);
	net_wait(&net, RS_REASON_flow_ended, ended + 1);
}

static void test_a_client_behind_a_veth(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.client, VIP, 80, listener, 1);
	serve_one(net.client, VIP, 8080, listener, 8 << 20); /* large segments: the kernel hands us 64 kB at a time */
	assert_int_equal(net_since_mark(&net, RS_REASON_to_stack), 0);
	close(listener);
	net_wait_idle(&net);
}

static void test_a_client_behind_an_uplink(void **state)
{
	(void)state;
	struct rs_err err;
	assert_int_equal(rs_dp_attach(net.dp, net.client_if, RS_DP_CLIENT, RS_WAY_NEIGH, &err), 0);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.client, VIP, 80, listener, 1 << 20);
	close(listener);
}

static void test_a_client_on_this_host(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = net_connect(net.node, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 1 << 20);
	close(client);
	close(server);
	serve_one(net.node, VIP, 80, listener, 1 << 20); /* warm: its SYN is not the agent's copy */
	close(listener);
}

static void test_a_held_client_on_this_host_is_refused(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = net_connect(net.node, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	assert_int_equal(rs_dp_reset(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), ECONNREFUSED);
	close(client);
}

static void test_an_instance_calls_another(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.instance[2], VIP, 80, listener, 1 << 20);
	close(listener);
}

static void test_an_instance_calls_itself(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.instance[1], VIP, 80, listener, 1 << 20);
	assert_int_equal(net_since_mark(&net, RS_REASON_hairpin), 1);
	close(listener);
}

static void test_an_instance_that_sleeps_is_called_by_an_instance(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = net_connect(net.instance[2], VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	close(client);
	close(listener);
}

/* The same client port to two ports of the VIP: one instance sees both, and mixes up neither. */
static void test_one_client_port_twice(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	int a = net_connect(net.client, VIP, 80, 42000);
	assert_int_equal(net_connected(a, SOON_MS), 0);
	int server_a = net_accept(listener, SOON_MS);
	int b = net_connect(net.client, VIP, 8080, 42000);
	assert_int_equal(net_connected(b, SOON_MS), 0);
	int server_b = net_accept(listener, SOON_MS);
	assert_int_equal(net_since_mark(&net, RS_REASON_port_changed), 1);
	for (int i = 0; i < 4; i++) {
		net_exchange(a, server_a, 70000);
		net_exchange(b, server_b, 70000);
	}
	close(a);
	char byte;
	assert_true(net_readable(server_a, DEADLINE_MS));
	assert_int_equal(recv(server_a, &byte, 1, 0), 0);
	net_exchange(b, server_b, 70000); /* the end of one is not the end of the other */
	close(b);
	close(server_a);
	close(server_b);
	close(listener);
	net_wait_idle(&net);
}

static void test_a_port_of_no_service_refuses(void **state)
{
	(void)state;
	int fd = net_connect(net.client, VIP, 81, 0);
	assert_int_equal(net_connected(fd, SOON_MS), ECONNREFUSED);
	close(fd);
	fd = net_connect(net.node, OTHER_VIP, 80, 0);
	assert_int_equal(net_connected(fd, SOON_MS), ECONNREFUSED);
	close(fd);
	assert_int_equal(net_since_mark(&net, RS_REASON_no_service), 2);
}

/* The process is gone and nobody has noticed yet: the client does not hear of it, its next copy is held. */
static void test_a_listener_that_went_is_waited_for(void **state)
{
	(void)state;
	unsigned long long sequence;
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_READY);
	int client = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_rst_held_back, 1);
	net_wait_idle(&net);
	assert_int_equal(one->state, RS_INSTANCE_PROBABLE);
	net_wait(&net, RS_REASON_hold_parked, 1); /* a second later */
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	assert_int_equal(one->state, RS_INSTANCE_READY);
	close(client);
	close(listener);
}

static void test_a_dead_instance_resets_its_connections(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	int client = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	rs_dp_instance_remove(net.dp, 1, 0);
	assert_int_equal(send(client, "x", 1, MSG_NOSIGNAL), 1);
	char byte;
	assert_true(net_readable(client, SOON_MS));
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(net_since_mark(&net, RS_REASON_instance_gone), 1);
	close(client);
	close(server);
	close(listener);
}

static void test_what_is_not_ours_is_routed_as_before(void **state)
{
	(void)state;
	/* From a client to the node, to an instance past the dataplane, and between instances. */
	int node_listener = net_listen(net.node, 7000, 1), one = net_listen(net.instance[1], 7000, 1);
	const struct {
		int from;
		const char *to;
		int listener;
	} ways[] = {{net.client, NODE_ADDRESS, node_listener},
		    {net.client, ONE_ADDRESS, one},
		    {net.instance[2], ONE_ADDRESS, one},
		    {net.instance[1], NODE_ADDRESS, node_listener}};
	for (size_t i = 0; i < rs_array_length(ways); i++) {
		int client = net_connect(ways[i].from, ways[i].to, 7000, 0);
		assert_int_equal(net_connected(client, SOON_MS), 0);
		int server = net_accept(ways[i].listener, SOON_MS);
		net_exchange(client, server, 1 << 20);
		close(client);
		close(server);
	}
	assert_int_equal(net_since_mark(&net, RS_REASON_forwarded), 0);
	assert_true(net_since_mark(&net, RS_REASON_not_ours) > 100);
	close(node_listener);
	close(one);
}

/* Everything is strict here. Replies whose way back nobody knows come in by rouse0, where the VIPs are at home. */
static void test_a_way_back_that_nobody_knows(void **state)
{
	(void)state;
	rs_auto_free char *path = rs_str_format("%s/ifaces", net.bpf_dir);
	rs_auto_fd int map = bpf_obj_get(path);
	struct rs_iface iface;
	assert_int_equal(bpf_map_lookup_elem(map, &net.client_if, &iface), 0);
	assert_int_equal(bpf_map_delete_elem(map, &net.client_if), 0);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.client, VIP, 80, listener, 1 << 20);
	assert_true(net_since_mark(&net, RS_REASON_to_stack) > 2);
	/* So that what stands there is known, and taken away. */
	assert_int_equal(bpf_map_update_elem(map, &net.client_if, &iface, BPF_ANY), 0);
	close(listener);
}

/* The node's own sockets, and what it only forwards from an interface that we are not on. */
static void test_cluster_local_and_the_host(void **state)
{
	(void)state;
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(net.dp, 1, &route), 0);
	route.flags = RS_ROUTE_LOCAL;
	assert_int_equal(rs_dp_route_set(net.dp, 1, &route), 0);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	serve_one(net.node, VIP, 80, listener, 1000);
	serve_one(net.client, VIP, 80, listener, 1000);
	serve_one(net.instance[2], VIP, 80, listener, 1000);
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	int outsider = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_not_visible, 1);
	assert_int_equal(net_connected(outsider, 0), ETIMEDOUT);
	close(outsider);
	/* Without the flag it is served. */
	route.flags = 0;
	assert_int_equal(rs_dp_route_set(net.dp, 1, &route), 0);
	serve_one(net.client, VIP, 80, listener, 1000);
	/* By an uplink it is the same. */
	struct rs_err err;
	route.flags = RS_ROUTE_LOCAL;
	assert_int_equal(rs_dp_attach(net.dp, net.client_if, RS_DP_UPLINK, RS_WAY_NEIGH, &err), 0);
	assert_int_equal(rs_dp_route_set(net.dp, 1, &route), 0);
	uint64_t before = net_since_mark(&net, RS_REASON_not_visible);
	outsider = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_not_visible, before + 1);
	close(outsider);
	close(listener);
}

static int raw_socket(int ns)
{
	return net_socket_of(ns, SOCK_RAW, IPPROTO_TCP);
}

/* Without the IP header, which is the kernel's to write. */
static void send_reset(int fd, uint16_t port, uint32_t sequence)
{
	struct rs_tcp packet = {
		.source = htons(port),
		.destination = htons(80),
		.sequence = htonl(sequence),
		.offset = 5 << 4,
		.flags = RS_TCP_RST,
	};
	struct rs_tuple ends;
	assert_int_equal(rs_address_parse(CLIENT_ADDRESS, &ends.source), 0);
	assert_int_equal(rs_address_parse(VIP, &ends.destination), 0);
	packet.checksum = rs_checksum_tcp_bare(&ends, &packet);
	assert_int_equal(net_send_to(fd, VIP, &packet, sizeof(packet)), sizeof(packet));
}

/* A stranger who knows the addresses and ports of an open connection, and nothing else. */
static void test_a_blind_reset_ends_nothing(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	int client = net_connect(net.client, VIP, 80, 45000);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 1000);
	int stranger = raw_socket(net.client);
	for (uint32_t i = 0; i < 100; i++)
		send_reset(stranger, 45000, i * 42949672U);
	net_wait(&net, RS_REASON_end_implausible, 99); /* one of them may lie in the window's 2^-32 */
	net_exchange(client, server, 1000);
	assert_int_equal(rs_dp_instance(net.dp, 1)->flows, 1);
	/* The client's own does end it. */
	struct linger now = {.l_onoff = 1};
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(client);
	net_wait(&net, RS_REASON_flow_ended, 1);
	close(stranger);
	close(server);
	close(listener);
}

/* Two connections, one idle: what is in flight is what is open. */
static void test_in_flight_follows_the_requests(void **state)
{
	(void)state;
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	int a = net_connect(net.client, VIP, 80, 0), b = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(a, SOON_MS), 0);
	assert_int_equal(net_connected(b, SOON_MS), 0);
	int server_a = net_accept(listener, SOON_MS), server_b = net_accept(listener, SOON_MS);
	assert_int_equal(one->flows, 2);
	net_wait_idle(&net); /* connected, and a second of silence */
	assert_int_equal(send(a, "GET", 3, MSG_NOSIGNAL), 3);
	assert_true(net_readable(server_a, SOON_MS) || net_readable(server_b, SOON_MS));
	assert_int_equal(one->in_flight, 1);
	struct rs_revision_stats stats;
	assert_int_equal(rs_dp_stats(net.dp, 1, &stats), 0);
	assert_int_equal(stats.started, 3);
	assert_int_equal(stats.ended, 2);
	close(server_a); /* a server that closes has answered */
	close(server_b);
	net_wait_idle(&net);
	close(a);
	close(b);
	close(listener);
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (one->flows) {
		assert_true(rs_now_ns() < deadline);
		poll(NULL, 0, 5);
	}
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
		NET_TEST(test_a_client_behind_a_veth),
		CLSACT_TEST(test_a_client_behind_a_veth),
		NET_TEST(test_a_client_behind_an_uplink),
		CLSACT_TEST(test_a_client_behind_an_uplink),
		NET_TEST(test_a_client_on_this_host),
		CLSACT_TEST(test_a_client_on_this_host),
		NET_TEST(test_a_held_client_on_this_host_is_refused),
		NET_TEST(test_an_instance_calls_another),
		NET_TEST(test_an_instance_calls_itself),
		CLSACT_TEST(test_an_instance_calls_itself),
		NET_TEST(test_an_instance_that_sleeps_is_called_by_an_instance),
		NET_TEST(test_one_client_port_twice),
		NET_TEST(test_a_port_of_no_service_refuses),
		NET_TEST(test_a_listener_that_went_is_waited_for),
		NET_TEST(test_a_dead_instance_resets_its_connections),
		NET_TEST(test_what_is_not_ours_is_routed_as_before),
		CLSACT_TEST(test_what_is_not_ours_is_routed_as_before),
		NET_TEST(test_in_flight_follows_the_requests),
		NET_TEST(test_a_way_back_that_nobody_knows),
		CLSACT_TEST(test_a_way_back_that_nobody_knows),
		NET_TEST(test_cluster_local_and_the_host),
		CLSACT_TEST(test_cluster_local_and_the_host),
		NET_TEST(test_a_blind_reset_ends_nothing),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
