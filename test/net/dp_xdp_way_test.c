// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Clients behind an interface that carries XDP, in the driver and in the stack, with checksums that are complete (as on
 * a wire) and such as a local sender leaves to others: connections, holds, resets, and instances behind the kernel's
 * routing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;

/* What the tests are run over. */
struct setting {
	const char *name;
	unsigned mode;
	const char *offload; /* of the client: "on" leaves checksums and segmentation to others */
};

static const struct setting settings[] = {
	{"native", RS_XDP_NATIVE, "off"},
	{"native, checksums left to others", RS_XDP_NATIVE, "on"},
	{"generic", RS_XDP_GENERIC, "off"},
	{"generic, checksums and segmentation left to others", RS_XDP_GENERIC, "on"},
};

static void exchange(unsigned short port, int listener, unsigned bytes)
{
	int client = net_connect(net.client, VIP, port, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, bytes);
	close(client);
	char byte;
	assert_true(net_readable(server, DEADLINE_MS));
	assert_int_equal(recv(server, &byte, 1, 0), 0);
	close(server);
}

static void test_connections(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	exchange(80, listener, 1);
	exchange(8080, listener, 777); /* an odd length */
	exchange(80, listener, 2 << 20);
	/* Each length of a last piece of the sum. */
	for (unsigned length = 1; length <= 70; length++)
		exchange(80, listener, length);
	close(listener);
	net_wait_idle(&net);
	assert_true(net_since_mark(&net, RS_REASON_forwarded) > 100);
	if (net.xdp_modes == RS_XDP_NATIVE)
		assert_int_equal(net_since_mark(&net, RS_REASON_to_stack), 0);
	/* No packet with a wrong checksum came to the instance: none was lost, and none was found out. */
	net_shell(net.instance[1], "nstat -asz TcpInCsumErrors | grep -q 'TcpInCsumErrors *0 '");
}

static void test_a_hold_and_its_release(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = net_connect(net.client, VIP, 80, 0);
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
	close(listener);
	client = net_connect(net.client, VIP, 80, 0);
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_DRAINING);
	close(client);
	client = net_connect(net.client, VIP, 8080, 0);
	net_wait(&net, RS_REASON_hold_parked, 2);
	assert_int_equal(net_holds(&net, &sequence, 1), 1);
	assert_int_equal(rs_dp_reset(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), ECONNREFUSED);
	close(client);
}

/* By XDP_TX: a veth sends that only to an end that has a ring, so the client's has one here, as a wire's does. */
static void test_resets(void **state)
{
	(void)state;
	int client = net_connect(net.client, VIP, 81, 0);
	assert_int_equal(net_connected(client, SOON_MS), ECONNREFUSED);
	close(client);
	assert_int_equal(net_since_mark(&net, RS_REASON_no_service), 1);

	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	client = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 1000);
	rs_dp_instance_remove(net.dp, 1, net.netns_inode[1]);
	char byte;
	assert_int_equal(send(client, "gone?", 5, 0), 5);
	assert_true(net_readable(client, SOON_MS));
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
	close(server);
	close(listener);
}

static void test_an_instance_behind_the_kernels_routing(void **state)
{
	(void)state;
	struct rs_instance *instance = net_instance(&net, 1, RS_INSTANCE_STARTING);
	instance->ifindex = 0;
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_READY);
	net_shell(net.node, "ip neighbour replace 198.19.0.1 dev one lladdr %02x:%02x:%02x:%02x:%02x:%02x",
		  instance->mac[0], instance->mac[1], instance->mac[2], instance->mac[3], instance->mac[4],
		  instance->mac[5]);
	/* The stack takes what is addressed to the interface itself. */
	memcpy(instance->mac, net.client_mac, 6);
	int listener = net_listen(net.instance[1], 8080, 7);
	exchange(80, listener, 200000);
	close(listener);
	assert_true(net_since_mark(&net, RS_REASON_to_stack) >= net_since_mark(&net, RS_REASON_forwarded));
	net_shell(net.instance[1], "nstat -asz TcpInCsumErrors | grep -q 'TcpInCsumErrors *0 '");
}

/* What is not ours goes on to the stack as it came, TCP with large segments too. */
static void test_the_foreign(void **state)
{
	(void)state;
	int listener = net_listen(net.node, 7000, 1), client = net_connect(net.client, "10.0.1.1", 7000, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 1 << 20);
	close(client);
	close(server);
	close(listener);
	assert_true(net_since_mark(&net, RS_REASON_not_ours) > 10);
	assert_int_equal(net_since_mark(&net, RS_REASON_forwarded), 0);
}

static int open_net(void **state)
{
	const char *why;
	const struct setting *setting = *state;
	assert_true(net_open_xdp(&net, setting->mode, &why));
	net_shell(net.client, "ethtool -K eth0 tx %s gro on > /dev/null", setting->offload);
	net_mark(&net);
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

int main(void)
{
	static const struct {
		const char *name;
		CMUnitTestFunction function;
		bool once; /* for each mode */
	} functions[] = {
		{"connections", test_connections, false},
		{"a hold and its release", test_a_hold_and_its_release, true},
		{"resets", test_resets, false},
		{"an instance behind the kernel's routing", test_an_instance_behind_the_kernels_routing, true},
		{"the foreign", test_the_foreign, true},
	};
	static struct CMUnitTest tests[rs_array_length(functions) * rs_array_length(settings)];
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	size_t count = 0;
	for (size_t i = 0; i < rs_array_length(settings); i++) {
		for (size_t j = 0; j < rs_array_length(functions); j++) {
			if (functions[j].once && i % 2 == 0)
				continue;
			tests[count++] = (struct CMUnitTest){
				.name = rs_str_format("%s, %s", functions[j].name, settings[i].name),
				.test_func = functions[j].function,
				.setup_func = open_net,
				.teardown_func = close_net,
				.initial_state = (void *)&settings[i],
			};
		}
	}
	int failed = _cmocka_run_group_tests("XDP", tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		free((void *)tests[i].name);
	return failed;
}
