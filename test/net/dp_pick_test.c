// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/*
 * A connection goes where its first SYN went (Calico#4712: a retransmitted SYN
 * went to another backend, and the client was reset). The first instance loses
 * what it is sent for a while, so that the client's SYN comes again; meanwhile
 * everything changes that an agent can change, and the agent is another one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct net net;

/* Every client of revision 1 goes to the instance at this place of its list. */
static void table_to(uint8_t place)
{
	struct rs_maglev table = {0};
	memset(table.place, place, sizeof(table.place));
	assert_int_equal(rs_dp_maglev_set(net.dp, 1, &table), 0);
}

static void hear_nothing(unsigned id, bool nothing)
{
	net_shell(net.instance[id], "ip route %s blackhole 10.0.1.2/32", nothing ? "add" : "del");
}

static void everything_changes(void)
{
	net_close_agent(&net);
	net_open_agent(&net);
	/* Revision 2 has nobody; clients keep their revision from now on, and all have that one. */
	assert_int_equal(rs_dp_revision_init(net.dp, 2, 0x2222, 10000, 60000), 0);
	const struct rs_route route = {.generation = 2, .target = {2}, .flags = RS_ROUTE_STICKY, .seed = 7};
	assert_int_equal(rs_dp_route_set(net.dp, 1, &route), 0);
	table_to(1);
	rs_dp_revision_set_policy(net.dp, 1, RS_PICK_LEAST_LOADED);
}

static void as_before(void)
{
	const struct rs_route route = {.generation = 3, .target = {1}};
	assert_int_equal(rs_dp_route_set(net.dp, 1, &route), 0);
	rs_dp_revision_set_policy(net.dp, 1, RS_PICK_HASH);
}

static void test_a_retransmitted_syn_keeps_its_instance(void **state)
{
	(void)state;
	int one = net_listen(net.instance[1], 8080, 8), two = net_listen(net.instance[2], 8080, 8);
	net_instance(&net, 1, RS_INSTANCE_READY);
	rs_dp_revision_set_policy(net.dp, 1, RS_PICK_HASH);
	table_to(0);
	hear_nothing(1, true);
	net_mark(&net);
	int client = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_forwarded, 1);
	net_instance(&net, 2, RS_INSTANCE_READY);
	everything_changes();
	hear_nothing(1, false);
	assert_int_equal(net_connected(client, DEADLINE_MS), 0);
	assert_true(net_since_mark(&net, RS_REASON_syn_retransmitted) >= 1);
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 1);
	int server = net_accept(one, DEADLINE_MS);
	net_exchange(client, server, 20000);
	assert_false(net_readable(two, 0));
	close(client);
	close(server);

	/* The next one goes by what stands now. */
	as_before();
	client = net_connect(net.client, VIP, 80, 0);
	server = net_accept(two, DEADLINE_MS);
	assert_int_equal(net_connected(client, DEADLINE_MS), 0);
	assert_false(net_readable(one, 0));
	close(client);
	close(server);
	close(one);
	close(two);
}

static int close_all(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_retransmitted_syn_keeps_its_instance),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, close_all);
}
