/* SPDX-License-Identifier: BSD-2-Clause */
/* link: rt test/net/rt.c */
/*
 * An instance calls a server elsewhere:
 *
 *	instance 10.99.0.x -- node (the test's namespace) -- 10.98.0.0/24 -- elsewhere 10.98.0.2
 *
 * The server knows no route to instances, so an answer comes only when the node masquerades.
 */
#include "net/rt.h"

#include "sys/outbound.h"
#include "sys/undo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORWARDING "/proc/sys/net/ipv4/conf/out0/forwarding"

static char elsewhere[32];

static struct rs_outbound_config config_of(const struct rt_test *test)
{
	return (struct rs_outbound_config){
		.name = test->name, .run_dir = test->run_dir, .range = test->config.range, .range_bits = 16};
}

static int set_up(void **state)
{
	snprintf(elsewhere, sizeof(elsewhere), "rt%dout", getpid());
	/* A namespace of the test's own, but named, so that the server can be put there. */
	if (!rt_test_shell("ip netns add %s && ip link add out0 type veth peer name eth0 netns %s && "
			   "ip address add 10.98.0.1/24 dev out0 && ip link set out0 up && "
			   "ip -n %s address add 10.98.0.2/24 dev eth0 && ip -n %s link set eth0 up && "
			   "sysctl -qw net.ipv4.conf.out0.forwarding=0",
			   elsewhere, elsewhere, elsewhere, elsewhere))
		return -1;
	return rt_test_up(state);
}

static int tear_down(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	int r = rs_outbound_cleanup(&config, &err);
	if (r == 0)
		r = rs_undo_run(config.run_dir, rs_outbound_undo, &err);
	rt_test_shell("for p in $(ip netns pids %s); do kill -9 $p; done; ip link delete out0; ip netns delete %s",
		      elsewhere, elsewhere);
	return rt_test_down(state) < 0 || r < 0 ? -1 : 0;
}

/* Answers each connection with the address that it came from. */
static const char server[] = "import socket\n"
			     "s = socket.create_server((\"10.98.0.2\", 7000))\n"
			     "while True:\n"
			     " c, a = s.accept(); c.sendall(a[0].encode()); c.close()\n";

static const char client[] =
	"exec python3 -c 'import socket\n"
	"while True:\n"
	" try:\n"
	"  c = socket.create_connection((\"10.98.0.2\", 7000), 1); print(\"I am\", c.recv(99).decode(), "
	"flush=True); c.close()\n"
	" except OSError as e: print(e, flush=True)'";

static void test_instances_reach_others_masqueraded(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	assert_true(
		rt_test_shell("ip netns exec %s python3 -c '%s' & for i in $(seq 200); do ip netns exec %s ss -ltn | "
			      "grep -q 7000 && exit 0; sleep 0.05; done; exit 1",
			      elsewhere, server, elsewhere));
	if (rs_outbound_setup(&config, &err) < 0 || rs_outbound_allow(&config, "out0", &err) < 0)
		fail_msg("%s", err.message);
	assert_true(rt_test_file_has(FORWARDING, "1"));
	struct rs_rt_instance *instance = rt_test_start(test, client);
	assert_true(rt_test_until(test, rt_test_log_has(instance, "I am 10.98.0.1\n")));
	rt_test_end(test, instance);
}

static void test_both_again_change_nothing(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rs_outbound_setup(&config, &err), 0);
		assert_int_equal(rs_outbound_allow(&config, "out0", &err), 0);
	}
	assert_true(rt_test_shell("test $(nft list ruleset | grep -c masquerade) = 1"));
	assert_true(rt_test_shell("test $(wc -l < %s/undo) = 1", test->run_dir));
}

static void test_cleanup_sets_everything_back(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	assert_true(rt_test_shell("nft add table ip other"));
	assert_int_equal(rs_outbound_setup(&config, &err), 0);
	assert_int_equal(rs_outbound_allow(&config, "out0", &err), 0);
	assert_true(rt_test_file_has(FORWARDING, "1"));
	for (int i = 0; i < 2; i++) {
		if (rs_outbound_cleanup(&config, &err) < 0 || rs_undo_run(config.run_dir, rs_outbound_undo, &err) < 0)
			fail_msg("%s", err.message);
		assert_true(rt_test_file_has(FORWARDING, "0"));
		/* What is another's stays. */
		assert_true(rt_test_shell("test \"$(nft list tables)\" = 'table ip other'"));
		assert_true(rt_test_shell("! test -e %s/undo", test->run_dir));
	}
	assert_true(rt_test_shell("nft delete table ip other"));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(test_instances_reach_others_masqueraded),
		test(test_both_again_change_nothing),
		test(test_cleanup_sets_everything_back),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
