// SPDX-License-Identifier: BSD-2-Clause
#include "rt/internal.h"

#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/log_name.h"
#include "rt/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* The pool is filled again a little after a start: the instance needs the processors more than we do. */
#define REFILL_AFTER_US (10 * 1000)

/* An absolute copy: helpers work in /. */
static char *absolute(const char *path)
{
	if (!path || *path == '/')
		return path ? strdup(path) : NULL;
	rs_auto_free char *here = getcwd(NULL, 0);
	return here ? rs_str_format("%s/%s", here, path) : NULL;
}

static int copy_config(struct rs_rt_config *out, const struct rs_rt_config *config)
{
	*out = *config;
	out->name = strdup(config->name);
	out->state_dir = absolute(config->state_dir);
	out->run_dir = absolute(config->run_dir);
	out->cgroup_root = strdup(config->cgroup_root);
	out->sandbox_helper = absolute(config->sandbox_helper);
	out->hosts_file = absolute(config->hosts_file);
	out->resolv_conf = absolute(config->resolv_conf);
	if (!out->pool_size)
		out->pool_size = 1;
	bool whole = out->name && out->state_dir && out->run_dir && out->cgroup_root && out->sandbox_helper &&
		     (out->hosts_file || !config->hosts_file) && (out->resolv_conf || !config->resolv_conf);
	return whole ? 0 : -ENOMEM;
}

static void free_config(struct rs_rt_config *config)
{
	free((char *)config->name);
	free((char *)config->state_dir);
	free((char *)config->run_dir);
	free((char *)config->cgroup_root);
	free((char *)config->sandbox_helper);
	free((char *)config->hosts_file);
	free((char *)config->resolv_conf);
}

static int check_config(const struct rs_rt_config *config, struct rs_err *err)
{
	if (!config->name || !config->state_dir || !config->run_dir || !config->cgroup_root || !config->sandbox_helper)
		return rs_err_set(err, -EINVAL,
				  "the runtime needs a name, a state and a run directory, a cgroup and its helper");
	if (!rs_rt_is_path_part(config->name) || strlen(config->name) > 24)
		return rs_err_set(err, -EINVAL, "the name \"%s\" must be a file name of at most 24 characters",
				  config->name);
	if (!config->max_instances || config->max_instances > RS_INSTANCES_MAX ||
	    !rs_rt_address(config->range, config->range_bits, config->max_instances).s_addr)
		return rs_err_set(err, -EINVAL, "the instance range /%u is too small for %u instances",
				  config->range_bits, config->max_instances);
	uint32_t gateway = ntohl(config->gateway.s_addr) - ntohl(config->range.s_addr);
	if (gateway && gateway <= config->max_instances)
		return rs_err_set(err, -EINVAL,
				  "the gateway must not be among the first %u addresses of the instance range",
				  config->max_instances);
	if (access(config->sandbox_helper, X_OK) < 0)
		return rs_err_set(err, -errno, "cannot run the helper %s: %m", config->sandbox_helper);
	return 0;
}

static int prepare(struct rs_rt *rt, const struct rs_rt_config *config, struct rs_err *err)
{
	int r = copy_config(&rt->config, config);
	rt->records = r == 0 ? rs_str_format("%s/instances", rt->config.run_dir) : NULL;
	rt->boxes = calloc(RS_INSTANCES_MAX + 1, sizeof(*rt->boxes));
	rt->waiting_logs = r == 0 ? rs_str_format("%s/logs/.waiting", rt->config.state_dir) : NULL;
	if (!rt->records || !rt->waiting_logs || !rt->boxes)
		return rs_err_set(err, -ENOMEM, "out of memory");
	r = rs_make_directories(rt->waiting_logs);
	if (r < 0)
		return rs_err_set(err, r, "cannot make %s: %s", rt->waiting_logs, strerror(-r));
	mkdir(rt->config.run_dir, 0755);
	if (mkdir(rt->records, 0700) < 0 && errno != EEXIST)
		return rs_err_set(err, -errno, "cannot make %s: %m", rt->records);
	return rs_cgroups_init(&rt->cgroups, rt->config.cgroup_root, err);
}

int rs_rt_new(sd_event *event, const struct rs_rt_config *config, const struct rs_rt_callbacks *callbacks, void *user,
	      struct rs_rt **ret_rt, struct rs_err *err)
{
	int r = check_config(config, err);
	if (r < 0)
		return r;
	struct rs_rt *rt = calloc(1, sizeof(*rt));
	if (!rt)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rt->event = sd_event_ref(event);
	rt->callbacks = *callbacks;
	rt->user = user;
	r = prepare(rt, config, err);
	if (r < 0) {
		rs_rt_free(rt);
		return r;
	}
	*ret_rt = rt;
	return 0;
}

struct rs_rt *rs_rt_free(struct rs_rt *rt)
{
	if (!rt)
		return NULL;
	rs_probes_cancel(rt, NULL);
	rs_jobs_abandon(rt);
	for (uint32_t id = 1; rt->boxes && id <= RS_INSTANCES_MAX; id++) {
		struct rs_box *box = rt->boxes[id];
		if (!box)
			continue;
		rs_box_settle(box);
		rs_box_free(box);
	}
	sd_event_source_disable_unref(rt->settle_timer);
	sd_event_source_disable_unref(rt->flood_timer);
	sd_event_source_disable_unref(rt->sweep_timer);
	sd_event_source_disable_unref(rt->pool_timer);
	sd_event_unref(rt->event);
	free(rt->boxes);
	free(rt->records);
	free(rt->waiting_logs);
	free_config(&rt->config);
	free(rt);
	return NULL;
}

const char *rs_rt_cgroup(const struct rs_rt *rt)
{
	return rt->cgroups.path[RS_HIERARCHY_UNIFIED];
}

const char *rs_rt_unenforced(const struct rs_rt *rt)
{
	return *rt->cgroups.complaint ? rt->cgroups.complaint : NULL;
}

void rs_rt_change(struct rs_rt *rt, const struct rs_rt_limits *limits)
{
	rt->config.pool_size = limits->pool_size ? limits->pool_size : 1;
	rt->config.max_instances = limits->max_instances;
	rt->config.default_uid = limits->default_uid;
	rt->config.default_gid = limits->default_gid;
	rt->config.logs = limits->logs;
	rs_logs_sweep_after(rt, 1000 * 1000);
	rs_pool_wanted(rt, 0);
}

int rs_rt_fill_pool(struct rs_rt *rt, struct rs_err *err)
{
	(void)err;
	rt->pool_open = true;
	rs_logs_sweep_after(rt, 1000 * 1000);
	rs_pool_wanted(rt, 0);
	return 0;
}

/* An empty pool: will there be another sandbox? */
static int refuse(struct rs_rt *rt, struct rs_err *err)
{
	uint32_t in_use = 0;
	for (uint32_t id = 1; id <= RS_INSTANCES_MAX; id++)
		in_use += rt->boxes[id] &&
			  (rt->boxes[id]->state == RS_BOX_RUNNING || rt->boxes[id]->state == RS_BOX_EXITED);
	if (in_use >= rt->config.max_instances)
		return rs_err_set(err, -ENOSPC, "all %u instances of this node are in use (--max-instances)", in_use);
	rs_pool_wanted(rt, 0);
	return rs_err_set(err, -EAGAIN, "no sandbox is ready; one is being built");
}

static int describe(struct rs_box *box, const struct rs_rt_spec *spec, struct rs_err *err)
{
	struct rs_rt_instance *instance = &box->instance;
	if (!rs_rt_is_path_part(spec->namespace) || !rs_rt_is_path_part(spec->revision))
		return rs_err_set(err, -EINVAL, "namespace and revision must be names");
	snprintf(instance->owner, sizeof(instance->owner), "%s/%s", spec->namespace, spec->revision);
	const char *service = rs_rt_is_path_part(spec->service) ? spec->service : "-";
	char file[RS_LOG_NAME_MAX];
	int n = rs_log_name(file, sizeof(file), instance->name, rs_wall_ns() / RS_NS_PER_MS);
	if (n == 0)
		n = snprintf(instance->log_path, sizeof(instance->log_path), "%s/logs/%s/%s/%s/%s",
			     box->rt->config.state_dir, spec->namespace, service, spec->revision, file);
	if (n < 0 || (size_t)n >= sizeof(instance->log_path))
		return rs_err_set(err, -ENAMETOOLONG, "the log's path under %s is too long", box->rt->config.state_dir);
	instance->port = spec->port;
	instance->is_udp = spec->is_udp;
	return 0;
}

static int send_start(struct rs_box *box, const struct rs_rt_spec *spec, struct rs_err *err)
{
	const struct rs_rt_config *config = &box->rt->config;
	/* Without a choice of the manifest's: never root. */
	uid_t uid = spec->run_as_user >= 0 ? (uid_t)spec->run_as_user : config->default_uid;
	struct rs_buf message;
	rs_buf_init(&message, RS_START_BYTES_MAX);
	int r = rs_start_build(&message, spec, uid, config->default_gid, err);
	if (r == 0) {
		box->instance.started_ns = rs_now_ns();
		rs_record_save(box);
		if (send(box->control, message.data, message.length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			r = rs_err_set(err, -errno, "cannot tell the sandbox %s to start: %m", box->instance.name);
	}
	rs_buf_done(&message);
	return r;
}

/* Back as it was, for the next one. */
static void undo(struct rs_box *box)
{
	rs_record_delete(box);
	if (box->record >= 0)
		close(box->record);
	rs_record_prepare(box);
	box->instance.owner[0] = box->instance.log_path[0] = '\0';
	box->instance.started_ns = 0;
	box->instance.port = 0;
	box->instance.is_udp = false;
}

struct rs_rt_instance *rs_rt_next(struct rs_rt *rt)
{
	return rt->pool_first ? &rt->pool_first->instance : NULL;
}

int rs_rt_start(struct rs_rt *rt, const struct rs_rt_spec *spec, struct rs_rt_instance **ret_instance,
		struct rs_err *err)
{
	struct rs_box *box = rt->pool_first;
	if (!box)
		return refuse(rt, err);
	int r = describe(box, spec, err);
	/* The limits stand before the program runs. */
	if (r == 0 && (spec->cpu_millis || spec->memory_bytes)) {
		r = rs_cgroup_limit(&rt->cgroups, box->instance.name, spec->cpu_millis, spec->memory_bytes);
		if (r < 0)
			rs_err_set(err, r, "cannot set the limits of the cgroup %s: %s", box->instance.name,
				   strerror(-r));
	}
	if (r == 0)
		r = send_start(box, spec, err);
	if (r == -EPIPE || r == -ECONNRESET) {
		/* It has ended, and we are about to hear of it. */
		undo(box);
		rs_removal_start(box);
		rs_pool_wanted(rt, 0);
		return rs_err_set(err, -EAGAIN, "the waiting sandbox has ended; another is being built");
	}
	if (r < 0) {
		undo(box);
		return r;
	}
	rs_pool_take(rt);
	box->state = RS_BOX_RUNNING;
	rs_box_settle_later(box);
	rs_pool_wanted(rt, rt->pooled ? REFILL_AFTER_US : 0);
	*ret_instance = &box->instance;
	return 0;
}
