/* SPDX-License-Identifier: BSD-2-Clause */
/* link: yaml user/agent/config/options.c user/agent/config/option_table.c user/agent/config/option_print.c */
/* link: user/agent/config/sections.c user/agent/config/config_file.c user/agent/config/interfaces.c user/dp/order.c */
/* link: user/agent/config/option_check.c user/agent/config/option_range.c */
/* Files and the command line to options. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/option_table.h"
#include "base/mem.h"
#include "base/str.h"

static struct fixture {
	char directory[64];
	struct rs_options options;
	struct rs_problems problems;
} fixture;

static int set_up(void **state)
{
	fixture = (struct fixture){.directory = "/tmp/rouse-config-test-XXXXXX"};
	*state = &fixture;
	return mkdtemp(fixture.directory) ? 0 : -1;
}

static int take_down(void **state)
{
	(void)state;
	rs_options_done(&fixture.options);
	rs_problems_done(&fixture.problems);
	rs_auto_free char *command = rs_str_format("rm -r %s", fixture.directory);
	return system(command);
}

/* Writes a file of the test's directory and returns its path, until the next call. */
static const char *write_file(const char *name, const char *text)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", fixture.directory, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

#define ARGUMENTS_MAX 16

/* As roused with these arguments; the list ends with NULL. */
static int read_options(const char *first, ...)
{
	char *argv[ARGUMENTS_MAX + 2] = {"roused"};
	int argc = 1;
	va_list list;
	va_start(list, first);
	for (const char *argument = first; argument && argc <= ARGUMENTS_MAX; argument = va_arg(list, const char *))
		argv[argc++] = (char *)argument;
	va_end(list);
	rs_options_done(&fixture.options);
	rs_problems_done(&fixture.problems);
	return rs_options_read(&fixture.options, argc, argv, &fixture.problems);
}

static int read_text(const char *text)
{
	return read_options("--config", write_file("a.yaml", text), NULL);
}

static bool is_told(const char *sentence, bool is_note)
{
	for (unsigned i = 0; i < fixture.problems.count; i++) {
		const struct rs_problem *problem = &fixture.problems.items[i];
		const char *text = problem->text;
		size_t length = strlen(fixture.directory);
		if (strncmp(text, fixture.directory, length) == 0)
			text += length + 1;
		if (strcmp(text, sentence) == 0 && problem->is_note == is_note)
			return true;
	}
	return false;
}

static void expect_told(const char *sentence, bool is_note)
{
	if (is_told(sentence, is_note))
		return;
	for (unsigned i = 0; i < fixture.problems.count; i++)
		print_error("told: %s\n", fixture.problems.items[i].text);
	fail_msg("not told: %s", sentence);
}

/* One problem of a file, and the sentence for it. */
static void refuse(const char *text, const char *sentence)
{
	assert_int_not_equal(read_text(text), 0);
	expect_told(sentence, false);
}

static void test_every_option_is_a_key(void **state)
{
	(void)state;
	assert_int_equal(read_text("name: mine\n"
				   "vip-range: 10.1.0.0/16\n"
				   "instance-range: 10.2.0.0/20\n"
				   "interface: [eth0=uplink+off, br0]\n"
				   "hook: clsact\n"
				   "pool: 16\n"
				   "max-flows: 8192\n"
				   "external-port-range: 20000-20100\n"
				   "instance-mtu: 9000\n"
				   "user: root\n"
				   "log-level: warn\n"
				   "autoscaler:\n"
				   "  stable-window: 30s\n"
				   "  max-scale-up-rate: 5.5\n"
				   "  enable-scale-to-zero: false\n"
				   "defaults:\n"
				   "  revision-timeout-seconds: 20\n"
				   "  revision-memory-limit: 256Mi\n"
				   "deployment: {progress-deadline: 90s}\n"),
			 0);
	const struct rs_options *o = &fixture.options;
	assert_string_equal(o->name, "mine");
	assert_int_equal(ntohl(o->vip_range.s_addr), 0x0a010000);
	assert_int_equal(o->instance_bits, 20);
	assert_int_equal(o->instance_mtu, 9000);
	assert_int_equal(o->external_ports.first, 20000);
	assert_int_equal(o->external_ports.last, 20100);
	assert_int_equal(o->interface_count, 2);
	assert_string_equal(o->interfaces[1].name, "br0");
	assert_true(o->interfaces[0].is_uplink && o->interfaces[0].carry == RS_CARRY_OFF);
	assert_true(!o->interfaces[1].is_uplink && o->interfaces[1].carry == RS_CARRY_AUTO);
	assert_ptr_equal(rs_options_interface(o, "br0"), &o->interfaces[1]);
	assert_null(rs_options_interface(o, "br"));
	assert_true(rs_options_name_interfaces(o));
	assert_int_equal(o->hook, RS_HOOK_CLSACT);
	assert_int_equal(o->pool, 16);
	assert_int_equal(o->max_flows, 8192);
	assert_int_equal(o->uid, 0);
	assert_int_equal(o->log_level, RS_LOG_WARN);
	assert_true(o->autoscaler.stable_window_ns == 30000000000ULL);
	assert_true(o->autoscaler.max_scale_up_rate == 5.5);
	assert_false(o->autoscaler.enable_scale_to_zero);
	assert_true(o->autoscaler.progress_deadline_ns == 90000000000ULL);
	assert_int_equal(o->defaults.timeout_seconds, 20);
	assert_true(o->defaults.memory_bytes == 256 << 20);
}

static void test_directories_follow_the_name(void **state)
{
	(void)state;
	assert_int_equal(read_options("--config", "/dev/null", "--name", "second", NULL), 0);
	assert_string_equal(fixture.options.bpf_dir, "/sys/fs/bpf/second");
	assert_string_equal(fixture.options.state_dir, "/var/lib/second");
	assert_string_equal(fixture.options.run_dir, "/run/second");
	assert_string_equal(fixture.options.cgroup_root, "second");
	assert_int_equal(read_options("--config", "/dev/null", "--name", "second", "--run-dir", "/tmp/x", NULL), 0);
	assert_string_equal(fixture.options.run_dir, "/tmp/x");
}

static void test_the_command_line_comes_last_wherever_it_stands(void **state)
{
	(void)state;
	const char *file = write_file("a.yaml", "pool: 3\nmax-instances: 7\ninterface: eth0\n"
						"autoscaler: {min-scale: 2, max-scale: 4}\n");
	assert_int_equal(read_options("--pool", "5", "--interface", "br0", "--interface", "br1", "--set", "min-scale=1",
				      "--config", file, NULL),
			 0);
	assert_int_equal(fixture.options.pool, 5);
	assert_int_equal(fixture.options.max_instances, 7);
	assert_int_equal(fixture.options.interface_count, 2);
	assert_string_equal(fixture.options.interfaces[0].name, "br0");
	assert_int_equal(fixture.options.autoscaler.min_scale, 1);
	assert_int_equal(fixture.options.autoscaler.max_scale, 4);
}

static void test_files_override_earlier_ones_and_a_directory_is_all_of_its_files(void **state)
{
	(void)state;
	write_file("20-b.yaml", "pool: 9\n");
	write_file("10-a.yaml", "pool: 2\nmax-instances: 11\n");
	write_file("30-c.txt", "pool: 77\n");
	rs_auto_free char *last = strdup(write_file("last", "max-instances: 12\n"));
	assert_int_equal(read_options("--config", fixture.directory, "--config", last, NULL), 0);
	assert_int_equal(fixture.options.pool, 9);
	assert_int_equal(fixture.options.max_instances, 12);
	assert_int_equal(fixture.options.config_file_count, 3);
}

static void test_knatives_maps_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(read_text("pool: 4\n"
				   "---\n"
				   "apiVersion: v1\n"
				   "kind: ConfigMap\n"
				   "metadata:\n"
				   "  name: config-autoscaler\n"
				   "  namespace: knative-serving\n"
				   "data:\n"
				   "  _example: |\n"
				   "    stable-window: \"999s\"\n"
				   "  stable-window: \"40s\"\n"
				   "---\n"
				   "kind: List\n"
				   "items:\n"
				   "- kind: ConfigMap\n"
				   "  metadata: {name: config-defaults}\n"
				   "  data: {container-concurrency: \"5\"}\n"
				   "- kind: ConfigMap\n"
				   "  metadata: {name: config-network}\n"
				   "  data: {_example: \"says nothing\"}\n"),
			 0);
	assert_int_equal(fixture.options.pool, 4);
	assert_true(fixture.options.autoscaler.stable_window_ns == 40000000000ULL);
	assert_int_equal(fixture.options.defaults.container_concurrency, 5);
}

/* Deeper than the reader remembers its way: what comes behind them is still told of. */
static void test_an_mtu_that_ipv6_cannot_have(void **state)
{
	(void)state;
	refuse("instance-mtu: 1279\n", "instance-mtu: must be 0 or at least 1280, is 1279");
	assert_int_equal(read_text("instance-mtu: 1280\n"), 0);
}

static void test_lists_in_lists(void **state)
{
	(void)state;
	refuse("{kind: List, items: [{kind: List, items: [{kind: List, items: [{kind: List, items: [{kind: List, "
	       "items: [{kind: Secret}]}]}]}]}, {kind: Pod}]}",
	       "a.yaml:1:131: kind: a Pod is no configuration: objects are applied with `rouse apply -f`");
}

static void test_what_is_wrong_is_told_with_its_place(void **state)
{
	(void)state;
	refuse("pool: 4\nvip-rnage: 10.0.0.0/8\n",
	       "a.yaml:2:1: vip-rnage: there is no such key; did you mean \"vip-range\"?");
	refuse("quite: else\n", "a.yaml:1:1: quite: there is no such key; roused --help lists them");
	refuse("autoscaler:\n  stabel-window: 6s\n",
	       "a.yaml:2:3: autoscaler.stabel-window: there is no such key; did you mean \"stable-window\"?");
	refuse("stable-window: 6s\n", "a.yaml:1:1: stable-window: belongs below \"autoscaler:\"");
	refuse("autoscaler: 5\n",
	       "a.yaml:1:1: autoscaler: must be a map of Knative's keys, those of config-autoscaler");
	refuse("autoscaler: {stable-window: 5s}\n",
	       "a.yaml:1:14: autoscaler.stable-window: must be whole seconds in 6s..1h, is \"5s\"");
	refuse("interface: [eth0, a/b]\n", "a.yaml:1:19: interface.1: \"a/b\" cannot be a link's name");
	refuse("interface: [=tc]\n", "a.yaml:1:13: interface.0: \"=tc\" cannot be a link's name");
	static const char *const hows[] = {"eth0=tcx", "eth0=", "eth0=tc+"};
	for (size_t i = 0; i < rs_array_length(hows); i++) {
		rs_auto_free char *text = rs_str_format("interface: [%s]\n", hows[i]);
		rs_auto_free char *sentence = rs_str_format(
			"a.yaml:1:13: interface.0: \"%s\" must end in =auto, =tc, "
			"=xdp, =xdp-native, =xdp-generic, =off or =uplink, or in two of them like =tc+uplink",
			hows[i]);
		refuse(text, sentence);
	}
	refuse("tcx-order: beside\n", "a.yaml:1:1: tcx-order: must be first, last, before:PROGRAM or after:PROGRAM (a "
				      "name or an id), is \"beside\"");
	refuse("tcx-order: \"before:\"\n", "a.yaml:1:1: tcx-order: must be first, last, before:PROGRAM or "
					   "after:PROGRAM (a name or an id), is \"before:\"");
	refuse("tcx-order: after:sixteen-chars-ab\n", "a.yaml:1:1: tcx-order: must be first, last, before:PROGRAM or "
						      "after:PROGRAM (a name or an id), is \"after:sixteen-chars-ab\"");
	refuse("interface: {a: b}\n", "a.yaml:1:1: interface: must be a list of names");
	refuse("pool: [1]\n", "a.yaml:1:1: pool: must be a single value");
	refuse("pool: 0\n", "a.yaml:1:1: pool: must be in 1..512, is \"0\"");
	refuse("max-holds: 5000\n", "a.yaml:1:1: max-holds: must be a power of two, is 5000");
	refuse("external-port-range: 30000\n",
	       "a.yaml:1:1: external-port-range: \"30000\" is not a range of ports like 30000-32767");
	refuse("external-port-range: 9-8\n",
	       "a.yaml:1:1: external-port-range: \"9-8\" is not a range of ports like 30000-32767");
	refuse("max-holds: 1024\n", "a.yaml:1:1: max-holds: must be in 2048..16777216, is \"1024\"");
	refuse("max-flows: 2048\n", "a.yaml:1:1: max-flows: must be in 4096..16777216, is \"2048\"");
	refuse("hook: xdp\n", "a.yaml:1:1: hook: must be auto, tcx or clsact, is \"xdp\"");
	refuse("cleanup: true\n", "a.yaml:1:1: cleanup: is for the command line only: --cleanup");
	refuse("name: Not Mine\n", "a.yaml:1:1: name: must be 1 to 12 of a-z, 0-9 and -, beginning with a letter, "
				   "not ending in - and digits, is \"Not Mine\"");
	assert_int_not_equal(read_text("name: a-1\n"), 0);
	assert_int_not_equal(read_text("name: thirteen-long\n"), 0);
	refuse("vip-range: 10.0.0.1/8\n", "a.yaml:1:1: vip-range: \"10.0.0.1/8\" has bits set behind its prefix");
	refuse("vip-range: fd00::/112\n",
	       "a.yaml:1:1: vip-range: \"fd00::/112\" is not an IPv4 range like 198.18.0.0/16 (from /8 to /28)");
	refuse("vip-range6: 10.0.0.0/8\n",
	       "a.yaml:1:1: vip-range6: \"10.0.0.0/8\" is not an IPv6 range like fd00:1::/112 (from /32 to /124)");
	refuse("vip-range6: fd00::1/112\n", "a.yaml:1:1: vip-range6: \"fd00::1/112\" has bits set behind its prefix");
	refuse("ip-families: IPv5\n",
	       "a.yaml:1:1: ip-families: must be IPv4, IPv6, IPv4,IPv6 or IPv6,IPv4, is \"IPv5\"");
	refuse("- pool\n", "a.yaml:1:1: a configuration is a map of keys and values");
	refuse("kind: Service\n",
	       "a.yaml:1:1: kind: a Service is no configuration: objects are applied with `rouse apply -f`");
	refuse("kind: ConfigMap\nmetadata:\n  name: config-domain\ndata: {example.com: \"\"}\n",
	       "a.yaml:3:3: config-domain is not supported: names end in NAMESPACE.rouse");
	refuse("kind: ConfigMap\nmetadata: {name: config-autoscaler}\ndata:\n  max-scale: \"-1\"\n",
	       "a.yaml:4:3: max-scale: must be at least 0, is \"-1\"");
	refuse("defaults:\n  revision-idle-timeout-seconds: 5\n",
	       "a.yaml:2:3: defaults.revision-idle-timeout-seconds: is not supported: needs a view into the protocol, "
	       "which this dataplane does not have");
	refuse("pool: 1\npool: 2\n", "a.yaml:2:1: the key \"pool\" is given twice");
}

static void test_what_no_key_knows_alone_is_checked(void **state)
{
	(void)state;
	refuse("vip-range: 10.0.0.0/8\ninstance-range: 10.9.0.0/16\n",
	       "vip-range: 10.0.0.0/8 overlaps instance-range, 10.9.0.0/16: an address is either a service's or an "
	       "instance's");
	refuse("vip-range6: fd72:6f75:7365::c610:0/108\n", "vip-range6: fd72:6f75:7365::c610:0/108 overlaps "
							   "instance-range6, fd72:6f75:7365::c613:0/112: an address is "
							   "either a service's or an instance's");
	refuse("vip-range6: fd00::/116\n",
	       "vip-range6: /116 has fewer addresses than vip-range, /16: make it /112 or larger");
	refuse("autoscaler: {min-scale: 3, max-scale: 2}\n", "autoscaler.min-scale: 3 is above max-scale 2");
	refuse("defaults: {container-concurrency: 0, allow-container-concurrency-zero: false}\n",
	       "defaults.container-concurrency: 0 needs allow-container-concurrency-zero: true");
	refuse("defaults: {revision-memory-limit: 256m}\n",
	       "defaults.revision-memory-limit: is less than a mebibyte, in which no program starts: mebibytes are "
	       "written \"Mi\"");
	refuse("defaults: {max-revision-timeout-seconds: 100}\n",
	       "defaults.revision-timeout-seconds: 300 is above max-revision-timeout-seconds, 100");
}

static const char *printed(const char *option)
{
	static char text[128];
	rs_option_print(&fixture.options, rs_option_find(option), text, sizeof(text));
	return text;
}

static void test_ipv6_ranges_stand_beside_those_of_ipv4(void **state)
{
	(void)state;
	assert_int_equal(read_text("pool: 4\n"), 0);
	assert_string_equal(printed("vip-range6"), "fd72:6f75:7365::c612:0/112");
	assert_string_equal(printed("instance-range6"), "fd72:6f75:7365::c613:0/112");
	assert_string_equal(printed("ip-families"), "IPv4");
	assert_int_equal(read_text("vip-range: 10.0.0.0/8\nip-families: IPv6,IPv4\n"), 0);
	assert_string_equal(printed("vip-range6"), "fd72:6f75:7365::a00:0/104");
	assert_string_equal(printed("ip-families"), "IPv6,IPv4");
	assert_int_equal(read_text("vip-range6: fd00:1::/64\ninstance-range6: fd00:2::/96\n"), 0);
	assert_string_equal(printed("vip-range6"), "fd00:1::/64");
	assert_string_equal(printed("instance-range6"), "fd00:2::/96");
}

static void test_all_errors_are_told_at_once(void **state)
{
	(void)state;
	assert_int_not_equal(read_text("pool: 0\nhook: no\nautoscaler: {min-scale: x}\n"), 0);
	assert_int_equal(fixture.problems.errors, 3);
}

/* On SIGHUP the agent's loop stands still while it reads. */
static void test_a_pipe_is_read_but_not_waited_for(void **state)
{
	(void)state;
	const char text[] = "log-level: debug\n";
	char path[128];
	snprintf(path, sizeof(path), "%s/pipe", fixture.directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_not_equal(read_options("--config", path, NULL), 0);
	assert_non_null(strstr(rs_problems_first(&fixture.problems), "it is a pipe, and nobody writes into it"));
	/* What a shell makes of <(command). */
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	assert_int_equal(read_options("--config", path, NULL), 0);
	assert_int_equal(fixture.options.log_level, RS_LOG_DEBUG);
	close(ends[0]);
}

static void test_a_key_without_effect_is_noted(void **state)
{
	(void)state;
	assert_int_equal(read_text("autoscaler: {activator-capacity: 200}\n"), 0);
	expect_told(
		"a.yaml:1:14: autoscaler.activator-capacity: has no effect: there is no activator: the kernel holds "
		"what cannot be served yet",
		true);
	refuse("autoscaler: {activator-capacity: 0.5}\n",
	       "a.yaml:1:14: autoscaler.activator-capacity: must be at least 1, is \"0.5\"");
}

static void test_slips_on_the_command_line(void **state)
{
	(void)state;
	assert_int_not_equal(read_options("--config", "/dev/null", "--confg", NULL), 0);
	expect_told("--confg: there is no such option; did you mean \"--config\"?", false);
	assert_int_not_equal(read_options("--config", "/dev/null", "--pool", NULL), 0);
	expect_told("--pool: needs N", false);
	assert_int_not_equal(read_options("--config", "/dev/null", "more", NULL), 0);
	expect_told("more: unexpected argument; --help lists the options", false);
	assert_int_not_equal(read_options("--config", "/dev/null", "--set", "stabel-window=6s", NULL), 0);
	expect_told("--set: stabel-window: there is no such key; did you mean \"stable-window\"?", false);
	assert_int_not_equal(read_options("--config", "/dev/null", "--set", "defaults.container-concurrency=x", NULL),
			     0);
	expect_told("--set: defaults.container-concurrency: must be a whole number in 0..1000, is \"x\"", false);
	assert_int_not_equal(read_options("--config", "/nowhere/at-all.yaml", NULL), 0);
	expect_told("cannot open /nowhere/at-all.yaml: No such file or directory", false);
}

static void test_what_is_printed_reads_back_as_the_same(void **state)
{
	(void)state;
	assert_int_equal(read_text("name: mine\ninterface: [eth0=xdp+uplink, \"123\"]\ntcx-order: "
				   "\"after:cil_from_netdev\"\nhosts-file: /tmp/a b\nhook: tcx\nuser: root\n"
				   "autoscaler:\n"
				   "  container-concurrency-target-percentage: 0.333\n"
				   "  target-burst-capacity: -1\n"
				   "  stable-window: 1h\n"
				   "  max-scale-up-rate: 1.1\n"
				   "  scale-to-zero-grace-period: 1500ms\n"
				   "  scale-to-zero-pod-retention-period: 1h1ns\n"
				   "defaults: {revision-cpu-limit: 1500m, revision-memory-limit: 2000000}\n"),
			 0);
	rs_auto_free char *first = rs_options_yaml(&fixture.options);
	assert_non_null(first);
	assert_non_null(strstr(first, "container-concurrency-target-percentage: \"0.333\"\n"));
	assert_non_null(strstr(first, "scale-to-zero-grace-period: 1500ms\n"));
	assert_non_null(strstr(first, "eth0=xdp+uplink\n"));
	assert_int_equal(read_text(first), 0);
	rs_auto_free char *second = rs_options_yaml(&fixture.options);
	assert_non_null(second);
	assert_string_equal(first, second);
	assert_true(fixture.options.autoscaler.concurrency_fraction == 0.333);
	assert_true(fixture.options.autoscaler.retention_ns == 3600000000001ULL);
	assert_int_equal(fixture.options.interface_count, 2);
}

static void test_a_reload_takes_what_is_live_and_names_the_rest(void **state)
{
	(void)state;
	struct rs_options running = {0};
	struct rs_problems problems = {0};
	char restart[64];
	char *argv[] = {"roused", "--config", "/dev/null"};
	assert_int_equal(rs_options_read(&running, 3, argv, &problems), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(read_text("pool: 20\nhook: tcx\nvip-range: 10.0.0.0/8\ninterface: [eth7]\n"
					   "log-level: debug\nautoscaler: {stable-window: 7s}\n"),
				 0);
		rs_options_update(&running, &fixture.options, restart, sizeof(restart));
	}
	/* Everything but what was named: printed, the rest is the same. */
	assert_int_equal(read_text("pool: 21\nmax-instances: 99\nuser: root\nlog-level: warn\nlog-format: text\n"
				   "interface: [eth8, eth9]\nautoscaler: {stable-window: 9s}\n"
				   "defaults: {container-concurrency: 2}\ndeployment: {progress-deadline: 7s}\n"
				   "gc: {min-non-active-revisions: 3}\n"),
			 0);
	rs_options_update(&running, &fixture.options, restart, sizeof(restart));
	assert_string_equal(restart, "");
	rs_auto_free char *updated = rs_options_yaml(&running);
	rs_auto_free char *fresh = rs_options_yaml(&fixture.options);
	assert_string_equal(updated, fresh);
	assert_int_equal(read_text("pool: 20\nhook: tcx\nvip-range: 10.0.0.0/8\ninterface: [eth7]\n"
				   "log-level: debug\nautoscaler: {stable-window: 7s}\n"),
			 0);
	size_t strings = running.string_count;
	rs_options_update(&running, &fixture.options, restart, sizeof(restart));
	assert_int_equal(running.string_count, strings);
	assert_string_equal(restart, "vip-range (after rouse cleanup), hook");
	assert_int_equal(running.pool, 20);
	assert_int_equal(running.hook, RS_HOOK_AUTO);
	assert_int_equal(running.vip_bits, 16);
	assert_string_equal(running.interfaces[0].name, "eth7");
	assert_int_equal(running.log_level, RS_LOG_DEBUG);
	assert_true(running.autoscaler.stable_window_ns == 7000000000ULL);
	assert_int_equal(running.config_file_count, 1);
	rs_options_done(&running);
	rs_problems_done(&problems);
}

static void test_the_table_is_data(void **state)
{
	(void)state;
	rs_auto_free char *text = rs_options_json();
	assert_non_null(text);
	assert_non_null(strstr(text, "\"container-concurrency-target-percentage\""));
	assert_non_null(strstr(text, "\"revision-idle-timeout-seconds\""));
	assert_non_null(strstr(text, "\"config-network\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
	const struct CMUnitTest tests[] = {
		TEST(test_every_option_is_a_key),
		TEST(test_directories_follow_the_name),
		TEST(test_the_command_line_comes_last_wherever_it_stands),
		TEST(test_files_override_earlier_ones_and_a_directory_is_all_of_its_files),
		TEST(test_knatives_maps_are_taken_as_they_are),
		TEST(test_an_mtu_that_ipv6_cannot_have),
		TEST(test_lists_in_lists),
		TEST(test_what_is_wrong_is_told_with_its_place),
		TEST(test_what_no_key_knows_alone_is_checked),
		TEST(test_ipv6_ranges_stand_beside_those_of_ipv4),
		TEST(test_all_errors_are_told_at_once),
		TEST(test_a_pipe_is_read_but_not_waited_for),
		TEST(test_a_key_without_effect_is_noted),
		TEST(test_slips_on_the_command_line),
		TEST(test_what_is_printed_reads_back_as_the_same),
		TEST(test_a_reload_takes_what_is_live_and_names_the_rest),
		TEST(test_the_table_is_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
