/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/timer.c user/core/model/selector.c user/rt/log_times.c agent/api */
/* Logs: the last lines, and what comes after them. */
#include "unit/agent/api_fixture.h"

#define LOG ROUSE "/namespaces/ns/instances/i/log"

static void assert_log(struct fixture *f, const char *query, const char *want)
{
	char path[256];
	snprintf(path, sizeof(path), LOG "%s", query);
	struct reply reply = ask(f, "GET", path, NULL);
	assert_int_equal(reply.status, 200);
	assert_string_equal(text(&reply.body), want);
	end(f, &reply);
}

static void test_the_last_lines_of_a_log(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	struct reply reply = ask(f, "GET", LOG, NULL);
	assert_int_equal(reply.status, 404);
	end(f, &reply);
	append(f->log, "");
	assert_log(f, "", "");
	assert_log(f, "?tailLines=3", "");
	append(f->log, "one\n\nthree\nfour\n");
	assert_log(f, "", "one\n\nthree\nfour\n");
	assert_log(f, "?tailLines=0", "");
	assert_log(f, "?tailLines=1", "four\n");
	assert_log(f, "?tailLines=3", "\nthree\nfour\n");
	assert_log(f, "?tailLines=4", "one\n\nthree\nfour\n");
	assert_log(f, "?tailLines=99", "one\n\nthree\nfour\n");
	append(f->log, "five");
	assert_log(f, "?tailLines=2", "four\nfive");
}

static void test_the_last_lines_of_a_large_log(void **state)
{
	struct fixture *f = *state;
	char line[64];
	struct rs_buf all;
	f->how = ANSWER_FILE;
	rs_buf_init(&all, 16 * 1024 * 1024);
	for (int i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		rs_buf_puts(&all, line);
	}
	append(f->log, all.data);
	assert_log(f, "", all.data);
	const char *last = strstr(all.data, "line 70000\n");
	assert_log(f, "?tailLines=30000", last);
	rs_buf_done(&all);
}

/* An instance may make its log as long as a file can be. The loop must not look through all of it. */
static void test_a_log_without_end_does_not_stop_the_agent(void **state)
{
	struct fixture *f = *state;
	const off_t length = 1LL << 42;
	f->how = ANSWER_FILE;
	append(f->log, "one\n");
	assert_int_equal(truncate(f->log, length), 0);
	append(f->log, "\nlast\n");
	assert_log(f, "?tailLines=1", "last\n");
	assert_int_equal(rs_log_times_note(f->log, 1700000000000, 4), 0);
	static const struct {
		const char *query, *offset;
	} rows[] = {
		/* 64 MiB before the end, and where the time says in the middle of a "line". */
		{"?tailLines=3", "X-Rouse-Log-Offset: 4397979402246\r\n"},
		{"?sinceTime=2023-11-14T22:13:21Z", "X-Rouse-Log-Offset: 4\r\n"},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct reply reply;
		char path[128];
		snprintf(path, sizeof(path), LOG "%s", rows[i].query);
		begin(f, &reply, "GET", path, NULL, 0);
		turn_until(f, reply.body.length > 0);
		assert_non_null(strstr(text(&reply.head), rows[i].offset));
		end(f, &reply);
	}
}

/* What rouse-sandbox does on a file system that cannot cut a file's head. */
static void rotate(struct fixture *f)
{
	char old[128];
	struct rs_buf all;
	rs_buf_init(&all, 1 << 20);
	FILE *file = fopen(f->log, "re");
	assert_non_null(file);
	char block[4096];
	for (size_t n; (n = fread(block, 1, sizeof(block), file)) > 0;)
		rs_buf_append(&all, block, n);
	fclose(file);
	snprintf(old, sizeof(old), "%s.1", f->log);
	unlink(old);
	int fd = rs_log_times_open_locked(f->log);
	assert_true(fd >= 0);
	append(old, all.data);
	assert_int_equal(truncate(f->log, 0), 0);
	assert_int_equal(rs_log_times_note_cut(fd, all.length), 0);
	close(fd);
	rs_buf_done(&all);
}

static void test_a_log_is_followed_over_rotations(void **state)
{
	struct fixture *f = *state;
	struct reply reply;
	f->how = ANSWER_FILE;
	append(f->log, "zero\none\n");
	begin(f, &reply, "GET", LOG "?follow=true&tailLines=1", NULL, 0);
	turn_until(f, strcmp(text(&reply.body), "one\n") == 0);
	append(f->log, "two\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\n") == 0);
	/* What was written last before the rotation is not lost. */
	append(f->log, "three\n");
	rotate(f);
	append(f->log, "four\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\nthree\nfour\n") == 0);
	/* Somebody else may truncate it. */
	assert_int_equal(truncate(f->log, 0), 0);
	append(f->log, "5\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\nthree\nfour\n5\n") == 0);
	assert_false(reply.is_done);
	append(f->log, "last words\n");
	rs_api_end_follow(f->api, f->log);
	turn_until(f, reply.is_done);
	assert_int_equal(reply.result, CURLE_OK);
	assert_string_equal(text(&reply.body), "one\ntwo\nthree\nfour\n5\nlast words\n");
	end(f, &reply);
}

static void test_what_rotation_took_off_is_read_too(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "one\ntwo\n");
	rotate(f);
	append(f->log, "three\nfo");
	assert_log(f, "", "one\ntwo\nthree\nfo");
	assert_log(f, "?tailLines=2", "three\nfo");
	assert_log(f, "?tailLines=3", "two\nthree\nfo");
	assert_log(f, "?offset=4", "two\nthree\nfo");
	assert_log(f, "?offset=12", "e\nfo");
	/* Only the last head is kept; offsets mean the same as before. */
	append(f->log, "ur\n");
	rotate(f);
	append(f->log, "five\n");
	assert_log(f, "", "three\nfour\nfive\n");
	assert_log(f, "?offset=14", "four\nfive\n");
	assert_log(f, "?offset=0", "three\nfour\nfive\n");
	assert_log(f, "?offset=1000", "");
	struct reply reply = ask(f, "GET", LOG "?tailLines=1", NULL);
	assert_non_null(strstr(text(&reply.head), "X-Rouse-Log-Offset: 19\r\n"));
	end(f, &reply);
}

static void test_lines_since_a_time_and_with_it(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "one\ntwo\nthree\n");
	/* When each line was there. */
	assert_int_equal(rs_log_times_note(f->log, 1700000000000, 4), 0);
	assert_int_equal(rs_log_times_note(f->log, 1700000010000, 8), 0);
	assert_int_equal(rs_log_times_note(f->log, 1700000020000, 14), 0);
	assert_log(f, "?sinceTime=2023-11-14T22:13:19Z", "one\ntwo\nthree\n");
	assert_log(f, "?sinceTime=2023-11-14T22:13:21Z", "two\nthree\n");
	assert_log(f, "?sinceTime=2023-11-14T23:13:30.5%2B01:00", "three\n");
	assert_log(f, "?sinceTime=2023-11-14T22:14:00Z", "");
	assert_log(f, "?sinceSeconds=5", "");
	assert_log(f, "?sinceSeconds=2000000000", "one\ntwo\nthree\n");
	assert_log(f, "?sinceTime=2023-11-14T22:13:21Z&tailLines=1", "three\n");
	assert_log(f, "?timestamps=true",
		   "2023-11-14T22:13:20Z one\n2023-11-14T22:13:30Z two\n2023-11-14T22:13:40Z three\n");
	assert_log(f, "?timestamps=true&offset=5", "2023-11-14T22:13:30Z wo\n2023-11-14T22:13:40Z three\n");
	struct reply reply = ask(f, "GET", LOG "?sinceTime=yesterday", NULL);
	assert_int_equal(reply.status, 400);
	end(f, &reply);
}

static void test_times_do_not_outgrow_their_log(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat status;
	struct rs_log_times times = RS_LOG_TIMES_NONE;
	f->how = ANSWER_FILE;
	append(f->log, "x\n");
	rotate(f);
	for (uint64_t i = 0; i < 20000; i++)
		assert_int_equal(rs_log_times_note(f->log, 1700000000000 + i * 1000, i), 0);
	snprintf(path, sizeof(path), "%s.times", f->log);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size < RS_LOG_TIMES_BYTES_MAX + 100);
	/* The cuts stay, and the last times are the best known. */
	assert_int_equal(rs_log_times_read(&times, f->log), 0);
	assert_int_equal(times.cut, 2);
	assert_int_equal(rs_log_times_length_at(&times, 1700000000000 + 19999 * 1000ULL), 19999);
	assert_in_range(rs_log_times_length_at(&times, 1700000000000 + 10000 * 1000ULL), 9900, 10000);
	rs_log_times_done(&times);
}

static void test_a_follower_that_leaves_is_noticed(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "x\n");
	int before = count_fds();
	for (unsigned i = 1; i <= 5; i++) {
		int fd = dial(f, "GET " LOG "?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
		turn_until(f, f->calls == i);
		char byte;
		turn_until(f, recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
		close(fd);
	}
	/* The file does not grow, so nothing but the hang-up can tell. */
	turn_until(f, count_fds() == before);
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* They never end by themselves: some connections are left for everybody else. */
static void test_followers_do_not_take_all_connections(void **state)
{
	struct fixture *f = *state;
	int fds[RS_API_FOLLOWERS_MAX];
	f->how = ANSWER_FILE;
	append(f->log, "x\n");
	for (unsigned i = 0; i < RS_API_FOLLOWERS_MAX; i++) {
		fds[i] = dial(f, "GET " LOG "?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
		turn_until(f, f->calls == i + 1);
	}
	struct reply reply = ask(f, "GET", LOG "?follow=true", NULL);
	assert_int_equal(reply.status, 429);
	assert_non_null(strstr(text(&reply.body), "128 logs are being followed"));
	end(f, &reply);
	assert_log(f, "", "x\n");
	int before = count_fds();
	for (unsigned i = 0; i < RS_API_FOLLOWERS_MAX; i++)
		close(fds[i]);
	turn_until(f, count_fds() <= before - 2 * RS_API_FOLLOWERS_MAX);
	/* And there is room again. */
	begin(f, &reply, "GET", LOG "?follow=true", NULL, 0);
	turn_until(f, strcmp(text(&reply.body), "x\n") == 0);
	end(f, &reply);
}

static void test_a_follower_that_does_not_read_costs_nothing(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "begin\n");
	int fd = dial(f, "GET " LOG "?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 1);
	rs_auto_free char *block = malloc(1024 * 1024 + 1);
	memset(block, 'x', 1024 * 1024);
	block[1024 * 1024] = '\0';
	size_t before = resident_bytes();
	for (int i = 0; i < 32; i++) {
		append(f->log, block);
		struct reply reply = ask(f, "GET", "/healthz", NULL);
		assert_int_equal(reply.status, 200);
		end(f, &reply);
	}
	assert_true(resident_bytes() < before + 16 * 1024 * 1024);
	/* The loop rests although the file has news for the one who does not read. */
	int events = 0;
	uint64_t until = rs_now_ns() + 300 * RS_NS_PER_MS;
	while (rs_now_ns() < until)
		events += sd_event_run(f->event, 50000) > 0;
	assert_true(events < 20);
	close(fd);
	int open = count_fds();
	turn_until(f, count_fds() <= open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(test_the_last_lines_of_a_log),
		with_server(test_the_last_lines_of_a_large_log),
		with_server(test_a_log_without_end_does_not_stop_the_agent),
		with_server(test_a_log_is_followed_over_rotations),
		with_server(test_what_rotation_took_off_is_read_too),
		with_server(test_lines_since_a_time_and_with_it),
		with_server(test_times_do_not_outgrow_their_log),
		with_server(test_a_follower_that_leaves_is_noticed),
		with_server(test_followers_do_not_take_all_connections),
		with_server(test_a_follower_that_does_not_read_costs_nothing),
	};
	return run_with_curl(tests);
}
