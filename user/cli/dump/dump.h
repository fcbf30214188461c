/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse sysdump: what somebody far away needs to understand a node, in one
 * file. Items are gathered one after another into a directory; each has a
 * limit in time and size, and an item that fails is a line in index.txt, not
 * the end. The directory becomes a tarball and goes.
 *
 *	sysdump.c      the command: the order of things, and the tarball
 *	dump.c         the directory, the index, copies of files
 *	dump_run.c     the output of a command, bounded
 *	dump_list.c    which commands and files
 *	dump_api.c     what the agent says
 *	dump_redact.c  what nobody else should read: pure
 */
#ifndef RS_CLI_DUMP_DUMP_H
#define RS_CLI_DUMP_DUMP_H

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/client.h"
#include "cli/dump/outside.h"

#define RS_DUMP_PATH_MAX 512
/* Of one item. A test may ask for less. */
#define RS_DUMP_ITEM_BYTES    (4UL << 20)
#define RS_DUMP_TOTAL_BYTES   (256UL << 20)
#define RS_DUMP_ITEM_SECONDS  10
#define RS_DUMP_TOTAL_SECONDS 120

struct rs_dump {
	char directory[RS_DUMP_PATH_MAX]; /* of the items; below a temporary one */
	char temporary[RS_DUMP_PATH_MAX];
	FILE *index;
	struct rs_outside places;
	long agent_pid; /* 0 = not known */
	bool with_env;
	size_t item_bytes;
	uint64_t item_ns;
	uint64_t end_ns;		   /* nothing is begun later */
	const volatile sig_atomic_t *stop; /* NULL, or set once it shall end */
	size_t bytes;
	unsigned items;
	unsigned failures;
};

/* Makes the directory, sets the limits. `name` is what the tarball unpacks to. */
int rs_dump_begin(struct rs_dump *dump, const char *name, struct rs_err *err);
/* Removes it. */
void rs_dump_end(struct rs_dump *dump);

/* True when there is time and room for another item; otherwise notes that it is left out. */
bool rs_dump_may(struct rs_dump *dump, const char *item);
/* Opens an item's file ("net/links.txt"); directories are made. NULL, and noted, when it cannot be. */
FILE *rs_dump_open(struct rs_dump *dump, const char *item);
/* Closes it and notes how it went: a NULL complaint is well. */
void rs_dump_close(struct rs_dump *dump, const char *item, FILE *file, const char *complaint);
/* Notes an item that has no file. */
void rs_dump_note(struct rs_dump *dump, const char *item, const char *complaint);

/* The end of a file: an item's bytes, or `most` when that is less. */
void rs_dump_copy(struct rs_dump *dump, const char *item, const char *path, size_t most);
/* What `sh -c COMMAND` writes, within the limits. */
void rs_dump_run(struct rs_dump *dump, const char *item, const char *command);

/* dump_list.c: the host. */
void rs_dump_host(struct rs_dump *dump);
/* dump_api.c: the agent: version, status, objects, events, metrics; and the logs that it names. */
void rs_dump_agent(struct rs_dump *dump, struct rs_client *client);

/* dump_redact.c: replaces the values of environment variables and HTTP headers, and the copy of the manifest that
 * kubectl keeps in an annotation, anywhere in `json`. Returns how many. */
unsigned rs_dump_redact(cJSON *json);

#endif
