// SPDX-License-Identifier: BSD-2-Clause
/*
 * The API's socket, when systemd listens on it: callers then wait while the
 * agent is restarted, instead of being refused.
 */
#include "agent/agent.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

static char *socket_path(const struct rs_options *options)
{
	/* systemd binds to what its unit says, which may lead through a link (/var/run). */
	rs_auto_free char *directory = realpath(options->run_dir, NULL);
	return rs_str_format("%s/api.sock", directory ? directory : options->run_dir);
}

int rs_passed_socket(const struct rs_options *options, int *ret_fd, struct rs_err *err)
{
	*ret_fd = -1;
	/* Also marks them close-on-exec and forgets the variables, so that no instance gets either. */
	int count = sd_listen_fds(1);
	if (count < 0)
		return rs_err_set(err, count, "cannot take the sockets that were passed: %s", strerror(-count));
	if (count == 0)
		return 0;
	int fd = SD_LISTEN_FDS_START;
	rs_auto_free char *given = rs_str_format("%s/api.sock", options->run_dir);
	rs_auto_free char *real = socket_path(options);
	if (!given || !real)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if (count > 1)
		return rs_err_set(err, -EINVAL, "%d sockets were passed, one is needed: %s", count, given);
	if (sd_is_socket_unix(fd, SOCK_STREAM, 1, given, 0) <= 0 && sd_is_socket_unix(fd, SOCK_STREAM, 1, real, 0) <= 0)
		return rs_err_set(err, -EINVAL,
				  "the socket that was passed is not %s: ListenStream= of the socket unit must be that "
				  "of --run-dir",
				  given);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return rs_err_set(err, -errno, "cannot use the socket that was passed: %s", strerror(errno));
	*ret_fd = fd;
	return 0;
}
