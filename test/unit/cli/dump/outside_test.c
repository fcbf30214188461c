/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* rouse status when no agent answers: what can be seen without it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/dump/outside.h"
#include "unit/cli/fixture.h"

static void test_places_follow_from_the_socket(void **state)
{
	(void)state;
	struct rs_outside places;
	rs_outside_places("/run/rouse/api.sock", &places);
	assert_string_equal(places.name, "rouse");
	assert_string_equal(places.run_dir, "/run/rouse");
	assert_string_equal(places.state_dir, "/var/lib/rouse");
	assert_string_equal(places.bpf_dir, "/sys/fs/bpf/rouse");
	rs_outside_places("/run/blue/api.sock", &places);
	assert_string_equal(places.bpf_dir, "/sys/fs/bpf/blue");
	rs_outside_places("api.sock", &places);
	assert_string_equal(places.run_dir, ".");
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_places_are_where_the_configuration_says(void **state)
{
	(void)state;
	static const char *const names[] = {"blue.d/10.yaml", "blue.d", "blue.yaml", "broken.yaml", "rouse.yaml", ""};
	char directory[] = "/tmp/rouse-conf-XXXXXX", path[PATH_MAX];
	struct rs_outside places;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/blue.d", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	write_file(directory, "rouse.yaml", "# nothing but comments\n");
	write_file(directory, "blue.yaml", "run-dir: /srv/run\nstate-dir: /srv/other\npool: 3\n");
	write_file(directory, "blue.d/10.yaml", "state-dir: /srv/state\n");
	write_file(directory, "broken.yaml", "run-dir: [\n");
	rs_outside_places_by(directory, "/srv/run/api.sock", &places);
	assert_string_equal(places.name, "blue");
	assert_string_equal(places.run_dir, "/srv/run");
	assert_string_equal(places.state_dir, "/srv/state");
	assert_string_equal(places.bpf_dir, "/sys/fs/bpf/blue");
	rs_outside_places_by(directory, "/run/rouse/api.sock", &places);
	assert_string_equal(places.state_dir, "/var/lib/rouse");
	rs_outside_places_by(directory, "/run/other/api.sock", &places);
	assert_string_equal(places.bpf_dir, "/sys/fs/bpf/other");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		assert_int_equal(remove(path), 0);
	}
}

static const cJSON *part(const cJSON *node, const char *name)
{
	const cJSON *at;
	cJSON_ArrayForEach (at, rs_json_get(node, "status", "parts")) {
		if (strcmp(rs_json_text(at, "name"), name) == 0)
			return at;
	}
	fail_msg("there is no part %s", name);
	return NULL;
}

static void test_what_is_seen(void **state)
{
	(void)state;
	char directory[] = "/tmp/rouse-out-XXXXXX", path[64], record[80];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/instances", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(record, sizeof(record), "%s/rouse-1", path);
	FILE *file = fopen(record, "we");
	assert_non_null(file);
	fclose(file);
	char socket[64];
	snprintf(socket, sizeof(socket), "%s/api.sock", directory);

	cJSON *node = rs_outside_look(socket, "it is not running");
	assert_non_null(node);
	assert_string_equal(rs_json_text(node, "kind"), "NodeStatus");
	assert_true(cJSON_IsFalse(rs_json_get(node, "status", "answers")));
	assert_true(cJSON_IsFalse(rs_json_get(part(node, "agent"), "ok")));
	assert_string_equal(rs_json_text(part(node, "agent"), "message"), "it is not running");
	assert_non_null(strstr(rs_json_text(part(node, "instances"), "message"), "1 have records"));
	assert_non_null(strstr(rs_json_text(part(node, "links"), "message"), "are not there"));
	assert_non_null(strstr(rs_json_text(part(node, "store"), "message"), "No such file"));
	assert_non_null(strstr(rs_json_text(part(node, "kernel"), "message"), "Linux "));
	assert_non_null(strstr(rs_json_text(part(node, "process"), "message"), "none: nobody has the lock"));
	cJSON_Delete(node);
	unlink(record);
	rmdir(path);
	rmdir(directory);
}

/* The pid in the file is of whoever wrote it, the lock's holder is the agent. */
static void test_the_process_is_who_has_the_lock(void **state)
{
	(void)state;
	char directory[] = "/tmp/rouse-lock-XXXXXX", socket[64], lock[64], want[160], byte;
	int ends[2];
	assert_non_null(mkdtemp(directory));
	snprintf(socket, sizeof(socket), "%s/api.sock", directory);
	snprintf(lock, sizeof(lock), "%s/lock", directory);
	write_file(directory, "lock", "1");
	cJSON *node = rs_outside_look(socket, "it is not running");
	assert_non_null(strstr(rs_json_text(part(node, "process"), "message"), "none: nobody has the lock"));
	cJSON_Delete(node);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(lock, O_RDWR | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	node = rs_outside_look(socket, "it does not answer");
	snprintf(want, sizeof(want), "pid %d has the lock %s: it starts, or is stuck", (int)child, lock);
	assert_non_null(strstr(rs_json_text(part(node, "process"), "message"), want));
	cJSON_Delete(node);
	/* To look takes nothing away, and a zombie has nothing. */
	assert_int_equal(kill(child, SIGKILL), 0);
	siginfo_t ended;
	assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
	node = rs_outside_look(socket, "it does not answer");
	assert_non_null(strstr(rs_json_text(part(node, "process"), "message"), "none: nobody has the lock"));
	cJSON_Delete(node);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
	unlink(lock);
	rmdir(directory);
}

static void test_status_without_an_agent(void **state)
{
	(void)state;
	fake_run(&fake, "--socket", "/nonexistent/api.sock", "status");
	assert_int_equal(fake.code, 1);
	assert_non_null(strstr(fake.out, "no agent answers; seen from outside:\n"));
	assert_non_null(strstr(fake.out, "\nagent       NO     no agent answers at /nonexistent/api.sock"));
	assert_string_equal(fake.err, "rouse: the agent does not answer\n");
	fake_run(&fake, "--socket", "/nonexistent/api.sock", "status", "-o", "json");
	assert_int_equal(fake.code, 1);
	cJSON *node = cJSON_Parse(fake.out);
	assert_non_null(node);
	cJSON_Delete(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_follow_from_the_socket),
		cmocka_unit_test(test_places_are_where_the_configuration_says),
		cmocka_unit_test(test_what_is_seen),
		cmocka_unit_test(test_the_process_is_who_has_the_lock),
		cmocka_unit_test(test_status_without_an_agent),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
