// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/world.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "dp/internal.h"
#include "pure/reply.h"
#include "rouse.skel.h"
#include "rouse_xdp.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS (10 * RS_NS_PER_S)

const char *const reason_names[RS_REASON_COUNT] = {
#define X(name, text) #name,
	RS_REASONS(X)
#undef X
};
uint64_t world_reached[RS_REASON_COUNT];

bool world_prepare(const char **ret_why)
{
	*ret_why = "it needs root: a network namespace and BPF";
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	*ret_why = "it needs veth interfaces (ip link add ... type veth)";
	return system("ip link set lo up && for i in client uplink one two; do"
		      " ip link add $i type veth peer name $i-in && ip link set $i up && ip link set $i-in up"
		      " || exit 1; done && ip link add rouse0 type veth peer name rouse1 &&"
		      " ip link set rouse0 up && ip link set rouse1 up") == 0;
}

void world_open(struct world *world)
{
	struct rs_err err = {0};
	static unsigned serial;
	memset(world, 0, sizeof(*world));
	world->client = if_nametoindex("client");
	world->uplink = if_nametoindex("uplink");
	world->one = if_nametoindex("one");
	world->two = if_nametoindex("two");
	world->rouse0 = if_nametoindex("rouse0");
	world->rouse1 = if_nametoindex("rouse1");
	world->bpf_dir = rs_str_format("/sys/fs/bpf/dataplane-packet-%d-%u", (int)getpid(), serial++);
	struct rs_dp_config config = {
		.bpf_dir = world->bpf_dir,
		.vip_range = {htonl(0xc6120000)},
		.vip_bits = 16,
		.vip6_range = {.s6_addr = {[0] = 0xfd, [12] = 198, [13] = 18}},
		.vip6_bits = 112,
		.rouse0_ifindex = world->rouse0,
		.rouse1_ifindex = world->rouse1,
		.rouse0_mac = {2, 0, 0, 0, 0, 0xf0},
		.rouse1_mac = {2, 0, 0, 0, 0, 0xf1},
		.holds_max = RS_HOLDS_MIN,
		.flows_max = RS_FLOWS_MIN,
	};
	if (rs_dp_open(&config, &world->dp, &err) < 0)
		fail_msg("%s", err.message);
	const struct {
		unsigned ifindex;
		enum rs_way way;
	} ways[] = {{world->client, RS_WAY_PEER},
		    {world->uplink, RS_WAY_NEIGH},
		    {world->one, RS_WAY_PEER},
		    {world->two, RS_WAY_PEER},
		    {world->rouse1, RS_WAY_HOST}};
	for (size_t i = 0; i < rs_array_length(ways); i++) {
		struct rs_iface iface = {.way = ways[i].way};
		assert_int_equal(bpf_map_update_elem(world_map(world, "ifaces"), &ways[i].ifindex, &iface, BPF_ANY), 0);
	}
	assert_int_equal(rs_dp_revision_init(world->dp, 1, 0x1111, 10000, 60000), 0);
	assert_int_equal(rs_dp_revision_init(world->dp, 2, 0x2222, 10000, 60000), 0);
	world_route(world, 1, 100);
	const struct rs_address vip = frame_address((const uint8_t[4]){198, 18, 0, 5});
	const struct rs_frontend_key http = rs_dp_frontend(&vip, 80, RS_PROTOCOL_TCP);
	const struct rs_frontend_key other = rs_dp_frontend(&vip, 8080, RS_PROTOCOL_TCP);
	assert_int_equal(rs_dp_frontend_set(world->dp, &http, 1, 0), 0);
	const struct rs_frontend_key echo =
		rs_dp_frontend(&vip, 0, frame_family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6);
	assert_int_equal(rs_dp_frontend_set(world->dp, &other, 1, 0), 0);
	assert_int_equal(rs_dp_frontend_set(world->dp, &echo, 1, 0), 0);
}

void world_route(struct world *world, unsigned revision, unsigned slots)
{
	struct rs_route route = {.generation = 1, .target = {1, revision}};
	for (unsigned i = 0; i < slots; i++)
		route.slot[i] = 1;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

uint64_t world_next_number(const struct world *world)
{
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	return route.sequence;
}

struct rs_instance *world_instance(struct world *world, unsigned id, enum rs_instance_state state)
{
	struct rs_instance instance = {
		.revision = 1,
		.ifindex = id == 1 ? world->one : world->two,
		.port[0] = htons(8080),
		.mac = {2, 0, 0, 0, 0, (unsigned char)(0x20 + id)},
	};
	instance.address[frame_family] = frame_address((const uint8_t[4]){198, 19, 0, (uint8_t)id});
	assert_int_equal(rs_dp_instance_add(world->dp, id, &instance, 1000 + id), 0);
	rs_dp_instance_set_state(world->dp, id, state);
	return rs_dp_instance(world->dp, id);
}

void given_nothing(struct world *world)
{
	(void)world;
}

void given_one(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY);
}

void given_both(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY);
	world_instance(world, 2, RS_INSTANCE_READY);
}

void given_probable(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_PROBABLE);
}

int world_map(const struct world *world, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(world->dp->skeleton->obj, name);
	if (fd < 0)
		fail_msg("no map is named %s", name);
	return fd;
}

const struct bpf_object *world_object(const struct world *world)
{
	return world->dp->skeleton->obj;
}

bool world_by_xdp;

/* XDP_TX sends back what TC redirects to where it came from. */
static int verdict_of_xdp(unsigned action)
{
	switch (action) {
	case XDP_PASS:
		return PASS;
	case XDP_DROP:
		return DROP;
	case XDP_TX:
	case XDP_REDIRECT:
		return REDIRECT;
	default:
		fail_msg("the XDP program answered %u", action);
		return -1;
	}
}

static int send_by_xdp(struct world *world, unsigned ifindex, uint8_t *bytes, size_t length, struct frame *ret_out)
{
	struct rs_err err = {0};
	struct xdp_md context = {.data_end = (unsigned)length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = bytes, .data_size_in = (unsigned)length,
		    .data_out = ret_out ? ret_out->bytes : NULL, .data_size_out = ret_out ? FRAME_MAX : 0,
		    .ctx_in = &context, .ctx_size_in = sizeof(context));
	if (rs_xdp_load(world->dp, &err) < 0)
		fail_msg("%s", err.message);
	int r = bpf_prog_test_run_opts(bpf_program__fd(world->dp->xdp->progs.from_wire), &run);
	if (r < 0)
		fail_msg("BPF_PROG_TEST_RUN of XDP on interface %u, %zu bytes: %s", ifindex, length, strerror(-r));
	if (ret_out)
		ret_out->length = run.data_size_out;
	return verdict_of_xdp(run.retval);
}

int world_send(struct world *world, enum rs_dp_side side, unsigned ifindex, const struct frame *in, unsigned mark,
	       struct frame *ret_out)
{
	struct __sk_buff context = {.ifindex = ifindex,
				    .mark = mark,
				    .gso_size = in->gso,
				    .gso_segs = in->gso ? (unsigned)(in->length / in->gso + 1) : 0};
	/* Its own size on the heap: the kernel must not read beyond it, and ASan sees when we do. */
	rs_auto_free uint8_t *exact = malloc(in->length);
	memcpy(exact, in->bytes, in->length);
	if (world_by_xdp && (side == RS_DP_CLIENT || side == RS_DP_UPLINK))
		return send_by_xdp(world, ifindex, exact, in->length, ret_out);
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = exact, .data_size_in = (unsigned)in->length,
		    .data_out = ret_out ? ret_out->bytes : NULL, .data_size_out = ret_out ? FRAME_MAX : 0,
		    .ctx_in = &context, .ctx_size_in = sizeof(context));
	int r = bpf_prog_test_run_opts(rs_dp_program_fd(world->dp, side), &run);
	if (r < 0)
		fail_msg("BPF_PROG_TEST_RUN on interface %u: %s", ifindex, strerror(-r));
	if (ret_out)
		ret_out->length = run.data_size_out;
	return (int)run.retval;
}

int world_send_packet(struct world *world, enum rs_dp_side side, unsigned ifindex, const struct packet *packet)
{
	struct frame frame;
	frame_build(&frame, packet);
	return world_send(world, side, ifindex, &frame, 0, NULL);
}

struct rs_hold world_hold(const struct world *world)
{
	for (uint64_t at = world->dp->rings->hold.head; at < world->dp->rings->hold.tail; at++) {
		if (rs_dp_hold_state(world->dp, at) == RS_HOLD_HELD)
			return *rs_dp_hold(world->dp, at);
	}
	fail_msg("nothing is held");
	return (struct rs_hold){0};
}

void world_set_hold(const struct world *world, const struct rs_hold *hold)
{
	uint32_t index = (uint32_t)(hold->sequence - 1) & (world->dp->holds_max - 1);
	assert_int_equal(bpf_map_update_elem(world_map(world, "holds"), &index, hold, BPF_ANY), 0);
}

struct rs_reply world_reply(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct rs_tuple tuple;
	struct rs_reply reply = {0};
	rs_flow_reply_tuple(key, flow, &tuple);
	if (bpf_map_lookup_elem(world_map(world, "replies"), &tuple, &reply) < 0)
		fail_msg("the connection has no replies");
	return reply;
}

struct rs_flow world_flow(const struct world *world, struct rs_tuple *ret_key)
{
	struct rs_flow flow = {0};
	int map = world_map(world, "flows");
	if (bpf_map_get_next_key(map, NULL, ret_key) < 0 || bpf_map_lookup_elem(map, ret_key, &flow) < 0)
		fail_msg("no connection is tracked");
	struct rs_reply reply = world_reply(world, ret_key, &flow);
	rs_flow_catch_up(&flow, &reply);
	return flow;
}

void world_set_reply(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow,
		     const struct rs_reply *reply)
{
	struct rs_tuple tuple;
	rs_flow_reply_tuple(key, flow, &tuple);
	assert_int_equal(bpf_map_update_elem(world_map(world, "replies"), &tuple, reply, BPF_EXIST), 0);
}

void world_set_flow(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow)
{
	assert_int_equal(bpf_map_update_elem(world_map(world, "flows"), key, flow, BPF_EXIST), 0);
}

unsigned world_count(const struct world *world, const char *name)
{
	int map = world_map(world, name);
	unsigned char key[64], *previous = NULL;
	unsigned count = 0;
	while (bpf_map_get_next_key(map, previous, key) == 0) {
		previous = key;
		count++;
	}
	return count;
}

uint64_t world_counter(const struct world *world, enum rs_reason reason)
{
	struct rs_counters now;
	assert_int_equal(rs_dp_counters(world->dp, &now), 0);
	return ((const uint64_t *)&now)[reason];
}

void world_wait(const struct world *world, enum rs_reason reason)
{
	uint64_t before = ((const uint64_t *)&world->before)[reason], deadline = rs_now_ns() + WAIT_NS;
	while (world_counter(world, reason) == before) {
		if (rs_now_ns() > deadline)
			fail_msg("%s was not counted within 10 s", reason_names[reason]);
		poll(NULL, 0, 2);
	}
}

void world_skip(struct world *world, const char *why)
{
	(void)world;
	print_message("skipped: %s\n", why);
	skip();
}

/* --- what must always hold ---------------------------------------------------------------------------------------- */

struct census {
	unsigned flows;
	unsigned busy[3];
	unsigned of_instance[3];
	const struct world *world;
};

static int count_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct census *census = user;
	(void)key;
	census->flows++;
	const struct rs_instance *instance = rs_dp_instance(census->world->dp, flow->instance);
	if (flow->instance < 3 && instance->generation == flow->instance_generation) {
		census->of_instance[flow->instance]++;
		census->busy[flow->instance] += flow->busy;
	}
	return 0;
}

static void check_holds(const struct world *world)
{
	struct rs_counters c;
	assert_int_equal(rs_dp_counters(world->dp, &c), 0);
	uint64_t held = 0, of_revisions = 0, of_sources = 0;
	for (uint64_t at = world->dp->rings->hold.head; at < world->dp->rings->hold.tail; at++)
		held += rs_dp_hold_state(world->dp, at) == RS_HOLD_HELD;
	for (unsigned i = 1; i < 3; i++)
		of_revisions += rs_dp_revision(world->dp, i)->held;
	for (uint32_t i = 0; i < RS_SOURCES_MAX; i++) {
		uint32_t n;
		assert_int_equal(bpf_map_lookup_elem(world_map(world, "sources"), &i, &n), 0);
		of_sources += n;
	}
	assert_int_equal(world->dp->rings->held, held);
	assert_int_equal(of_revisions, held);
	assert_int_equal(of_sources, held);
	assert_int_equal(c.hold_begun, c.hold_released + c.hold_expired + c.hold_shed + c.hold_reset + held);
	assert_int_equal(c.hold_begun, c.hold_parked + c.hold_shed);
	assert_int_equal(c.hold_expired,
			 c.hold_expired_idle + c.hold_expired_total + c.hold_superseded + c.hold_expired_unserved);
	assert_int_equal(c.hold_shed, c.hold_shed_node + c.hold_shed_revision + c.hold_shed_source + c.hold_shed_map +
					      c.hold_shed_long + c.hold_shed_datagram);
	if (!world->junk)
		assert_int_equal(world_count(world, "hold_index"), held);
}

static bool is_census_right(const struct census *census)
{
	bool right = world_count(census->world, "replies") == census->flows;
	for (unsigned i = 1; i < 3; i++) {
		const struct rs_instance *instance = rs_dp_instance(census->world->dp, i);
		right &= instance->in_flight == census->busy[i] && instance->flows == census->of_instance[i];
	}
	return right;
}

void world_check(const struct world *world)
{
	check_holds(world);
	if (world->junk)
		return;
	/* The sweeper goes on while thousands of flows are counted: then they are counted again. */
	uint64_t deadline = rs_now_ns() + WAIT_NS;
	struct census census;
	bool right;
	do {
		census = (struct census){.world = world};
		assert_int_equal(rs_dp_flows_each(world->dp, count_flow, &census), 0);
		right = is_census_right(&census);
	} while (!right && rs_now_ns() < deadline);
	for (unsigned i = 1; i < 3 && !right; i++) {
		assert_int_equal(world_count(world, "replies"), census.flows);
		assert_int_equal(rs_dp_instance(world->dp, i)->in_flight, census.busy[i]);
		assert_int_equal(rs_dp_instance(world->dp, i)->flows, census.of_instance[i]);
	}
	struct rs_revision_stats stats;
	assert_int_equal(rs_dp_stats(world->dp, 1, &stats), 0);
	assert_true(stats.started >= stats.ended);
}

void world_close(struct world *world)
{
	struct rs_err err = {0};
	struct rs_counters now;
	if (!world->dp)
		return;
	assert_int_equal(rs_dp_counters(world->dp, &now), 0);
	for (int i = 0; i < RS_REASON_COUNT; i++)
		world_reached[i] += ((const uint64_t *)&now)[i];
	rs_dp_close(world->dp);
	if (rs_dp_cleanup(world->bpf_dir, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(access(world->bpf_dir, F_OK), -1);
	free(world->bpf_dir);
	world->dp = NULL;
}
