// SPDX-License-Identifier: BSD-2-Clause
#include "net/rt.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GATEWAY	 "10.99.255.254"
#define GATEWAY6 "fd00:99::fffe"

static void on_prepared(void *user, struct rs_rt_instance *instance)
{
	struct rt_test *test = user;
	assert_true(instance->ifindex > 0);
	test->prepared++;
}

static void on_exited(void *user, struct rs_rt_instance *instance, enum rs_rt_exit how, int value, const char *text)
{
	struct rt_test *test = user;
	(void)instance;
	test->exited++;
	test->exit_how = how;
	test->exit_value = value;
	rs_str_copy(test->exit_text, sizeof(test->exit_text), text ? text : "");
}

static void on_gone(void *user, struct rs_rt_instance *instance)
{
	struct rt_test *test = user;
	(void)instance;
	test->gone++;
}

static void on_failed(void *user, const struct rs_err *err)
{
	struct rt_test *test = user;
	test->failed++;
	rs_str_copy(test->failure, sizeof(test->failure), err->message);
}

static void on_probe(void *user, struct rs_rt_instance *instance, uint64_t cookie, bool ok, const char *text)
{
	struct rt_test *test = user;
	(void)instance;
	test->probes++;
	test->probe_ok = ok;
	test->probe_cookie = cookie;
	rs_str_copy(test->probe_text, sizeof(test->probe_text), text ? text : "");
}

static const struct rs_rt_callbacks callbacks = {
	.on_prepared = on_prepared,
	.on_exited = on_exited,
	.on_gone = on_gone,
	.on_failed = on_failed,
	.on_trouble = on_failed,
	.on_probe = on_probe,
};

bool rt_test_shell(const char *format, ...)
{
	char command[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	return system(command) == 0;
}

int rt_test_enter(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		print_message("cannot make a network namespace: %s\n", strerror(errno));
		return -1;
	}
	return rt_test_shell("ip link set lo up && ip address add " GATEWAY "/32 dev lo && "
			     "ip address add " GATEWAY6 "/128 dev lo nodad")
		       ? 0
		       : -1;
}

static const char *helper(void)
{
	static char path[512];
	const char *build = getenv("B");
	snprintf(path, sizeof(path), "%s/bin/rouse-sandbox", build ? build : "build");
	return path;
}

void rt_test_new(struct rt_test *test)
{
	struct rs_err err = {0};
	assert_true(sd_event_new(&test->event) >= 0);
	if (rs_rt_new(test->event, &test->config, &callbacks, test, &test->rt, &err) < 0)
		fail_msg("%s", err.message);
}

void rt_test_fill(struct rt_test *test, unsigned count)
{
	struct rs_err err = {0};
	assert_int_equal(rs_rt_fill_pool(test->rt, &err), 0);
	if (!rt_test_until(test, test->prepared >= count || test->failed))
		fail_msg("%u of %u sandboxes were built", test->prepared, count);
	if (test->failed)
		fail_msg("%s", test->failure);
}

static struct rt_test *make(void)
{
	struct rt_test *test = calloc(1, sizeof(*test));
	assert_non_null(test);
	strcpy(test->directory, "/tmp/rt-test-XXXXXX");
	assert_non_null(mkdtemp(test->directory));
	/* Instances are not root, and work somewhere below. */
	assert_int_equal(chmod(test->directory, 0755), 0);
	snprintf(test->state_dir, sizeof(test->state_dir), "%s/state", test->directory);
	snprintf(test->run_dir, sizeof(test->run_dir), "%s/run", test->directory);
	snprintf(test->hosts_file, sizeof(test->hosts_file), "%s/hosts", test->directory);
	snprintf(test->name, sizeof(test->name), "rt%d", getpid());
	snprintf(test->cgroup_root, sizeof(test->cgroup_root), "rt-test-%d", getpid());
	/* As the agent does: with the host's own names, or servers that look up their own name wait for DNS. */
	assert_true(rt_test_shell("(cat /etc/hosts; echo 198.18.0.9 elsewhere.default.rouse) > %s", test->hosts_file));
	test->config = (struct rs_rt_config){
		.name = test->name,
		.state_dir = test->state_dir,
		.run_dir = test->run_dir,
		.cgroup_root = test->cgroup_root,
		.sandbox_helper = helper(),
		.hosts_file = test->hosts_file,
		.range_bits = 16,
		.pool_size = 2,
		.max_instances = 64,
		.logs = {.bytes = 64 * 1024, .keep = 10},
		.default_uid = 65534,
		.default_gid = 65534,
	};
	inet_pton(AF_INET, "10.99.0.0", &test->config.range);
	inet_pton(AF_INET, GATEWAY, &test->config.gateway);
	return test;
}

static int up(struct rt_test *test, void **state)
{
	*state = test;
	rt_test_new(test);
	rt_test_fill(test, 1);
	return 0;
}

int rt_test_up(void **state)
{
	return up(make(), state);
}

int rt_test_up6(void **state)
{
	struct rt_test *test = make();
	assert_int_equal(rs_range_parse("fd00:99::/112", &test->config.range6), 0);
	assert_int_equal(rs_address_parse(GATEWAY6, &test->config.gateway6), 0);
	return up(test, state);
}

static unsigned count_in(const char *directory, const char *prefix)
{
	DIR *stream = opendir(directory);
	unsigned count = 0;
	for (struct dirent *entry; stream && (entry = readdir(stream));)
		count += rs_str_starts_with(entry->d_name, prefix);
	if (stream)
		closedir(stream);
	return count;
}

unsigned rt_test_traces(const struct rt_test *test)
{
	char prefix[32];
	snprintf(prefix, sizeof(prefix), "%s-", test->name);
	unsigned count = count_in("/run/netns", prefix);
	struct if_nameindex *links = if_nameindex();
	for (struct if_nameindex *link = links; link && link->if_index; link++)
		count += rs_str_starts_with(link->if_name, prefix);
	if_freenameindex(links);
	static const char *const hierarchies[] = {
		"/sys/fs/cgroup",
		"/sys/fs/cgroup/unified",
		"/sys/fs/cgroup/cpu",
		"/sys/fs/cgroup/memory",
	};
	for (size_t i = 0; i < rs_array_length(hierarchies); i++)
		count += count_in(hierarchies[i], test->cgroup_root);
	char path[160];
	snprintf(path, sizeof(path), "%s/logs", test->state_dir);
	count += access(path, F_OK) == 0;
	snprintf(path, sizeof(path), "%s/instances", test->run_dir);
	return count + (access(path, F_OK) == 0);
}

int rt_test_down(void **state)
{
	struct rt_test *test = *state;
	struct rs_err err = {0};
	rs_rt_free(test->rt);
	sd_event_unref(test->event);
	int r = rs_rt_cleanup(&test->config, &err);
	if (r < 0)
		print_message("%s\n", err.message);
	unsigned traces = rt_test_traces(test);
	if (traces)
		print_message("%u traces are left of %s\n", traces, test->name);
	rt_test_shell("rm -rf %s", test->directory);
	free(test);
	return r < 0 || traces ? -1 : 0;
}

struct rs_rt_spec rt_test_spec(const char *const *command)
{
	return (struct rs_rt_spec){
		.namespace = "default",
		.service = "hello",
		.configuration = "hello",
		.revision = "hello-00001",
		.command = command,
		.run_as_user = -1,
		.port = 8080,
	};
}

struct rs_rt_instance *rt_test_start(struct rt_test *test, const char *script)
{
	const char *const command[] = {"sh", "-c", script, NULL};
	struct rs_rt_spec spec = rt_test_spec(command);
	struct rs_rt_instance *instance = NULL;
	struct rs_err err = {0};
	int r = -EAGAIN;
	if (!rt_test_until(test, (r = rs_rt_start(test->rt, &spec, &instance, &err)) != -EAGAIN) || r < 0)
		fail_msg("%s", err.message);
	return instance;
}

void rt_test_end(struct rt_test *test, struct rs_rt_instance *instance)
{
	unsigned gone = test->gone;
	assert_int_equal(rs_rt_remove(test->rt, instance), 0);
	assert_true(rt_test_until(test, test->gone > gone));
}

bool rt_test_file_has(const char *path, const char *text)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	static char content[256 * 1024];
	ssize_t n = read(fd, content, sizeof(content) - 1);
	content[n > 0 ? n : 0] = '\0';
	return strstr(content, text) != NULL;
}

bool rt_test_log_has(const struct rs_rt_instance *instance, const char *text)
{
	return rt_test_file_has(instance->log_path, text);
}
