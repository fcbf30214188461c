// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c test/net/other.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* Attachment, on TCX and on clsact: programs of others before and behind ours still run, a restarted agent swaps its
 * program in place, an agent that changes the hook leaves one, and nothing is left at the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"
#include "net/other.h"

#include "abi/version.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct net net;

/* One connection to the node itself, and one to the VIP. */
static void connect_both(void)
{
	int elsewhere = net_listen(net.node, 7000, 1), listener = net_listen(net.instance[1], 8080, 4);
	int a = net_connect(net.client, "10.0.1.1", 7000, 0), b = net_connect(net.client, VIP, 80, 0);
	assert_int_equal(net_connected(a, SOON_MS), 0);
	assert_int_equal(net_connected(b, SOON_MS), 0);
	int server = net_accept(listener, SOON_MS);
	net_exchange(b, server, 100000);
	close(a);
	close(b);
	close(server);
	close(elsewhere);
	close(listener);
}

static void test_a_program_behind_ours_still_runs(void **state)
{
	(void)state;
	struct other other;
	net_instance(&net, 1, RS_INSTANCE_READY);
	other_load(&other, "other", 0); /* TC_ACT_OK: it accepts, as most do */
	other_attach(&other, net.hook, net.client_if, false);
	connect_both();
	uint64_t seen = other_count(&other);
	assert_true(seen >= 3); /* the connection to the node */
	assert_true(net_since_mark(&net, RS_REASON_not_ours) >= 3);
	assert_true(net_since_mark(&net, RS_REASON_forwarded) >= 3);
	other_detach(&other, net.client_if, false);
}

static void test_a_program_before_ours_may_pass_on(void **state)
{
	(void)state;
	struct other other;
	net_instance(&net, 1, RS_INSTANCE_READY);
	other_load(&other, "other", -1); /* TC_ACT_UNSPEC: next */
	other_attach(&other, net.hook, net.client_if, true);
	connect_both();
	assert_true(other_count(&other) > 0);
	other_detach(&other, net.client_if, true);
}

static void test_we_stand_before_who_was_there_first(void **state)
{
	(void)state;
	struct other other;
	struct rs_err err;
	net_instance(&net, 1, RS_INSTANCE_READY);
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	other_load(&other, "other", 0); /* TCX_PASS: it would hide whatever comes behind */
	other_attach(&other, net.hook, net.client_if, false);
	assert_int_equal(rs_dp_attach(net.dp, net.client_if, RS_DP_CLIENT, RS_WAY_PEER, &err), 0);
	connect_both();
	assert_true(other_count(&other) >= 3);
	other_detach(&other, net.client_if, false);
}

static uint32_t link_id(unsigned *ret_program)
{
	struct bpf_link_info info = {0};
	unsigned size = sizeof(info);
	rs_auto_free char *path = rs_str_format("%s/links/%u", net.bpf_dir, net.client_if);
	rs_auto_fd int fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	*ret_program = info.prog_id;
	return info.id;
}

static void test_a_restarted_agent_swaps_its_program_in_place(void **state)
{
	(void)state;
	unsigned before = 0, after = 0;
	uint32_t link = link_id(&before);
	net_instance(&net, 1, RS_INSTANCE_READY);
	net_close_agent(&net);
	connect_both(); /* with nobody there */
	net_open_agent(&net);
	connect_both();
	assert_int_equal(link_id(&after), link);
	if (net.hook != RS_HOOK_CLSACT) {
		assert_true(link > 0);
		assert_int_not_equal(before, after);
	}
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), 2);
}

static void test_an_agent_with_the_other_hook_leaves_one(void **state)
{
	(void)state;
	net_instance(&net, 1, RS_INSTANCE_READY);
	for (int i = 0; i < 2; i++) {
		net_close_agent(&net);
		net.hook = net.hook == RS_HOOK_CLSACT ? RS_HOOK_TCX : RS_HOOK_CLSACT;
		net_open_agent(&net);
		assert_string_equal(rs_dp_hook_name(net.dp), net.hook == RS_HOOK_CLSACT ? "clsact" : "tcx");
		uint64_t new = net_since_mark(&net, RS_REASON_not_ours);
		connect_both();
		/* Each packet meets us once. */
		assert_true(net_since_mark(&net, RS_REASON_not_ours) - new < 40);
		unsigned program;
		assert_int_equal(link_id(&program) > 0, net.hook == RS_HOOK_TCX);
		net_shell(net.node, net.hook == RS_HOOK_TCX
					    ? "! tc qdisc show | grep clsact"
					    : "tc filter show dev client ingress | grep -q from_client");
	}
}

static void test_detaching_leaves_others_alone(void **state)
{
	(void)state;
	struct other other;
	net_instance(&net, 1, RS_INSTANCE_READY);
	other_load(&other, "other", -1);
	other_attach(&other, net.hook, net.client_if, false);
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	uint64_t seen = other_count(&other);
	int elsewhere = net_listen(net.node, 7000, 1), fd = net_connect(net.client, "10.0.1.1", 7000, 0);
	assert_int_equal(net_connected(fd, SOON_MS), 0);
	assert_true(other_count(&other) > seen);
	assert_int_equal(net_since_mark(&net, RS_REASON_not_ours), 0);
	close(fd);
	close(elsewhere);
	other_detach(&other, net.client_if, false);
	if (net.hook == RS_HOOK_CLSACT)
		net_shell(net.node, "tc qdisc del dev client clsact"); /* it stayed, for the other's sake */
}

static void test_interfaces_that_went_are_forgotten(void **state)
{
	(void)state;
	unsigned two = net.instance_if[2], program;
	net_shell(net.node, "ip link del two");
	rs_dp_prune(net.dp);
	rs_auto_free char *path = rs_str_format("%s/links/%u", net.bpf_dir, two);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(link_id(&program) > 0, net.hook != RS_HOOK_CLSACT);
}

static void test_pins_of_another_version_are_refused(void **state)
{
	(void)state;
	struct rs_err err = {0};
	uint32_t zero = 0, abi[4];
	rs_auto_free char *path = rs_str_format("%s/abi", net.bpf_dir);
	net_instance(&net, 1, RS_INSTANCE_READY);
	net_close_agent(&net);
	rs_auto_fd int map = bpf_obj_get(path);
	assert_int_equal(bpf_map_lookup_elem(map, &zero, abi), 0);
	abi[0] += 1;
	assert_int_equal(bpf_map_update_elem(map, &zero, abi, BPF_ANY), 0);
	struct rs_dp_config config = {.bpf_dir = net.bpf_dir, .vip_bits = 16};
	assert_int_equal(rs_dp_open(&config, &net.dp, &err), -EPROTO);
	rs_auto_free char *versions = rs_str_format("ABI version %u, this roused has %u", abi[0], RS_ABI_VERSION);
	assert_non_null(strstr(err.message, versions));
	assert_non_null(strstr(err.message, "rouse cleanup"));
	assert_null(net.dp);
	/* What is pinned serves on, with nobody there. */
	connect_both();
	/* A map of that name that is none of ours is not read beyond its end. */
	assert_int_equal(unlink(path), 0);
	rs_auto_fd int larger = bpf_map_create(BPF_MAP_TYPE_ARRAY, "abi", 4, 64, 1, NULL);
	assert_int_equal(bpf_obj_pin(larger, path), 0);
	assert_int_equal(rs_dp_open(&config, &net.dp, &err), -EPROTO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(bpf_obj_pin(map, path), 0);
	abi[0] -= 1;
	assert_int_equal(bpf_map_update_elem(map, &zero, abi, BPF_ANY), 0);
	net_open_agent(&net);
}

static void test_a_load_that_was_never_completed_is_begun_anew(void **state)
{
	(void)state;
	rs_auto_free char *path = rs_str_format("%s/abi", net.bpf_dir);
	net_close_agent(&net);
	assert_int_equal(unlink(path), 0);
	net_open_agent(&net);
	assert_false(rs_dp_adopted(net.dp));
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

#define ON_BOTH(function)                                                                                              \
	cmocka_unit_test_setup_teardown(function, open_net, close_net),                                                \
	{                                                                                                              \
#function "_on_clsact", function, open_net, close_net, &clsact                                         \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_a_program_behind_ours_still_runs),
		ON_BOTH(test_a_program_before_ours_may_pass_on),
		/* TCX alone: among clsact filters of one priority, who came first stays first. */
		cmocka_unit_test_setup_teardown(test_we_stand_before_who_was_there_first, open_net, close_net),
		ON_BOTH(test_a_restarted_agent_swaps_its_program_in_place),
		ON_BOTH(test_detaching_leaves_others_alone),
		ON_BOTH(test_interfaces_that_went_are_forgotten),
		cmocka_unit_test_setup_teardown(test_an_agent_with_the_other_hook_leaves_one, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_pins_of_another_version_are_refused, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_a_load_that_was_never_completed_is_begun_anew, open_net,
						close_net),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
