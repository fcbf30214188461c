// SPDX-License-Identifier: BSD-2-Clause
#include "sys/undo.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

static char *path_of(const char *run_dir)
{
	return rs_str_format("%s/undo", run_dir);
}

/* The file as text; empty when there is none. */
static int read_notes(const char *run_dir, struct rs_buf *out)
{
	rs_auto_free char *path = path_of(run_dir);
	rs_buf_init(out, FILE_MAX);
	if (!path)
		return -ENOMEM;
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? rs_buf_puts(out, "") : -errno;
	char chunk[4096];
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) != 0;) {
		int r = n < 0 ? -errno : rs_buf_append(out, chunk, (size_t)n);
		if (r < 0)
			return r;
	}
	return rs_buf_puts(out, "");
}

/* Takes the next line out of *at: its key and value, NUL-terminated in place. False at the end. */
static bool next_note(char **at, char **ret_key, char **ret_value)
{
	while (*at && **at) {
		char *line = *at, *end = strchr(line, '\n');
		*at = end ? end + 1 : NULL;
		if (!end)
			return false; /* never written to its end */
		*end = '\0';
		char *tab = strchr(line, '\t');
		if (!tab)
			continue;
		*tab = '\0';
		*ret_key = line;
		*ret_value = tab + 1;
		return true;
	}
	return false;
}

static bool is_noted(const char *notes, const char *key)
{
	size_t length = strlen(key);
	for (const char *line = notes; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, length) == 0 && line[length] == '\t')
			return true;
	}
	return false;
}

static int append(const char *run_dir, const char *key, const char *value)
{
	rs_auto_free char *path = path_of(run_dir);
	rs_auto_free char *line = rs_str_format("%s\t%s\n", key, value);
	if (!path || !line)
		return -ENOMEM;
	rs_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, line, strlen(line));
	return n == (ssize_t)strlen(line) ? 0 : n < 0 ? -errno : -ENOSPC;
}

int rs_undo_note(const char *run_dir, const char *key, const char *value)
{
	struct rs_buf notes;
	int r = read_notes(run_dir, &notes);
	if (r == 0 && !is_noted(notes.data, key))
		r = append(run_dir, key, value);
	rs_buf_done(&notes);
	return r;
}

int rs_undo_compact(const char *run_dir, bool (*is_stale)(const char *key))
{
	struct rs_buf notes, kept;
	rs_buf_init(&kept, FILE_MAX);
	int r = read_notes(run_dir, &notes);
	char *at = notes.data, *key, *value;
	while (r == 0 && next_note(&at, &key, &value)) {
		if (!is_stale(key))
			r = rs_buf_printf(&kept, "%s\t%s\n", key, value);
	}
	rs_auto_free char *path = path_of(run_dir);
	rs_auto_free char *fresh = rs_str_format("%s/undo.new", run_dir);
	if (r == 0 && (!path || !fresh))
		r = -ENOMEM;
	rs_auto_fd int fd = r == 0 ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (r == 0 && (fd < 0 || write(fd, kept.data ? kept.data : "", kept.length) != (ssize_t)kept.length ||
		       rename(fresh, path) < 0))
		r = -errno;
	rs_buf_done(&notes);
	rs_buf_done(&kept);
	return r;
}

/* Visits the latest note first. */
static int visit(char *notes, int (*undo)(const char *key, const char *value, struct rs_err *err), struct rs_err *err)
{
	char *key, *value, *at = notes;
	if (!next_note(&at, &key, &value))
		return 0;
	int later = visit(at, undo, err);
	struct rs_err ignored;
	int r = undo(key, value, later < 0 ? &ignored : err);
	return later < 0 ? later : r;
}

static int forget(const char *run_dir)
{
	rs_auto_free char *path = path_of(run_dir);
	if (!path)
		return -ENOMEM;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int rs_undo_run(const char *run_dir, int (*undo)(const char *key, const char *value, struct rs_err *err),
		struct rs_err *err)
{
	struct rs_buf notes;
	int r = read_notes(run_dir, &notes);
	if (r < 0)
		rs_err_set(err, r, "cannot read %s/undo: %s", run_dir, strerror(-r));
	else
		r = visit(notes.data, undo, err);
	rs_buf_done(&notes);
	return r < 0 ? r : forget(run_dir);
}

int rs_undo_hand_over(const char *run_dir, const char *heir, struct rs_err *err)
{
	struct rs_buf notes;
	int r = read_notes(run_dir, &notes);
	char *at = notes.data, *key, *value;
	while (r == 0 && next_note(&at, &key, &value))
		r = rs_undo_note(heir, key, value);
	rs_buf_done(&notes);
	if (r == 0)
		r = forget(run_dir);
	return r < 0 ? rs_err_set(err, r, "cannot hand what is to be undone to the agent of %s: %s", heir, strerror(-r))
		     : 0;
}
