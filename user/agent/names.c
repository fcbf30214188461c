// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names of services, in a file of the format of hosts(5). Our lines end in
 * "# NAME"; whatever else stands in the file is the administrator's and stays,
 * so the file may be /etc/hosts itself. It is written in place: instances and
 * labs have it bind-mounted, which follows the inode.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FILE_MAX (64 * 1024 * 1024)
/* Rewrites are joined: a deletion of thousands of services is one write, not thousands. */
#define REWRITE_AFTER_US 20000

struct entry {
	struct in_addr address;
	char *name;
};

struct rs_names {
	char *path;
	char *mark; /* " # NAME\n" */
	struct entry *entries;
	size_t count;
	size_t capacity;
	bool stale; /* the file has lines that must go */
	sd_event_source *timer;
};

/* --- the file --------------------------------------------------------------------------------------------------- */

static int read_all(int fd, struct rs_buf *out)
{
	char chunk[16384];
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) != 0;) {
		if (n < 0)
			return -errno;
		int r = rs_buf_append(out, chunk, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(fd, data, length);
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Copies the lines of `text` that are not ours. */
static void keep_others(const char *text, const char *mark, struct rs_buf *out)
{
	size_t mark_length = strlen(mark);
	while (*text) {
		const char *end = strchr(text, '\n');
		size_t length = end ? (size_t)(end - text) + 1 : strlen(text);
		if (length < mark_length || memcmp(text + length - mark_length, mark, mark_length) != 0) {
			rs_buf_append(out, text, length);
			if (!end)
				rs_buf_puts(out, "\n");
		}
		text += length;
	}
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

/* Two agents may write into one file: what one has read, the other must not change until it is written. */
static int open_locked(const char *path, int flags)
{
	rs_auto_fd int fd = open_file(path, flags);
	if (fd < 0)
		return fd;
	return flock(fd, LOCK_EX) < 0 ? -errno : rs_take_fd(fd);
}

/* Others' lines, then `entries`. */
static int rewrite(const char *path, const char *mark, const struct entry *entries, size_t count)
{
	rs_auto_fd int fd = open_locked(path, O_RDWR | O_CREAT);
	if (fd < 0)
		return fd;
	struct rs_buf old, fresh;
	rs_buf_init(&old, FILE_MAX);
	rs_buf_init(&fresh, FILE_MAX);
	int r = read_all(fd, &old);
	if (r == 0) {
		keep_others(old.data ? old.data : "", mark, &fresh);
		for (size_t i = 0; i < count; i++) {
			char address[INET_ADDRSTRLEN];
			inet_ntop(AF_INET, &entries[i].address, address, sizeof(address));
			rs_buf_printf(&fresh, "%s %s%s", address, entries[i].name, mark);
		}
		r = fresh.error;
	}
	/* Longer content first, the cut afterwards: a reader never finds the file empty. */
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = write_all(fd, fresh.data ? fresh.data : "", fresh.length);
	if (r == 0 && ftruncate(fd, (off_t)fresh.length) < 0)
		r = -errno;
	rs_buf_done(&old);
	rs_buf_done(&fresh);
	return r;
}

/* Drops the lines of all agents: their names are not this one's, though they may be spelled the same. */
static int keep_hosts(const char *text, struct rs_buf *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		size_t whole = length + (text[length] == '\n');
		const char *service = memmem(text, length, ".rouse # ", 9);
		if (!service)
			rs_buf_append(out, text, whole);
		text += whole;
	}
	return out->error;
}

/* A new file of our own begins as a copy of the host's, since instances see it as their /etc/hosts. */
static int seed(const char *path)
{
	struct stat status;
	if (stat(path, &status) == 0)
		return 0;
	struct rs_buf host_text, text;
	rs_buf_init(&host_text, FILE_MAX);
	rs_buf_init(&text, FILE_MAX);
	rs_auto_fd int host = open_file("/etc/hosts", O_RDONLY);
	if (host >= 0 && read_all(host, &host_text) == 0 && host_text.length)
		keep_hosts(host_text.data, &text);
	rs_buf_done(&host_text);
	if (!text.length)
		rs_buf_puts(&text, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
	rs_auto_fd int fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
	int r = fd < 0 ? fd : text.error ? text.error : write_all(fd, text.data, text.length);
	rs_buf_done(&text);
	return r == -EEXIST ? 0 : r;
}

/* --- what is to stand in it ------------------------------------------------------------------------------------- */

int rs_names_flush(struct rs_names *names)
{
	names->stale = false;
	return rewrite(names->path, names->mark, names->entries, names->count);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_names *names = user;
	(void)source;
	(void)usec;
	int r = names->stale ? rs_names_flush(names) : 0;
	if (r < 0)
		rs_log_errno(r, "cannot write service names file=%s", rs_log_value(names->path));
	return 0;
}

static void rewrite_soon(struct rs_agent *agent)
{
	struct rs_names *names = agent->names;
	if (names->stale)
		return;
	names->stale = true;
	rs_timer_after(agent->event, &names->timer, REWRITE_AFTER_US, 1000, on_timer, names);
}

static int append_line(const struct rs_names *names, const struct entry *entry)
{
	char address[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &entry->address, address, sizeof(address));
	rs_auto_free char *line = rs_str_format("%s %s%s", address, entry->name, names->mark);
	if (!line)
		return -ENOMEM;
	rs_auto_fd int fd = open_locked(names->path, O_WRONLY | O_APPEND);
	return fd < 0 ? fd : write_all(fd, line, strlen(line));
}

static struct entry *find(struct rs_names *names, struct in_addr address)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->entries[i].address.s_addr == address.s_addr)
			return &names->entries[i];
	}
	return NULL;
}

int rs_names_set(struct rs_agent *agent, const char *name, struct in_addr address)
{
	struct rs_names *names = agent->names;
	struct entry *known = find(names, address);
	if (known && strcmp(known->name, name) == 0)
		return 0;
	if (known) {
		char *copy = strdup(name);
		if (!copy)
			return -ENOMEM;
		free(known->name);
		known->name = copy;
		rewrite_soon(agent);
		return 0;
	}
	if (names->count == names->capacity) {
		size_t capacity = names->capacity ? 2 * names->capacity : 64;
		struct entry *grown = realloc(names->entries, capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		names->entries = grown;
		names->capacity = capacity;
	}
	struct entry entry = {.address = address, .name = strdup(name)};
	if (!entry.name)
		return -ENOMEM;
	names->entries[names->count++] = entry;
	/* While a rewrite is due anyway, it will bring this one too. During the start nothing is written at all. */
	if (names->stale || !agent->ready)
		return 0;
	int r = append_line(names, &entry);
	if (r < 0)
		rs_log_errno(r, "cannot write service names file=%s", rs_log_value(names->path));
	return 0;
}

void rs_names_remove(struct rs_agent *agent, struct in_addr address)
{
	struct rs_names *names = agent->names;
	struct entry *entry = find(names, address);
	if (!entry)
		return;
	free(entry->name);
	*entry = names->entries[--names->count];
	rewrite_soon(agent);
}

char *rs_names_path(const struct rs_options *options)
{
	return options->hosts_file ? strdup(options->hosts_file) : rs_str_format("%s/hosts", options->run_dir);
}

/* --- which file it was -------------------------------------------------------------------------------------------- */

/* STATE-DIR/hosts-file: the named file that our lines are in, and whether it is there because of us. It outlives a
 * reboot, as the lines do. */
static char *memo_path(const struct rs_options *options)
{
	return rs_str_format("%s/hosts-file", options->state_dir);
}

static int remember(const struct rs_options *options, const char *path, bool made)
{
	rs_auto_free char *memo = memo_path(options);
	rs_auto_free char *text = rs_str_format("%s %s\n", made ? "made" : "found", path);
	if (!memo || !text)
		return -ENOMEM;
	rs_auto_fd int fd = open_file(memo, O_WRONLY | O_CREAT | O_TRUNC);
	return fd < 0 ? fd : write_all(fd, text, strlen(text));
}

/* NULL when there is none. */
static char *recall(const struct rs_options *options, bool *ret_made)
{
	rs_auto_free char *memo = memo_path(options);
	rs_auto_fd int fd = memo ? open_file(memo, O_RDONLY) : -1;
	struct rs_buf text;
	rs_buf_init(&text, 8192);
	char *path = NULL;
	if (fd >= 0 && read_all(fd, &text) == 0 && text.length) {
		const char *space = strchr(text.data, ' ');
		*ret_made = rs_str_starts_with(text.data, "made ");
		path = space ? strndup(space + 1, strcspn(space + 1, "\n")) : NULL;
	}
	rs_buf_done(&text);
	return path;
}

/* Takes our lines out of the remembered file, unless it is `but`. */
static int leave_remembered(const struct rs_options *options, const char *mark, const char *but, struct rs_err *err)
{
	bool made = false;
	rs_auto_free char *path = recall(options, &made);
	rs_auto_free char *memo = memo_path(options);
	if (!path || rs_str_equal(path, but))
		return 0;
	int r = 0;
	if (made)
		r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	else if (access(path, F_OK) == 0)
		r = rewrite(path, mark, NULL, 0);
	if (r == 0 && memo && unlink(memo) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? rs_err_set(err, r, "cannot take the service names out of %s: %s", path, strerror(-r)) : 0;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

int rs_names_new(struct rs_agent *agent, struct rs_err *err)
{
	const struct rs_options *options = agent->options;
	struct rs_names *names = calloc(1, sizeof(*names));
	if (!names)
		return rs_err_set(err, -ENOMEM, "out of memory");
	agent->names = names;
	names->path = rs_names_path(options);
	names->mark = rs_str_format(" # %s\n", options->name);
	if (!names->path || !names->mark)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = leave_remembered(options, names->mark, options->hosts_file, err);
	if (r < 0)
		return r;
	bool made = false;
	rs_auto_free char *known = recall(options, &made);
	if (options->hosts_file && !known)
		r = remember(options, names->path, access(names->path, F_OK) < 0);
	if (r == 0)
		r = seed(names->path);
	return r < 0 ? rs_err_set(err, r, "cannot write the hosts file %s: %s", names->path, strerror(-r)) : 0;
}

struct rs_names *rs_names_free(struct rs_names *names)
{
	if (!names)
		return NULL;
	if (names->stale)
		rs_names_flush(names);
	sd_event_source_unref(names->timer);
	for (size_t i = 0; i < names->count; i++)
		free(names->entries[i].name);
	free(names->entries);
	free(names->path);
	free(names->mark);
	free(names);
	return NULL;
}

int rs_names_cleanup(const struct rs_options *options, struct rs_err *err)
{
	rs_auto_free char *own = rs_str_format("%s/hosts", options->run_dir);
	rs_auto_free char *mark = rs_str_format(" # %s\n", options->name);
	if (!own || !mark)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = leave_remembered(options, mark, NULL, err);
	/* Named now, and not remembered: of an agent that did not remember, perhaps. */
	if (r == 0 && options->hosts_file && access(options->hosts_file, F_OK) == 0) {
		r = rewrite(options->hosts_file, mark, NULL, 0);
		if (r < 0)
			return rs_err_set(err, r, "cannot take the service names out of %s: %s", options->hosts_file,
					  strerror(-r));
	}
	if (r == 0 && unlink(own) < 0 && errno != ENOENT)
		r = rs_err_set(err, -errno, "cannot remove %s: %s", own, strerror(errno));
	return r;
}
