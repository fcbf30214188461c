// SPDX-License-Identifier: BSD-2-Clause
/* Load, adopt, close, clean up. */
#include "dp/internal.h"

#include "abi/config.h"
#include "abi/version.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rouse.skel.h"
#include "sys/lock.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* The kernel may have no memory for the timer at one moment, and have it at the next. */
#define SWEEPER_TRIES	 50
#define SWEEPER_AGAIN_MS 2

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	/* libbpf's warnings repeat what we return as errors, and its verifier logs fill screens. */
	if (level == LIBBPF_DEBUG || !rs_log_enabled(RS_LOG_DEBUG))
		return 0;
	return vfprintf(stderr, format, args);
}

/* The directory of the pins, on a bpffs: one is mounted there when the place has none. */
static int prepare_bpf_dir(const char *dir, struct rs_err *err)
{
	struct statfs fs;
	for (const char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		rs_auto_free char *parent = strndup(dir, (size_t)(slash - dir));
		if (!parent)
			return -ENOMEM;
		if (rs_str_equal(parent, "/sys/fs/bpf") && statfs(parent, &fs) == 0 && fs.f_type != BPF_FS_MAGIC &&
		    mount("bpf", parent, "bpf", 0, "mode=0700") < 0)
			return rs_err_set(err, -errno, "cannot mount a bpffs on %s: %s", parent, strerror(errno));
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return rs_err_set(err, -errno, "cannot create %s: %s", parent, strerror(errno));
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return rs_err_set(err, -errno, "cannot create %s: %s", dir, strerror(errno));
	if (statfs(dir, &fs) < 0)
		return rs_err_set(err, -errno, "cannot look at %s: %s", dir, strerror(errno));
	if (fs.f_type != BPF_FS_MAGIC)
		return rs_err_set(err, -EINVAL, "%s is not on a bpffs: mount one there (mount -t bpf bpf %s)", dir,
				  dir);
	rs_auto_free char *links = rs_str_format("%s/links", dir);
	if (!links)
		return -ENOMEM;
	if (mkdir(links, 0700) < 0 && errno != EEXIST)
		return rs_err_set(err, -errno, "cannot create %s: %s", links, strerror(errno));
	return 0;
}

int rs_dp_lock(const char *bpf_dir, int *ret_lock, struct rs_err *err)
{
	pid_t holder;
	int r = rs_lock_directory(bpf_dir, ret_lock, &holder);
	if (r == -EBUSY)
		return rs_err_set(err, r,
				  "another roused (pid %d) has its maps in --bpf-dir %s: stop it, or give this one "
				  "directories, ranges and a --name of its own",
				  (int)holder, bpf_dir);
	return r < 0 ? rs_err_set(err, r, "cannot lock %s: %s", bpf_dir, strerror(-r)) : 0;
}

/* Reads the ABI of pinned maps. 1 = found, 0 = none there. */
static int read_pinned_abi(const char *dir, struct rs_abi *ret_abi, struct rs_err *err)
{
	rs_auto_free char *path = rs_str_format("%s/abi", dir);
	if (!path)
		return -ENOMEM;
	rs_auto_fd int fd = bpf_obj_get(path);
	if (fd < 0)
		return fd == -ENOENT ? 0 : rs_err_set(err, fd, "cannot open the pin %s: %s", path, strerror(-fd));
	__u32 zero = 0;
	struct rs_abi abi;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	int r = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (r == 0 && info.value_size != sizeof(abi))
		r = -EPROTO; /* not ours: the kernel would write past the end */
	if (r == 0)
		r = bpf_map_lookup_elem(fd, &zero, &abi);
	if (r < 0)
		return rs_err_set(err, r, "cannot read the pin %s: %s", path, strerror(-r));
	if (abi.version == 0)
		return 0; /* an agent died before its first load was complete */
	if (abi.version != RS_ABI_VERSION)
		return rs_err_set(err, -EPROTO,
				  "the maps pinned in %s have ABI version %u, this roused has %u; what is pinned there "
				  "still serves: start the roused that made it, or run `rouse cleanup` (warm "
				  "connections end) and start this one again",
				  dir, abi.version, RS_ABI_VERSION);
	*ret_abi = abi;
	return 1;
}

/* The size of a pinned map, which a load must not change; 0 when it is not there. */
static unsigned pinned_entries(const char *dir, const char *name)
{
	rs_auto_free char *path = rs_str_format("%s/%s", dir, name);
	rs_auto_fd int fd = path ? bpf_obj_get(path) : -1;
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.max_entries : 0;
}

/* The coarse clock moves with the kernel's tick: its resolution is the tick's length. */
static unsigned jiffy_ns(void)
{
	struct timespec tick;
	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0 ? (unsigned)rs_timespec_ns(&tick) : 4000000;
}

/* As it is pinned, else as it is wanted, else as it is. */
static void size_map(const struct rs_dp *dp, struct bpf_map *map, unsigned wanted)
{
	unsigned entries = dp->adopted ? pinned_entries(dp->bpf_dir, bpf_map__name(map)) : wanted;
	if (entries)
		bpf_map__set_max_entries(map, entries);
}

static void configure(struct rs_dp *dp, unsigned flows_max)
{
	struct rouse_bpf *skeleton = dp->skeleton;
	const struct rs_dp_config *config = &dp->config;
	in_addr_t mask = config->vip_bits ? htonl(~0U << (32 - config->vip_bits)) : 0;
	struct rs_config rodata = {
		.vip_v4 = config->vip_range.s_addr & mask,
		.vip_v4_mask = mask,
		.vip_v6 = {~0U}, /* under an empty mask: nothing */
		.rouse0_ifindex = config->rouse0_ifindex,
		.rouse1_ifindex = config->rouse1_ifindex,
		.holds_mask = dp->holds_max - 1,
		.flows_mask = flows_max - 1,
		.open_mask = flows_max / RS_FLOWS_OPEN_SHARE - 1,
		.holds_per_source = config->holds_per_source ? config->holds_per_source : RS_HOLDS_PER_SOURCE_MAX,
		.seed = dp->seed,
		.jiffy_ns = jiffy_ns(),
		.udp_unreplied_ms = config->udp_unreplied_ms ? config->udp_unreplied_ms : RS_UDP_UNREPLIED_MS,
		.udp_replied_ms = config->udp_replied_ms ? config->udp_replied_ms : RS_UDP_REPLIED_MS,
		.has_kernel_context = rs_dp_has_kernel_function("bpf_cast_to_kern_ctx"),
	};
	memcpy(rodata.rouse0_mac, config->rouse0_mac, 6);
	for (unsigned i = 0; i < 4 && config->vip6_bits; i++) {
		unsigned bits = config->vip6_bits > 32 * i ? config->vip6_bits - 32 * i : 0;
		__be32 word;
		memcpy(&word, &config->vip6_range.s6_addr[4 * i], sizeof(word));
		rodata.vip_v6_mask[i] = bits >= 32 ? ~0U : htonl(~(~0U >> bits));
		rodata.vip_v6[i] = word & rodata.vip_v6_mask[i];
	}
	memcpy((void *)&skeleton->rodata->config, &rodata, sizeof(rodata));
	bpf_map__set_max_entries(skeleton->maps.holds, dp->holds_max);
	bpf_map__set_max_entries(skeleton->maps.hold_index, dp->holds_max);
	bpf_map__set_max_entries(skeleton->maps.flows, flows_max);
	bpf_map__set_max_entries(skeleton->maps.replies, flows_max);
	bpf_map__set_max_entries(skeleton->maps.flow_ring_fast, flows_max);
	bpf_map__set_max_entries(skeleton->maps.flow_ring_slow, flows_max);
	bpf_map__set_max_entries(skeleton->maps.flow_ring_open, flows_max / RS_FLOWS_OPEN_SHARE);
	size_map(dp, skeleton->maps.allowed, config->allowed_max);
	size_map(dp, skeleton->maps.routes, config->routes_max);
	size_map(dp, skeleton->maps.frontends, (config->vip6_bits ? 6 : 3) * config->routes_max);
	/* Entry 0 is never used. */
	unsigned revisions = config->revisions_max ? config->revisions_max + 1 : 0;
	size_map(dp, skeleton->maps.revisions, revisions);
	size_map(dp, skeleton->maps.revision_stats, revisions);
}

static int share(struct rs_shared *shared, const struct bpf_map *map, int protection, struct rs_err *err)
{
	int r = rs_shared_init(shared, map, protection);
	return r < 0 ? rs_err_set(err, r, "cannot map the BPF map %s: %s", bpf_map__name(map), strerror(-r)) : 0;
}

static int map_shared_memory(struct rs_dp *dp, struct rs_err *err)
{
	const struct rouse_bpf *skeleton = dp->skeleton;
	int r = share(&dp->revisions, skeleton->maps.revisions, PROT_READ | PROT_WRITE, err);
	if (r == 0)
		r = share(&dp->instances, skeleton->maps.instances, PROT_READ | PROT_WRITE, err);
	if (r == 0)
		r = share(&dp->holds, skeleton->maps.holds, PROT_READ, err);
	if (r == 0)
		r = share(&dp->datagrams, skeleton->maps.datagrams, PROT_READ, err);
	if (r < 0)
		return r;
	void *rings = mmap(NULL, sizeof(*dp->rings), PROT_READ, MAP_SHARED, bpf_map__fd(skeleton->maps.rings), 0);
	if (rings == MAP_FAILED)
		return rs_err_set(err, -errno, "cannot map the BPF map rings: %s", strerror(errno));
	dp->rings = rings;
	dp->holds_seen = dp->rings->hold.head;
	dp->lost_seen = dp->rings->events_lost;
	return 0;
}

void rs_dp_rest(struct rs_dp *dp)
{
	rs_shared_give_back(&dp->revisions);
	rs_shared_give_back(&dp->instances);
	rs_shared_give_back(&dp->holds);
	rs_shared_give_back(&dp->datagrams);
}

static void slot_answered(struct rs_dp *dp, unsigned revision)
{
	struct rs_revision *entry = rs_dp_revision(dp, revision);
	if (entry)
		__atomic_store_n(&entry->slot_rung, 0, __ATOMIC_SEQ_CST);
}

/* Bells that the last agent heard and did not answer, or never heard: what they rang for is read from the maps. */
static void answer_bells(struct rs_dp *dp)
{
	for (unsigned i = 1; i < dp->revisions.count; i++) {
		const struct rs_revision *entry = rs_dp_revision(dp, i);
		if (entry && entry->uid) {
			rs_dp_wake_answered(dp, i);
			slot_answered(dp, i);
		}
	}
}

static int start_sweeper(struct rs_dp *dp, struct rs_err *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	for (int tries = 0; tries == 0 || (run.retval != 0 && tries < SWEEPER_TRIES); tries++) {
		int r = bpf_prog_test_run_opts(bpf_program__fd(dp->skeleton->progs.start_sweeper), &run);
		if (r < 0)
			return rs_err_set(err, r, "cannot start the sweeper's timer: %s", strerror(-r));
		if (run.retval != 0)
			poll(NULL, 0, SWEEPER_AGAIN_MS);
	}
	if (run.retval != 0)
		return rs_err_set(err, -EIO, "cannot start the sweeper's timer (step %d)", (int)run.retval);
	return 0;
}

/* Readiness events come from a tracepoint: pinned, so that the kernel side marks listeners without an agent. */
static int attach_tracepoint(struct rs_dp *dp, struct rs_err *err)
{
	rs_auto_free char *path = rs_str_format("%s/links/on_listen", dp->bpf_dir);
	if (!path)
		return -ENOMEM;
	struct bpf_link *link = bpf_program__attach(dp->skeleton->progs.on_listen);
	if (!link)
		return rs_err_set(err, -errno, "cannot attach to the tracepoint inet_sock_set_state: %s",
				  strerror(errno));
	/* Tracing links cannot be updated: the new one stands before the old one goes. */
	unlink(path);
	int r = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	if (r < 0)
		return rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r));
	return 0;
}

static int handle_event(void *context, void *data, size_t size)
{
	struct rs_dp *dp = context;
	const struct rs_event *event = data;
	if (size < sizeof(*event))
		return 0;
	/* Heard: a place that becomes free from here on rings again, and the agent looks afterwards. */
	if (event->type == RS_EVENT_SLOT)
		slot_answered(dp, event->revision);
	if (dp->event)
		dp->event(dp->event_user, event);
	return 0;
}

static bool is_ring_size(unsigned size, unsigned minimum)
{
	return size >= minimum && (size & (size - 1)) == 0;
}

static int load(struct rs_dp *dp, struct rs_err *err)
{
	struct rs_abi abi = {0};
	int found = read_pinned_abi(dp->bpf_dir, &abi, err);
	if (found < 0)
		return found;
	dp->adopted = found > 0;
	dp->holds_max = found ? abi.holds_max : dp->config.holds_max ? dp->config.holds_max : RS_HOLDS_MAX;
	unsigned flows_max = found ? abi.flows_max : dp->config.flows_max ? dp->config.flows_max : RS_FLOWS_MAX;
	if (!is_ring_size(dp->holds_max, RS_HOLDS_MIN) || !is_ring_size(flows_max, RS_FLOWS_MIN))
		return rs_err_set(err, -EINVAL,
				  "max-holds (%u) and max-flows (%u) must be powers of two from %u and %u on",
				  dp->holds_max, flows_max, RS_HOLDS_MIN, RS_FLOWS_MIN);
	dp->seed = abi.seed;
	if (!found) {
		/* No ABI: whatever is pinned here comes from a load that was never completed. */
		int r = rs_dp_remove_pins(dp->bpf_dir, err);
		if (r == 0)
			r = prepare_bpf_dir(dp->bpf_dir, err);
		if (r < 0)
			return r;
		if (getrandom(&dp->seed, sizeof(dp->seed), 0) != sizeof(dp->seed))
			return rs_err_set(err, -EIO, "cannot get a random number: %s", strerror(errno));
	}

	LIBBPF_OPTS(bpf_object_open_opts, options, .pin_root_path = dp->bpf_dir);
	dp->skeleton = rouse_bpf__open_opts(&options);
	if (!dp->skeleton)
		return rs_err_set(err, -errno, "cannot open the BPF object: %s", strerror(errno));
	configure(dp, flows_max);
	rs_dp_choose_binds(dp);
	int r = rouse_bpf__load(dp->skeleton);
	if (r < 0)
		return rs_dp_explain_load(r, err);
	abi = (struct rs_abi){
		.version = RS_ABI_VERSION,
		.holds_max = dp->holds_max,
		.flows_max = flows_max,
		.seed = dp->seed,
	};
	__u32 zero = 0;
	r = bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.abi), &zero, &abi, BPF_ANY);
	if (r < 0)
		return rs_err_set(err, r, "cannot write the map abi: %s", strerror(-r));
	return 0;
}

int rs_dp_open(const struct rs_dp_config *config, struct rs_dp **ret_dp, struct rs_err *err)
{
	libbpf_set_print(print_libbpf);
	struct rs_dp *dp = calloc(1, sizeof(*dp));
	if (!dp)
		return rs_err_set(err, -ENOMEM, "out of memory");
	dp->config = *config;
	dp->tcx_order = config->tcx_order;
	dp->packet_socket = dp->lock = -1;
	dp->cpus = (unsigned)libbpf_num_possible_cpus();
	dp->bpf_dir = strdup(config->bpf_dir);
	int r = dp->bpf_dir ? prepare_bpf_dir(dp->bpf_dir, err) : -ENOMEM;
	if (r >= 0)
		r = rs_dp_lock(dp->bpf_dir, &dp->lock, err);
	if (r >= 0)
		r = load(dp, err);
	if (r >= 0)
		r = map_shared_memory(dp, err);
	if (r >= 0)
		answer_bells(dp);
	if (r >= 0)
		r = start_sweeper(dp, err);
	if (r >= 0)
		r = attach_tracepoint(dp, err);
	if (r >= 0) {
		dp->ring = ring_buffer__new(bpf_map__fd(dp->skeleton->maps.events), handle_event, dp, NULL);
		if (!dp->ring)
			r = rs_err_set(err, -errno, "cannot open the event ring: %s", strerror(errno));
	}
	if (r >= 0) {
		r = rs_dp_release_open(dp);
		if (r < 0)
			rs_err_set(err, r, "cannot open a packet socket for releases: %s", strerror(-r));
	}
	if (r < 0) {
		rs_dp_close(dp);
		return r;
	}
	dp->has_tcx = rs_dp_probe_tcx(dp);
	dp->use_tcx = config->hook == RS_HOOK_TCX || (config->hook == RS_HOOK_AUTO && dp->has_tcx);
	*ret_dp = dp;
	return 0;
}

struct rs_dp *rs_dp_close(struct rs_dp *dp)
{
	if (!dp)
		return NULL;
	rs_shared_done(&dp->revisions);
	rs_shared_done(&dp->instances);
	rs_shared_done(&dp->holds);
	rs_shared_done(&dp->datagrams);
	if (dp->rings)
		munmap((void *)dp->rings, sizeof(*dp->rings));
	ring_buffer__free(dp->ring);
	rs_xdp_done(dp);
	if (dp->skeleton)
		rouse_bpf__destroy(dp->skeleton);
	if (dp->packet_socket >= 0)
		close(dp->packet_socket);
	if (dp->lock >= 0)
		close(dp->lock);
	free(dp->bpf_dir);
	free(dp);
	return NULL;
}

bool rs_dp_adopted(const struct rs_dp *dp)
{
	return dp->adopted;
}

struct rs_dp_sizes rs_dp_sizes(const struct rs_dp *dp)
{
	const struct rouse_bpf *skeleton = dp->skeleton;
	return (struct rs_dp_sizes){
		.frontends = bpf_map__max_entries(skeleton->maps.frontends),
		.routes = bpf_map__max_entries(skeleton->maps.routes),
		.allowed = bpf_map__max_entries(skeleton->maps.allowed),
		.revisions = bpf_map__max_entries(skeleton->maps.revisions) - 1,
		.flows = bpf_map__max_entries(skeleton->maps.flows),
		.holds = dp->holds_max,
	};
}

int rs_dp_program_fd(const struct rs_dp *dp, enum rs_dp_side side)
{
	switch (side) {
	case RS_DP_CLIENT:
	case RS_DP_UPLINK:
		return bpf_program__fd(dp->skeleton->progs.from_client);
	case RS_DP_INSTANCE:
		return bpf_program__fd(dp->skeleton->progs.from_instance);
	case RS_DP_HOST:
		return bpf_program__fd(dp->skeleton->progs.from_host);
	case RS_DP_SIDE_COUNT:
		break;
	}
	return -EINVAL;
}

int rs_dp_events_fd(const struct rs_dp *dp)
{
	return ring_buffer__epoll_fd(dp->ring);
}

int rs_dp_events_consume(struct rs_dp *dp, void (*event)(void *user, const struct rs_event *event), void *user)
{
	dp->event = event;
	dp->event_user = user;
	return ring_buffer__consume(dp->ring);
}

bool rs_dp_events_lost(struct rs_dp *dp)
{
	unsigned long long lost = __atomic_load_n(&dp->rings->events_lost, __ATOMIC_SEQ_CST);
	bool is_new = lost != dp->lost_seen;
	dp->lost_seen = lost;
	return is_new;
}

unsigned long long rs_dp_map_bytes(const struct rs_dp *dp)
{
	unsigned long long total = 0;
	struct bpf_map *map;
	bpf_object__for_each_map(map, dp->skeleton->obj)
	{
		char path[64], line[128];
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		unsigned long long bytes;
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "memlock: %llu", &bytes) == 1)
				total += bytes;
		}
		fclose(file);
	}
	return total;
}
