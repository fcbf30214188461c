/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the store: reading. For store*.c alone. */
#ifndef RS_SYS_STORE_READ_H
#define RS_SYS_STORE_READ_H

#include "sys/store_db.h"

int rs_store_read_all(sqlite3 *db, const struct rs_store_loader *loader, void *user, struct rs_err *err);

struct rs_store_event_query {
	uint64_t after;
	size_t limit;
	const char *namespace, *kind, *name; /* NULL = any */
};

int rs_store_read_events(sqlite3 *db, const struct rs_store_event_query *query,
			 int (*each)(void *user, const struct rs_store_event *event), void *user, struct rs_err *err);

#endif
