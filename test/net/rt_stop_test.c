/* SPDX-License-Identifier: BSD-2-Clause */
/* link: rt test/net/rt.c */
/* What can be done to an instance: stop, kill, freeze, limit; and what is left afterwards. */
#include "net/rt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void test_it_may_end_within_its_grace(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance =
		rt_test_start(test, "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "ready\n")));
	assert_int_equal(rs_rt_stop(test->rt, instance, SIGTERM, 60000), 0);
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_how, RS_RT_EXIT_CODE);
	assert_int_equal(test->exit_value, 3);
	assert_true(rt_test_log_has(instance, "bye\n"));
	rt_test_end(test, instance);
}

static void test_grace_ends_with_a_kill(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(
		test, "trap '' TERM; (trap '' TERM; echo child; exec sleep 600) & echo parent; wait; sleep 600");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "child\n") && rt_test_log_has(instance, "parent\n")));
	uint64_t before = rs_now_ns();
	assert_int_equal(rs_rt_stop(test->rt, instance, SIGTERM, 300), 0);
	assert_true(rt_test_until(test, test->exited));
	assert_true(rs_now_ns() - before >= 300 * RS_NS_PER_MS);
	assert_int_equal(test->exit_how, RS_RT_EXIT_SIGNAL);
	assert_int_equal(test->exit_value, SIGKILL);
	/* The child too, which ignores the signal like its parent. */
	assert_true(rt_test_until(test, !rt_test_shell("grep -q . /sys/fs/cgroup/*/%s/%s/cgroup.procs "
						       "/sys/fs/cgroup/%s/%s/cgroup.procs 2> /dev/null",
						       test->cgroup_root, instance->name, test->cgroup_root,
						       instance->name)));
	rt_test_end(test, instance);
}

static void test_removal_kills_what_is_left(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance =
		rt_test_start(test, "(trap '' TERM HUP; echo pid=$(exec sh -c 'echo $PPID'); exec sleep 600) & exit 0");
	char name[32];
	rs_str_copy(name, sizeof(name), instance->name);
	assert_true(rt_test_until(test, test->exited && rt_test_log_has(instance, "pid=")));
	int pid = 0;
	rs_auto_fd int log = open(instance->log_path, O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	assert_true(read(log, text, sizeof(text) - 1) > 0);
	assert_int_equal(sscanf(text, "pid=%d", &pid), 1);
	assert_true(rt_test_shell("grep -q '0::/%s/%s' /proc/%d/cgroup", test->cgroup_root, name, pid));
	rt_test_end(test, instance);
	/* Gone, or a zombie that its new parent has not looked at yet. */
	assert_true(rt_test_shell("! test -e /proc/%d || grep -q '^State:.Z' /proc/%d/status", pid, pid));
	assert_true(rt_test_shell("! test -e /run/netns/%s", name));
	assert_false(rt_test_shell("ip link show %s 2> /dev/null", name));
	assert_int_equal(test->failed, 0);
}

static void test_a_running_instance_can_be_removed(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "exec sleep 600");
	pid_t pid = instance->pid;
	rt_test_end(test, instance);
	/* Its child is reaped, and nobody is told of an end that was asked for. */
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(test->exited, 0);
}

static void test_it_freezes_and_thaws(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance =
		rt_test_start(test, "i=0; while :; do i=$((i+1)); echo n$i; sleep 0.01; done");
	char events[200];
	assert_true(rt_test_until(test, rt_test_log_has(instance, "n3\n")));
	const char *unenforced = rs_rt_unenforced(test->rt);
	if (!unenforced || !strstr(unenforced, "memory"))
		assert_in_range(rs_rt_memory(test->rt, instance), 4096, 64 << 20);
	assert_int_equal(rs_rt_freeze(test->rt, instance), 0);
	snprintf(events, sizeof(events), "/sys/fs/cgroup/unified/%s/%s/cgroup.events", test->cgroup_root,
		 instance->name);
	if (access(events, R_OK) < 0)
		snprintf(events, sizeof(events), "/sys/fs/cgroup/%s/%s/cgroup.events", test->cgroup_root,
			 instance->name);
	assert_true(rt_test_until(test, rt_test_file_has(events, "frozen 1")));
	assert_int_equal(rs_rt_thaw(test->rt, instance), 0);
	assert_true(rt_test_until(test, rt_test_file_has(events, "frozen 0")));
	assert_true(rt_test_until(test, rt_test_log_has(instance, "n20\n")));
	/* A frozen one hears its signal. */
	assert_int_equal(rs_rt_freeze(test->rt, instance), 0);
	assert_true(rt_test_until(test, rt_test_file_has(events, "frozen 1")));
	assert_int_equal(rs_rt_stop(test->rt, instance, SIGTERM, 60000), 0);
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_value, SIGTERM);
	rt_test_end(test, instance);
}

static void test_memory_is_limited(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"python3", "-c",
				       "import time\nb = bytearray(8 << 20)\nprint('small', flush=True)\n"
				       "b = bytearray(256 << 20)\nprint('large', flush=True)",
				       NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	struct rs_err err = {0};
	const char *unenforced = rs_rt_unenforced(test->rt);
	if (unenforced && strstr(unenforced, "memory")) {
		print_message("%s\n", unenforced);
		skip();
	}
	spec.memory_bytes = 64 << 20;
	spec.cpu_millis = 500;
	assert_int_equal(rs_rt_start(test->rt, &spec, &instance, &err), 0);
	assert_true(rt_test_until(test, test->exited));
	assert_true(rt_test_log_has(instance, "small\n"));
	assert_false(rt_test_log_has(instance, "large\n"));
	assert_int_equal(test->exit_how, RS_RT_EXIT_OOM);
	assert_int_equal(test->exit_value, SIGKILL);
	rt_test_end(test, instance);
}

static void test_processor_time_is_limited(void **state)
{
	struct rt_test *test = *state;
	const char *const command[] = {"sleep", "600", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance;
	struct rs_err err = {0};
	const char *unenforced = rs_rt_unenforced(test->rt);
	if (unenforced && strstr(unenforced, "cpu")) {
		print_message("%s\n", unenforced);
		skip();
	}
	spec.cpu_millis = 250;
	assert_int_equal(rs_rt_start(test->rt, &spec, &instance, &err), 0);
	char path[200];
	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu/%s/%s/cpu.cfs_quota_us", test->cgroup_root, instance->name);
	bool hybrid = access(path, R_OK) == 0;
	if (!hybrid)
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s/cpu.max", test->cgroup_root, instance->name);
	assert_true(rt_test_file_has(path, hybrid ? "25000\n" : "25000 100000"));
	/* And it is in that group. */
	assert_true(
		rt_test_shell("grep -q '%s/%s$' /proc/%d/cgroup", test->cgroup_root, instance->name, instance->pid));
	assert_false(rt_test_shell("grep -E '^[0-9]+:(cpu|memory):' /proc/%d/cgroup | grep -v '%s/%s$'", instance->pid,
				   test->cgroup_root, instance->name));
	rt_test_end(test, instance);
}

static void test_logs_rotate_and_lose_nothing(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance =
		rt_test_start(test, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line-$i-; done; sleep 600");
	char old[600], command[1600];
	snprintf(old, sizeof(old), "%s.1", instance->log_path);
	assert_true(rt_test_until(test, rt_test_log_has(instance, "line-8000-\n")));
	rs_rt_rotate_logs(test->rt);
	assert_true(rt_test_until(test, access(old, R_OK) == 0));
	assert_true(rt_test_until(test, rt_test_shell("tail -n 1 %s | grep -qx line-20000-", instance->log_path)));
	/* A file system that cannot cut a file's head may lose a line between copy and truncate. */
	snprintf(command, sizeof(command),
		 "cat %s %s | awk '{ if ($0 != \"line-\" NR \"-\") { print NR, $0; exit 1 } }'", old,
		 instance->log_path);
	if (!rt_test_shell("f=%s/probe; head -c 16384 /dev/zero > $f && fallocate -c -l 4096 $f 2> /dev/null",
			   test->directory))
		print_message("this file system cannot cut a file's head: whether nothing is lost is not checked\n");
	else
		assert_true(rt_test_shell("%s", command));
	rt_test_end(test, instance);
	assert_int_equal(test->failed, 0);
}

static void test_a_flood_of_output_is_cut(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_instance *instance = rt_test_start(test, "yes");
	assert_true(rt_test_until(test,
				  rt_test_shell("test -n \"$(find %s -size +4M 2> /dev/null)\"", instance->log_path)));
	for (int i = 0; i < 3; i++) {
		rs_rt_rotate_logs(test->rt);
		assert_true(rt_test_until(test, rt_test_shell("test -e %s.1", instance->log_path)));
		assert_true(rt_test_until(test, rt_test_shell("! test -e %s.1.partial", instance->log_path)));
		/* Four times the maximum of 64 KiB, and as much again where a head cannot be cut. */
		assert_true(
			rt_test_until(test, rt_test_shell("test -n \"$(find %s.1 -size -513k)\"", instance->log_path)));
	}
	rt_test_end(test, instance);
	assert_int_equal(test->failed, 0);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, rt_test_up, rt_test_down)
	const struct CMUnitTest tests[] = {
		test(test_it_may_end_within_its_grace), test(test_grace_ends_with_a_kill),
		test(test_removal_kills_what_is_left),	test(test_a_running_instance_can_be_removed),
		test(test_it_freezes_and_thaws),	test(test_memory_is_limited),
		test(test_processor_time_is_limited),	test(test_logs_rotate_and_lose_nothing),
		test(test_a_flood_of_output_is_cut),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
