// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Datagrams that nobody can take, between real sockets: held, let go in their order, or dropped. */
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
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 5300

static struct net net;

/* --- sockets ------------------------------------------------------------------------------------------------------ */

static struct sockaddr_in at(const char *address, unsigned short port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
}

/* `from`: its port; 0 = any, perhaps one that another client has too (net_socket() lets them share). */
static int open_client_at(unsigned short from)
{
	int fd = net_socket(net.client, SOCK_DGRAM);
	struct sockaddr_in vip = at(VIP, PORT), local = at("0.0.0.0", from);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&vip, sizeof(vip)), 0);
	return fd;
}

static int open_client(void)
{
	return open_client_at(0);
}

static int open_server(unsigned id)
{
	int fd = net_socket(net.instance[id], SOCK_DGRAM);
	struct sockaddr_in any = at("0.0.0.0", PORT);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

/* A datagram that says which one it is, and is as long as that asks for. */
static size_t make(unsigned number, unsigned char *out)
{
	size_t length = 4 + (number * 97) % 900;
	for (size_t i = 4; i < length; i++)
		out[i] = (unsigned char)(number + i);
	memcpy(out, &number, 4);
	return length;
}

static void put(int fd, unsigned number)
{
	unsigned char bytes[2048];
	size_t length = make(number, bytes);
	assert_int_equal(send(fd, bytes, length, 0), length);
}

/* The next one's number, whole and unchanged; fails the test when none comes. */
static unsigned take(int fd, struct sockaddr_in *ret_from)
{
	unsigned char bytes[2048], wanted[2048];
	socklen_t size = sizeof(*ret_from);
	unsigned number;
	if (!net_readable(fd, DEADLINE_MS))
		fail_msg("no datagram has come");
	ssize_t n = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)ret_from, ret_from ? &size : NULL);
	assert_true(n >= 4);
	memcpy(&number, bytes, 4);
	assert_int_equal(n, make(number, wanted));
	assert_memory_equal(bytes, wanted, n);
	return number;
}

static void answer(int server, unsigned number)
{
	struct sockaddr_in from;
	unsigned char bytes[2048];
	assert_int_equal(take(server, &from), number);
	size_t length = make(number + 1000, bytes);
	assert_int_equal(sendto(server, bytes, length, 0, (struct sockaddr *)&from, sizeof(from)), length);
}

/* --- the service -------------------------------------------------------------------------------------------------- */

static struct rs_instance *ready(unsigned id)
{
	struct rs_instance *entry = net_instance(&net, id, RS_INSTANCE_STARTING);
	entry->port[1] = htons(PORT);
	entry->udp = 1 << 1;
	entry->listening[RS_V4] = 1 << 1;
	rs_dp_instance_set_state(net.dp, id, RS_INSTANCE_READY);
	return entry;
}

/* Sends datagrams first..last of one client, which are held in one hold. */
static int begin_held(unsigned first, unsigned last, unsigned long long *ret_sequence)
{
	uint64_t parked = net_since_mark(&net, RS_REASON_datagram_parked);
	int fd = open_client();
	for (unsigned i = first; i <= last; i++)
		put(fd, i);
	net_wait(&net, RS_REASON_datagram_parked, parked + last - first + 1);
	assert_int_equal(net_holds(&net, ret_sequence, 1), 1);
	return fd;
}

static void check_datagrams(uint64_t held)
{
	struct rs_counters c;
	assert_int_equal(rs_dp_counters(net.dp, &c), 0);
	assert_int_equal(c.datagram_parked, c.datagram_released + c.datagram_lost + held);
}

static void test_held_and_released_in_order(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(1, RS_FLOW_DATAGRAMS_MAX, &sequence);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_parked), 1);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0); /* nobody can take them: they stay */
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_HELD);
	check_datagrams(RS_FLOW_DATAGRAMS_MAX);

	int server = open_server(1);
	ready(1);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	for (unsigned i = 1; i <= RS_FLOW_DATAGRAMS_MAX; i++)
		answer(server, i);
	for (unsigned i = 1; i <= RS_FLOW_DATAGRAMS_MAX; i++)
		assert_int_equal(take(client, NULL), i + 1000);
	net_wait(&net, RS_REASON_hold_released, 1);
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_RELEASED);
	assert_int_equal(rs_dp_release(net.dp, sequence), -ENOENT);
	check_datagrams(0);

	/* And on as any flow. */
	put(client, 77);
	answer(server, 77);
	assert_int_equal(take(client, NULL), 1077);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
	close(client);
	close(server);
}

static void test_more_than_a_flow_may_hold(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(1, RS_FLOW_DATAGRAMS_MAX, &sequence);
	put(client, 9);
	put(client, 10);
	net_wait(&net, RS_REASON_datagram_shed_flow, 2);
	int server = open_server(1);
	ready(1);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	for (unsigned i = 1; i <= RS_FLOW_DATAGRAMS_MAX; i++)
		assert_int_equal(take(server, NULL), i);
	put(client, 11);
	assert_int_equal(take(server, NULL), 11);
	check_datagrams(0);
	close(client);
	close(server);
}

static void test_bytes_are_bounded_too(void **state)
{
	(void)state;
	static const unsigned char zeros[1400];
	int client = open_client();
	for (int i = 0; i < 7; i++)
		assert_int_equal(send(client, zeros, sizeof(zeros), 0), sizeof(zeros));
	/* Five frames of 1442 bytes are less than 8 KiB, six are more. */
	net_wait(&net, RS_REASON_datagram_shed_flow, 2);
	assert_int_equal(net_since_mark(&net, RS_REASON_datagram_parked), 5);
	close(client);
}

/* The kernel would take it apart on the way to the card: one place holds one datagram. */
static void test_a_segmented_one_is_shed(void **state)
{
	(void)state;
	static const unsigned char zeros[3000];
	int client = open_client(), size = 500;
	if (setsockopt(client, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) < 0) {
		close(client);
		skip();
	}
	assert_int_equal(send(client, zeros, sizeof(zeros), 0), sizeof(zeros));
	net_wait(&net, RS_REASON_hold_shed_datagram, 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_datagram_parked), 0);
	int server = open_server(1);
	ready(1);
	assert_int_equal(send(client, zeros, sizeof(zeros), 0), sizeof(zeros)); /* warm, it goes through */
	for (int i = 0; i < 6; i++) {
		unsigned char bytes[1000];
		assert_true(net_readable(server, DEADLINE_MS));
		assert_int_equal(recv(server, bytes, sizeof(bytes), 0), 500);
	}
	close(client);
	close(server);
}

static void test_no_checksum_stays_none(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = open_client(), yes = 1;
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof(yes)), 0);
	put(client, 1);
	net_wait(&net, RS_REASON_datagram_parked, 1);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	int server = open_server(1);
	ready(1);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	answer(server, 1);
	assert_int_equal(take(client, NULL), 1001);
	put(client, 2);
	answer(server, 2);
	close(client);
	close(server);
}

static void test_giving_up(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(1, 3, &sequence);
	assert_int_equal(rs_dp_reset(net.dp, sequence), 0);
	net_wait(&net, RS_REASON_hold_reset, 1);
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_RESET);
	assert_int_equal(net_since_mark(&net, RS_REASON_datagram_lost), 3);
	check_datagrams(0);
	close(client);
}

/* What a client sends while its first datagrams are let go comes behind them, none past another. */
struct sender {
	int fd;
	unsigned count;
	volatile bool stop;
};

static void *keep_sending(void *user)
{
	struct sender *sender = user;
	while (!sender->stop && sender->count < 20000) {
		unsigned char bytes[16];
		memcpy(bytes, &sender->count, 4);
		if (send(sender->fd, bytes, 4 + sender->count % 8, 0) > 0)
			sender->count++;
		poll(NULL, 0, 0);
	}
	return NULL;
}

static void test_order_while_the_client_goes_on(void **state)
{
	(void)state;
	struct sender sender = {.fd = open_client()};
	int server = open_server(1), bytes = 4 << 20;
	setsockopt(server, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, keep_sending, &sender), 0);
	net_wait(&net, RS_REASON_datagram_shed_flow, 50);
	unsigned long long sequence;
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	ready(1);
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (rs_dp_release(net.dp, sequence) != -ENOENT)
		assert_true(rs_now_ns() < deadline);
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_RELEASED);
	unsigned last = 0, seen = 0, number;
	unsigned at_release = sender.count;
	while (last < at_release + 200 && last < 19000) {
		unsigned char data[16];
		assert_true(net_readable(server, DEADLINE_MS));
		assert_true(recv(server, data, sizeof(data), 0) >= 4);
		memcpy(&number, data, 4);
		if (seen && number <= last)
			fail_msg("%u came behind %u", number, last);
		last = number;
		seen++;
	}
	sender.stop = true;
	pthread_join(thread, NULL);
	assert_true(seen > 8);
	check_datagrams(0);
	close(sender.fd);
	close(server);
}

static void test_many_flows_fill_the_node(void **state)
{
	(void)state;
	static int clients[RS_DATAGRAMS_MAX + 64];
	for (size_t i = 0; i < rs_array_length(clients); i++) {
		clients[i] = open_client_at((unsigned short)(20000 + i));
		put(clients[i], (unsigned)i);
		if (i == 0) /* once the gateway's MAC is known, none waits for it */
			net_wait(&net, RS_REASON_hold_begun, 1);
	}
	net_wait(&net, RS_REASON_hold_begun, rs_array_length(clients));
	uint64_t parked = net_since_mark(&net, RS_REASON_datagram_parked);
	assert_true(parked <= RS_DATAGRAMS_MAX && parked > RS_DATAGRAMS_MAX / 2);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_shed_datagram), rs_array_length(clients) - parked);
	assert_int_equal(net_since_mark(&net, RS_REASON_datagram_shed_node), rs_array_length(clients) - parked);

	int server = open_server(1), bytes = 8 << 20;
	setsockopt(server, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	ready(1);
	static unsigned long long sequences[RS_DATAGRAMS_MAX + 64];
	unsigned count = net_holds(&net, sequences, rs_array_length(sequences));
	assert_int_equal(count, parked);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(rs_dp_release(net.dp, sequences[i]), 0);
		take(server, NULL);
	}
	net_wait(&net, RS_REASON_hold_released, parked);
	check_datagrams(0);
	/* Every place is free again. */
	for (size_t i = 0; i < rs_array_length(clients); i++)
		close(clients[i]);
	close(server);
}

static int open_net(void **state)
{
	const char *why;
	(void)state;
	assert_true(net_open(&net, RS_HOOK_AUTO, &why));
	const struct rs_address vip = rs_address_v4(inet_addr(VIP));
	const struct rs_frontend_key key = rs_dp_frontend(&vip, PORT, RS_PROTOCOL_UDP);
	rs_dp_revision_set_ports(net.dp, 1, 3, 2);
	assert_int_equal(rs_dp_frontend_set(net.dp, &key, 1, 1), 0);
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
		NET_TEST(test_held_and_released_in_order),     NET_TEST(test_more_than_a_flow_may_hold),
		NET_TEST(test_bytes_are_bounded_too),	       NET_TEST(test_a_segmented_one_is_shed),
		NET_TEST(test_no_checksum_stays_none),	       NET_TEST(test_giving_up),
		NET_TEST(test_order_while_the_client_goes_on), NET_TEST(test_many_flows_fill_the_node),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
