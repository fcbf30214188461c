/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories that belong to one process at a time. */
#ifndef RS_SYS_LOCK_H
#define RS_SYS_LOCK_H

#include <sys/types.h>

/* Takes the lock of an open file or directory. -EBUSY when another process has it: *ret_holder is its pid, 0 when the
 * kernel does not tell. One that was killed has it until the kernel has taken it apart, and is waited for. */
int rs_lock_take(int fd, pid_t *ret_holder);

/* Who has the lock of RUN-DIR/lock, for one who only looks: a pid, 0 when nobody has it (or there is no such file),
 * -EBUSY when the kernel does not tell who. It is asked for, not taken, so an agent that starts meanwhile gets it. */
pid_t rs_lock_holder(const char *path);

/* Locks an existing directory for as long as *ret_fd is open, also where no file can be made in it (a bpffs). */
int rs_lock_directory(const char *path, int *ret_fd, pid_t *ret_holder);

#endif
