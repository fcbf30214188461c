// SPDX-License-Identifier: BSD-2-Clause
/* rouse sysdump [-o FILE] [--with-env]: one tarball for a bug report. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/dump/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 160

/* rouse-sysdump-HOST-20261125T120311Z */
static void make_name(char out[static NAME_MAX_LENGTH])
{
	struct utsname host = {0};
	char now[RS_TIME_TEXT_MAX], stamp[RS_TIME_TEXT_MAX];
	size_t n = 0;
	uname(&host);
	host.nodename[strcspn(host.nodename, "/ ")] = '\0';
	rs_time_rfc3339(rs_wall_ns(), now);
	for (const char *at = now; *at; at++) {
		if (*at != '-' && *at != ':')
			stamp[n++] = *at;
	}
	stamp[n] = '\0';
	snprintf(out, NAME_MAX_LENGTH, "rouse-sysdump-%.64s-%s", host.nodename, stamp);
}

/* By tar(1), into a file that nobody else can read, for logs are in it; "-" is standard output. */
static int pack(const struct rs_dump *dump, const char *name, const char *file, struct rs_err *err)
{
	bool is_standard = rs_str_equal(file, "-");
	rs_auto_fd int out = is_standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
					 : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		return rs_err_set(err, -errno, "cannot write %s: %s", file, strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		return rs_err_set(err, -errno, "cannot start tar: %s", strerror(errno));
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		execlp("tar", "tar", "-C", dump->temporary, "-czf", "-", name, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && (is_standard || fsync(out) == 0))
		return 0;
	if (!is_standard)
		unlink(file);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return rs_err_set(err, -ENOENT, "there is no tar on this host");
	return rs_err_set(err, -EIO, "tar could not write %s", file);
}

static void write_about(struct rs_dump *dump)
{
	char now[RS_TIME_TEXT_MAX];
	FILE *out = rs_dump_open(dump, "about.txt");
	if (!out)
		return;
	rs_time_rfc3339(rs_wall_ns(), now);
	fprintf(out, "rouse %s, %s, as user %u\nvalues of environment variables: %s\n", RS_VERSION, now,
		(unsigned)geteuid(), dump->with_env ? "kept" : "left out");
	rs_dump_close(dump, "about.txt", out, NULL);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static int gather(struct rs_cli *cli, struct rs_dump *dump, const char *name, const char *file, struct rs_err *err)
{
	int r = rs_dump_begin(dump, name, err);
	if (r < 0)
		return r;
	rs_outside_places(cli->client.socket, &dump->places);
	write_about(dump);
	rs_dump_agent(dump, &cli->client);
	if (!interrupted)
		rs_dump_host(dump);
	if (interrupted)
		return rs_err_set(err, -EINTR, "interrupted; nothing was written");
	return pack(dump, name, file, err);
}

enum rs_exit rs_sysdump(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct rs_dump dump = {.with_env = args->with_env, .stop = &interrupted};
	struct sigaction before[rs_array_length(signals)], action = {.sa_handler = on_interrupt};
	struct stat written = {0};
	char name[NAME_MAX_LENGTH];
	bool is_standard = rs_str_equal(args->output_file, "-");
	if (is_standard && isatty(STDOUT_FILENO))
		return rs_cli_usage(cli, "sysdump: a terminal cannot read a tarball: name a file, or a pipe behind it");
	make_name(name);
	rs_auto_free char *file = args->output_file ? strdup(args->output_file) : rs_str_format("%s.tar.gz", name);
	if (!file)
		return rs_cli_failf(cli, "out of memory");
	/* What was gathered goes, also after Ctrl-C. */
	interrupted = 0;
	for (size_t i = 0; i < rs_array_length(signals); i++)
		sigaction(signals[i], &action, &before[i]);
	int r = gather(cli, &dump, name, file, &err);
	rs_dump_end(&dump);
	for (size_t i = 0; i < rs_array_length(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	/* Behind a pipe the words go where the dump does not. */
	FILE *out = is_standard ? cli->err : cli->out;
	if (is_standard)
		fprintf(out, "%u items; %u could not be had, index.txt says why.\n", dump.items, dump.failures);
	else if (stat(file, &written) == 0)
		fprintf(out, "%s: %lld KiB, %u items; %u could not be had, index.txt says why.\n", file,
			(long long)(written.st_size + 1023) >> 10, dump.items, dump.failures);
	if (!dump.agent_pid)
		fputs("The agent does not answer: its objects are missing.\n", out);
	fprintf(out, "%s Logs, commands and annotations are in it: look before you send it.\n",
		dump.with_env ? "Values of environment variables are in it."
			      : "Values of environment variables are left out.");
	return rs_cli_written(cli, 0);
}
