/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of the format of hosts(5) that we share with its administrator: lines
 * that end in a mark are ours, all others stay. It keeps its inode, because
 * instances have it bind-mounted, and what they see must change with it; so a
 * new file cannot take its place by a rename. Instead the room for the new text
 * is reserved before the old one is touched: a full disk leaves it as it was.
 */
#ifndef RS_SYS_HOSTS_FILE_H
#define RS_SYS_HOSTS_FILE_H

#include "base/str.h"

#define RS_HOSTS_FILE_MAX (64UL * 1024 * 1024) /* some hundred thousand names */

/* Opens with flock(2): two agents may write into one file, and what one has read the other must not change. */
int rs_hosts_open(const char *path, int flags);
/* All of the file. */
int rs_hosts_read(int fd, struct rs_buf *out);
/* Appends the lines of `text` that do not end in `mark`. */
void rs_hosts_keep_others(const char *text, const char *mark, struct rs_buf *out);
/* Others' lines, then `lines`. -ENOSPC, and any other failure: the file is as it was. */
int rs_hosts_rewrite(const char *path, const char *mark, const struct rs_buf *lines);
/* One more line at the end. On failure the file is as it was. */
int rs_hosts_append(const char *path, const char *line);

#endif
