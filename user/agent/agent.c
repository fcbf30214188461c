// SPDX-License-Identifier: BSD-2-Clause
/* Builds the agent from its parts, in the order of their floors, and adopts what an earlier one left running. */
#include "agent/agent.h"

#include "agent/route/external.h"
#include "agent/watch/journal.h"
#include "agent/watch/watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/names.h"
#include "sys/lock.h"
#include "sys/outbound.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- directories and the lock ----------------------------------------------------------------------------------- */

int rs_agent_lock(const struct rs_options *options, int *ret_lock, struct rs_err *err)
{
	int r = rs_traces_make_directory(options, options->run_dir, err);
	if (r < 0)
		return r;
	rs_auto_free char *path = rs_str_format("%s/lock", options->run_dir);
	rs_auto_fd int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot open %s/lock: %s", options->run_dir, strerror(errno));
	pid_t holder;
	r = rs_lock_take(fd, &holder);
	if (r == -EBUSY)
		return rs_err_set(
			err, r,
			"another roused (pid %d) runs with --run-dir %s: stop it, or give this one directories, "
			"ranges and a --name of its own",
			(int)holder, options->run_dir);
	if (r < 0)
		return rs_err_set(err, r, "cannot lock %s: %s", path, strerror(-r));
	char pid[16];
	int length = snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) < 0)
		return rs_err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	*ret_lock = rs_take_fd(fd);
	return 0;
}

/* --- the floors below ------------------------------------------------------------------------------------------- */

static struct rs_hostlink_config hostlink_config(const struct rs_options *options, const char *sandbox_prefix)
{
	struct rs_hostlink_config config = {
		.name = options->name,
		.run_dir = options->run_dir,
		.sandbox_prefix = sandbox_prefix,
		.ranges = rs_agent_ranges(options),
	};
	for (int family = 0; family < RS_FAMILIES; family++) {
		config.address[family] = rs_agent_node_address(options, (enum rs_family)family);
		config.gateway[family] = rs_agent_gateway(options, (enum rs_family)family);
	}
	return config;
}

static int open_dataplane(struct rs_agent *agent, struct rs_err *err)
{
	const struct rs_options *options = agent->options;
	char prefix[RS_LINK_NAME_MAX];
	rs_rt_link_prefix(options->name, prefix);
	struct rs_hostlink_config link = hostlink_config(options, prefix);
	agent->instance_mtu = options->instance_mtu;
	int r = agent->instance_mtu ? 0 : rs_links_uplink_mtu(&agent->instance_mtu, err);
	if (r < 0)
		return r;
	link.mtu = agent->instance_mtu;
	r = rs_hostlink_setup(&link, &agent->link, err);
	if (r < 0)
		return r;
	struct rs_ranges ranges = rs_agent_ranges(options);
	struct rs_dp_config config = {
		.bpf_dir = options->bpf_dir,
		.vip_range = options->vip_range,
		.vip_bits = options->vip_bits,
		.vip6_bits = ranges.vip[RS_V6].bits,
		.hook = options->hook,
		.rouse0_ifindex = agent->link.outer_ifindex,
		.rouse1_ifindex = agent->link.inner_ifindex,
		.holds_max = options->max_holds,
		.flows_max = options->max_flows,
		.allowed_max = options->max_allowed,
		.routes_max = options->max_routes,
		.revisions_max = options->max_revisions,
		.holds_per_source = options->holds_per_source,
		.udp_replied_ms = options->udp_timeout * 1000,
		.udp_unreplied_ms = options->udp_unanswered_timeout * 1000,
	};
	if (options->tcx_order)
		rs_tcx_order_parse(options->tcx_order, &config.tcx_order); /* it was read by it */
	memcpy(&config.vip6_range, ranges.vip[RS_V6].address.byte, sizeof(config.vip6_range));
	memcpy(config.rouse0_mac, agent->link.outer_mac, 6);
	memcpy(config.rouse1_mac, agent->link.inner_mac, 6);
	r = rs_dp_open(&config, &agent->dp, err);
	if (r < 0) {
		/* A start that is refused leaves no links behind. */
		if (agent->link.is_new)
			rs_hostlink_cleanup(options->name, options->run_dir, NULL);
		return r;
	}
	rs_dp_prune(agent->dp);
	return rs_dp_attach(agent->dp, agent->link.inner_ifindex, RS_DP_HOST, RS_WAY_HOST, err);
}

/* Where the helper may be, from where roused is: beside it in the build's folder, below libexec where it was
 * installed. */
static const char *const helper_places[] = {"rouse-sandbox", "../libexec/rouse/rouse-sandbox"};

static int find_helper(const struct rs_options *options, char **ret_path, struct rs_err *err)
{
	if (options->sandbox_helper) {
		*ret_path = strdup(options->sandbox_helper);
		return *ret_path ? 0 : rs_err_set(err, -ENOMEM, "out of memory");
	}
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return rs_err_set(err, -errno, "cannot find out where roused is: %s", strerror(errno));
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < rs_array_length(helper_places); i++) {
		rs_auto_free char *path = rs_str_format("%s/%s", self, helper_places[i]);
		if (!path)
			return rs_err_set(err, -ENOMEM, "out of memory");
		if (access(path, X_OK) == 0) {
			*ret_path = rs_take_ptr(path);
			return 0;
		}
	}
	return rs_err_set(err, -ENOENT,
			  "rouse-sandbox is neither in %s nor in %s/../libexec/rouse: --sandbox-helper says "
			  "where it is",
			  self, self);
}

struct rs_rt_limits rs_agent_rt_limits(const struct rs_options *options)
{
	/* The node's own addresses at the end, the network's at the beginning. */
	uint64_t addresses = (1ULL << (32 - options->instance_bits)) - 4;
	return (struct rs_rt_limits){
		.pool_size = options->pool,
		.max_instances = addresses < options->max_instances ? (uint32_t)addresses : options->max_instances,
		.default_uid = options->uid,
		.default_gid = options->gid,
		.logs = {.bytes = options->log_bytes,
			 .keep = options->log_keep,
			 .keep_seconds = options->log_keep_days * 86400ULL,
			 .total_bytes = (uint64_t)options->log_total_mib << 20},
	};
}

/* Strings live as long as the paths, which the caller owns. */
int rs_agent_rt_config(const struct rs_options *options, struct rs_agent_paths *ret_paths,
		       struct rs_rt_config *ret_config, struct rs_err *err)
{
	int r = find_helper(options, &ret_paths->helper, err);
	if (r < 0)
		return r;
	ret_paths->hosts = rs_names_path(options);
	if (!ret_paths->hosts)
		return rs_err_set(err, -ENOMEM, "out of memory");
	struct rs_rt_limits limits = rs_agent_rt_limits(options);
	struct rs_ranges ranges = rs_agent_ranges(options);
	struct rs_address node = rs_agent_node_address(options, RS_V4);
	*ret_config = (struct rs_rt_config){
		.name = options->name,
		.state_dir = options->state_dir,
		.run_dir = options->run_dir,
		.cgroup_root = options->cgroup_root,
		.sandbox_helper = ret_paths->helper,
		.hosts_file = ret_paths->hosts,
		.range = options->instance_range,
		.range_bits = (uint8_t)options->instance_bits,
		.gateway.s_addr = rs_address_to_v4(&node),
		.range6 = ranges.instances[RS_V6],
		.gateway6 = rs_agent_node_address(options, RS_V6),
		.pool_size = limits.pool_size,
		.max_instances = limits.max_instances,
		.logs = limits.logs,
		.default_uid = limits.default_uid,
		.default_gid = limits.default_gid,
	};
	return 0;
}

void rs_agent_paths_done(struct rs_agent_paths *paths)
{
	free(paths->helper);
	free(paths->hosts);
}

static int open_runtime(struct rs_agent *agent, struct rs_err *err)
{
	struct rs_agent_paths paths = {0};
	struct rs_rt_config config;
	int r = rs_agent_rt_config(agent->options, &paths, &config, err);
	config.mtu = (uint16_t)agent->instance_mtu;
	if (r == 0)
		r = rs_rt_new(agent->event, &config, &rs_instance_callbacks, agent, &agent->rt, err);
	rs_agent_paths_done(&paths);
	if (r < 0)
		return r;
	/* Without them UDP ports are looked at from time to time. */
	struct rs_err why = {0};
	if (rs_dp_attach_binds(agent->dp, rs_rt_cgroup(agent->rt), &why) < 0)
		rs_warn("UDP ports that begin to listen are seen late error=%s", rs_log_value(why.message));
	struct rs_outbound_config outbound = rs_agent_outbound_config(agent->options);
	return rs_outbound_setup(&outbound, err);
}

/* --- adoption --------------------------------------------------------------------------------------------------- */

uint64_t rs_agent_uid(const char *uuid)
{
	uint64_t value = 0;
	int digits = 0;
	for (; *uuid && digits < 16; uuid++) {
		const char c = *uuid;
		if (c == '-')
			continue;
		value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
		digits++;
	}
	return value ? value : 1; /* 0 means a free entry */
}

static int compare_known(const void *a, const void *b)
{
	uint64_t x = ((const struct rs_known_entry *)a)->uid, y = ((const struct rs_known_entry *)b)->uid;
	return x < y ? -1 : x > y;
}

/* Sorted once: searching the map for each of thousands of revisions would take seconds. */
static int remember_known(struct rs_agent *agent)
{
	agent->known = calloc(agent->workload_count, sizeof(*agent->known));
	if (!agent->known)
		return -ENOMEM;
	const struct rs_revision *entry;
	for (unsigned i = 1; (entry = rs_dp_revision(agent->dp, i)) && i < agent->workload_count; i++) {
		if (entry->uid)
			agent->known[agent->known_count++] = (struct rs_known_entry){.uid = entry->uid, .id = i};
	}
	qsort(agent->known, agent->known_count, sizeof(*agent->known), compare_known);
	return 0;
}

unsigned rs_agent_known_entry(const struct rs_agent *agent, uint64_t uid)
{
	struct rs_known_entry key = {.uid = uid};
	const struct rs_known_entry *found =
		agent->known_count ? bsearch(&key, agent->known, agent->known_count, sizeof(key), compare_known) : NULL;
	return found ? found->id : 0;
}

/* A service that is deleted and made again has revisions of the same names: the dataplane knows them apart. */
static bool is_namesakes(struct rs_agent *agent, const struct rs_workload *workload, const struct rs_rt_instance *rt)
{
	const struct rs_instance *entry = rs_dp_instance(agent->dp, rt->id);
	return entry && entry->revision && entry->revision != workload->id;
}

static void adopt_instance(void *user, struct rs_rt_instance *rt)
{
	struct rs_agent *agent = user;
	char namespace[RS_RT_NAME_MAX];
	rs_str_copy(namespace, sizeof(namespace), rt->owner);
	char *slash = strchr(namespace, '/');
	struct rs_model_revision *revision = NULL;
	if (slash) {
		*slash = '\0';
		revision = rs_registry_revision(agent->registry, namespace, slash + 1);
	}
	struct rs_workload *workload = NULL;
	struct rs_err err = {0};
	if (!revision || rs_workload_get(agent, revision, &workload, &err) < 0 || is_namesakes(agent, workload, rt)) {
		rs_info("removing an instance of a revision that is gone instance=%s revision=%s", rt->name, rt->owner);
		rs_rt_remove(agent->rt, rt);
		return;
	}
	if (rs_dp_attach(agent->dp, rt->ifindex, RS_DP_INSTANCE, RS_WAY_PEER, &err) < 0)
		rs_error("cannot attach to a sandbox instance=%s error=%s", rt->name, rs_log_value(err.message));
	rs_instance_adopt(workload, rt);
}

static bool is_adopted(void *user, unsigned instance)
{
	return rs_instance_by_id(user, instance) != NULL;
}

/* Entries of revisions that are gone, or rest unrouted, are free; running workloads go on at the scale that they have.
 */
static void settle_workloads(struct rs_agent *agent)
{
	for (size_t i = 0; i < agent->known_count; i++) {
		struct rs_revision *entry = rs_dp_revision(agent->dp, agent->known[i].id);
		if (!agent->workloads[agent->known[i].id])
			__atomic_store_n(&entry->uid, 0, __ATOMIC_SEQ_CST);
	}
	free(agent->known);
	agent->known = NULL;
	agent->known_count = 0;
	for (unsigned i = 1; i < agent->workload_count; i++) {
		struct rs_workload *workload = agent->workloads[i];
		if (!workload)
			continue;
		rs_workload_adopted(workload);
		rs_dp_wake_answered(agent->dp, i);
	}
}

/* What was held while nobody looked is demand as well. */
static void resume_holds(struct rs_agent *agent)
{
	rs_release_collect(agent);
	for (struct rs_workload *w = agent->active, *next; w; w = next) {
		next = w->active_next;
		rs_workload_scale(w, false);
		rs_release_run(w);
	}
}

static int adopt(struct rs_agent *agent, struct rs_err *err)
{
	agent->workload_count = rs_dp_sizes(agent->dp).revisions + 1;
	agent->workloads = calloc(agent->workload_count, sizeof(struct rs_workload *));
	if (!agent->workloads || remember_known(agent) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if (rs_pressure_new(agent) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	/* Before a new list may get the number of one that was never finished. */
	if (rs_access_sweep(agent) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = rs_external_start(agent, err);
	if (r == 0)
		r = rs_change_replay(agent, err);
	if (r == 0)
		r = rs_rt_adopt(agent->rt, adopt_instance, err);
	if (r < 0)
		return r;
	rs_dp_instances_sweep(agent->dp, is_adopted, agent);
	settle_workloads(agent);
	rs_routing_sweep(agent);
	rs_external_sweep(agent);
	rs_access_sweep(agent);
	rs_access_left_done(agent);
	return 0;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static int open_api(struct rs_agent *agent, struct rs_err *err)
{
	rs_auto_free char *path = rs_str_format("%s/api.sock", agent->options->run_dir);
	if (!path)
		return rs_err_set(err, -ENOMEM, "out of memory");
	return rs_api_new(agent->event, path, rs_take_fd(agent->passed_socket), &rs_agent_backend, agent, &agent->api,
			  err);
}

static int build(struct rs_agent *agent, struct rs_err *err)
{
	const struct rs_options *options = agent->options;
	int r = rs_dp_check_kernel(err);
	if (r == 0)
		r = rs_agent_find_families(agent->options, err);
	if (r < 0)
		return r;
	struct rs_outbound_config outbound = rs_agent_outbound_config(options);
	r = rs_outbound_check(&outbound, err);
	if (r == 0)
		r = rs_agent_lock(options, &agent->lock, err);
	if (r == 0)
		r = rs_traces_note(options, err);
	if (r == 0)
		r = rs_traces_make_directory(options, options->state_dir, err);
	if (r == 0)
		r = rs_load_objects(agent, err);
	if (r == 0)
		r = open_dataplane(agent, err);
	if (r == 0)
		r = rs_names_new(agent, err);
	if (r == 0)
		r = open_runtime(agent, err);
	if (r == 0)
		r = rs_tick_start(agent, err);
	if (r == 0)
		r = adopt(agent, err);
	if (r == 0)
		r = rs_attach_start(agent, err);
	if (r < 0)
		return r;
	resume_holds(agent);
	r = rs_rt_fill_pool(agent->rt, err);
	if (r == 0 && (r = rs_names_flush(agent->names)) < 0)
		rs_err_set(err, r, "cannot write the hosts file: %s", strerror(-r));
	if (r == 0)
		r = open_api(agent, err);
	if (r < 0)
		return r;
	r = rs_collect_soon(agent);
	if (r < 0)
		return rs_err_set(err, r, "cannot set a timer: %s", strerror(-r));
	agent->has_litter = true; /* what loading took */
	rs_tick_wanted(agent);
	agent->ready = true;
	return 0;
}

int rs_agent_new(struct rs_options *options, sd_event *event, int passed_socket, struct rs_agent **ret_agent,
		 struct rs_err *err)
{
	struct rs_agent *agent = calloc(1, sizeof(*agent));
	if (!agent)
		return rs_err_set(err, -ENOMEM, "out of memory");
	agent->options = options;
	agent->event = sd_event_ref(event);
	agent->passed_socket = passed_socket;
	agent->lock = -1;
	agent->started_ns = rs_now_ns();
	agent->clock_offset_ns = rs_wall_ns() - agent->started_ns;
	int r = build(agent, err);
	if (r < 0) {
		rs_agent_free(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

static void free_workloads(struct rs_agent *agent)
{
	for (unsigned i = 0; agent->workloads && i < agent->workload_count; i++) {
		struct rs_workload *workload = agent->workloads[i];
		while (workload && workload->instances) {
			struct rs_agent_instance *instance = workload->instances;
			workload->instances = instance->next;
			sd_event_source_unref(instance->timer);
			free(instance);
		}
		rs_workload_free(workload);
	}
	free(agent->workloads);
}

struct rs_agent *rs_agent_free(struct rs_agent *agent)
{
	if (!agent)
		return NULL;
	/* First the doors, then what stands behind them. The store writes what is queued. */
	rs_api_free(agent->api);
	agent->api = NULL;
	agent->is_ending = true;
	rs_waiting_free(agent);
	rs_attach_free(agent->attach);
	agent->external = rs_external_free(agent->external);
	agent->tick_timer = sd_event_source_unref(agent->tick_timer);
	agent->collect_timer = sd_event_source_disable_unref(agent->collect_timer);
	agent->dp_source = sd_event_source_unref(agent->dp_source);
	free_workloads(agent);
	rs_rt_free(agent->rt);
	rs_names_free(agent->names);
	agent->watches = rs_watches_free(agent->watches);
	rs_store_free(agent->store);
	rs_routing_free(agent);
	agent->journal = rs_journal_free(agent->journal);
	rs_registry_free(agent->registry);
	rs_pressure_free(agent->pressure);
	rs_dp_close(agent->dp);
	rs_access_left_done(agent);
	free(agent->known);
	if (agent->passed_socket >= 0)
		close(agent->passed_socket);
	if (agent->lock >= 0)
		close(agent->lock);
	sd_event_unref(agent->event);
	free(agent);
	return NULL;
}
