// SPDX-License-Identifier: BSD-2-Clause
/*
 * libmicrohttpd without a thread of its own: its epoll descriptor is one source
 * of the agent's loop, its timeouts are one timer.
 */
#include "agent/api/exchange.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 128

/* --- the socket ------------------------------------------------------------------------------------------------ */

static int set_address(const char *path, struct sockaddr_un *ret_address, struct rs_err *err)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (rs_str_copy(ret_address->sun_path, sizeof(ret_address->sun_path), path) < 0)
		return rs_err_set(err, -ENAMETOOLONG,
				  "the socket's path %s is longer than the %zu bytes that Linux allows: choose another "
				  "--run-dir",
				  path, sizeof(ret_address->sun_path) - 1);
	return 0;
}

/* Removes a socket that nobody listens on. */
static int remove_stale(const struct sockaddr_un *address, struct rs_err *err)
{
	rs_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;
	if (lstat(address->sun_path, &status) < 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return rs_err_set(err, -EEXIST, "%s is in the way and is no socket: remove it", address->sun_path);
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot create a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		return rs_err_set(
			err, -EADDRINUSE,
			"another agent answers on %s: stop that one, or start this one with its own --run-dir",
			address->sun_path);
	if (unlink(address->sun_path) < 0 && errno != ENOENT)
		return rs_err_set(err, -errno, "cannot remove the stale socket %s: %s", address->sun_path,
				  strerror(errno));
	return 0;
}

static int listen_on(const char *path, int *ret_fd, struct rs_err *err)
{
	struct sockaddr_un address;
	int r = set_address(path, &address, err);
	if (r == 0)
		r = remove_stale(&address, err);
	if (r < 0)
		return r;
	rs_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode before listen(): until then nobody can connect. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0660) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return rs_err_set(err, -errno, "cannot listen on %s: %s", path, strerror(errno));
	*ret_fd = rs_take_fd(fd);
	return 0;
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

/* A daemon that has as many connections as it may, or no descriptors left, stops to listen, and begins again only in
 * the run after the one in which a connection has gone: nothing else would call for that one. */
static void run(struct rs_api *api)
{
	unsigned before = api->connections;
	/* Before the run: callbacks inside it may resume others. */
	api->is_due = false;
	api->run_ns = rs_now_ns();
	MHD_run(api->daemon);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	api->connections = info ? info->num_connections : 0;
	if (api->connections < before)
		api->is_due = true;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	(void)source;
	(void)fd;
	(void)revents;
	run(user);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	run(user);
	return 0;
}

/* Without a thread libmicrohttpd has nothing to wake its epoll descriptor with, and MHD_get_timeout() does not know of
 * resumed connections. */
void rs_api_resume(struct rs_api_exchange *exchange)
{
	MHD_resume_connection(exchange->connection);
	exchange->api->is_due = true;
}

/* Before each wait: when the daemon wants to be called next. */
static int on_prepare(sd_event_source *source, void *user)
{
	struct rs_api *api = user;
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	(void)source;
	if (!api->is_due && MHD_get_timeout(api->daemon, &wait_ms) != MHD_YES)
		return sd_event_source_set_enabled(api->timer, SD_EVENT_OFF);
	int r = sd_event_source_set_time(api->timer, rs_now_ns() / RS_NS_PER_US + wait_ms * 1000);
	return r < 0 ? r : sd_event_source_set_enabled(api->timer, SD_EVENT_ONESHOT);
}

static int add_to_loop(struct rs_api *api, struct rs_err *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || info->epoll_fd < 0)
		return rs_err_set(err, -ENOTSUP, "libmicrohttpd was built without epoll");
	int r = sd_event_add_time(api->event, &api->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, api);
	if (r >= 0)
		r = sd_event_source_set_enabled(api->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_io(api->event, &api->io_source, info->epoll_fd, EPOLLIN, on_io, api);
	if (r >= 0)
		r = sd_event_source_set_prepare(api->io_source, on_prepare);
	if (r < 0)
		return rs_err_set(err, r, "cannot add the API to the event loop: %s", strerror(-r));
	/* A wake does not wait for somebody's list. */
	sd_event_source_set_priority(api->io_source, SD_EVENT_PRIORITY_NORMAL + 10);
	sd_event_source_set_priority(api->timer, SD_EVENT_PRIORITY_NORMAL + 10);
	sd_event_source_set_description(api->io_source, "api");
	return 0;
}

static void on_message(void *user, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void on_message(void *user, const char *format, va_list args)
{
	char text[256];
	(void)user;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	rs_debug("libmicrohttpd: %s", text);
}

static int start_daemon(struct rs_api *api, struct rs_err *err)
{
	api->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
				       rs_api_on_request, api, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
				       MHD_OPTION_LISTEN_SOCKET, api->listen_fd, MHD_OPTION_NOTIFY_COMPLETED,
				       rs_api_on_completed, api, MHD_OPTION_CONNECTION_LIMIT,
				       (unsigned)RS_API_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				       (unsigned)RS_API_IDLE_SECONDS, MHD_OPTION_END);
	return api->daemon ? 0 : rs_err_set(err, -EIO, "libmicrohttpd does not start; --log-level debug says why");
}

int rs_api_new(sd_event *event, const char *path, int passed_fd, const struct rs_api_backend *backend, void *user,
	       struct rs_api **ret_api, struct rs_err *err)
{
	struct rs_api *api = calloc(1, sizeof(*api));
	int r = -ENOMEM;
	if (api) {
		*api = (struct rs_api){.event = sd_event_ref(event),
				       .backend = backend,
				       .user = user,
				       .path = strdup(path),
				       .listen_fd = passed_fd,
				       .is_passed = passed_fd >= 0};
	}
	if (!api && passed_fd >= 0)
		close(passed_fd);
	if (!api || !api->path)
		rs_err_set(err, r, "out of memory");
	else if ((r = api->is_passed ? 0 : listen_on(path, &api->listen_fd, err)) == 0 &&
		 (r = start_daemon(api, err)) == 0)
		r = add_to_loop(api, err);
	if (r < 0) {
		rs_api_free(api);
		return r;
	}
	*ret_api = api;
	return 0;
}

struct rs_api *rs_api_free(struct rs_api *api)
{
	if (!api)
		return NULL;
	sd_event_source_disable_unref(api->io_source);
	sd_event_source_disable_unref(api->timer);
	if (api->daemon) {
		/* A daemon with suspended connections may not be stopped; stopping closes all of them. */
		for (int i = 0; i < RS_API_CONNECTIONS_MAX; i++) {
			struct rs_api_exchange *exchange = api->exchanges[i];
			if (exchange && (exchange->is_suspended || exchange->is_waiting))
				MHD_resume_connection(exchange->connection);
		}
		MHD_stop_daemon(api->daemon); /* and the socket with it */
	} else if (api->listen_fd >= 0) {
		close(api->listen_fd);
	}
	/* One that was passed stays: who passed it goes on listening, and callers wait for the next agent. */
	if (api->listen_fd >= 0 && !api->is_passed)
		unlink(api->path);
	sd_event_source_disable_unref(api->follow_timer);
	sd_event_unref(api->event);
	free(api->path);
	free(api);
	return NULL;
}
