/* SPDX-License-Identifier: BSD-2-Clause */
/* link: rt test/net/rt.c */
/* What an instance is: its process, its surroundings, its log; and how it ends by itself. */
#include "net/rt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void test_an_exit_code_is_told(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "exit 42");
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_how, RS_RT_EXIT_CODE);
	assert_int_equal(test->exit_value, 42);
	assert_true(instance->exec_ns > instance->started_ns);
	rt_test_end(test, instance);
}

static void test_a_signal_is_told(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "kill -SEGV $$$$");
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_how, RS_RT_EXIT_SIGNAL);
	assert_int_equal(test->exit_value, SIGSEGV);
	rt_test_end(test, instance);
}

static void run(struct rt_test *test, const struct rs_rt_spec *spec, struct rs_rt_instance **ret_instance)
{
	struct rs_err err = {0};
	unsigned exited = test->exited;
	int r = -EAGAIN;
	assert_true(rt_test_until(test, (r = rs_rt_start(test->rt, spec, ret_instance, &err)) != -EAGAIN));
	if (r < 0)
		fail_msg("%s", err.message);
	assert_true(rt_test_until(test, test->exited > exited));
}

static void test_a_command_that_is_not_there_is_named(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"no-such-program", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	run(test, &spec, &instance);
	assert_int_equal(test->exit_how, RS_RT_EXIT_EXEC);
	assert_int_equal(test->exit_value, ENOENT);
	assert_non_null(strstr(test->exit_text, "no-such-program"));
	assert_non_null(strstr(test->exit_text, "PATH"));
	rt_test_end(test, instance);
}

static void test_a_command_that_cannot_be_executed_is_named(void **state)
{
	struct rt_test *test = *state;
	char path[128];
	snprintf(path, sizeof(path), "%s/not-executable", test->directory);
	assert_true(rt_test_shell("touch %s && chmod 644 %s", path, path));
	const char *const command[] = {path, NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	run(test, &spec, &instance);
	assert_int_equal(test->exit_how, RS_RT_EXIT_EXEC);
	assert_int_equal(test->exit_value, EACCES);
	assert_non_null(strstr(test->exit_text, path));
	rt_test_end(test, instance);
}

static void test_a_working_directory_that_is_not_there_is_named(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"true", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	spec.working_dir = "/no/such/directory";
	struct rs_rt_instance *instance;
	run(test, &spec, &instance);
	assert_int_equal(test->exit_how, RS_RT_EXIT_EXEC);
	assert_non_null(strstr(test->exit_text, "/no/such/directory"));
	rt_test_end(test, instance);
}

static void test_bad_specs_are_refused_and_cost_no_sandbox(void **state)
{
	struct rt_test *test = *state;
	const char *const none[] = {NULL};
	struct rs_rt_spec spec = rt_test_spec(none);
	struct rs_rt_instance *instance;
	struct rs_err err = {0};
	assert_int_equal(rs_rt_start(test->rt, &spec, &instance, &err), -EINVAL);
	assert_true(*err.message);
	const char *const command[] = {"true", NULL};
	spec = rt_test_spec(command);
	spec.namespace = "../..";
	assert_int_equal(rs_rt_start(test->rt, &spec, &instance, &err), -EINVAL);
	instance = rt_test_start(test, "exit 0");
	assert_true(rt_test_until(test, test->exited));
	rt_test_end(test, instance);
}

static void test_the_log_has_both_outputs(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "echo to out; echo to err >&2; cat; echo end");
	assert_true(rt_test_until(test, test->exited));
	assert_true(rt_test_log_has(instance, "to out\nto err\nend\n")); /* cat found an empty stdin */
	rt_test_end(test, instance);
}

static void test_the_environment_is_complete(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"sh", "-c", "env; echo argument=$0; echo directory=`pwd`", "$(GREETING)", NULL};
	const char *const env[] = {"NAME=world", "GREETING=hello $(NAME) on $(PORT) $(UNKNOWN)", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	spec.env = env;
	spec.working_dir = "/usr";
	run(test, &spec, &instance);
	static const char *const expected[] = {
		"PORT=8080\n",
		"K_SERVICE=hello\n",
		"K_CONFIGURATION=hello\n",
		"K_REVISION=hello-00001\n",
		"HOME=/\n",
		"GREETING=hello world on 8080 $(UNKNOWN)\n",
		"argument=hello world on 8080 $(UNKNOWN)\n",
		"directory=/usr\n",
	};
	for (size_t i = 0; i < rs_array_length(expected); i++)
		assert_true(rt_test_log_has(instance, expected[i]));
	rt_test_end(test, instance);
}

static void test_it_has_no_privileges(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance =
		rt_test_start(test, "id; grep -E '^(Cap|NoNewPrivs|SigBlk|SigIgn)' /proc/self/status");
	assert_true(rt_test_until(test, test->exited));
	static const char *const expected[] = {
		"uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n",
		"CapEff:\t0000000000000000\n",
		"CapPrm:\t0000000000000000\n",
		"CapBnd:\t0000000000000000\n",
		"NoNewPrivs:\t1\n",
		"SigBlk:\t0000000000000000\n",
		"SigIgn:\t0000000000000000\n",
	};
	for (size_t i = 0; i < rs_array_length(expected); i++)
		assert_true(rt_test_log_has(instance, expected[i]));
	rt_test_end(test, instance);
}

static void test_even_root_has_no_capabilities(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"sh", "-c", "id -u; grep CapEff /proc/self/status", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	spec.run_as_user = 0;
	run(test, &spec, &instance);
	assert_true(rt_test_log_has(instance, "0\nCapEff:\t0000000000000000\n"));
	rt_test_end(test, instance);
}

static void test_nothing_of_the_agents_is_open(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "exec ls -l /proc/self/fd");
	assert_true(rt_test_until(test, test->exited));
	assert_false(rt_test_log_has(instance, "socket:"));
	assert_false(rt_test_log_has(instance, "anon_inode"));
	assert_false(rt_test_log_has(instance, " 4 -> "));
	rt_test_end(test, instance);
}

static void test_its_network_is_its_own(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "ip -o -4 address; ip route; echo ready; exec sleep 600");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "ready\n")));
	assert_true(rt_test_log_has(instance, "127.0.0.1/8"));
	assert_true(rt_test_log_has(instance, "default via 10.99.255.254 dev eth0"));
	assert_true(rt_test_shell("ip netns list | grep -qw %s", instance->name));
	assert_true(rt_test_shell("ip netns exec %s true", instance->name));
	struct stat status;
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/ns/net", instance->pid);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_ino, instance->netns_inode);
	/* No ARP: what is asked for is permanent already. */
	assert_true(rt_test_shell("ip neighbour show nud permanent | grep -q %02x:%02x:%02x:%02x:%02x:%02x",
				  instance->mac[0], instance->mac[1], instance->mac[2], instance->mac[3],
				  instance->mac[4], instance->mac[5]));
	/* Without it what XDP redirects there would be dropped. */
	assert_true(rt_test_shell("ip netns exec %s ethtool -k eth0 | grep -qx 'generic-receive-offload: on'",
				  instance->name));
	rt_test_end(test, instance);
}

static void test_names_come_from_the_hosts_file(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "cat /etc/hosts; getent hosts elsewhere.default.rouse;"
							      " echo x 2>&1 >> /etc/hosts; sleep 600");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "/etc/hosts: ")));
	assert_true(rt_test_log_has(instance, "198.18.0.9      elsewhere.default.rouse"));
	/* A change in place is seen by those that run. */
	assert_true(rt_test_shell("echo 198.18.0.10 later.default.rouse >> %s", test->hosts_file));
	assert_true(rt_test_shell("grep -q later /proc/%d/root/etc/hosts", instance->pid));
	rt_test_end(test, instance);
	assert_false(rt_test_file_has(test->hosts_file, "x\n"));
}

static void test_it_may_listen_on_any_port(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(
		test, "python3 -c 'import socket; socket.socket().bind((\"\", 80)); print(\"bound\", flush=True)'");
	assert_true(rt_test_until(test, test->exited));
	assert_true(rt_test_log_has(instance, "bound\n"));
	rt_test_end(test, instance);
}

static void test_a_sandbox_is_not_kept_by_the_others(void **state)
{
	/* Mount namespaces copy the names of others; a removed one must really be gone. */
	struct rt_test *test = *state;
	struct rs_rt_instance *one = rt_test_start(test, "sleep 600");
	struct rs_rt_instance *two = rt_test_start(test, "sleep 600");
	char name[32];
	rs_str_copy(name, sizeof(name), one->name);
	pid_t other = two->pid;
	rt_test_end(test, one);
	assert_true(rt_test_shell("! grep -qw %s /proc/%d/mountinfo", name, other));
	assert_true(rt_test_shell("! test -e /run/netns/%s", name));
	rt_test_end(test, two);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, rt_test_up, rt_test_down)
	const struct CMUnitTest tests[] = {
		test(test_an_exit_code_is_told),
		test(test_a_signal_is_told),
		test(test_a_command_that_is_not_there_is_named),
		test(test_a_command_that_cannot_be_executed_is_named),
		test(test_a_working_directory_that_is_not_there_is_named),
		test(test_bad_specs_are_refused_and_cost_no_sandbox),
		test(test_the_log_has_both_outputs),
		test(test_the_environment_is_complete),
		test(test_it_has_no_privileges),
		test(test_even_root_has_no_capabilities),
		test(test_nothing_of_the_agents_is_open),
		test(test_its_network_is_its_own),
		test(test_names_come_from_the_hosts_file),
		test(test_it_may_listen_on_any_port),
		test(test_a_sandbox_is_not_kept_by_the_others),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
