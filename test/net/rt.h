/* SPDX-License-Identifier: BSD-2-Clause */
/* A runtime on an event loop, in a network namespace of the test's own, with its facts written down. */
#ifndef RS_TEST_NET_RT_H
#define RS_TEST_NET_RT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/rt.h"

#define TEST_SECOND 1000000ULL

struct rt_test {
	sd_event *event;
	struct rs_rt *rt;
	struct rs_rt_config config;
	char directory[64]; /* STATE and RUN */
	char state_dir[96], run_dir[96], hosts_file[96], cgroup_root[64], name[16];
	/* What the callbacks told. */
	unsigned prepared, exited, gone, failed, probes, adopted;
	enum rs_rt_exit exit_how;
	int exit_value;
	char exit_text[256];
	char failure[512];
	bool probe_ok;
	uint64_t probe_cookie;
	char probe_text[256];
	struct rs_rt_instance *last_adopted;
};

/* Group setup: a network namespace, with the gateway's address on its loopback. */
int rt_test_enter(void **state);

/* A runtime with a pool that is full, and its end: everything is removed, and nothing is left. */
int rt_test_up(void **state);
/* With IPv6, fd00:99::/112, as well. */
int rt_test_up6(void **state);
int rt_test_down(void **state);
void rt_test_new(struct rt_test *test);
void rt_test_fill(struct rt_test *test, unsigned count);

/* Runs the loop until the condition holds, at most 20 seconds; false when it never did. */
#define rt_test_until(test, condition)                                                                                 \
	({                                                                                                             \
		uint64_t until_ = rs_now_ns() + 20 * RS_NS_PER_S;                                                      \
		bool met_;                                                                                             \
		while (!(met_ = (condition)) && rs_now_ns() < until_)                                                  \
			sd_event_run((test)->event, TEST_SECOND / 200);                                                \
		met_;                                                                                                  \
	})

/* Starts `sh -c SCRIPT` with PORT 8080. */
struct rs_rt_instance *rt_test_start(struct rt_test *test, const char *script);
struct rs_rt_spec rt_test_spec(const char *const *command);
/* Runs the instance to its end and removes it. */
void rt_test_end(struct rt_test *test, struct rs_rt_instance *instance);
/* True when the instance's log has `text` in it. */
bool rt_test_log_has(const struct rs_rt_instance *instance, const char *text);
/* True when the file has `text` in it. */
bool rt_test_file_has(const char *path, const char *text);
/* Runs a shell command; true when it succeeds. */
bool rt_test_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is left in this machine of the test's name: namespaces, links, cgroups. */
unsigned rt_test_traces(const struct rt_test *test);

#endif
