// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c test/net/other.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* The XDP hook: one program for each interface whatever hook it is, swapped in place by the next agent; where another
 * one's program stands, or the driver refuses, TC does the work and the reason is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"
#include "net/other.h"

#include "base/mem.h"
#include "base/str.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct net net;

static int attach(unsigned modes, struct rs_err *err)
{
	return rs_dp_attach_xdp(net.dp, net.client_if, RS_DP_CLIENT, RS_WAY_PEER, modes, err);
}

static void must_attach(unsigned modes)
{
	struct rs_err err = {0};
	if (attach(modes, &err) < 0)
		fail_msg("%s", err.message);
}

static void must_attach_tc(void)
{
	struct rs_err err = {0};
	if (rs_dp_attach(net.dp, net.client_if, RS_DP_CLIENT, RS_WAY_PEER, &err) < 0)
		fail_msg("%s", err.message);
}

/* The kernel's word, and the pins: one hook, and one alone. */
static void expect_hook(const char *hook)
{
	char list[64];
	assert_string_equal(rs_dp_hook_at(net.dp, net.client_if), hook);
	bool is_xdp = rs_str_starts_with(hook, "xdp");
	assert_string_equal(other_list(net.client_if, list, sizeof(list)),
			    rs_str_equal(hook, "tcx") ? "from_client" : "");
	net_shell(net.node, "%s tc filter show dev client ingress 2> /dev/null | grep -q from_client",
		  rs_str_equal(hook, "clsact") ? "" : "!");
	net_shell(net.node, "%s ip -d link show client | grep -q prog/xdp", is_xdp ? "" : "!");
	rs_auto_free char *xdp = rs_str_format("%s/links/xdp-%u", net.bpf_dir, net.client_if);
	rs_auto_free char *tcx = rs_str_format("%s/links/%u", net.bpf_dir, net.client_if);
	assert_int_equal(access(xdp, F_OK) == 0, is_xdp);
	assert_int_equal(access(tcx, F_OK) == 0, rs_str_equal(hook, "tcx"));
}

static void test_one_hook_at_a_time(void **state)
{
	(void)state;
	const char *tc = rs_dp_hook_name(net.dp);
	expect_hook(tc);
	must_attach(RS_XDP_NATIVE | RS_XDP_GENERIC);
	expect_hook("xdp");
	must_attach_tc();
	expect_hook(tc);
	must_attach(RS_XDP_GENERIC);
	expect_hook("xdp-generic");
	must_attach(RS_XDP_NATIVE);
	expect_hook("xdp");
	must_attach(RS_XDP_GENERIC);
	expect_hook("xdp-generic");
	assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
	assert_null(rs_dp_hook_at(net.dp, net.client_if));
	net_shell(net.node, "! ip -d link show client | grep -q prog/xdp");
}

static uint32_t link_id(unsigned *ret_program)
{
	struct bpf_link_info info = {0};
	unsigned size = sizeof(info);
	rs_auto_free char *path = rs_str_format("%s/links/xdp-%u", net.bpf_dir, net.client_if);
	rs_auto_fd int fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	*ret_program = info.prog_id;
	return info.id;
}

static void test_a_restarted_agent_swaps_its_program_in_place(void **state)
{
	(void)state;
	unsigned before, after;
	must_attach(RS_XDP_NATIVE);
	uint32_t link = link_id(&before);
	net_close_agent(&net);
	assert_int_equal(link_id(&after), link); /* it stands without an agent */
	assert_int_equal(after, before);
	net.xdp_modes = RS_XDP_NATIVE;
	net_open_agent(&net);
	assert_int_equal(link_id(&after), link);
	assert_int_not_equal(after, before);
	expect_hook("xdp");
}

static void test_a_pin_of_an_interface_that_went_is_no_obstacle(void **state)
{
	(void)state;
	struct rs_err err = {0};
	must_attach(RS_XDP_NATIVE);
	rs_auto_free char *path = rs_str_format("%s/links/xdp-%u", net.bpf_dir, net.client_if);
	rs_auto_free char *number = rs_str_format("%u", net.client_if);
	net_shell(net.node, "ip link del client");
	assert_null(rs_dp_hook_at(net.dp, net.client_if));
	assert_int_equal(access(path, F_OK), 0);
	/* Another of the same number. */
	net_shell(net.node, "ip link add client index %s type veth peer name other && ip link set client up", number);
	must_attach(RS_XDP_NATIVE);
	expect_hook("xdp");
	net_shell(net.node, "ip link del client");
	rs_dp_prune(net.dp);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(attach(RS_XDP_NATIVE, &err) < 0);
}

static int load_foreign(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, rs_array_length(pass), NULL);
	assert_true(fd >= 0);
	return fd;
}

static uint32_t xdp_at(unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	assert_int_equal(bpf_xdp_query((int)ifindex, 0, &query), 0);
	return query.prog_id;
}

static void test_the_program_of_another_is_left_alone(void **state)
{
	(void)state;
	const char *tc = rs_dp_hook_name(net.dp);
	rs_auto_fd int foreign = load_foreign();
	rs_auto_free char *sentence =
		rs_str_format("another XDP program stands on client (foreign, id %u)", other_id(foreign));
	static const unsigned modes[] = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE};
	for (size_t i = 0; i < rs_array_length(modes); i++) {
		struct rs_err err = {0};
		assert_int_equal(bpf_xdp_attach((int)net.client_if, foreign, modes[i], NULL), 0);
		assert_true(attach(RS_XDP_NATIVE, &err) < 0);
		assert_string_equal(err.message, sentence);
		assert_true(attach(RS_XDP_NATIVE | RS_XDP_GENERIC, &err) < 0);
		assert_string_equal(err.message, sentence);
		assert_int_equal(xdp_at(net.client_if), other_id(foreign));
		/* TC still does the work, and detaching takes ours alone. */
		assert_string_equal(rs_dp_hook_at(net.dp, net.client_if), tc);
		must_attach_tc();
		assert_int_equal(rs_dp_detach(net.dp, net.client_if), 0);
		assert_int_equal(xdp_at(net.client_if), other_id(foreign));
		must_attach_tc();
		assert_int_equal(bpf_xdp_detach((int)net.client_if, modes[i], NULL), 0);
	}
	must_attach(RS_XDP_NATIVE);
	/* And nobody replaces ours by accident. */
	assert_int_equal(bpf_xdp_attach((int)net.client_if, foreign, XDP_FLAGS_DRV_MODE, NULL), -EBUSY);
	expect_hook("xdp");
}

static void test_a_driver_that_refuses_is_told(void **state)
{
	struct rs_err err = {0};
	(void)state;
	net_shell(net.node, "ip link add bridge type bridge && ip link set bridge up");
	unsigned bridge = if_nametoindex("bridge");
	assert_int_equal(rs_dp_attach_xdp(net.dp, bridge, RS_DP_UPLINK, RS_WAY_NEIGH, RS_XDP_NATIVE, &err),
			 -EOPNOTSUPP);
	assert_string_equal(err.message, "the driver of bridge has no native XDP");
	assert_null(rs_dp_hook_at(net.dp, bridge));
	assert_int_equal(
		rs_dp_attach_xdp(net.dp, bridge, RS_DP_UPLINK, RS_WAY_NEIGH, RS_XDP_NATIVE | RS_XDP_GENERIC, &err), 0);
	assert_string_equal(rs_dp_hook_at(net.dp, bridge), "xdp-generic");
	assert_int_equal(rs_dp_detach(net.dp, bridge), 0);
}

/* A veth takes frames above a page only from a program that takes them in several buffers. */
static void test_a_large_mtu_asks_for_frags(void **state)
{
	struct rs_err err = {0};
	(void)state;
	net_shell(net.client, "ip link set eth0 mtu 9000");
	net_shell(net.node, "ip link set client mtu 9000");
	must_attach(RS_XDP_GENERIC); /* loads it */
	must_attach_tc();
	if (rs_dp_xdp_has_frags(net.dp)) {
		must_attach(RS_XDP_NATIVE);
		expect_hook("xdp");
	} else {
		assert_int_equal(attach(RS_XDP_NATIVE, &err), -ERANGE);
		assert_non_null(strstr(err.message, "its MTU"));
		expect_hook(rs_dp_hook_name(net.dp));
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

#define ON_BOTH(function)                                                                                              \
	cmocka_unit_test_setup_teardown(function, open_net, close_net),                                                \
	{                                                                                                              \
#function "_beside_clsact", function, open_net, close_net, &clsact                                     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_one_hook_at_a_time),
		cmocka_unit_test_setup_teardown(test_a_restarted_agent_swaps_its_program_in_place, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_a_pin_of_an_interface_that_went_is_no_obstacle, open_net,
						close_net),
		ON_BOTH(test_the_program_of_another_is_left_alone),
		cmocka_unit_test_setup_teardown(test_a_driver_that_refuses_is_told, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_a_large_mtu_asks_for_frags, open_net, close_net),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
