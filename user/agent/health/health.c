// SPDX-License-Identifier: BSD-2-Clause
/*
 * The node's health. Each check looks at the thing itself, not at what was once
 * done to it: pins, interfaces and settings can go away under a running agent.
 */
#include "agent/health/health.h"
#include "agent/show/view.h"

#include "abi/version.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define FREE_BYTES_MIN (64ULL * 1024 * 1024)

struct rs_health_part rs_health_part(bool ok, const char *format, ...)
{
	struct rs_health_part out = {.ok = ok};
	va_list args;
	va_start(args, format);
	vsnprintf(out.message, sizeof(out.message), format, args);
	va_end(args);
	return out;
}

uint64_t rs_health_resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t rs_health_held(const struct rs_agent *agent)
{
	uint64_t held = 0;
	for (unsigned i = 1; i < agent->workload_count; i++) {
		const struct rs_revision *entry = agent->workloads[i] ? rs_dp_revision(agent->dp, i) : NULL;
		held += entry ? __atomic_load_n(&entry->held, __ATOMIC_RELAXED) : 0;
	}
	return held;
}

/* --- the parts -------------------------------------------------------------------------------------------------- */

static struct rs_health_part check_dataplane(struct rs_agent *agent)
{
	unsigned clients = rs_attach_count(agent);
	const struct rs_hostlink *link = &agent->link;
	if (if_nametoindex(link->inner) != link->inner_ifindex || if_nametoindex(link->outer) != link->outer_ifindex)
		return rs_health_part(false, "the links %s and %s were removed: restart roused, it makes them anew",
				      link->outer, link->inner);
	char name[RS_LINK_NAME_MAX];
	unsigned missing = rs_interfaces_missing(agent, name, sizeof(name));
	if (missing)
		return rs_health_part(false, "%u %s no program (%s): the interfaces below say why", missing,
				      missing == 1 ? "interface has" : "interfaces have", name);
	return rs_health_part(true, "%s, this host and %u %s of clients", rs_dp_hook_name(agent->dp), clients,
			      clients == 1 ? "interface" : "interfaces");
}

static struct rs_health_part check_pins(struct rs_agent *agent)
{
	const char *dir = agent->options->bpf_dir;
	struct statfs status;
	char path[512];
	if (statfs(dir, &status) < 0)
		return rs_health_part(false,
				      "%s: %s: without pins the next agent cannot take over what this one has; restart "
				      "roused now, while it is quiet",
				      dir, strerror(errno));
	if (status.f_type != BPF_FS_MAGIC)
		return rs_health_part(false, "%s is not on a bpffs any more: mount -t bpf bpf %s, and restart roused",
				      dir, dir);
	snprintf(path, sizeof(path), "%s/abi", dir);
	if (access(path, F_OK) < 0)
		return rs_health_part(false, "the pins in %s were removed: restart roused while it is quiet", dir);
	return rs_health_part(true, "%s, ABI %d", dir, RS_ABI_VERSION);
}

/* How readiness is seen: listen() in an instance's namespace. */
static struct rs_health_part check_tracepoint(struct rs_agent *agent)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/links/on_listen", agent->options->bpf_dir);
	if (access(path, F_OK) < 0)
		return rs_health_part(
			false, "%s is gone: listeners are found by looking only, up to 20 ms late; restart roused",
			path);
	return rs_health_part(true, "inet_sock_set_state");
}

static struct rs_health_part check_runtime(struct rs_agent *agent)
{
	struct rs_cgroups cgroups;
	struct rs_err err = {0};
	unsigned starved = 0, without_place = 0;
	for (const struct rs_workload *w = agent->active; w; w = w->active_next) {
		starved += w->starved;
		without_place += w->starved && w->node_full;
	}
	if (rs_cgroups_init(&cgroups, agent->options->cgroup_root, &err) < 0)
		return rs_health_part(false, "%s", err.message);
	if (without_place)
		return rs_health_part(false,
				      "%u %s: all %u instances of this node are in use (rouse get instances -A says by "
				      "whom). If that lasts, lower the max-scale of others, or raise --max-instances",
				      without_place, without_place == 1 ? "revision waits" : "revisions wait",
				      agent->options->max_instances);
	if (starved)
		return rs_health_part(
			false, "%u %s for a sandbox: the pool of %u is empty. If that lasts, raise --pool", starved,
			starved == 1 ? "revision waits" : "revisions wait", agent->options->pool);
	if (cgroups.complaint[0])
		return rs_health_part(false, "%s", cgroups.complaint);
	return rs_health_part(true,
			      "process, a pool of %u sandboxes, at most %u instances; limits of cpu and memory hold",
			      agent->options->pool, agent->options->max_instances);
}

static struct rs_health_part check_store(struct rs_agent *agent)
{
	const char *dir = agent->options->state_dir;
	struct statvfs status;
	if (statvfs(dir, &status) < 0)
		return rs_health_part(false, "%s: %s", dir, strerror(errno));
	uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	if (status.f_flag & ST_RDONLY)
		return rs_health_part(false, "%s is mounted read-only: no apply can be kept", dir);
	if (free_bytes < FREE_BYTES_MIN)
		return rs_health_part(false, "%s has %llu MiB left: make room, or an apply will be refused", dir,
				      (unsigned long long)(free_bytes >> 20));
	struct stat store;
	rs_auto_free char *path = rs_str_format("%s/store.db", dir);
	if (!path || stat(path, &store) < 0)
		return rs_health_part(
			false,
			"%s/store.db: %s: services live in this process alone; save them before a restart "
			"(rouse get services -A -o yaml)",
			dir, strerror(errno));
	uint64_t dropped = rs_store_events_dropped(agent->store);
	char lost[64] = "";
	if (dropped)
		snprintf(lost, sizeof(lost), "; %llu events were dropped", (unsigned long long)dropped);
	return rs_health_part(true, "%s, %lld KiB, %.1f GiB free%s", path, (long long)store.st_size >> 10,
			      (double)free_bytes / (1 << 30), lost);
}

static struct rs_health_part check_names(struct rs_agent *agent)
{
	const struct rs_options *options = agent->options;
	rs_auto_free char *path = rs_names_path(options);
	if (!path)
		return rs_health_part(false, "out of memory");
	if (access(path, R_OK) < 0)
		return rs_health_part(false, "%s: %s: restart roused, it writes it anew", path, strerror(errno));
	if (strcmp(path, "/etc/hosts") == 0)
		return rs_health_part(true, "%s", path);
	return rs_health_part(true, "%s; docs/names.md says how this host's resolver reads it", path);
}

/* A reload that was refused is what people look here for. */
static struct rs_health_part check_configuration(struct rs_agent *agent)
{
	const struct rs_config_state *state = &agent->configuration;
	const struct rs_options *options = agent->options;
	char when[RS_TIME_TEXT_MAX], files[160] = "no file, the built-in values";
	size_t n = 0;
	for (unsigned i = 0; i < options->config_file_count && n < sizeof(files); i++)
		n += (size_t)snprintf(files + n, sizeof(files) - n, "%s%s", i ? ", " : "", options->config_files[i]);
	if (*state->error) {
		rs_time_rfc3339(state->failed_wall_ns, when);
		return rs_health_part(false, "refused at %s, the old one stays: %s", when, state->error);
	}
	rs_time_rfc3339(state->loaded_wall_ns, when);
	if (*state->restart)
		return rs_health_part(true, "%s, read at %s; these need a restart: %s", files, when, state->restart);
	return rs_health_part(true, "%s, read at %s", files, when);
}

/* --- the object ------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct rs_health_part (*check)(struct rs_agent *agent);
} checks[] = {
	{"dataplane", check_dataplane},
	{"pins", check_pins},
	{"tracepoint", check_tracepoint},
	{"kernel", rs_health_kernel},
	{"rp_filter", rs_health_rp_filter},
	{"ranges", rs_health_ranges},
	{"outbound", rs_health_outbound},
	{"runtime", check_runtime},
	{"sandbox", rs_health_sandbox},
	{"store", check_store},
	{"names", check_names},
	{"configuration", check_configuration},
	{"clock", rs_health_clock},
	{"limits", rs_health_limits},
};

static bool add_parts(cJSON *status, struct rs_agent *agent)
{
	cJSON *parts = cJSON_AddArrayToObject(status, "parts");
	for (size_t i = 0; i < rs_array_length(checks); i++) {
		struct rs_health_part result = checks[i].check(agent);
		cJSON *item = cJSON_CreateObject();
		if (!parts || !cJSON_AddItemToArray(parts, item)) {
			cJSON_Delete(item);
			return false;
		}
		if (!cJSON_AddStringToObject(item, "name", checks[i].name) ||
		    !cJSON_AddBoolToObject(item, "ok", result.ok) ||
		    !cJSON_AddStringToObject(item, "message", result.message))
			return false;
	}
	return true;
}

static bool add_numbers(cJSON *status, struct rs_agent *agent)
{
	uint64_t instances = 0, flows = 0;
	for (unsigned i = 1; i < agent->workload_count; i++) {
		const struct rs_workload *workload = agent->workloads[i];
		for (const struct rs_agent_instance *at = workload ? workload->instances : NULL; at; at = at->next) {
			const struct rs_instance *entry = rs_dp_instance(agent->dp, at->rt->id);
			instances++;
			flows += entry ? __atomic_load_n(&entry->flows, __ATOMIC_RELAXED) : 0;
		}
	}
	const struct {
		const char *name;
		double value;
	} numbers[] = {
		{"pid", getpid()},
		{"uptimeSeconds", (double)((rs_now_ns() - agent->started_ns) / RS_NS_PER_S)},
		{"services", (double)rs_registry_count(agent->registry, RS_KIND_SERVICE)},
		{"instances", (double)instances},
		{"held", (double)rs_health_held(agent)},
		{"flows", (double)flows},
		{"mapBytes", (double)rs_dp_map_bytes(agent->dp)},
		{"rssBytes", (double)rs_health_resident_bytes()},
	};
	for (size_t i = 0; i < rs_array_length(numbers); i++) {
		if (!cJSON_AddNumberToObject(status, numbers[i].name, numbers[i].value))
			return false;
	}
	return true;
}

static bool add_interfaces(cJSON *status, struct rs_agent *agent)
{
	cJSON *interfaces = rs_interfaces_print(agent);
	if (interfaces && cJSON_AddItemToObject(status, "interfaces", interfaces))
		return true;
	cJSON_Delete(interfaces);
	return false;
}

cJSON *rs_health_print(struct rs_agent *agent)
{
	cJSON *object = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(object, "apiVersion", RS_VIEW_ROUSE_VERSION) ||
	    !cJSON_AddStringToObject(object, "kind", "NodeStatus") || !cJSON_AddObjectToObject(object, "status")) {
		cJSON_Delete(object);
		return NULL;
	}
	cJSON *status = cJSON_GetObjectItemCaseSensitive(object, "status");
	if (cJSON_AddStringToObject(status, "version", RS_VERSION) && add_numbers(status, agent) &&
	    add_parts(status, agent) && add_interfaces(status, agent))
		return object;
	cJSON_Delete(object);
	return NULL;
}
