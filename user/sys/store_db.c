// SPDX-License-Identifier: BSD-2-Clause
#include "sys/store_db.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define APPLICATION_ID 0x526f7573 /* "Rous": tells a store from any other database */
/* Writers never wait for readers in WAL mode; this is for a tool that opens the store in the same moment. */
#define BUSY_MS 5000

/* Schema 1. Version 0 is an empty file. */
static const char create_tables[] =
	"CREATE TABLE objects (kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,"
	" generation INTEGER NOT NULL, resource_version INTEGER NOT NULL, json TEXT NOT NULL,"
	" PRIMARY KEY (kind, namespace, name));"
	"CREATE TABLE vips (vip INTEGER PRIMARY KEY, namespace TEXT NOT NULL, route TEXT NOT NULL,"
	" tag TEXT NOT NULL);"
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
	"CREATE TABLE events (id INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL, type TEXT NOT NULL,"
	" kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,"
	" message TEXT NOT NULL, count INTEGER NOT NULL);"
	"CREATE INDEX events_object ON events (namespace, name, kind, id);";

static int full(const char *path, struct rs_err *err)
{
	struct statvfs fs;
	if (statvfs(path, &fs) < 0)
		return rs_err_set(err, -ENOSPC, "%s: the disk is full: make room there, then try again", path);
	return rs_err_set(err, -ENOSPC,
			  "%s: the disk is full (%llu KiB of %llu are free): make room there, then try again", path,
			  (unsigned long long)fs.f_bavail * fs.f_frsize / 1024,
			  (unsigned long long)fs.f_blocks * fs.f_frsize / 1024);
}

int rs_store_db_failed(sqlite3 *db, struct rs_err *err)
{
	int code = db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM;
	int system = db ? sqlite3_system_errno(db) : 0;
	const char *path = db ? sqlite3_db_filename(db, "main") : NULL;
	if (!path || !*path)
		path = "the store";
	const char *text = db ? sqlite3_errmsg(db) : "out of memory";
	switch (code) {
	case SQLITE_NOMEM:
		return rs_err_set(err, -ENOMEM, "%s: out of memory", path);
	case SQLITE_FULL:
		return full(path, err);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return rs_err_set(err, -EBUSY, "%s: another program has it locked: find it with `fuser %s`", path,
				  path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return rs_err_set(
			err, -EUCLEAN,
			"%s: not a store, or damaged (%s): move it away (and its -wal file), start again, and "
			"apply the manifests anew",
			path, text);
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return rs_err_set(err, -EACCES, "%s: cannot be written (%s): check its owner, mode and mount", path,
				  text);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if (system == ENOSPC || system == EDQUOT)
			return full(path, err);
		return rs_err_set(err, system ? -system : -EIO, "%s: %s: %s", path, text,
				  system ? strerror(system) : "input/output error, look into the kernel's log");
	default:
		return rs_err_set(err, -EIO, "%s: %s", path, text);
	}
}

int rs_store_db_exec(sqlite3 *db, const char *sql, struct rs_err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : rs_store_db_failed(db, err);
}

int rs_store_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct rs_err *err)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL) == SQLITE_OK)
		return 0;
	return rs_store_db_failed(db, err);
}

int rs_store_db_number(sqlite3 *db, const char *sql, int64_t *ret_value, struct rs_err *err)
{
	rs_auto_statement sqlite3_stmt *statement = NULL;
	int r = rs_store_db_prepare(db, sql, &statement, err);
	if (r < 0)
		return r;
	if (sqlite3_step(statement) != SQLITE_ROW)
		return rs_store_db_failed(db, err);
	*ret_value = sqlite3_column_int64(statement, 0);
	return 0;
}

static int check_damage(sqlite3 *db, struct rs_err *err)
{
	rs_auto_statement sqlite3_stmt *statement = NULL;
	int r = rs_store_db_prepare(db, "PRAGMA quick_check(1)", &statement, err);
	if (r < 0)
		return r;
	if (sqlite3_step(statement) != SQLITE_ROW)
		return rs_store_db_failed(db, err);
	const char *text = (const char *)sqlite3_column_text(statement, 0);
	if (text && strcmp(text, "ok") == 0)
		return 0;
	return rs_err_set(
		err, -EUCLEAN,
		"%s: damaged (%s): move it away (and its -wal file), start again, and apply the manifests anew",
		sqlite3_db_filename(db, "main"), text ? text : "out of memory");
}

/* Looks before anything is written: a database of someone else must stay as it is. */
static int read_version(sqlite3 *db, int64_t *ret_version, struct rs_err *err)
{
	int64_t application, version, tables;
	int r;
	if ((r = rs_store_db_number(db, "PRAGMA application_id", &application, err)) < 0 ||
	    (r = rs_store_db_number(db, "PRAGMA user_version", &version, err)) < 0 ||
	    (r = rs_store_db_number(db, "SELECT count(*) FROM sqlite_master", &tables, err)) < 0)
		return r;
	const char *path = sqlite3_db_filename(db, "main");
	bool is_empty = application == 0 && version == 0 && tables == 0;
	if (!is_empty && application != APPLICATION_ID)
		return rs_err_set(err, -EUCLEAN, "%s: a database, but not a store of Rouse: choose another --state-dir",
				  path);
	if (version > RS_STORE_SCHEMA)
		return rs_err_set(
			err, -EPROTONOSUPPORT,
			"%s: its schema is %lld, this agent knows up to %d: use the newer roused, or move the "
			"file away",
			path, (long long)version, RS_STORE_SCHEMA);
	*ret_version = version;
	return 0;
}

static int create_schema(sqlite3 *db, struct rs_err *err)
{
	rs_auto_free char *sql = rs_str_format("BEGIN IMMEDIATE; %s PRAGMA application_id = %d;"
					       " PRAGMA user_version = %d; COMMIT",
					       create_tables, APPLICATION_ID, RS_STORE_SCHEMA);
	if (!sql)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = rs_store_db_exec(db, sql, err);
	if (r < 0 && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* SQLite would create it with 0644; manifests may carry secrets. The name must be on the disk before an
 * acknowledgement is, and SQLite syncs the directory of its journals alone. */
static int create_file(const char *path, struct rs_err *err)
{
	rs_auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot create %s: %s: is its directory there and writable?", path,
				  strerror(errno));
	rs_auto_free char *copy = strdup(path);
	if (!copy)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fsync(directory) < 0)
		return rs_err_set(err, -errno, "cannot sync the directory of %s: %s", path, strerror(errno));
	return 0;
}

static int set_up(sqlite3 *db, bool writer, struct rs_err *err)
{
	int64_t version = 0;
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	int r = read_version(db, &version, err);
	if (r < 0)
		return r;
	if (!writer) {
		if (version == 0)
			return rs_err_set(err, -ENOENT, "%s: an empty store: no agent has run on it yet",
					  sqlite3_db_filename(db, "main"));
		return rs_store_db_exec(db, "PRAGMA query_only = 1; PRAGMA cache_size = -512", err);
	}
	if ((r = check_damage(db, err)) < 0)
		return r;
	/* FULL: COMMIT returns after the fsync. The limit gives back what a burst has made the WAL grow. Rows are
	 * written whole and read once, so a large cache would only keep memory. */
	if ((r = rs_store_db_exec(db,
				  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				  " PRAGMA journal_size_limit = 8388608; PRAGMA cache_size = -512",
				  err)) < 0)
		return r;
	return version == 0 ? create_schema(db, err) : 0;
}

int rs_store_db_open(const char *path, bool writer, sqlite3 **ret_db, struct rs_err *err)
{
	sqlite3 *db = NULL;
	int r = writer ? create_file(path, err) : 0;
	if (r < 0)
		return r;
	/* NOMUTEX: each connection belongs to one thread. A reader of a WAL writes its -shm file. */
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		r = rs_store_db_failed(db, err);
		sqlite3_close(db);
		return r;
	}
	r = set_up(db, writer, err);
	if (r < 0) {
		sqlite3_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

sqlite3 *rs_store_db_close(sqlite3 *db)
{
	sqlite3_close(db);
	return NULL;
}
