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

#include "sys/iptables.h"
#include "sys/outbound.h"
#include "sys/undo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORWARDING "/proc/sys/net/ipv4/conf/out0/forwarding"

static char elsewhere[32];

static struct rs_outbound_config config_of(const struct rt_test *test)
{
	return (struct rs_outbound_config){
		.name = test->name,
		.run_dir = test->run_dir,
		.range = {rs_range_v4(test->config.range, 16), test->config.range6},
	};
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

#define FORWARDING6 "/proc/sys/net/ipv6/conf/out0/force_forwarding"

static int set_up6(void **state)
{
	snprintf(elsewhere, sizeof(elsewhere), "rt%dout", getpid());
	if (!rt_test_shell("ip netns add %s && ip link add out0 type veth peer name eth0 netns %s && "
			   "ip address add fd00:98::1/64 dev out0 nodad && ip link set out0 up && "
			   "ip -n %s address add fd00:98::2/64 dev eth0 nodad && ip -n %s link set eth0 up",
			   elsewhere, elsewhere, elsewhere, elsewhere))
		return -1;
	return rt_test_up6(state);
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

static const char server6[] = "import socket\n"
			      "s = socket.create_server((\"fd00:98::2\", 7000), family=socket.AF_INET6)\n"
			      "while True:\n"
			      " c, a = s.accept(); c.sendall(a[0].encode()); c.close()\n";

static const char client6[] =
	"exec python3 -c 'import socket\n"
	"while True:\n"
	" try:\n"
	"  c = socket.create_connection((\"fd00:98::2\", 7000), 1); print(\"I am\", c.recv(99).decode(), "
	"flush=True); c.close()\n"
	" except OSError as e: print(e, flush=True)'";

/* Where the kernel has it by the interface (6.17), else by the setting for all; cleanup sets it back. */
static void test_instances_reach_others_over_ipv6(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	bool by_link = access(FORWARDING6, F_OK) == 0;
	assert_true(
		rt_test_shell("ip netns exec %s python3 -c '%s' & for i in $(seq 200); do ip netns exec %s ss -ltn | "
			      "grep -q 7000 && exit 0; sleep 0.05; done; exit 1",
			      elsewhere, server6, elsewhere));
	if (rs_outbound_setup(&config, &err) < 0 || rs_outbound_allow(&config, "out0", &err) < 0)
		fail_msg("%s", err.message);
	if (by_link)
		assert_true(rt_test_file_has(FORWARDING6, "1"));
	assert_true(rt_test_file_has("/proc/sys/net/ipv6/conf/all/forwarding", by_link ? "0" : "1"));
	assert_true(rt_test_file_has("/proc/sys/net/ipv6/conf/out0/accept_ra", by_link ? "1" : "2"));
	struct rs_rt_instance *instance = rt_test_start(test, client6);
	assert_true(rt_test_until(test, rt_test_log_has(instance, "I am fd00:98::1\n")));
	rt_test_end(test, instance);
	if (rs_outbound_cleanup(&config, &err) < 0 || rs_undo_run(config.run_dir, rs_outbound_undo, &err) < 0)
		fail_msg("%s", err.message);
	if (by_link)
		assert_true(rt_test_file_has(FORWARDING6, "0"));
	assert_true(rt_test_file_has("/proc/sys/net/ipv6/conf/all/forwarding", "0"));
	assert_true(rt_test_file_has("/proc/sys/net/ipv6/conf/out0/accept_ra", "1"));
	assert_true(rt_test_shell("test -z \"$(nft list tables)\""));
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

/* libnftables would end the process. */
static void test_without_descriptors_it_goes_on(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	struct rlimit before, none;
	char chain[64];
	enum rs_family family;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (rlim_t spare = 0; spare < 4; spare++) {
		int lowest = dup(0);
		close(lowest);
		none = (struct rlimit){.rlim_cur = (rlim_t)lowest + spare, .rlim_max = before.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		int r = rs_outbound_check(&config, &err);
		int dropped = rs_outbound_dropped(&config, chain, sizeof(chain), &family);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(dropped, 0);
		if (spare < 2) {
			assert_int_equal(r, -EMFILE);
			assert_non_null(strstr(err.message, "Too many open files"));
		}
	}
}

static void test_a_check_leaves_nothing(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	if (rs_outbound_check(&config, &err) < 0)
		fail_msg("%s", err.message);
	assert_true(rt_test_shell("test -z \"$(nft list tables)\""));
	/* Neither of a table that is there. */
	assert_int_equal(rs_outbound_setup(&config, &err), 0);
	assert_int_equal(rs_outbound_check(&config, &err), 0);
	assert_true(rt_test_shell("test $(nft list ruleset | grep -c masquerade) = 1"));
}

static void test_a_kernel_that_refuses_the_table(void **state)
{
	struct rt_test *test = *state;
	struct rs_outbound_config config = config_of(test);
	struct rs_err err = {0};
	pid_t child = fork();
	if (child == 0) {
		/* Nobody in particular may not. */
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		_exit(rs_outbound_check(&config, &err) < 0 && strstr(err.message, "nft refused the agent's table") &&
				      strstr(err.message, "Operation not permitted")
			      ? 0
			      : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- the old iptables ------------------------------------------------------------------------------------------- */

static struct ipt_get_entries *read_filter(int fd, struct ipt_getinfo *info)
{
	*info = (struct ipt_getinfo){.name = "filter"};
	socklen_t length = sizeof(*info);
	assert_int_equal(getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, info, &length), 0);
	length = (socklen_t)sizeof(struct ipt_get_entries) + info->size;
	struct ipt_get_entries *entries = calloc(1, length);
	assert_non_null(entries);
	strcpy(entries->name, "filter");
	entries->size = info->size;
	assert_int_equal(getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &length), 0);
	return entries;
}

static void set_verdict(void *entry, int verdict)
{
	((struct xt_standard_target *)((char *)entry + ((struct ipt_entry *)entry)->target_offset))->verdict = verdict;
}

/* What `iptables-legacy -P FORWARD` does, and with a source `-A FORWARD -s SOURCE/16 -j ACCEPT` as well. */
static void change_forward(int fd, int policy, const struct in_addr *source)
{
	struct ipt_getinfo info;
	rs_auto_free struct ipt_get_entries *now = read_filter(fd, &info);
	unsigned at = info.underflow[NF_INET_FORWARD], rule = info.underflow[NF_INET_LOCAL_OUT] - at;
	unsigned more = source ? rule : 0;
	rs_auto_free struct ipt_replace *next = calloc(1, sizeof(*next) + info.size + more);
	rs_auto_free struct xt_counters *counters = calloc(info.num_entries, sizeof(*counters));
	strcpy(next->name, "filter");
	next->valid_hooks = info.valid_hooks;
	next->num_entries = info.num_entries + !!source;
	next->size = info.size + more;
	next->num_counters = info.num_entries;
	next->counters = counters;
	for (int i = 0; i < NF_INET_NUMHOOKS; i++) {
		next->hook_entry[i] = info.hook_entry[i] + (info.hook_entry[i] > at ? more : 0);
		next->underflow[i] = info.underflow[i] + (info.underflow[i] >= at ? more : 0);
	}
	char *to = (char *)next->entries, *from = (char *)now->entrytable;
	memcpy(to, from, at);
	memcpy(to + at, from + at, rule);
	memcpy(to + at + more, from + at, info.size - at);
	set_verdict(to + at + more, policy);
	if (source) {
		struct ipt_entry *accept = (void *)(to + at);
		accept->ip.src = *source;
		inet_aton("255.255.0.0", &accept->ip.smsk);
		set_verdict(accept, -NF_ACCEPT - 1);
	}
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, next, (socklen_t)(sizeof(*next) + next->size)),
			 0);
}

static void test_the_old_iptables(void **state)
{
	struct rt_test *test = *state;
	struct rs_range range = rs_range_v4(test->config.range, 16);
	assert_false(rs_iptables_drops_forwarded(range));
	assert_true(rt_test_shell("! grep -q filter /proc/net/ip_tables_names"));
	rs_auto_fd int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct ipt_getinfo info = {.name = "filter"};
	socklen_t length = sizeof(info);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length) < 0) {
		print_message("skipped: this kernel has no old iptables\n");
		skip();
	}
	assert_false(rs_iptables_drops_forwarded(range));
	change_forward(fd, -NF_DROP - 1, NULL);
	assert_true(rs_iptables_drops_forwarded(range));
	change_forward(fd, -NF_ACCEPT - 1, NULL);
	assert_false(rs_iptables_drops_forwarded(range));
	/* A rule for somebody else does not help, one for the instances does. */
	struct in_addr other = {.s_addr = htonl(0x0a070000)};
	change_forward(fd, -NF_DROP - 1, &other);
	assert_true(rs_iptables_drops_forwarded(range));
	change_forward(fd, -NF_DROP - 1, &test->config.range);
	assert_false(rs_iptables_drops_forwarded(range));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(test_instances_reach_others_masqueraded),
		cmocka_unit_test_setup_teardown(test_instances_reach_others_over_ipv6, set_up6, tear_down),
		test(test_both_again_change_nothing),
		test(test_cleanup_sets_everything_back),
		test(test_without_descriptors_it_goes_on),
		test(test_a_check_leaves_nothing),
		test(test_a_kernel_that_refuses_the_table),
		test(test_the_old_iptables),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
