// SPDX-License-Identifier: BSD-2-Clause
/* What the loop's own connection does: it reads snapshots, and so never waits for the writer. */
#include "sys/store_read.h"

#include <errno.h>

static const char *text_column(sqlite3_stmt *statement, int index)
{
	const char *text = (const char *)sqlite3_column_text(statement, index);
	return text ? text : "";
}

static int each_row(sqlite3 *db, const char *sql,
		    int (*row)(sqlite3_stmt *statement, const struct rs_store_loader *loader, void *user,
			       struct rs_err *err),
		    const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	rs_auto_statement sqlite3_stmt *statement = NULL;
	int r = rs_store_db_prepare(db, sql, &statement, err), code = SQLITE_DONE;
	while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
		r = row(statement, loader, user, err);
	return r == 0 && code != SQLITE_DONE ? rs_store_db_failed(db, err) : r;
}

static int object_row(sqlite3_stmt *statement, const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	struct rs_store_object object = {
		.kind = text_column(statement, 0),
		.namespace = text_column(statement, 1),
		.name = text_column(statement, 2),
		.uid = text_column(statement, 3),
		.generation = sqlite3_column_int64(statement, 4),
		.resource_version = (uint64_t)sqlite3_column_int64(statement, 5),
		.json = text_column(statement, 6),
	};
	return loader->object(user, &object, err);
}

static int vip_row(sqlite3_stmt *statement, const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	return loader->vip(user, (uint32_t)sqlite3_column_int64(statement, 0), text_column(statement, 1),
			   text_column(statement, 2), text_column(statement, 3), err);
}

static int counter_row(sqlite3_stmt *statement, const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	return loader->counter(user, text_column(statement, 0), (uint64_t)sqlite3_column_int64(statement, 1), err);
}

int rs_store_read_all(sqlite3 *db, const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	/* One transaction: one snapshot of the three tables. */
	int r = rs_store_db_exec(db, "BEGIN", err);
	if (r < 0)
		return r;
	if (loader->object)
		r = each_row(db,
			     "SELECT kind, namespace, name, uid, generation, resource_version, json FROM objects"
			     " ORDER BY rowid", /* as they lie: another order looks each one up by itself */
			     object_row, loader, user, err);
	if (r == 0 && loader->vip)
		r = each_row(db, "SELECT vip, namespace, route, tag FROM vips ORDER BY vip", vip_row, loader, user,
			     err);
	if (r == 0 && loader->counter)
		r = each_row(db, "SELECT name, value FROM counters ORDER BY name", counter_row, loader, user, err);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return r;
}

int rs_store_read_events(sqlite3 *db, const struct rs_store_event_query *query,
			 int (*each)(void *user, const struct rs_store_event *event), void *user, struct rs_err *err)
{
	rs_auto_statement sqlite3_stmt *statement = NULL;
	int r = rs_store_db_prepare(
		db,
		"SELECT id, wall_ns, type, kind, namespace, name, reason, message, count FROM events"
		" WHERE id > ?1 AND (?2 IS NULL OR namespace = ?2) AND (?3 IS NULL OR kind = ?3)"
		" AND (?4 IS NULL OR name = ?4) ORDER BY id LIMIT ?5",
		&statement, err);
	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, query->after > INT64_MAX ? INT64_MAX : (int64_t)query->after);
	sqlite3_bind_text(statement, 2, query->namespace, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, query->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, query->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 5,
			   query->limit > RS_STORE_EVENTS_MAX ? RS_STORE_EVENTS_MAX : (int64_t)query->limit);
	int code, count = 0;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct rs_store_event event = {
			.id = (uint64_t)sqlite3_column_int64(statement, 0),
			.wall_ns = (uint64_t)sqlite3_column_int64(statement, 1),
			.type = text_column(statement, 2),
			.kind = text_column(statement, 3),
			.namespace = text_column(statement, 4),
			.name = text_column(statement, 5),
			.reason = text_column(statement, 6),
			.message = text_column(statement, 7),
			.count = (uint32_t)sqlite3_column_int64(statement, 8),
		};
		count++;
		if (each(user, &event) != 0)
			return count;
	}
	return code == SQLITE_DONE ? count : rs_store_db_failed(db, err);
}
