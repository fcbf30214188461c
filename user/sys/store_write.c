// SPDX-License-Identifier: BSD-2-Clause
#include "sys/store_write.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

static const char *const statement_text[RS_SQL_COUNT] = {
	[RS_SQL_PUT_OBJECT] =
		"INSERT INTO objects (kind, namespace, name, uid, generation, resource_version, json)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (kind, namespace, name) DO UPDATE SET uid = ?4,"
		" generation = ?5, resource_version = ?6, json = ?7",
	[RS_SQL_DELETE_OBJECT] = "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[RS_SQL_PUT_VIP] = "INSERT OR REPLACE INTO vips (vip, namespace, route, tag) VALUES (?1, ?2, ?3, ?4)",
	[RS_SQL_DELETE_VIP] = "DELETE FROM vips WHERE vip = ?1",
	[RS_SQL_PUT_COUNTER] = "INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)",
	[RS_SQL_LAST_EVENT] = "SELECT id, count, type = ?4 AND reason = ?5 AND message = ?6 FROM events"
			      " WHERE namespace = ?1 AND name = ?2 AND kind = ?3 ORDER BY id DESC LIMIT 1",
	[RS_SQL_DELETE_EVENT] = "DELETE FROM events WHERE id = ?1",
	[RS_SQL_ADD_EVENT] = "INSERT INTO events (id, wall_ns, type, kind, namespace, name, reason, message, count)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[RS_SQL_TRIM_EVENTS] = "DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1"
			       " OFFSET ?1)",
};

int rs_store_writer_init(struct rs_store_writer *writer, const char *path, struct rs_err *err)
{
	int r = rs_store_db_open(path, true, &writer->db, err);
	if (r == 0)
		r = rs_store_db_number(writer->db, "SELECT coalesce(max(id), 0) FROM events", &writer->last_event, err);
	for (int i = 0; r == 0 && i < RS_SQL_COUNT; i++)
		r = rs_store_db_prepare(writer->db, statement_text[i], &writer->statements[i], err);
	return r;
}

void rs_store_writer_done(struct rs_store_writer *writer)
{
	for (int i = 0; i < RS_SQL_COUNT; i++)
		sqlite3_finalize(writer->statements[i]);
	rs_store_db_close(writer->db);
	*writer = (struct rs_store_writer){0};
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text ? text : "", -1, SQLITE_STATIC);
}

/* A failed bind (no memory) leaves NULL, which NOT NULL columns refuse: one check at the step is enough. */
static int run(struct rs_store_writer *writer, sqlite3_stmt *statement, struct rs_err *err)
{
	int code = sqlite3_step(statement);
	int r = code == SQLITE_DONE ? 0 : rs_store_db_failed(writer->db, err);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r;
}

static int write_op(struct rs_store_writer *writer, const struct rs_store_op *op, struct rs_err *err)
{
	const struct rs_store_object *object = &op->object;
	sqlite3_stmt *statement = NULL;
	switch (op->type) {
	case RS_STORE_PUT_OBJECT:
		statement = writer->statements[RS_SQL_PUT_OBJECT];
		bind_text(statement, 1, object->kind);
		bind_text(statement, 2, object->namespace);
		bind_text(statement, 3, object->name);
		bind_text(statement, 4, object->uid);
		sqlite3_bind_int64(statement, 5, object->generation);
		sqlite3_bind_int64(statement, 6, (int64_t)object->resource_version);
		bind_text(statement, 7, object->json);
		break;
	case RS_STORE_DELETE_OBJECT:
		statement = writer->statements[RS_SQL_DELETE_OBJECT];
		bind_text(statement, 1, object->kind);
		bind_text(statement, 2, object->namespace);
		bind_text(statement, 3, object->name);
		break;
	case RS_STORE_PUT_VIP:
		statement = writer->statements[RS_SQL_PUT_VIP];
		sqlite3_bind_int64(statement, 1, op->vip);
		bind_text(statement, 2, object->namespace);
		bind_text(statement, 3, object->name);
		bind_text(statement, 4, op->tag);
		break;
	case RS_STORE_DELETE_VIP:
		statement = writer->statements[RS_SQL_DELETE_VIP];
		sqlite3_bind_int64(statement, 1, op->vip);
		break;
	case RS_STORE_PUT_COUNTER:
		statement = writer->statements[RS_SQL_PUT_COUNTER];
		bind_text(statement, 1, object->name);
		sqlite3_bind_int64(statement, 2, (int64_t)op->value);
		break;
	}
	return statement ? run(writer, statement, err) : rs_err_set(err, -EINVAL, "an unknown operation");
}

/* Removes the object's last event if it says the same; the new one takes its count over. */
static int absorb_repeat(struct rs_store_writer *writer, const struct rs_store_event *event, uint32_t *count,
			 struct rs_err *err)
{
	sqlite3_stmt *last = writer->statements[RS_SQL_LAST_EVENT];
	bind_text(last, 1, event->namespace);
	bind_text(last, 2, event->name);
	bind_text(last, 3, event->kind);
	bind_text(last, 4, event->type);
	bind_text(last, 5, event->reason);
	bind_text(last, 6, event->message);
	int code = sqlite3_step(last);
	bool repeats = code == SQLITE_ROW && sqlite3_column_int(last, 2);
	int64_t id = repeats ? sqlite3_column_int64(last, 0) : 0;
	if (repeats)
		*count += (uint32_t)sqlite3_column_int64(last, 1);
	int r = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : rs_store_db_failed(writer->db, err);
	sqlite3_reset(last);
	sqlite3_clear_bindings(last);
	if (r < 0 || !repeats)
		return r;
	sqlite3_stmt *forget = writer->statements[RS_SQL_DELETE_EVENT];
	sqlite3_bind_int64(forget, 1, id);
	return run(writer, forget, err);
}

static int write_event(struct rs_store_writer *writer, const struct rs_store_event *event, struct rs_err *err)
{
	uint32_t count = event->count ? event->count : 1;
	sqlite3_stmt *add = writer->statements[RS_SQL_ADD_EVENT];
	int r = absorb_repeat(writer, event, &count, err);
	if (r < 0)
		return r;
	/* Counted here, not by the table: the number of a row that was absorbed must not come again. */
	sqlite3_bind_int64(add, 1, ++writer->last_event);
	sqlite3_bind_int64(add, 2, (int64_t)event->wall_ns);
	bind_text(add, 3, event->type);
	bind_text(add, 4, event->kind);
	bind_text(add, 5, event->namespace);
	bind_text(add, 6, event->name);
	bind_text(add, 7, event->reason);
	bind_text(add, 8, event->message);
	sqlite3_bind_int64(add, 9, count);
	return run(writer, add, err);
}

static int write_events(struct rs_store_writer *writer, const struct rs_store_queued_event *events, struct rs_err *err)
{
	for (; events; events = events->next) {
		int r = write_event(writer, &events->event, err);
		if (r < 0)
			return r;
	}
	sqlite3_stmt *trim = writer->statements[RS_SQL_TRIM_EVENTS];
	sqlite3_bind_int64(trim, 1, RS_STORE_EVENTS_MAX);
	return run(writer, trim, err);
}

/* Between transactions only. Events alone are not worth an fsync. */
static int set_relaxed(struct rs_store_writer *writer, bool is_relaxed, struct rs_err *err)
{
	if (writer->is_relaxed == is_relaxed)
		return 0;
	int r = rs_store_db_exec(writer->db, is_relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL",
				 err);
	if (r == 0)
		writer->is_relaxed = is_relaxed;
	return r;
}

int rs_store_writer_write(struct rs_store_writer *writer, const struct rs_store_commit *commits, size_t commits_max,
			  const struct rs_store_queued_event *events, struct rs_err *err)
{
	int r = set_relaxed(writer, !commits, err);
	if (r == 0)
		r = rs_store_db_exec(writer->db, "BEGIN IMMEDIATE", err);
	for (; r == 0 && commits && commits_max; commits = commits->next, commits_max--) {
		for (size_t i = 0; r == 0 && i < commits->count; i++)
			r = write_op(writer, &commits->ops[i], err);
	}
	if (r == 0 && events)
		r = write_events(writer, events, err);
	if (r == 0)
		r = rs_store_db_exec(writer->db, "COMMIT", err);
	if (r < 0 && !sqlite3_get_autocommit(writer->db))
		sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
