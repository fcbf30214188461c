/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has changed, for watches: a ring of names and versions. The objects
 * themselves are printed when they are sent, so a change costs the same whether
 * nobody watches or many do, and several changes that a slow watcher has not
 * seen yet are one. What has fallen out of the ring is gone: who is behind it
 * lists again.
 */
#ifndef RS_AGENT_WATCH_JOURNAL_H
#define RS_AGENT_WATCH_JOURNAL_H

#include "agent/agent.h"

#define RS_JOURNAL_ENTRIES    8192		/* a power of two; some thousand applies */
#define RS_JOURNAL_LAST_BYTES (4 * 1024 * 1024) /* metadata of deleted objects, of all entries together */

struct rs_journal_entry {
	uint64_t version;
	uint64_t born; /* the version of the object's NEW, 0 when that is out of the ring */
	char *last;    /* DELETED: apiVersion, kind and metadata as JSON */
	enum rs_api_resource resource;
	enum rs_touch touch;
	uint32_t instance; /* an instance's id */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
};

struct rs_journal;

/* Follows the registry from now on: what is older can not be watched. */
int rs_journal_new(struct rs_agent *agent, struct rs_journal **ret_journal);
/* Accepts NULL; returns NULL. */
struct rs_journal *rs_journal_free(struct rs_journal *journal);

/* Calls `changed` for each entry: whoever watches its resource may go on. */
void rs_journal_listen(struct rs_journal *journal, void (*changed)(void *user, enum rs_api_resource resource),
		       void *user);

/* Changes since this version can be watched. */
uint64_t rs_journal_floor(const struct rs_journal *journal);

/* Places count up for ever. The first entry newer than `version`; the end when there is none. */
uint64_t rs_journal_place(const struct rs_journal *journal, uint64_t version);
/* NULL at the end, and for what has fallen out of the ring. */
const struct rs_journal_entry *rs_journal_at(const struct rs_journal *journal, uint64_t place);
bool rs_journal_has_lost(const struct rs_journal *journal, uint64_t place);

/* An instance is there, has changed, or goes now. Accepts a NULL journal. */
void rs_journal_instance(struct rs_journal *journal, struct rs_agent_instance *instance, enum rs_touch touch);

#endif
