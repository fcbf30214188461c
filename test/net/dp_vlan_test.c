// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c test/packet/frame.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Clients behind VLAN tags. A tagged frame belongs to the interface of its VLAN, which has a program of its own: the
 * one below must not touch it, although the kernel hands it the packet with the tag taken off. A priority tag (VLAN 0)
 * is none (IEEE 802.1Q 6.9). What needs VLAN interfaces is skipped on a kernel without 8021q. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"
#include "packet/frame.h"

#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEED_VLAN "ip link add dev eth0.4000 link eth0 type vlan id 4000 && ip link del eth0.4000"

static struct net net;

/* --- frames by hand ----------------------------------------------------------------------------------------------- */

struct tag {
	uint16_t ethertype; /* 0 = no tag */
	uint16_t control;   /* priority and VLAN */
};

static void node_mac(unsigned char mac[6])
{
	rs_auto_fd int fd = net_socket(net.node, SOCK_DGRAM);
	struct ifreq request = {.ifr_name = "client"};
	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &request), 0);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
}

/* Sends the client's SYN with these tags, the outer one first. */
static void send_syn(struct tag outer, struct tag inner, uint16_t port)
{
	struct packet syn = {
		.from = {{10, 0, 1, 2}, port, 0x10}, .to = {{198, 18, 0, 5}, 80, 1}, .flags = SYN, .seq = 7};
	struct frame frame;
	frame_build(&frame, &syn);
	node_mac(frame.bytes);
	const struct tag tags[] = {inner, outer};
	for (size_t i = 0; i < rs_array_length(tags); i++) {
		if (!tags[i].ethertype)
			continue;
		const uint16_t bytes[] = {htons(tags[i].ethertype), htons(tags[i].control)};
		memmove(frame.bytes + 16, frame.bytes + 12, frame.length - 12);
		memcpy(frame.bytes + 12, bytes, 4);
		frame.length += 4;
	}
	rs_auto_fd int raw = net_packet_socket(net.client);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)net_index(net.client, "eth0")};
	assert_int_equal(sendto(raw, frame.bytes, frame.length, 0, (struct sockaddr *)&to, sizeof(to)), frame.length);
}

#define UNTAGGED                                                                                                       \
	(struct tag)                                                                                                   \
	{                                                                                                              \
		0                                                                                                      \
	}

static void test_a_tagged_syn_is_not_for_the_interface_below(void **state)
{
	(void)state;
	send_syn((struct tag){ETHERTYPE_VLAN, 10}, UNTAGGED, 41000);
	net_wait(&net, RS_REASON_not_ours, 1);
	send_syn((struct tag){ETH_P_8021AD, 5}, (struct tag){ETHERTYPE_VLAN, 10}, 41001);
	net_wait(&net, RS_REASON_not_ours, 2);
	/* A service's tag around a priority tag is a service's tag. */
	send_syn((struct tag){ETH_P_8021AD, 5}, (struct tag){ETHERTYPE_VLAN, 5 << 13}, 41002);
	net_wait(&net, RS_REASON_not_ours, 3);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_begun), 0);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 0);
}

static void test_a_priority_tag_is_no_vlan(void **state)
{
	(void)state;
	unsigned long long sequence;
	send_syn((struct tag){ETHERTYPE_VLAN, 5 << 13}, UNTAGGED, 41000);
	net_wait(&net, RS_REASON_hold_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	const struct rs_hold *hold = rs_dp_hold(net.dp, sequence);
	assert_int_equal(hold->client_ifindex, net.client_if);
	assert_int_equal(hold->frame_length, 54); /* Ethernet, IP, TCP: what the agent sends has no tag */
	/* The same without a tag is a copy of it. */
	send_syn(UNTAGGED, UNTAGGED, 41000);
	net_wait(&net, RS_REASON_hold_refreshed, 1);
}

/* --- VLAN interfaces ---------------------------------------------------------------------------------------------- */

/* NAME on both ends, 10.0.NET.1 (the node, with a program) and .2 (the client, whose way to the VIPs it becomes). */
static unsigned add_vlan(const char *below, const char *below_client, unsigned id, const char *protocol,
			 unsigned number)
{
	struct rs_err err;
	net_shell(net.node,
		  "ip link add dev %s.%u link %s type vlan protocol %s id %u && ip link set %s.%u up &&"
		  " ip addr add 10.0.%u.1/24 dev %s.%u",
		  below, id, below, protocol, id, below, id, number, below, id);
	net_shell(net.client,
		  "ip link add dev %s.%u link %s type vlan protocol %s id %u && ip link set %s.%u up &&"
		  " ip addr add 10.0.%u.2/24 dev %s.%u && ip route replace 198.18.0.0/16 via 10.0.%u.1",
		  below_client, id, below_client, protocol, id, below_client, id, number, below_client, id, number);
	char name[32];
	snprintf(name, sizeof(name), "%s.%u", below, id);
	unsigned ifindex = net_index(net.node, name);
	if (rs_dp_attach(net.dp, ifindex, RS_DP_CLIENT, RS_WAY_NEIGH, &err) < 0)
		fail_msg("%s", err.message);
	return ifindex;
}

static int note_client(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	(void)key;
	*(unsigned *)user = flow->client_ifindex;
	return 0;
}

/* Cold and warm, with data; `ifindex` is whose client it is. */
static void serve_cold_and_warm(unsigned ifindex)
{
	unsigned long long sequence;
	unsigned seen = 0;
	int cold = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	assert_int_equal(rs_dp_hold(net.dp, sequence)->client_ifindex, ifindex);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(cold, SOON_MS), 0);
	assert_int_equal(rs_dp_flows_each(net.dp, note_client, &seen), 0);
	assert_int_equal(seen, ifindex);
	int server = net_accept(listener, SOON_MS);
	net_exchange(cold, server, 1 << 20);
	int warm = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(warm, SOON_MS), 0);
	int other = net_accept(listener, SOON_MS);
	net_exchange(warm, other, 1 << 20);
	/* Each was seen once, by one program. */
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 2);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_begun), 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_to_stack), 0);
	const int all[] = {cold, warm, server, other, listener};
	for (size_t i = 0; i < rs_array_length(all); i++)
		close(all[i]);
}

static void test_a_client_behind_a_vlan(void **state)
{
	(void)state;
	net_need(net.client, NEED_VLAN);
	unsigned ifindex = add_vlan("client", "eth0", 10, "802.1Q", 2);
	net_mark(&net);
	serve_cold_and_warm(ifindex);
	/* The program below has seen all of it, and let it pass. */
	assert_true(net_since_mark(&net, RS_REASON_not_ours) >= net_since_mark(&net, RS_REASON_forwarded));
}

static void test_a_client_behind_a_vlan_in_a_vlan(void **state)
{
	(void)state;
	net_need(net.client, NEED_VLAN);
	add_vlan("client", "eth0", 5, "802.1ad", 2);
	unsigned ifindex = add_vlan("client.5", "eth0.5", 10, "802.1Q", 3);
	net_mark(&net);
	serve_cold_and_warm(ifindex);
	assert_true(net_since_mark(&net, RS_REASON_not_ours) >= 2 * net_since_mark(&net, RS_REASON_forwarded));
}

/* A client that marks its frames with a priority, of no VLAN: the interface itself serves it. */
static void test_a_client_with_a_priority_tag(void **state)
{
	(void)state;
	unsigned char mac[6];
	net_need(net.client, NEED_VLAN);
	node_mac(mac);
	/* Answers have no tag and so come to eth0: also those to who asks for a neighbour. */
	net_shell(net.client,
		  "ip link add dev eth0.0 link eth0 type vlan id 0 egress-qos-map 0:5 && ip link set eth0.0 up &&"
		  " ip addr flush dev eth0 && ip addr add 10.0.1.2/24 dev eth0.0 &&"
		  " ip neigh add 10.0.1.1 lladdr %02x:%02x:%02x:%02x:%02x:%02x nud permanent dev eth0.0 &&"
		  " ip route add default via 10.0.1.1 dev eth0.0",
		  mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	net_mark(&net);
	serve_cold_and_warm(net.client_if);
	assert_true(net_since_mark(&net, RS_REASON_forwarded) > 100);
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
		NET_TEST(test_a_tagged_syn_is_not_for_the_interface_below),
		CLSACT_TEST(test_a_tagged_syn_is_not_for_the_interface_below),
		NET_TEST(test_a_priority_tag_is_no_vlan),
		NET_TEST(test_a_client_behind_a_vlan),
		CLSACT_TEST(test_a_client_behind_a_vlan),
		NET_TEST(test_a_client_behind_a_vlan_in_a_vlan),
		NET_TEST(test_a_client_with_a_priority_tag),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
