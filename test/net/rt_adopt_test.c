/* SPDX-License-Identifier: BSD-2-Clause */
/* link: rt test/net/rt.c */
/* Agents come and go, instances stay: adoption after a kill -9, many starts, and cleanup from any state. */
#include "net/rt.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void on_adopted(void *user, struct rs_rt_instance *instance)
{
	struct rt_test *test = user;
	test->adopted++;
	test->last_adopted = instance;
}

/* A child that is the agent: starts `count` instances, says so, and waits for its end. Returns its pid. */
static pid_t fork_agent(struct rt_test *test, unsigned count)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rt_test_new(test);
		rt_test_fill(test, 2);
		while (count--) {
			struct rs_rt_instance *instance = rt_test_start(test, "echo alive; exec sleep 600");
			(void)rt_test_until(test, rt_test_log_has(instance, "alive\n"));
		}
		(void)rt_test_until(test, test->prepared >= 3);
		if (write(ends[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			sd_event_run(test->event, UINT64_MAX);
	}
	close(ends[1]);
	char byte;
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void kill_agent(pid_t pid)
{
	int status;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* The runtime of the first test agent runs in a child, so there is none here yet. */
static int set_up(void **state)
{
	int r = rt_test_up(state);
	struct rt_test *test = *state;
	struct rs_err err = {0};
	test->rt = rs_rt_free(test->rt);
	test->event = sd_event_unref(test->event);
	test->prepared = 0;
	return r == 0 ? rs_rt_cleanup(&test->config, &err) : r;
}

static unsigned count_records(const struct rt_test *test)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/instances", test->run_dir);
	DIR *stream = opendir(path);
	unsigned count = 0;
	for (struct dirent *entry; stream && (entry = readdir(stream));)
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

static void test_instances_outlive_their_agent(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	kill_agent(fork_agent(test, 1));
	rt_test_new(test);
	assert_int_equal(rs_rt_adopt(test->rt, on_adopted, &err), 0);
	assert_int_equal(test->adopted, 1);
	struct rs_rt_instance *instance = test->last_adopted;
	assert_string_equal(instance->owner, "default/hello-00001");
	assert_int_equal(instance->port, 8080);
	assert_true(instance->started_ns > 0);
	assert_true(instance->ifindex > 0);
	assert_true(rt_test_log_has(instance, "alive\n"));
	/* Everything works as before: listener facts, exec probes, freezing, stopping; only the exit code is nobody's.
	 */
	struct rs_rt_listener listener;
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), -ENOENT);
	const char *const command[] = {"sh", "-c", "test $PORT = 8080", NULL};
	struct rs_probe_spec spec = {.kind = RS_PROBE_EXEC, .command = command, .timeout_ms = 15000};
	assert_int_equal(rs_rt_probe(test->rt, instance, &spec, 1), 0);
	assert_true(rt_test_until(test, test->probes));
	assert_true(test->probe_ok);
	assert_int_equal(rs_rt_freeze(test->rt, instance), 0);
	assert_int_equal(rs_rt_stop(test->rt, instance, SIGTERM, 60000), 0);
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_how, RS_RT_EXIT_UNKNOWN);
	rt_test_end(test, instance);
	assert_int_equal(count_records(test), 0);
}

/* The worst moment: the call that started it has just returned. */
static void test_an_agent_killed_within_a_start_loses_nothing(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rt_test_new(test);
		rt_test_fill(test, 2);
		(void)rt_test_start(test, "echo alive; exec sleep 600");
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	rt_test_new(test);
	assert_int_equal(rs_rt_adopt(test->rt, on_adopted, &err), 0);
	assert_int_equal(test->adopted, 1);
	/* Its log has its name by now, too. */
	assert_true(rt_test_until(test, rt_test_log_has(test->last_adopted, "alive\n")));
	rt_test_end(test, test->last_adopted);
	assert_int_equal(count_records(test), 0);
}

static void test_the_old_pool_makes_room(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	test->config.max_instances = 3; /* one instance and two in the pool: nothing is left over */
	kill_agent(fork_agent(test, 1));
	rt_test_new(test);
	assert_int_equal(rs_rt_adopt(test->rt, on_adopted, &err), 0);
	assert_int_equal(test->adopted, 1);
	test->prepared = 0;
	rt_test_fill(test, 2);
	struct rs_rt_instance *instance = rt_test_start(test, "exit 5");
	assert_true(rt_test_until(test, test->exited));
	assert_int_equal(test->exit_value, 5);
	rt_test_end(test, instance);
}

static void test_those_that_ended_in_between_are_removed(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	kill_agent(fork_agent(test, 2));
	/* One ends, one's record is damaged, and one file is not ours. */
	assert_int_equal(count_records(test), 2);
	assert_true(
		rt_test_shell("set -- %s/instances/*; pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' $1); kill -9 $pid; "
			      "echo '{' > $2; while grep -q 'State:.[^Z]' /proc/$pid/status 2> /dev/null; do :; done",
			      test->run_dir));
	rt_test_new(test);
	assert_int_equal(rs_rt_adopt(test->rt, on_adopted, &err), 0);
	assert_int_equal(test->adopted, 0);
	assert_true(rt_test_until(test, count_records(test) == 0));
	assert_int_equal(test->gone, 0); /* nobody was told of them */
}

static void test_a_forged_record_is_not_believed(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	kill_agent(fork_agent(test, 1));
	assert_true(rt_test_shell("sed -i 's/\"pid\":[0-9]*/\"pid\":%d/' %s/instances/*", getpid(), test->run_dir));
	rt_test_new(test);
	assert_int_equal(rs_rt_adopt(test->rt, on_adopted, &err), 0);
	assert_int_equal(test->adopted, 0);
	assert_true(rt_test_until(test, count_records(test) == 0));
}

static void test_cleanup_finds_everything_after_a_kill(void **state)
{
	/* In the middle of building and of running; the teardown looks for traces. */
	struct rt_test *test = *state;
	test->config.pool_size = 16;
	struct rs_err err = {0};
	pid_t pid = fork_agent(test, 3);
	kill_agent(pid);
	assert_true(rt_test_traces(test) > 0);
	if (rs_rt_cleanup(&test->config, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(rt_test_traces(test), 0);
}

static void test_a_waiting_sandbox_that_dies_is_replaced(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	test->config.pool_size = 1;
	rt_test_new(test);
	rt_test_fill(test, 1);
	assert_true(
		rt_test_shell("kill -9 $(cat /sys/fs/cgroup/unified/%s/*/cgroup.procs /sys/fs/cgroup/%s/*/cgroup.procs "
			      "2> /dev/null)",
			      test->cgroup_root, test->cgroup_root));
	assert_true(rt_test_until(test, test->failed && test->prepared >= 2 && test->gone));
	struct rs_rt_instance *instance = rt_test_start(test, "exit 5");
	assert_true(rt_test_until(test, test->exited));
	rt_test_end(test, instance);
	(void)err;
}

static void test_the_node_may_be_full(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	test->config.max_instances = 2;
	rt_test_new(test);
	rt_test_fill(test, 2);
	struct rs_rt_instance *one = rt_test_start(test, "exec sleep 600");
	struct rs_rt_instance *two = rt_test_start(test, "exec sleep 600");
	struct rs_rt_instance *three;
	const char *const command[] = {"true", NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	assert_int_equal(rs_rt_start(test->rt, &spec, &three, &err), -ENOSPC);
	assert_non_null(strstr(err.message, "2 instances"));
	rt_test_end(test, one);
	three = rt_test_start(test, "exit 0");
	rt_test_end(test, two);
	rt_test_end(test, three);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void test_a_hundred_starts(void **state)
{
	enum { STARTS = 100 };
	struct rt_test *test = *state;
	uint64_t exec_ns[STARTS], call_ns[STARTS];
	rt_test_new(test);
	rt_test_fill(test, 2);
	for (unsigned i = 0; i < STARTS; i++) {
		/* Quiet, as before the first connection in a while: the pool is full, the last one gone. */
		assert_true(rt_test_until(test, test->gone == i && test->prepared == i + 2));
		const char *const command[] = {"/bin/true", NULL};
		struct rs_rt_spec spec = rt_test_spec(command);
		struct rs_rt_instance *instance;
		struct rs_err err = {0};
		uint64_t begin = 0;
		int r = -EAGAIN;
		assert_true(rt_test_until(
			test, (begin = rs_now_ns(), r = rs_rt_start(test->rt, &spec, &instance, &err)) != -EAGAIN));
		assert_int_equal(r, 0);
		call_ns[i] = rs_now_ns() - begin;
		assert_true(rt_test_until(test, test->exited > i));
		assert_int_equal(test->exit_how, RS_RT_EXIT_CODE);
		assert_int_equal(test->exit_value, 0);
		assert_true(instance->exec_ns > begin);
		exec_ns[i] = instance->exec_ns - begin;
		assert_int_equal(rs_rt_remove(test->rt, instance), 0);
	}
	assert_true(rt_test_until(test, test->gone == STARTS));
	qsort(exec_ns, STARTS, sizeof(*exec_ns), compare);
	qsort(call_ns, STARTS, sizeof(*call_ns), compare);
	print_message("# rs_rt_start to exec: p50 %.0f us, p99 %.0f us; the call itself: p50 %.0f us, p99 %.0f us\n",
		      (double)exec_ns[STARTS / 2] / 1e3, (double)exec_ns[STARTS - 2] / 1e3,
		      (double)call_ns[STARTS / 2] / 1e3, (double)call_ns[STARTS - 2] / 1e3);
	assert_int_equal(test->failed, 0);
}

static void test_many_at_one_moment(void **state)
{
	enum { MANY = 60 };
	struct rt_test *test = *state;
	struct rs_rt_instance *instances[MANY];
	rt_test_new(test);
	rt_test_fill(test, 2);
	uint64_t begin = rs_now_ns();
	for (unsigned i = 0; i < MANY; i++)
		instances[i] = rt_test_start(test, "exec sleep 600");
	print_message("# %u starts with a pool of 2: %.1f ms each\n", MANY, (double)(rs_now_ns() - begin) / 1e6 / MANY);
	for (unsigned i = 0; i < MANY; i++) {
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(instances[i]->address.s_addr, instances[j]->address.s_addr);
	}
	begin = rs_now_ns();
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(rs_rt_remove(test->rt, instances[i]), 0);
	assert_true(rt_test_until(test, test->gone == MANY));
	print_message("# %u removals: %.1f ms each\n", MANY, (double)(rs_now_ns() - begin) / 1e6 / MANY);
	assert_int_equal(test->failed, 0);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, rt_test_down)
	const struct CMUnitTest tests[] = {
		test(test_instances_outlive_their_agent),
		test(test_an_agent_killed_within_a_start_loses_nothing),
		test(test_the_old_pool_makes_room),
		test(test_those_that_ended_in_between_are_removed),
		test(test_a_forged_record_is_not_believed),
		test(test_cleanup_finds_everything_after_a_kill),
		test(test_a_waiting_sandbox_that_dies_is_replaced),
		test(test_the_node_may_be_full),
		test(test_a_hundred_starts),
		test(test_many_at_one_moment),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
