// SPDX-License-Identifier: BSD-2-Clause
/* Frontends, routes, revisions, instances, counters. */
#include "dp/internal.h"

#include "base/mem.h"
#include "pure/reply.h"
#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

/* A change takes some nanoseconds: that a copy meets one again and again does not happen. */
#define STATS_TRIES 100
/* Entries that are read in one go: more than a bucket ever has, and some 20 KiB of stack. */
#define SOME	  128
#define SEEN_BITS 8

/* A hash map, read some entries at a time: a system call for each of a hundred thousand takes a tenth of a second. */
struct some {
	int map;
	void *keys, *values; /* SOME of each */
	uint32_t count;
	uint32_t bucket; /* where to go on */
	bool has_begun, is_last;
};

/* -ENOENT at the end. */
static int next_some(struct some *some)
{
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, options);
	if (some->is_last)
		return -ENOENT;
	some->count = SOME;
	int r = bpf_map_lookup_batch(some->map, some->has_begun ? &some->bucket : NULL, &some->bucket, some->keys,
				     some->values, &some->count, &options);
	some->has_begun = true;
	some->is_last = r == -ENOENT;
	return some->is_last ? 0 : r;
}

struct rs_frontend_key rs_dp_frontend(const struct rs_address *address, unsigned short port, unsigned char protocol)
{
	return (struct rs_frontend_key){.address = *address, .port = htons(port), .protocol = protocol};
}

int rs_dp_frontend_set(struct rs_dp *dp, const struct rs_frontend_key *key, unsigned route, unsigned port)
{
	struct rs_frontend value = {.route = route, .port = (__u8)port};
	return bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.frontends), key, &value, BPF_ANY);
}

int rs_dp_frontend_delete(struct rs_dp *dp, const struct rs_frontend_key *key)
{
	return bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.frontends), key);
}

int rs_dp_frontend_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_frontend_key *key, unsigned route),
			void *user)
{
	struct rs_frontend_key keys[SOME];
	struct rs_frontend values[SOME];
	struct some some = {.map = bpf_map__fd(dp->skeleton->maps.frontends), .keys = keys, .values = values};
	int r;
	while ((r = next_some(&some)) == 0) {
		for (uint32_t i = 0; i < some.count; i++) {
			r = each(user, &keys[i], values[i].route);
			if (r)
				return r;
		}
	}
	return r == -ENOENT ? 0 : r;
}

int rs_dp_route_set(struct rs_dp *dp, unsigned route, const struct rs_route *value)
{
	return bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.routes), &route, value, BPF_ANY);
}

int rs_dp_route_delete(struct rs_dp *dp, unsigned route)
{
	return bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.routes), &route);
}

int rs_dp_route_get(struct rs_dp *dp, unsigned route, struct rs_route *ret_value)
{
	return bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.routes), &route, ret_value);
}

int rs_dp_route_each(struct rs_dp *dp, int (*each)(void *user, unsigned route), void *user)
{
	unsigned keys[SOME];
	struct rs_route values[SOME];
	struct some some = {.map = bpf_map__fd(dp->skeleton->maps.routes), .keys = keys, .values = values};
	int r;
	while ((r = next_some(&some)) == 0) {
		for (uint32_t i = 0; i < some.count; i++) {
			r = each(user, keys[i]);
			if (r)
				return r;
		}
	}
	return r == -ENOENT ? 0 : r;
}

struct rs_revision *rs_dp_revision(struct rs_dp *dp, unsigned revision)
{
	return revision > 0 && revision < dp->revisions.count ? rs_shared_at(&dp->revisions, revision) : NULL;
}

struct rs_instance *rs_dp_instance(struct rs_dp *dp, unsigned instance)
{
	return instance > 0 && instance < dp->instances.count ? rs_shared_at(&dp->instances, instance) : NULL;
}

unsigned rs_dp_revision_free_entry(struct rs_dp *dp)
{
	/* Each search goes on where the last one ended: entries are used anew as late as possible. */
	unsigned count = (unsigned)dp->revisions.count;
	for (unsigned tried = 0; tried < count; tried++) {
		unsigned i = ++dp->revision_hint % count;
		const struct rs_revision *entry = rs_dp_revision(dp, i);
		if (entry && entry->uid == 0 && entry->held == 0)
			return i;
	}
	return 0;
}

int rs_dp_revision_init(struct rs_dp *dp, unsigned revision, unsigned long long uid, unsigned hold_max,
			unsigned hold_total_ms)
{
	struct rs_revision *entry = rs_dp_revision(dp, revision);
	if (!entry)
		return -ERANGE;
	for (unsigned i = 0; i < RS_REVISION_INSTANCES_MAX; i++)
		__atomic_store_n(&entry->instance[i], 0, __ATOMIC_SEQ_CST);
	entry->instance_count = 0;
	/* `held` is the kernel's: it is zero once the entry's last holds have ended. */
	entry->wake = 0;
	entry->slot_rung = 0;
	entry->policy = RS_PICK_LEAST_LOADED;
	entry->hold_max = hold_max;
	entry->hold_total_ms = hold_total_ms;
	rs_dp_revision_set_ports(dp, revision, 1, 0);
	entry->uid = uid;
	rs_auto_free struct rs_revision_stats *zero = calloc(dp->cpus, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	return bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.revision_stats), &revision, zero, BPF_ANY);
}

void rs_dp_revision_set_policy(struct rs_dp *dp, unsigned revision, enum rs_pick_policy policy)
{
	struct rs_revision *entry = rs_dp_revision(dp, revision);
	if (entry)
		__atomic_store_n(&entry->policy, policy, __ATOMIC_SEQ_CST);
}

int rs_dp_maglev_set(struct rs_dp *dp, unsigned revision, const struct rs_maglev *table)
{
	return bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.maglev), &revision, table, BPF_ANY);
}

void rs_dp_maglev_delete(struct rs_dp *dp, unsigned revision)
{
	bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.maglev), &revision);
}

void rs_dp_revision_set_ports(struct rs_dp *dp, unsigned revision, unsigned char ports, unsigned char udp)
{
	struct rs_revision *entry = rs_dp_revision(dp, revision);
	if (!entry)
		return;
	__atomic_store_n(&entry->udp, udp, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->ports, ports, __ATOMIC_SEQ_CST);
}

static int list_instance(struct rs_revision *revision, unsigned instance)
{
	for (unsigned i = 0; i < RS_REVISION_INSTANCES_MAX; i++) {
		if (revision->instance[i])
			continue;
		__atomic_store_n(&revision->instance[i], instance, __ATOMIC_SEQ_CST);
		if (revision->instance_count < i + 1)
			__atomic_store_n(&revision->instance_count, i + 1, __ATOMIC_SEQ_CST);
		return 0;
	}
	return -ENOSPC;
}

int rs_dp_instance_add(struct rs_dp *dp, unsigned instance, const struct rs_instance *value, unsigned netns_inode)
{
	struct rs_instance *entry = rs_dp_instance(dp, instance);
	struct rs_revision *revision = rs_dp_revision(dp, value->revision);
	if (!entry || !revision)
		return -ERANGE;
	struct rs_instance fresh = *value;
	fresh.state = RS_INSTANCE_FREE;
	fresh.generation = entry->generation + 1;
	fresh.in_flight = fresh.flows = 0;
	/* The generation first: connections of the entry's last user must not count in what follows. */
	__atomic_store_n(&entry->state, RS_INSTANCE_FREE, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->generation, fresh.generation, __ATOMIC_SEQ_CST);
	*entry = fresh;
	int r = bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.namespaces), &netns_inode, &instance, BPF_ANY);
	if (r < 0)
		return r;
	__atomic_store_n(&entry->state, RS_INSTANCE_STARTING, __ATOMIC_SEQ_CST);
	r = list_instance(revision, instance);
	if (r < 0)
		rs_dp_instance_remove(dp, instance, netns_inode);
	return r;
}

void rs_dp_instance_set_state(struct rs_dp *dp, unsigned instance, enum rs_instance_state state)
{
	struct rs_instance *entry = rs_dp_instance(dp, instance);
	if (entry)
		__atomic_store_n(&entry->state, state, __ATOMIC_SEQ_CST);
}

void rs_dp_instance_remove(struct rs_dp *dp, unsigned instance, unsigned netns_inode)
{
	struct rs_instance *entry = rs_dp_instance(dp, instance);
	if (!entry)
		return;
	__atomic_store_n(&entry->state, RS_INSTANCE_DEAD, __ATOMIC_SEQ_CST);
	struct rs_revision *revision = rs_dp_revision(dp, entry->revision);
	for (unsigned i = 0; revision && i < RS_REVISION_INSTANCES_MAX; i++) {
		if (revision->instance[i] == instance)
			__atomic_store_n(&revision->instance[i], 0, __ATOMIC_SEQ_CST);
	}
	bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.namespaces), &netns_inode);
}

/* An inode is used anew when its namespace is gone: what stands here for nobody would speak for a stranger. */
static void sweep_namespaces(struct rs_dp *dp, bool (*is_known)(void *user, unsigned instance), void *user)
{
	int map = bpf_map__fd(dp->skeleton->maps.namespaces);
	unsigned inode, next, instance;
	bool more = bpf_map_get_next_key(map, NULL, &inode) == 0;
	while (more) {
		more = bpf_map_get_next_key(map, &inode, &next) == 0;
		if (bpf_map_lookup_elem(map, &inode, &instance) == 0 && !is_known(user, instance))
			bpf_map_delete_elem(map, &inode);
		inode = next;
	}
}

void rs_dp_instances_sweep(struct rs_dp *dp, bool (*is_known)(void *user, unsigned instance), void *user)
{
	sweep_namespaces(dp, is_known, user);
	rs_dp_cookies_sweep(dp, is_known, user);
	for (unsigned i = 1; i < dp->instances.count; i++) {
		const struct rs_instance *entry = rs_dp_instance(dp, i);
		unsigned state = entry ? __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) : RS_INSTANCE_FREE;
		if (state != RS_INSTANCE_FREE && state != RS_INSTANCE_DEAD && !is_known(user, i))
			rs_dp_instance_remove(dp, i, 0);
	}
}

int rs_dp_counters(struct rs_dp *dp, struct rs_counters *ret_counters)
{
	rs_auto_free struct rs_counters *each = calloc(dp->cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	__u32 zero = 0;
	int r = bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.counters), &zero, each);
	if (r < 0)
		return r;
	memset(ret_counters, 0, sizeof(*ret_counters));
	for (unsigned cpu = 0; cpu < dp->cpus; cpu++) {
#define X(name, text) ret_counters->name += each[cpu].name;
		RS_REASONS(X)
#undef X
	}
	return 0;
}

static bool is_whole(const struct rs_revision_stats *each, unsigned cpus)
{
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		if (each[cpu].settled != each[cpu].begun)
			return false;
	}
	return true;
}

int rs_dp_stats(struct rs_dp *dp, unsigned revision, struct rs_revision_stats *ret_stats)
{
	rs_auto_free struct rs_revision_stats *each = calloc(dp->cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	int tries = 0;
	do {
		if (tries++ == STATS_TRIES)
			return -EAGAIN;
		int r = bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.revision_stats), &revision, each);
		if (r < 0)
			return r;
	} while (!is_whole(each, dp->cpus));
	*ret_stats = (struct rs_revision_stats){0};
	for (unsigned cpu = 0; cpu < dp->cpus; cpu++) {
		ret_stats->started += each[cpu].started;
		ret_stats->ended += each[cpu].ended;
		ret_stats->sum_start_ns += each[cpu].sum_start_ns;
		ret_stats->sum_end_ns += each[cpu].sum_end_ns;
		ret_stats->connections += each[cpu].connections;
		ret_stats->bytes_in += each[cpu].bytes_in;
		ret_stats->bytes_out += each[cpu].bytes_out;
		ret_stats->resets += each[cpu].resets;
	}
	return 0;
}

/* What its replies have noted, and the flow does not know so far. */
static void catch_up(const struct rs_dp *dp, const struct rs_tuple *key, struct rs_flow *flow)
{
	struct rs_tuple tuple;
	struct rs_reply reply;
	rs_flow_reply_tuple(key, flow, &tuple);
	if (bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.replies), &tuple, &reply) == 0)
		rs_flow_catch_up(flow, &reply);
}

/* By buckets of the hash table, not by keys: behind a key that has gone there is no next one. A place is a bucket, and
 * how many of what it gave have been seen. */
int rs_dp_flows_some(struct rs_dp *dp, uint64_t *place,
		     int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow), void *user)
{
	struct rs_tuple keys[SOME];
	struct rs_flow flows[SOME];
	uint32_t bucket = (uint32_t)(*place >> SEEN_BITS), next = 0, count = SOME;
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, options);
	int r = bpf_map_lookup_batch(bpf_map__fd(dp->skeleton->maps.flows), bucket ? &bucket : NULL, &next, keys, flows,
				     &count, &options);
	bool is_last = r == -ENOENT;
	if (r < 0 && !is_last)
		return r;
	for (uint32_t i = (uint32_t)(*place & ((1 << SEEN_BITS) - 1)); i < count; i++) {
		++*place;
		catch_up(dp, &keys[i], &flows[i]);
		r = each(user, &keys[i], &flows[i]);
		if (r)
			return r;
	}
	*place = (uint64_t)next << SEEN_BITS;
	return !is_last;
}

struct every_flow {
	int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow);
	void *user;
	int result;
};

static int take_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct every_flow *every = user;
	return every->result = every->each(every->user, key, flow);
}

int rs_dp_flows_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow),
		     void *user)
{
	struct every_flow every = {.each = each, .user = user};
	uint64_t place = 0;
	while (rs_dp_flows_some(dp, &place, take_flow, &every) == 1 && !every.result)
		;
	return every.result;
}
