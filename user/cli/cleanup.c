// SPDX-License-Identifier: BSD-2-Clause
/* rouse cleanup: becomes `roused --cleanup`, for that program knows what it made. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "roused" in this program's directory. NULL when that cannot be said. */
static char *beside_us(void)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length <= 0)
		return NULL;
	self[length] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	slash[1] = '\0';
	return rs_str_format("%sroused", self);
}

enum rs_exit rs_cleanup(struct rs_cli *cli, const struct rs_args *args)
{
	rs_auto_free char *path = beside_us();
	rs_auto_free char **argv = calloc(args->names.count + 5, sizeof(*argv));
	size_t count = 0;
	if (args->socket)
		return rs_cli_usage(cli,
				    "cleanup: is of an agent's things, not of a socket: name the agent with --name");
	if (!argv)
		return rs_cli_failf(cli, "out of memory");
	argv[count++] = (char *)"roused";
	argv[count++] = (char *)"--cleanup";
	/* `rouse --name b cleanup` means the same as `rouse cleanup --name b`. */
	if (args->agent) {
		argv[count++] = (char *)"--name";
		argv[count++] = (char *)(uintptr_t)args->agent;
	}
	for (size_t i = 0; i < args->names.count; i++)
		argv[count++] = (char *)(uintptr_t)args->names.items[i];
	fflush(NULL);
	if (path)
		execv(path, argv);
	if (!path || errno == ENOENT)
		execvp("roused", argv);
	return rs_cli_failf(cli, "cannot run roused (looked for %s and in PATH): %s", path ? path : "it beside rouse",
			    strerror(errno));
}
