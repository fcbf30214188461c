/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and directories: what several parts do in the same way. */
#ifndef RS_BASE_FILES_H
#define RS_BASE_FILES_H

#include <stddef.h>
#include <sys/types.h>

/* mkdir -p: makes `path` and what is missing above it, 0755. One that is there already is no error. */
int rs_make_directories(const char *path);
/* The same for the directory that `path` lies in. */
int rs_make_directories_of(const char *path);
/* Reads at most size - 1 bytes of a small file and ends them with NUL. Returns their number. */
ssize_t rs_read_small(const char *path, char *out, size_t size);
/* The same for its last bytes. */
ssize_t rs_read_last(const char *path, char *out, size_t size);

#endif
