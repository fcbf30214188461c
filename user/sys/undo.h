/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent changed on the host beyond its own things, and how it was
 * before: RUN-DIR/undo, a line "KEY<tab>VALUE" for each change, written before
 * the change is made, so that a kill in between loses nothing. The first line
 * of a key is how the administrator had it. `rouse cleanup` undoes them, the
 * latest first, or hands them to another agent that stands on the same changes.
 */
#ifndef RS_SYS_UNDO_H
#define RS_SYS_UNDO_H

#include "base/err.h"

#include <stdbool.h>

/* Notes a change that is about to be made, unless its key is noted already. */
int rs_undo_note(const char *run_dir, const char *key, const char *value);
/* Forgets the notes that `is_stale` says are void: links come and go, the file must not grow with them. */
int rs_undo_compact(const char *run_dir, bool (*is_stale)(const char *key));
/* Calls `undo` for each note, the latest first, and forgets them all when it never failed. */
int rs_undo_run(const char *run_dir, int (*undo)(const char *key, const char *value, struct rs_err *err),
		struct rs_err *err);
/* Gives all notes to the agent of another directory, and forgets them. */
int rs_undo_hand_over(const char *run_dir, const char *heir, struct rs_err *err);

#endif
