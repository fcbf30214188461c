/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the store: one connection to the database, its schema, and how
 * SQLite's failures become errnos and sentences. For store*.c alone.
 */
#ifndef RS_SYS_STORE_DB_H
#define RS_SYS_STORE_DB_H

#include "sys/store.h"

#include <sqlite3.h>
#include <stdbool.h>

/* Opens; as the writer also creates the file (mode 0600) and its tables, and looks for damage. */
int rs_store_db_open(const char *path, bool writer, sqlite3 **ret_db, struct rs_err *err);
sqlite3 *rs_store_db_close(sqlite3 *db);

int rs_store_db_exec(sqlite3 *db, const char *sql, struct rs_err *err);
int rs_store_db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement, struct rs_err *err);
/* The first column of the first row. */
int rs_store_db_number(sqlite3 *db, const char *sql, int64_t *ret_value, struct rs_err *err);
/* Fills *err from the connection's last failure, with what to do about it. */
int rs_store_db_failed(sqlite3 *db, struct rs_err *err);

static inline void rs_statement_cleanup(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define rs_auto_statement __attribute__((cleanup(rs_statement_cleanup)))

#endif
