/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/store.c user/sys/store_copy.c user/sys/store_db.c user/sys/store_read.c user/sys/store_write.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/store.h"

struct fixture {
	char directory[64];
	char path[96];
	sd_event *event;
	struct rs_store *store;
};

static struct rs_store *must_open(struct fixture *f)
{
	struct rs_err err = {0};
	struct rs_store *store = NULL;
	if (rs_store_open(f->path, f->event, &store, &err) < 0)
		fail_msg("%s", err.message);
	return store;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->directory, "/tmp/rouse-store-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/store.db", f->directory);
	assert_true(sd_event_new(&f->event) >= 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char name[128];
	rs_store_free(f->store);
	sd_event_unref(f->event);
	for (const char *const *suffix = (const char *const[]){"", "-wal", "-shm", ".lock", NULL}; *suffix; suffix++) {
		snprintf(name, sizeof(name), "%s%s", f->path, *suffix);
		unlink(name);
	}
	umount2(f->directory, MNT_DETACH); /* if test_a_full_disk... has failed half-way */
	rmdir(f->directory);
	free(f);
	return 0;
}

/* Turns the loop until *flag, at most 20 s. */
static void turn_until(sd_event *event, const volatile bool *flag)
{
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (!*flag) {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(event, 100000) >= 0);
	}
}

struct outcome {
	volatile bool is_done;
	int code;
	char message[RS_ERR_MESSAGE_MAX];
};

static void on_done(void *user, int code, const struct rs_err *err)
{
	struct outcome *outcome = user;
	outcome->is_done = true;
	outcome->code = code;
	if (err)
		rs_str_copy(outcome->message, sizeof(outcome->message), err->message);
}

static struct rs_store_op put(const char *name, uint64_t version, const char *json)
{
	return (struct rs_store_op){.type = RS_STORE_PUT_OBJECT,
				    .object = {.kind = "Service",
					       .namespace = "default",
					       .name = name,
					       .uid = "u",
					       .generation = 3,
					       .resource_version = version,
					       .json = json}};
}

static int commit(struct fixture *f, const struct rs_store_op *ops, size_t count)
{
	struct outcome outcome = {0};
	assert_int_equal(rs_store_commit(f->store, ops, count, on_done, &outcome, NULL), 0);
	turn_until(f->event, &outcome.is_done);
	return outcome.code;
}

/* What a store has, as one text. */
static int print_object(void *user, const struct rs_store_object *o, struct rs_err *err)
{
	(void)err;
	return rs_buf_printf(user, "%s/%s/%s %s %lld %llu %s\n", o->kind, o->namespace, o->name, o->uid,
			     (long long)o->generation, (unsigned long long)o->resource_version, o->json);
}

static int print_vip(void *user, uint32_t vip, const char *namespace, const char *route, const char *tag,
		     struct rs_err *err)
{
	(void)err;
	return rs_buf_printf(user, "vip %u %s/%s '%s'\n", vip, namespace, route, tag);
}

static int print_counter(void *user, const char *name, uint64_t value, struct rs_err *err)
{
	(void)err;
	return rs_buf_printf(user, "%s=%llu\n", name, (unsigned long long)value);
}

static const struct rs_store_loader printer = {print_object, print_vip, print_counter};

static void assert_content(struct fixture *f, const char *want)
{
	struct rs_buf buf;
	rs_buf_init(&buf, 65536);
	assert_int_equal(rs_store_load(f->store, &printer, &buf, NULL), 0);
	assert_string_equal(buf.data ? buf.data : "", want);
	rs_buf_done(&buf);
}

static void test_what_was_committed_is_there_after_a_reopen(void **state)
{
	struct fixture *f = *state;
	f->store = must_open(f);
	struct rs_store_op first[] = {
		put("hello", UINT64_MAX - 1, "{\"a\":\"\xc3\xa4\"}"),
		put("gone", 8, "{}"),
		{.type = RS_STORE_PUT_VIP, .vip = 7, .object = {.namespace = "default", .name = "hello"}, .tag = "v1"},
		{.type = RS_STORE_PUT_VIP, .vip = UINT32_MAX - 1, .object = {.namespace = "n", .name = "r"}},
		{.type = RS_STORE_PUT_COUNTER, .object = {.name = "resource_version"}, .value = UINT64_MAX},
	};
	assert_int_equal(commit(f, first, rs_array_length(first)), 0);
	struct rs_store_op second[] = {
		put("hello", 9, "{}"),
		{.type = RS_STORE_DELETE_OBJECT, .object = {.kind = "Service", .namespace = "default", .name = "gone"}},
		{.type = RS_STORE_DELETE_VIP, .vip = UINT32_MAX - 1},
		{.type = RS_STORE_PUT_COUNTER, .object = {.name = "resource_version"}, .value = 10},
	};
	assert_int_equal(commit(f, second, rs_array_length(second)), 0);
	const char *want = "Service/default/hello u 3 9 {}\nvip 7 default/hello 'v1'\nresource_version=10\n";
	assert_content(f, want);
	f->store = rs_store_free(f->store);
	f->store = must_open(f);
	assert_content(f, want);

	struct stat status;
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_free_writes_and_reports_what_is_queued(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome[50] = {0};
	f->store = must_open(f);
	for (size_t i = 0; i < rs_array_length(outcome); i++) {
		struct rs_store_op op = put("hello", i, "{}");
		assert_int_equal(rs_store_commit(f->store, &op, 1, on_done, &outcome[i], NULL), 0);
	}
	f->store = rs_store_free(f->store);
	for (size_t i = 0; i < rs_array_length(outcome); i++)
		assert_true(outcome[i].is_done && outcome[i].code == 0);
	f->store = must_open(f);
	assert_content(f, "Service/default/hello u 3 49 {}\n");
}

static void test_the_queue_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct rs_err err = {0};
	f->store = must_open(f);
	rs_auto_free struct rs_store_op *ops = calloc(RS_STORE_OPS_MAX + 1, sizeof(*ops));
	assert_int_equal(rs_store_commit(f->store, ops, RS_STORE_OPS_MAX + 1, NULL, NULL, &err), -E2BIG);
	assert_true(err.message[0]);

	/* Another connection holds the write lock, so nothing leaves the queue. */
	sqlite3 *other;
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	struct rs_store_op op = put("hello", 1, "{}");
	int r = 0, taken = 0;
	while ((r = rs_store_commit(f->store, &op, 1, NULL, NULL, &err)) == 0)
		assert_true(++taken <= 2 * RS_STORE_QUEUE_MAX);
	assert_int_equal(r, -EAGAIN);
	assert_true(taken >= RS_STORE_QUEUE_MAX);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(rs_store_events_dropped(f->store), 0);
}

static void test_a_second_agent_is_refused_and_a_tool_may_read(void **state)
{
	struct fixture *f = *state;
	struct rs_err err = {0};
	struct rs_store *second = NULL;
	char pid[32];
	f->store = must_open(f);
	struct rs_store_op op = put("hello", 1, "{}");
	assert_int_equal(commit(f, &op, 1), 0);
	assert_int_equal(rs_store_open(f->path, f->event, &second, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %d", getpid());
	assert_non_null(strstr(err.message, pid));
	assert_null(second);

	assert_int_equal(rs_store_open(f->path, NULL, &second, &err), 0);
	struct fixture tool = {.store = second};
	assert_content(&tool, "Service/default/hello u 3 1 {}\n");
	assert_int_equal(rs_store_commit(second, &op, 1, NULL, NULL, &err), -EROFS);
	rs_store_free(second);

	/* The agent's lock has survived the tool's close. */
	assert_int_equal(rs_store_open(f->path, f->event, &second, &err), -EBUSY);
	f->store = rs_store_free(f->store);
	f->store = must_open(f);
}

static void write_file(const char *path, const char *text, size_t length)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), (ssize_t)length);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_what_is_no_store_is_refused_and_left_alone(void **state)
{
	struct fixture *f = *state;
	struct rs_err err = {0};
	char text[4096];
	memset(text, 'x', sizeof(text));
	write_file(f->path, text, sizeof(text));
	assert_int_equal(rs_store_open(f->path, f->event, &f->store, &err), -EUCLEAN);
	assert_non_null(strstr(err.message, f->path));

	unlink(f->path);
	sql(f->path, "CREATE TABLE other (x); PRAGMA user_version = 1");
	assert_int_equal(rs_store_open(f->path, f->event, &f->store, &err), -EUCLEAN);
	rs_auto_fd int fd = open(f->path, O_RDONLY);
	assert_int_equal(pread(fd, text, 1, 18), 1);
	assert_int_equal(text[0], 1); /* still not WAL */

	rs_auto_free char *missing = rs_str_format("%s/missing/store.db", f->directory);
	assert_int_equal(rs_store_open(missing, f->event, &f->store, &err), -ENOENT);
	assert_int_equal(rs_store_open(missing, NULL, &f->store, &err), -ENOENT);
	assert_null(f->store);
}

static void test_a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct rs_err err = {0};
	f->store = must_open(f);
	f->store = rs_store_free(f->store);
	sql(f->path, "PRAGMA user_version = 2");
	assert_int_equal(rs_store_open(f->path, f->event, &f->store, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.message, "schema is 2"));
}

static void test_damage_is_found_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct rs_err err = {0};
	char text[512];
	memset(text, 0xff, sizeof(text));
	f->store = must_open(f);
	struct rs_store_op op = put("hello", 1, "{}");
	assert_int_equal(commit(f, &op, 1), 0);
	f->store = rs_store_free(f->store);
	rs_auto_fd int fd = open(f->path, O_WRONLY);
	assert_int_equal(pwrite(fd, text, sizeof(text), 4096), sizeof(text)); /* the head of the second page */
	assert_int_equal(rs_store_open(f->path, f->event, &f->store, &err), -EUCLEAN);
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static struct rs_store_event event_of(const char *name, const char *message)
{
	return (struct rs_store_event){.wall_ns = 1764068400123456789,
				       .type = "Normal",
				       .kind = "Revision",
				       .namespace = "default",
				       .name = name,
				       .reason = "InstanceReady",
				       .message = message,
				       .count = 1};
}

static int print_event(void *user, const struct rs_store_event *e)
{
	return rs_buf_printf(user, "%llu %s %s/%s/%s %s %s x%u\n", (unsigned long long)e->id, e->type, e->kind,
			     e->namespace, e->name, e->reason, e->message, e->count);
}

/* Events are written some time after they were appended: looks until they are there. */
static void assert_events(struct fixture *f, uint64_t after, size_t limit, const char *name, const char *want)
{
	struct rs_buf buf;
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	rs_buf_init(&buf, 1024 * 1024);
	do {
		rs_buf_clear(&buf);
		assert_true(rs_store_list_events(f->store, after, limit, NULL, NULL, name, print_event, &buf, NULL) >=
			    0);
		usleep(1000);
	} while (strcmp(buf.data ? buf.data : "", want) && rs_now_ns() < deadline);
	assert_string_equal(buf.data ? buf.data : "", want);
	rs_buf_done(&buf);
}

static void test_events_are_listed_and_repeats_are_counted(void **state)
{
	struct fixture *f = *state;
	f->store = must_open(f);
	struct rs_store_event a = event_of("a", "one"), b = event_of("b", "two"), c = event_of("a", "three");
	const struct rs_store_event *order[] = {&a, &b, &a, &a, &c, &a};
	for (size_t i = 0; i < rs_array_length(order); i++)
		assert_int_equal(rs_store_append_event(f->store, order[i]), 0);
	assert_events(f, 0, 100, NULL,
		      "2 Normal Revision/default/b InstanceReady two x1\n"
		      "4 Normal Revision/default/a InstanceReady one x3\n"
		      "5 Normal Revision/default/a InstanceReady three x1\n"
		      "6 Normal Revision/default/a InstanceReady one x1\n");
	assert_events(f, 4, 1, NULL, "5 Normal Revision/default/a InstanceReady three x1\n");
	assert_events(f, 0, 100, "b", "2 Normal Revision/default/b InstanceReady two x1\n");

	/* The newest row is absorbed after a restart too, and its number does not come again. */
	f->store = rs_store_free(f->store);
	f->store = must_open(f);
	assert_int_equal(rs_store_append_event(f->store, &a), 0);
	assert_events(f, 5, 100, NULL, "7 Normal Revision/default/a InstanceReady one x2\n");
}

static int count_event(void *user, const struct rs_store_event *event)
{
	uint64_t *range = user;
	range[0] = range[0] ? range[0] : event->id;
	range[1] = event->id;
	range[2]++;
	return 0;
}

static void test_the_ring_of_events_is_bounded(void **state)
{
	struct fixture *f = *state;
	f->store = must_open(f);
	uint64_t total = RS_STORE_EVENTS_MAX + 500, deadline = rs_now_ns() + 20 * RS_NS_PER_S, range[3] = {0};
	for (uint64_t i = 0; i < total; i++) {
		char message[32];
		snprintf(message, sizeof(message), "number %llu", (unsigned long long)i);
		struct rs_store_event event = event_of("a", message);
		/* The queue is smaller than the ring: commit to empty it. */
		if (i % 500 == 499)
			assert_int_equal(commit(f, NULL, 0), 0);
		assert_int_equal(rs_store_append_event(f->store, &event), 0);
	}
	while (range[1] < total) {
		assert_true(rs_now_ns() < deadline);
		memset(range, 0, sizeof(range));
		assert_int_equal(commit(f, NULL, 0), 0);
		assert_true(rs_store_list_events(f->store, 0, SIZE_MAX, "default", "Revision", "a", count_event, range,
						 NULL) >= 0);
	}
	assert_int_equal(range[2], RS_STORE_EVENTS_MAX);
	assert_int_equal(range[0], total - RS_STORE_EVENTS_MAX + 1);
	assert_int_equal(rs_store_events_dropped(f->store), 0);
}

static void test_events_beyond_the_queue_are_counted(void **state)
{
	struct fixture *f = *state;
	f->store = must_open(f);
	sqlite3 *other;
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	struct rs_store_event event = event_of("a", "one");
	int appended = 0, r;
	while ((r = rs_store_append_event(f->store, &event)) == 0)
		assert_true(++appended <= 2 * RS_STORE_EVENT_QUEUE_MAX);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(rs_store_events_dropped(f->store), 1);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
}

/* --- faults ---------------------------------------------------------------------------------------------------- */

static void test_a_full_disk_fails_the_commit_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	if (mount("rouse-store-test", f->directory, "tmpfs", 0, "size=2m") < 0) {
		print_message("SKIP needs to mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	f->store = must_open(f);
	struct rs_store_op op = put("small", 1, "{}");
	int small = commit(f, &op, 1);

	size_t bytes = 4 * 1024 * 1024;
	rs_auto_free char *large = malloc(bytes);
	memset(large, 'x', bytes);
	large[bytes - 1] = '\0';
	/* Queued together: the one that cannot be written must not take the others with it. */
	struct outcome outcome[3] = {0};
	struct rs_store_op ops[3] = {put("a", 2, "{}"), put("large", 3, large), put("b", 4, "{}")};
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_store_commit(f->store, &ops[i], 1, on_done, &outcome[i], NULL), 0);
	turn_until(f->event, &outcome[2].is_done);
	f->store = rs_store_free(f->store);
	f->store = must_open(f);
	struct rs_buf buf;
	rs_buf_init(&buf, 65536);
	int loaded = rs_store_load(f->store, &printer, &buf, NULL);
	f->store = rs_store_free(f->store);
	umount2(f->directory, MNT_DETACH);

	assert_int_equal(small, 0);
	assert_int_equal(outcome[0].code, 0);
	assert_int_equal(outcome[1].code, -ENOSPC);
	assert_non_null(strstr(outcome[1].message, "disk is full"));
	assert_int_equal(outcome[2].code, 0);
	assert_int_equal(loaded, 0);
	assert_string_equal(buf.data, "Service/default/small u 3 1 {}\nService/default/a u 3 2 {}\n"
				      "Service/default/b u 3 4 {}\n");
	rs_buf_done(&buf);
}

static void acknowledge(void *user, int code, const struct rs_err *err)
{
	uint64_t number = (uint64_t)(uintptr_t)user;
	(void)err;
	/* The pipe is the first thing to know of it. */
	if (code != 0 || write(STDOUT_FILENO, &number, sizeof(number)) != sizeof(number))
		_exit(1);
}

/* Commits forever, two objects in each that must stay equal. */
static void run_child(const char *path, int fd, uint64_t first)
{
	sd_event *event;
	struct rs_store *store;
	dup2(fd, STDOUT_FILENO);
	if (sd_event_new(&event) < 0 || rs_store_open(path, event, &store, NULL) < 0)
		_exit(2);
	for (uint64_t number = first;; number++) {
		struct rs_store_op ops[] = {put("x", number, "{}"), put("y", number, "{}")};
		while (rs_store_commit(store, ops, 2, acknowledge, (void *)(uintptr_t)number, NULL) < 0)
			sd_event_run(event, UINT64_MAX);
		sd_event_run(event, number % 3 ? 0 : UINT64_MAX);
	}
}

static int take_version(void *user, const struct rs_store_object *object, struct rs_err *err)
{
	uint64_t *versions = user;
	(void)err;
	versions[strcmp(object->name, "x") ? 1 : 0] = object->resource_version;
	return 0;
}

static void test_acknowledged_means_there_after_kill_9(void **state)
{
	struct fixture *f = *state;
	uint64_t acknowledged = 0;
	srand(1);
	for (int round = 0; round < 15; round++) {
		int ends[2];
		uint64_t number;
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(ends[0]);
			run_child(f->path, ends[1], acknowledged + 1000000);
		}
		close(ends[1]);
		/* Killed somewhere within its next commits: after some acknowledgements and a random moment. */
		int lines = rand() % 60;
		for (int i = 0; i <= lines; i++) {
			assert_int_equal(read(ends[0], &number, sizeof(number)), sizeof(number));
			acknowledged = number;
		}
		struct timespec moment = {.tv_nsec = rand() % 3000000};
		nanosleep(&moment, NULL);
		kill(child, SIGKILL);
		while (read(ends[0], &number, sizeof(number)) == sizeof(number))
			acknowledged = number;
		close(ends[0]);
		assert_int_equal(waitpid(child, NULL, 0), child);

		f->store = must_open(f);
		uint64_t versions[2] = {0};
		const struct rs_store_loader loader = {.object = take_version};
		assert_int_equal(rs_store_load(f->store, &loader, versions, NULL), 0);
		assert_int_equal(versions[0], versions[1]);
		assert_true(versions[0] >= acknowledged);
		f->store = rs_store_free(f->store);
	}
}

static int count_object(void *user, const struct rs_store_object *object, struct rs_err *err)
{
	(void)object;
	(void)err;
	(*(size_t *)user)++;
	return 0;
}

static void test_ten_thousand_objects_load_within_half_a_second(void **state)
{
	struct fixture *f = *state;
	f->store = must_open(f);
	rs_auto_free struct rs_store_op *ops = calloc(5000, sizeof(*ops));
	char(*names)[32] = calloc(5000, sizeof(*names)), json[2000];
	memset(json, 'x', sizeof(json));
	json[sizeof(json) - 1] = '\0';
	for (int half = 0; half < 2; half++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(names[i], sizeof(names[i]), "service-%d-%d", half, i);
			ops[i] = put(names[i], 1, json);
		}
		assert_int_equal(commit(f, ops, 5000), 0);
	}
	f->store = rs_store_free(f->store);
	size_t count = 0;
	uint64_t start = rs_now_ns();
	f->store = must_open(f);
	const struct rs_store_loader loader = {.object = count_object};
	assert_int_equal(rs_store_load(f->store, &loader, &count, NULL), 0);
	uint64_t took = rs_now_ns() - start;
	print_message("open and load: %.0f ms\n", (double)took / 1e6);
	assert_int_equal(count, 10000);
	assert_true(took < RS_NS_PER_S / 2);
	free(names);
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(test_what_was_committed_is_there_after_a_reopen),
		with_store(test_free_writes_and_reports_what_is_queued),
		with_store(test_the_queue_is_bounded),
		with_store(test_a_second_agent_is_refused_and_a_tool_may_read),
		with_store(test_what_is_no_store_is_refused_and_left_alone),
		with_store(test_a_newer_schema_is_refused),
		with_store(test_damage_is_found_at_the_start),
		with_store(test_events_are_listed_and_repeats_are_counted),
		with_store(test_the_ring_of_events_is_bounded),
		with_store(test_events_beyond_the_queue_are_counted),
		with_store(test_a_full_disk_fails_the_commit_and_nothing_else),
		with_store(test_acknowledged_means_there_after_kill_9),
		with_store(test_ten_thousand_objects_load_within_half_a_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
