/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the store: what the writer thread does with the database. One call is
 * one transaction. For store*.c alone.
 */
#ifndef RS_SYS_STORE_WRITE_H
#define RS_SYS_STORE_WRITE_H

#include "sys/store_db.h"

enum rs_store_statement {
	RS_SQL_PUT_OBJECT,
	RS_SQL_DELETE_OBJECT,
	RS_SQL_PUT_VIP,
	RS_SQL_DELETE_VIP,
	RS_SQL_PUT_COUNTER,
	RS_SQL_LAST_EVENT,
	RS_SQL_DELETE_EVENT,
	RS_SQL_ADD_EVENT,
	RS_SQL_TRIM_EVENTS,
	RS_SQL_COUNT,
};

struct rs_store_writer {
	sqlite3 *db;
	sqlite3_stmt *statements[RS_SQL_COUNT];
	int64_t last_event; /* the id given last */
	bool is_relaxed;    /* synchronous is NORMAL now */
};

/* One queued commit; everything it points to lies in the same block of memory. */
struct rs_store_commit {
	struct rs_store_commit *next;
	void (*done)(void *user, int code, const struct rs_err *err);
	void *user;
	struct rs_err err; /* err.code: the result */
	size_t bytes;
	size_t count;
	struct rs_store_op ops[];
};

struct rs_store_queued_event {
	struct rs_store_queued_event *next;
	struct rs_store_event event;
};

/* store_copy.c: copies to queue, freed by free(). NULL when out of memory. */
struct rs_store_commit *rs_store_commit_copy(const struct rs_store_op *ops, size_t count);
struct rs_store_queued_event *rs_store_event_copy(const struct rs_store_event *event);

int rs_store_writer_init(struct rs_store_writer *writer, const char *path, struct rs_err *err);
/* Accepts a half-built one. */
void rs_store_writer_done(struct rs_store_writer *writer);

/* All of both lists, or nothing. With commits it is on the disk on return; events alone survive the process at
 * once, and a power loss after the next commit. */
int rs_store_writer_write(struct rs_store_writer *writer, const struct rs_store_commit *commits, size_t commits_max,
			  const struct rs_store_queued_event *events, struct rs_err *err);

#endif
