/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which objects a watch with a labelSelector has told its client of: labels
 * change, and an object that does not match any more has to be told as deleted
 * to those that know it, and to nobody else. Eight bytes an object.
 */
#ifndef RS_AGENT_WATCH_SHOWN_H
#define RS_AGENT_WATCH_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A zeroed one is empty. */
struct rs_shown {
	uint64_t *items; /* hashes of namespace and name, sorted */
	size_t count, capacity;
};

bool rs_shown_has(const struct rs_shown *shown, const char *namespace, const char *name);
/* 0 or -ENOMEM; one that is there already is fine. */
int rs_shown_add(struct rs_shown *shown, const char *namespace, const char *name);
/* True when it was there. */
bool rs_shown_remove(struct rs_shown *shown, const char *namespace, const char *name);
void rs_shown_done(struct rs_shown *shown);

#endif
