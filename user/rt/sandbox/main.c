// SPDX-License-Identifier: BSD-2-Clause
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/range.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct verb {
	const char *name;
	int (*run)(const struct rs_sandbox_options *options, struct rs_err *err);
} verbs[] = {
	{"prepare", rs_sandbox_prepare}, {"remove", rs_sandbox_remove}, {"cleanup", rs_sandbox_cleanup},
	{"enter", rs_sandbox_enter},	 {"rotate", rs_sandbox_rotate}, {"sweep", rs_sandbox_sweep},
};

/* An agent that the kernel shall spare when memory is short has instances and probes that it need not. */
static void be_as_killable_as_others(void)
{
	rs_auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "0", 1) < 0)
		errno = 0;
}

static int parse_number(const char *text, long long maximum, long long *ret_number)
{
	return rs_str_to_long(text, 0, maximum, ret_number);
}

/* One "key=value". An empty value is as good as none. */
static int parse_option(struct rs_sandbox_options *options, const char *key, size_t length, const char *value)
{
	long long number = 0;
	int r = 0;
	const struct {
		const char *key;
		const char **value;
	} texts[] = {
		{"name", &options->name},	{"link", &options->link},
		{"hosts", &options->hosts},	{"resolv-conf", &options->resolv_conf},
		{"records", &options->records}, {"logs", &options->logs},
		{"log", &options->log},		{"path", &options->path},
	};
	for (size_t i = 0; i < rs_array_length(texts); i++) {
		if (strlen(texts[i].key) == length && !strncmp(texts[i].key, key, length)) {
			*texts[i].value = *value ? value : NULL;
			return 0;
		}
	}
	const struct {
		const char *key;
		struct rs_address *value;
	} addresses[] = {
		{"address=", &options->address[RS_V4]},
		{"gateway=", &options->gateway[RS_V4]},
		{"address6=", &options->address[RS_V6]},
		{"gateway6=", &options->gateway[RS_V6]},
	};
	for (size_t i = 0; i < rs_array_length(addresses); i++) {
		if (!strncmp(key, addresses[i].key, length + 1))
			return rs_address_parse(value, addresses[i].value);
	}
	if (!strncmp(key, "id=", length + 1)) {
		r = parse_number(value, UINT32_MAX, &number);
		options->id = (uint32_t)number;
		return r;
	}
	const struct {
		const char *key;
		long long *value;
	} numbers[] = {{"mtu", &options->mtu},
		       {"keep", &options->keep},
		       {"age", &options->age},
		       {"total", &options->total},
		       {"spare", &options->spare}};
	for (size_t i = 0; i < rs_array_length(numbers); i++) {
		if (strlen(numbers[i].key) == length && !strncmp(numbers[i].key, key, length))
			return parse_number(value, INT64_MAX, numbers[i].value);
	}
	if (!strncmp(key, "pid=", length + 1)) {
		r = parse_number(value, INT32_MAX, &number);
		options->pid = (pid_t)number;
		return r;
	}
	if (!strncmp(key, "cgroup=", length + 1)) {
		if (options->group_count == RS_SANDBOX_GROUPS_MAX)
			return -E2BIG;
		options->groups[options->group_count++] = value;
		return 0;
	}
	return -EINVAL;
}

static int parse(struct rs_sandbox_options *options, char **argv, struct rs_err *err)
{
	for (; *argv; argv++) {
		if (rs_str_equal(*argv, "--")) {
			options->command = argv + 1;
			return 0;
		}
		size_t length = strcspn(*argv, "=");
		int r = (*argv)[length] ? parse_option(options, *argv, length, *argv + length + 1) : -EINVAL;
		if (r < 0)
			return rs_err_set(err, r, "cannot understand \"%s\"", *argv);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct rs_sandbox_options options = {.name = NULL};
	struct rs_err err = {0};
	be_as_killable_as_others();
	for (size_t i = 0; argc > 1 && i < rs_array_length(verbs); i++) {
		if (!rs_str_equal(argv[1], verbs[i].name))
			continue;
		int r = parse(&options, argv + 2, &err);
		if (r == 0)
			r = verbs[i].run(&options, &err);
		if (r < 0)
			fprintf(stderr, "%s\n", *err.message ? err.message : strerror(-r));
		return r < 0 ? 1 : 0;
	}
	fprintf(stderr, "rouse-sandbox is started by roused, not by hand: prepare|remove|cleanup|enter|rotate|sweep "
			"key=value...\n");
	return 2;
}
