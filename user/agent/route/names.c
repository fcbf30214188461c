// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names of services, in a file of the format of hosts(5). Our lines end in
 * "# NAME"; whatever else stands in the file is the administrator's and stays,
 * so the file may be /etc/hosts itself. user/sys/hosts_file.c writes it.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/hosts_file.h"
#include "sys/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Rewrites are joined: a deletion of thousands of services is one write, not thousands. */
#define REWRITE_AFTER_US 20000
#define RETRY_AFTER_US	 (5 * 1000 * 1000ULL)

struct name {
	char *text; /* NULL = none */
	enum rs_ip_families families;
};

struct rs_names {
	char *path;
	char *mark; /* " # NAME\n" */
	const struct rs_options *options;
	uint32_t count;
	struct name *of; /* by the address's place in the range */
	uint32_t end;	 /* behind the last place that was ever in use */
	bool stale;	 /* the file does not say what it should, a rewrite is due */
	bool has_failed;
	sd_event_source *timer;
};

/* --- the file --------------------------------------------------------------------------------------------------- */

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

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

/* One for each family, the preferred one first. */
static int add_lines(const struct rs_names *names, uint32_t index, struct rs_buf *out)
{
	const struct name *name = &names->of[index];
	enum rs_family families[RS_FAMILIES];
	unsigned count = rs_ip_families_list(name->families, families);
	char text[RS_ADDRESS_TEXT_MAX];
	for (unsigned i = 0; i < count; i++) {
		const struct rs_address address = rs_agent_vip(names->options, index, families[i]);
		rs_buf_printf(out, "%s %s%s", rs_address_print(&address, text), name->text, names->mark);
	}
	return out->error;
}

static int clear_file(const char *path, const char *mark)
{
	const struct rs_buf nothing = {0};
	return rs_hosts_rewrite(path, mark, &nothing);
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
	rs_buf_init(&host_text, RS_HOSTS_FILE_MAX);
	rs_buf_init(&text, RS_HOSTS_FILE_MAX);
	rs_auto_fd int host = open_file("/etc/hosts", O_RDONLY);
	if (host >= 0 && rs_hosts_read(host, &host_text) == 0 && host_text.length)
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

static void rewrite_after(struct rs_agent *agent, uint64_t after_us);

int rs_names_flush(struct rs_names *names)
{
	struct rs_buf lines;
	rs_buf_init(&lines, RS_HOSTS_FILE_MAX);
	for (uint32_t i = 0; i < names->end; i++) {
		if (names->of[i].text)
			add_lines(names, i, &lines);
	}
	int r = lines.error ? lines.error : rs_hosts_rewrite(names->path, names->mark, &lines);
	rs_buf_done(&lines);
	names->stale = r < 0;
	return r;
}

/* Said when it begins and when it is over; tried again until then. */
static void note(struct rs_agent *agent, int r)
{
	struct rs_names *names = agent->names;
	if (r < 0 && !names->has_failed)
		rs_log_errno(r, "cannot write service names, the file stays as it was file=%s",
			     rs_log_value(names->path));
	else if (r == 0 && names->has_failed)
		rs_info("service names are written again file=%s", rs_log_value(names->path));
	names->has_failed = r < 0;
	if (r < 0)
		rewrite_after(agent, RETRY_AFTER_US);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_agent *agent = user;
	(void)source;
	(void)usec;
	if (agent->names->stale)
		note(agent, rs_names_flush(agent->names));
	return 0;
}

static void rewrite_after(struct rs_agent *agent, uint64_t after_us)
{
	struct rs_names *names = agent->names;
	names->stale = true;
	rs_timer_after(agent->event, &names->timer, after_us, 1000, on_timer, agent);
}

static void rewrite_soon(struct rs_agent *agent)
{
	if (!agent->names->stale)
		rewrite_after(agent, REWRITE_AFTER_US);
}

static int append_lines(const struct rs_names *names, uint32_t index)
{
	struct rs_buf line;
	rs_buf_init(&line, 1024);
	int r = add_lines(names, index, &line);
	if (r == 0)
		r = rs_hosts_append(names->path, line.data);
	rs_buf_done(&line);
	return r;
}

int rs_names_set(struct rs_agent *agent, const char *name, uint32_t vip, enum rs_ip_families families)
{
	struct rs_names *names = agent->names;
	if (vip >= names->count)
		return -ERANGE;
	struct name *known = &names->of[vip];
	if (known->text && strcmp(known->text, name) == 0 && known->families == families)
		return 0;
	bool is_new = !known->text;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(known->text);
	*known = (struct name){.text = copy, .families = families};
	if (vip >= names->end)
		names->end = vip + 1;
	/* While a rewrite is due anyway, it will bring this one too. During the start nothing is written at all. */
	if (names->stale || !agent->ready)
		return 0;
	if (is_new)
		note(agent, append_lines(names, vip));
	else
		rewrite_soon(agent);
	return 0;
}

void rs_names_remove(struct rs_agent *agent, uint32_t vip)
{
	struct rs_names *names = agent->names;
	if (vip >= names->count || !names->of[vip].text)
		return;
	free(names->of[vip].text);
	names->of[vip].text = NULL;
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
	if (fd >= 0 && rs_hosts_read(fd, &text) == 0 && text.length) {
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
		r = clear_file(path, mark);
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
	names->options = options;
	names->count = agent->leg_count;
	names->of = calloc(names->count, sizeof(*names->of));
	if (!names->path || !names->mark || !names->of)
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
	for (uint32_t i = 0; i < names->end; i++)
		free(names->of[i].text);
	free(names->of);
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
		r = clear_file(options->hosts_file, mark);
		if (r < 0)
			return rs_err_set(err, r, "cannot take the service names out of %s: %s", options->hosts_file,
					  strerror(-r));
	}
	if (r == 0 && unlink(own) < 0 && errno != ENOENT)
		r = rs_err_set(err, -errno, "cannot remove %s: %s", own, strerror(errno));
	return r;
}
