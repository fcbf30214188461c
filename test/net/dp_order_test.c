// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c test/net/other.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* The place among TCX programs: first, last, before or after another; kept over restarts, changed by one without a
 * packet lost; and never at the expense of what others have put there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"
#include "net/other.h"

#include "base/mem.h"
#include "base/str.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct net net;
static struct other alpha, omega;

/* As by an agent with that option. */
static void restart(const char *order)
{
	net_close_agent(&net);
	assert_int_equal(rs_tcx_order_parse(order, &net.order), 0);
	net_open_agent(&net);
}

static void expect(const char *programs)
{
	char list[256];
	assert_string_equal(other_list(net.client_if, list, sizeof(list)), programs);
}

static void test_the_place_is_the_one_that_is_asked_for(void **state)
{
	(void)state;
	other_attach(&alpha, RS_HOOK_TCX, net.client_if, false);
	other_attach(&omega, RS_HOOK_TCX, net.client_if, false);
	expect("from_client alpha omega");
	restart("last");
	expect("alpha omega from_client");
	restart("before:omega");
	expect("alpha from_client omega");
	restart("after:omega");
	expect("alpha omega from_client");
	restart("after:alpha");
	expect("alpha omega from_client"); /* somewhere behind it: that is where it stands */
	restart("before:alpha");
	expect("from_client alpha omega");
	rs_auto_free char *by_id = rs_str_format("after:%u", other_id(alpha.program));
	restart(by_id);
	expect("alpha from_client omega");
	restart("first");
	expect("from_client alpha omega");
	other_detach(&omega, net.client_if, false);
	other_detach(&alpha, net.client_if, false);
	expect("from_client");
}

static void test_a_program_that_is_not_there_is_no_obstacle(void **state)
{
	(void)state;
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	other_attach(&alpha, RS_HOOK_TCX, net.client_if, false);
	restart("after:omega");
	expect("alpha from_client");
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	restart("before:omega");
	expect("from_client alpha");
	/* It came later, and put itself in front. */
	other_attach(&omega, RS_HOOK_TCX, net.client_if, true);
	expect("omega from_client alpha");
	restart("before:omega");
	expect("from_client omega alpha");
	other_detach(&omega, net.client_if, true);
	other_detach(&alpha, net.client_if, false);
}

static void test_moving_loses_nothing(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 4);
	other_attach(&alpha, RS_HOOK_TCX, net.client_if, false);
	int client = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	for (int i = 0; i < 6; i++) {
		net_exchange(client, server, 200000);
		restart(i % 2 ? "first" : "last");
		expect(i % 2 ? "from_client alpha" : "alpha from_client");
	}
	net_exchange(client, server, 200000);
	struct tcp_info info;
	socklen_t size = sizeof(info);
	assert_int_equal(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	assert_int_equal(info.tcpi_total_retrans, 0);
	assert_true(other_count(&alpha) > 0);
	other_detach(&alpha, net.client_if, false);
	close(client);
	close(server);
	close(listener);
}

/* What is not ours meets all of them, on either hook, wherever we stand. */
static void test_filters_of_clsact_stand_beside(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	other_attach(&alpha, RS_HOOK_TCX, net.client_if, false);
	other_attach(&omega, RS_HOOK_CLSACT, net.client_if, false);
	static const char *const orders[] = {"first", "last"};
	for (size_t i = 0; i < rs_array_length(orders); i++) {
		restart(orders[i]);
		net_mark(&net);
		uint64_t a = other_count(&alpha), o = other_count(&omega);
		int elsewhere = net_listen(net.node, 7000, 1), fd = net_connect(net.client, "10.0.1.1", 7000, 0);
		assert_int_equal(net_connected(fd, SOON_MS), 0);
		assert_true(other_count(&alpha) >= a + 2 && other_count(&omega) >= o + 2);
		assert_true(net_since_mark(&net, RS_REASON_not_ours) >= 2);
		close(fd);
		close(elsewhere);
		int listener = net_listen(net.instance[1], 8080, 4), to_vip = net_connect(net.client, VIP, 80, 0);
		assert_int_equal(net_connected(to_vip, SOON_MS), 0);
		close(to_vip);
		close(listener);
	}
	restart("first");
	net_shell(net.node, "tc filter show dev client ingress | grep -q omega");
	expect("from_client alpha");
	other_detach(&omega, net.client_if, false);
	other_detach(&alpha, net.client_if, false);
	net_shell(net.node, "tc qdisc del dev client clsact");
}

static int open_net(void **state)
{
	const char *why;
	(void)state;
	assert_true(net_open(&net, RS_HOOK_TCX, &why));
	other_load(&alpha, "alpha", -1);
	other_load(&omega, "omega", -1);
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

#define IN_NET(function) cmocka_unit_test_setup_teardown(function, open_net, close_net)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_NET(test_the_place_is_the_one_that_is_asked_for),
		IN_NET(test_a_program_that_is_not_there_is_no_obstacle),
		IN_NET(test_moving_loses_nothing),
		IN_NET(test_filters_of_clsact_stand_beside),
	};
	const char *why = "this kernel has no TCX";
	bool is_open = net_open(&net, RS_HOOK_AUTO, &why);
	bool has_tcx = is_open && rs_str_equal(rs_dp_hook_name(net.dp), "tcx");
	if (is_open)
		net_close(&net);
	if (!has_tcx) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
