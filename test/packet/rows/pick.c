// SPDX-License-Identifier: BSD-2-Clause
/* Who takes a connection: the revision by weight or by client, the instance by its revision's policy; and that a
 * connection keeps what it was given. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "base/mem.h"
#include "core/route/maglev.h"
#include "core/route/sticky.h"
#include "core/route/traffic.h"
#include "dp/internal.h"

#include <bpf/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* --- small parts ------------------------------------------------------------------------------------------------ */

static int syn_from(struct world *world, uint8_t network, uint8_t host, uint16_t port)
{
	const struct packet syn = {.from = {{10, 0, network, host}, port, 0x10}, .to = VIP, .flags = SYN, .seq = 100};
	return world_send_packet(world, RS_DP_CLIENT, world->client, &syn);
}

static struct rs_route standing_route(struct world *world)
{
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	return route;
}

static void policy(struct world *world, enum rs_pick_policy policy)
{
	rs_dp_revision_set_policy(world->dp, 1, policy);
}

/* Every entry of the table leads to the instance that stands at this place of the revision's list. */
static void table_of_one(struct world *world, uint8_t place)
{
	struct rs_maglev table = {0};
	memset(table.place, place, sizeof(table.place));
	assert_int_equal(rs_dp_maglev_set(world->dp, 1, &table), 0);
}

static void table_to_one(struct world *world)
{
	table_of_one(world, 0);
}

static void table_to_two(struct world *world)
{
	table_of_one(world, 1);
}

/* As the agent makes it. */
static void table_of_both(struct world *world)
{
	const struct rs_maglev_share shares[] = {{.name = 11, .weight = 1, .place = 0},
						 {.name = 12, .weight = 1, .place = 1}};
	struct rs_maglev table = {0};
	rs_maglev_fill(shares, rs_array_length(shares), table.place);
	assert_int_equal(rs_dp_maglev_set(world->dp, 1, &table), 0);
}

static void given_hash_to_one(struct world *world)
{
	given_both(world);
	policy(world, RS_PICK_HASH);
	table_to_one(world);
}

static void given_hash_without_table(struct world *world)
{
	given_both(world);
	policy(world, RS_PICK_HASH);
	rs_dp_instance(world->dp, 1)->in_flight = 1;
	world->junk = true;
}

static void given_hash_to_full(struct world *world)
{
	given_hash_to_one(world);
	rs_dp_instance(world->dp, 1)->limit = 1;
	rs_dp_instance(world->dp, 1)->in_flight = 1;
	world->junk = true;
}

static void given_hash_to_draining(struct world *world)
{
	given_hash_to_one(world);
	rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_DRAINING);
}

static void given_hash_to_nowhere(struct world *world)
{
	given_both(world);
	policy(world, RS_PICK_HASH);
	table_of_one(world, RS_REVISION_INSTANCES_MAX); /* no place of the list */
	rs_dp_instance(world->dp, 1)->in_flight = 1;
	world->junk = true;
}

static void given_hash_of_both(struct world *world)
{
	given_both(world);
	policy(world, RS_PICK_HASH);
	table_of_both(world);
}

static void given_first(struct world *world)
{
	given_both(world);
	policy(world, RS_PICK_FIRST);
	rs_dp_instance(world->dp, 1)->limit = rs_dp_instance(world->dp, 2)->limit = 2;
}

static void given_first_unsure(struct world *world)
{
	given_first(world);
	rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_PROBABLE);
}

/* --- what a connection was given, it keeps --------------------------------------------------------------------------
 */

/* Whatever an update of the agent can change between two copies of a SYN. */
static void everything_changes(struct world *world)
{
	struct rs_route route = standing_route(world);
	route.target[0] = route.target[1] = 2;
	route.sequence = 0;
	route.flags |= RS_ROUTE_STICKY;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
	table_to_two(world);
	policy(world, RS_PICK_FIRST);
	rs_dp_instance(world->dp, 1)->in_flight += 100;
}

static void and_is_undone(struct world *world)
{
	rs_dp_instance(world->dp, 1)->in_flight -= 100;
}

static void revision_two_is_ready(struct world *world)
{
	struct rs_instance value = *world_instance(world, 2, RS_INSTANCE_FREE);
	rs_dp_instance_remove(world->dp, 2, 1002);
	value.revision = 2;
	assert_int_equal(rs_dp_instance_add(world->dp, 2, &value, 1002), 0);
	rs_dp_instance_set_state(world->dp, 2, RS_INSTANCE_READY);
}

static void the_route_moves(struct world *world)
{
	revision_two_is_ready(world);
	world_route(world, 2, 100);
}

static void revision_one_is_ready(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY);
}

/* --- weights ---------------------------------------------------------------------------------------------------- */

static void no_number_is_taken(struct world *world)
{
	assert_int_equal(standing_route(world).sequence, 1);
}

static void a_second_number_is_taken(struct world *world)
{
	assert_int_equal(standing_route(world).sequence, 2);
}

#define SENDERS	    2
#define CONNECTIONS 250 /* of each: together there is room for them among the half-open */
#define IN_ALL	    (SENDERS * CONNECTIONS)

struct sender {
	pthread_t thread;
	struct world *world;
	uint8_t network;
	int cpu;
};

static void *send_many(void *user)
{
	struct sender *sender = user;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)sender->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		sender->cpu = -1;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		syn_from(sender->world, sender->network, 1, (uint16_t)(1024 + i));
		/* A copy of some of them: it is no new connection. */
		if (i % 7 == 0)
			syn_from(sender->world, sender->network, 1, (uint16_t)(1024 + i));
	}
	return NULL;
}

struct seen {
	uint8_t of_two[IN_ALL]; /* by sequence number */
	bool taken[IN_ALL];
	struct rs_tuple by[IN_ALL];
};

static int note_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct seen *seen = user;
	assert_true(flow->weight_sequence < IN_ALL);
	/* A walk over the map may come by an entry twice; two connections have no number in common. */
	if (seen->taken[flow->weight_sequence])
		assert_memory_equal(key, &seen->by[flow->weight_sequence], sizeof(*key));
	seen->by[flow->weight_sequence] = *key;
	seen->taken[flow->weight_sequence] = true;
	seen->of_two[flow->weight_sequence] = flow->revision == 2;
	return 0;
}

static void given_split(struct world *world)
{
	static const uint8_t percents[] = {66, 34};
	given_one(world);
	revision_two_is_ready(world);
	struct rs_route route = {.target = {1, 2}};
	rs_traffic_slots(percents, rs_array_length(percents), route.slot);
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

/* One for each CPU. False when there are too few. */
static bool place_senders(struct world *world, struct sender senders[static SENDERS])
{
	cpu_set_t allowed;
	int cpu = 0;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int i = 0; i < SENDERS; i++, cpu++) {
		while (cpu < CPU_SETSIZE && !CPU_ISSET((size_t)cpu, &allowed))
			cpu++;
		if (cpu == CPU_SETSIZE)
			return false;
		senders[i] = (struct sender){.world = world, .cpu = cpu};
	}
	return true;
}

/* Of any 100 consecutive connections, that came in by two CPUs at once, 34 are the second revision's; and of any 50, 17
 * within one. No number is missing or there twice. */
static void any_hundred_are_exact(struct world *world)
{
	struct sender senders[SENDERS];
	rs_auto_free struct seen *seen = calloc(1, sizeof(*seen));
	if (!place_senders(world, senders))
		world_skip(world, "it takes two CPUs");
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i].network = (uint8_t)(20 + i);
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
	}
	for (unsigned i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		assert_true(senders[i].cpu >= 0);
	}
	assert_int_equal(rs_dp_flows_each(world->dp, note_flow, seen), 0);
	assert_int_equal(standing_route(world).sequence, IN_ALL);
	unsigned hundred = 0, fifty = 0;
	for (unsigned i = 0; i < IN_ALL; i++) {
		assert_true(seen->taken[i]);
		hundred += seen->of_two[i] - (i >= 100 ? seen->of_two[i - 100] : 0);
		fifty += seen->of_two[i] - (i >= 50 ? seen->of_two[i - 50] : 0);
		if (i >= 99)
			assert_int_equal(hundred, 34);
		if (i >= 49)
			assert_in_range(fifty, 16, 18);
	}
}

/* --- sticky ----------------------------------------------------------------------------------------------------- */

static void sticky_route(struct world *world, uint8_t second)
{
	const uint8_t percents[] = {(uint8_t)(100 - second), second};
	struct rs_route route = {.target = {1, 2}, .flags = RS_ROUTE_STICKY, .seed = 4711};
	rs_sticky_slots(NULL, percents, rs_array_length(percents), route.slot);
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void given_sticky(struct world *world)
{
	given_one(world);
	revision_two_is_ready(world);
	sticky_route(world, 10);
}

/* Together their connections fit among the half-open. */
#define STICKY_CLIENTS 120

/* The revisions of clients 10.0.30.1 and so on, each of two connections of its own. */
static void clients_revisions(struct world *world, uint16_t port, uint32_t revisions[static STICKY_CLIENTS + 1])
{
	for (unsigned client = 1; client <= STICKY_CLIENTS; client++) {
		const uint8_t ip[4] = {10, 0, 30, (uint8_t)client};
		const uint8_t vip[4] = {198, 18, 0, 5};
		struct rs_tuple key = {.source = frame_address(ip),
				       .destination = frame_address(vip),
				       .destination_port = htons(80),
				       .protocol = RS_PROTOCOL_TCP};
		revisions[client] = 0;
		for (uint16_t i = 0; i < 2; i++) {
			struct rs_flow flow;
			assert_int_equal(syn_from(world, 30, (uint8_t)client, (uint16_t)(port + i)), REDIRECT);
			key.source_port = htons((uint16_t)(port + i));
			assert_int_equal(bpf_map_lookup_elem(world_map(world, "flows"), &key, &flow), 0);
			assert_true(!revisions[client] || revisions[client] == flow.revision);
			revisions[client] = flow.revision;
		}
	}
}

static void clients_keep_their_revision(struct world *world)
{
	uint32_t ten[STICKY_CLIENTS + 1], twenty[STICKY_CLIENTS + 1];
	unsigned of_ten = 0, of_twenty = 0;
	clients_revisions(world, 1000, ten);
	sticky_route(world, 20);
	clients_revisions(world, 2000, twenty);
	for (unsigned client = 1; client <= STICKY_CLIENTS; client++) {
		of_ten += ten[client] == 2;
		of_twenty += twenty[client] == 2;
		if (ten[client] == 2)
			assert_int_equal(twenty[client], 2);
	}
	/* Dice: 12 and 24 expected, five sigma. */
	assert_in_range(of_ten, 1, 28);
	assert_in_range(of_twenty, 2, 46);
	assert_true(of_twenty > of_ten);
	assert_int_equal(standing_route(world).sequence, 0);
}

/* --- hash ------------------------------------------------------------------------------------------------------- */

/* Where each of many clients goes; and the same again, from other ports. */
static void clients_keep_their_instance(struct world *world)
{
	unsigned first = 0;
	for (unsigned client = 1; client <= 120; client++) {
		unsigned before = rs_dp_instance(world->dp, 1)->flows;
		assert_int_equal(syn_from(world, 31, (uint8_t)client, 1000), REDIRECT);
		unsigned took = rs_dp_instance(world->dp, 1)->flows - before;
		first += took;
		for (uint16_t port = 1001; port < 1004; port++) {
			before = rs_dp_instance(world->dp, 1)->flows;
			assert_int_equal(syn_from(world, 31, (uint8_t)client, port), REDIRECT);
			assert_int_equal(rs_dp_instance(world->dp, 1)->flows - before, took);
		}
	}
	/* 60 expected, five sigma. */
	assert_in_range(first, 32, 88);
}

// clang-format off
#define SYN_AGAIN_TO(WHOM) {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, \
	WHOM(.flags = SYN, .seq = 100), .counts = "syn_retransmitted forwarded"}
#define SYN_TO(WHOM) {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, \
	WHOM(.flags = SYN, .seq = 100), .counts = "connection_new forwarded"}
#define BY(p, WHOM) {FROM_CLIENT, .in = {.from = {{10, 0, 0, 1}, p, 0x10}, .to = VIP, .flags = SYN, .seq = 100}, \
	.verdict = REDIRECT, .out = {.from = {{10, 0, 0, 1}, p, 0x10}, .to = WHOM, .flags = SYN, .seq = 100}, \
	.counts = "connection_new forwarded"}

const struct row rows_pick[] = {
	/* Calico#4712: a retransmitted SYN went to another backend than its first copy. */
	{"calico#4712: a retransmitted SYN keeps its instance when everything changes", given_hash_to_one,
	 {SYN_TO(OUT_TO_ONE),
	  {ACT, .act = everything_changes},
	  SYN_AGAIN_TO(OUT_TO_ONE),
	  SYN_ACK_REPLIED,
	  SYN_AGAIN_TO(OUT_TO_ONE),
	  ACK_FORWARDED,
	  {ACT, .act = and_is_undone}}},
	{"calico#4712: a held SYN keeps its revision when the route moves to another", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = the_route_moves},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_refreshed"},
	  {ACT, .act = revision_one_is_ready},
	  SYN_TO(OUT_TO_ONE)}},

	{"copies of a SYN take no number", given_one,
	 {SYN_FORWARDED, SYN_AGAIN_TO(OUT_TO_ONE), SYN_AGAIN_TO(OUT_TO_ONE),
	  {ACT, .act = no_number_is_taken}}},
	{"neither do those of a held one, nor its release", given_nothing,
	 {SYN_PARKED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_refreshed"},
	  {ACT, .act = revision_one_is_ready},
	  {RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "connection_new forwarded"},
	  {ACT, .act = no_number_is_taken}}},
	{"neither does the next try of one that was refused", given_one,
	 {SYN_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP, .counts = "rst_held_back"},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,
	   .counts = "flow_ended hold_begun hold_parked hold_wake", .act = no_number_is_taken}}},
	{"a connection that begins anew with the same ports takes one", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 5000), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 5000),
	   .counts = "flow_ended connection_new forwarded", .act = a_second_number_is_taken}}},
	{"any hundred connections are split exactly, whichever CPUs they come in by", given_split,
	 {{ACT, .act = any_hundred_are_exact, .counts = "?"}}},

	{"a client keeps its revision, also when the canary grows", given_sticky,
	 {{ACT, .act = clients_keep_their_revision, .counts = "?"}}},

	{"hash: the table leads to the instance", given_hash_to_one,
	 {BY(41000, ONE), BY(41001, ONE), BY(41002, ONE),
	  {ACT, .act = table_to_two},
	  BY(41003, TWO)}},
	{"hash: without a table the least loaded takes it", given_hash_without_table, {BY(41000, TWO)}},
	{"hash: one that is full is passed over", given_hash_to_full, {BY(41000, TWO)}},
	{"hash: one that drains is passed over", given_hash_to_draining, {BY(41000, TWO)}},
	{"hash: a table that leads nowhere does no harm", given_hash_to_nowhere, {BY(41000, TWO)}},
	{"hash: a client keeps its instance, and clients are spread", given_hash_of_both,
	 {{ACT, .act = clients_keep_their_instance, .counts = "?"}}},

	{"first: one is filled before the next", given_first,
	 {BY(41000, ONE), BY(41001, ONE), BY(41002, TWO), BY(41003, TWO),
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_begun hold_parked hold_wake"}}},
	{"first: one that only listens so far is the last resort", given_first_unsure, {BY(41000, TWO)}},
	{0},
};
// clang-format on
