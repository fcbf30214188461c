// SPDX-License-Identifier: BSD-2-Clause
/* From a SYN that nobody can take to its answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "base/time.h"
#include "dp/internal.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <pthread.h>
#include <string.h>

static void one_is_ready(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY);
}

static void one_listens(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_PROBABLE);
}

static void one_dies(struct world *world)
{
	rs_dp_instance_remove(world->dp, 1, 1001);
}

static void given_starting(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_STARTING);
}

static void is_ready(struct world *world)
{
	struct rs_instance *one = rs_dp_instance(world->dp, 1);
	assert_int_equal(one->state, RS_INSTANCE_READY);
	assert_true(one->ready_ns > 0);
	assert_int_equal(rs_dp_revision(world->dp, 1)->held, 0);
}

static void is_held_once(struct world *world)
{
	struct rs_hold hold = world_hold(world);
	assert_int_equal(hold.isn, 100);
	assert_int_equal(hold.retransmits, 1);
	assert_int_equal(hold.client_ifindex, world->client);
	assert_int_equal(rs_dp_revision(world->dp, 1)->held, 1);
}

/* The newest copy is kept: here the one with the IP id 2. */
static void newest_copy_is_kept(struct world *world)
{
	struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .seq = 100, .id = 2, .tcp_options = 5};
	struct frame frame;
	frame_build(&frame, &syn);
	struct rs_hold hold = world_hold(world);
	assert_int_equal(hold.frame_length, frame.length);
	assert_memory_equal(hold.frame, frame.bytes, frame.length);
	assert_int_equal(hold.version % 2, 0);
}

static void wake_is_answered(struct world *world)
{
	assert_int_equal(rs_dp_revision(world->dp, 1)->wake, 1);
	rs_dp_wake_answered(world->dp, 1);
}

static struct rs_event heard[8];
static unsigned heard_count;

static void hear(void *user, const struct rs_event *event)
{
	(void)user;
	if (heard_count < 8)
		heard[heard_count++] = *event;
}

static void listen_to(struct world *world, enum rs_event_type type)
{
	heard_count = 0;
	rs_dp_events_consume(world->dp, hear, NULL);
	for (unsigned i = 0; i < heard_count; i++) {
		if (heard[i].type == type) {
			assert_int_equal(heard[i].revision, 1);
			assert_true(heard[i].time_ns <= rs_now_ns());
			return;
		}
	}
	fail_msg("event %d was not sent", (int)type);
}

static void hears_wake(struct world *world)
{
	listen_to(world, RS_EVENT_WAKE);
}

static void hears_ready(struct world *world)
{
	is_ready(world);
	listen_to(world, RS_EVENT_READY);
}

static void hears_refused(struct world *world)
{
	listen_to(world, RS_EVENT_REFUSED);
	assert_int_equal(world_count(world, "flows"), 0);
	assert_int_equal(rs_dp_revision(world->dp, 1)->held, 1);
}

/* Its process has ended, and no agent has noticed. */
static void one_takes_no_more(struct world *world)
{
	struct rs_instance *one = rs_dp_instance(world->dp, 1);
	listen_to(world, RS_EVENT_REFUSED);
	assert_int_equal(one->state, RS_INSTANCE_PROBABLE);
	assert_int_equal(one->in_flight, 0);
}

/* The agent has seen that nobody will listen in the client's family. */
static void one_is_deaf(struct world *world)
{
	rs_dp_instance(world->dp, 1)->flags |= RS_INSTANCE_DEAF(frame_family);
}

static void one_serves_the_other_family(struct world *world)
{
	rs_dp_instance(world->dp, 1)->listening[frame_family == RS_V4 ? RS_V6 : RS_V4] = 1;
}

static void one_is_ready_still(struct world *world)
{
	listen_to(world, RS_EVENT_REFUSED);
	assert_int_equal(rs_dp_instance(world->dp, 1)->state, RS_INSTANCE_READY);
}

static void nothing_is_held(struct world *world)
{
	assert_int_equal(rs_dp_revision(world->dp, 1)->held, 0);
}

/* As if the SYN-ACK had passed while the hold could not be found. */
static void answered_unseen(struct world *world)
{
	struct rs_tuple key;
	struct rs_flow flow = world_flow(world, &key);
	flow.state = RS_TCP_SYN_RECEIVED;
	world_set_flow(world, &key, &flow);
}

static void *toggle(void *user)
{
	struct world *world = user;
	while (!__atomic_load_n(&world->junk, __ATOMIC_RELAXED)) {
		rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_READY);
		rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_DRAINING);
	}
	return NULL;
}

/* Ready and not ready as fast as it goes, while SYNs come in, until one was parked in between. */
static void parks_race_with_ready(struct world *world)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, toggle, world), 0);
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	for (uint32_t i = 0; rs_now_ns() < deadline; i++) {
		struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .seq = i};
		world_send_packet(world, RS_DP_CLIENT, world->client, &syn);
		if (i % 64 == 0 && world_counter(world, RS_REASON_hold_raced))
			break;
	}
	__atomic_store_n(&world->junk, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	world->junk = false;
	assert_true(world_counter(world, RS_REASON_hold_raced) > 0);
	assert_true(world_counter(world, RS_REASON_hold_parked) > 0);
	listen_to(world, RS_EVENT_RACED);
}

static void a_split_pick_stays(struct world *world)
{
	/* The route goes to revision 2 meanwhile: what is held keeps its revision. */
	world_route(world, 2, 100);
	assert_int_equal(world_hold(world).revision, 1);
}

static void given_ring_full_of_events(struct world *world)
{
	given_nothing(world);
	struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .seq = 100};
	for (unsigned i = 0; i < 2 * RS_EVENTS_BYTES / sizeof(struct rs_event); i++) {
		world_send_packet(world, RS_DP_CLIENT, world->client, &syn);
		rs_dp_wake_answered(world->dp, 1);
		if (world_counter(world, RS_REASON_event_lost))
			return;
	}
	fail_msg("the event ring does not fill");
}

static void bell_is_unrung(struct world *world)
{
	assert_int_equal(rs_dp_revision(world->dp, 1)->wake, 0);
	/* Nobody has to wait for that packet: who reads the ring hears that something was lost. */
	assert_true(rs_dp_events_lost(world->dp));
	assert_false(rs_dp_events_lost(world->dp));
}

#define SYN_AGAIN(...) FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100, ##__VA_ARGS__)
#define RELEASED_SYN                                                                                                   \
	RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100)

// clang-format off
const struct row rows_hold[] = {
	{"nobody is there: the SYN is parked and rings", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = hears_wake}}},
	{"an instance that starts or only listens is no target for a client's SYN", given_starting,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {SYN_AGAIN(), .verdict = DROP, .counts = "hold_refreshed"}}},
	{"a repeated SYN is the same hold, and does not ring again", given_nothing,
	 {SYN_PARKED,
	  {SYN_AGAIN(), .verdict = DROP, .counts = "hold_refreshed", .act = is_held_once}}},
	{"its newest copy is kept", given_nothing,
	 {SYN_PARKED,
	  {SYN_AGAIN(.id = 2, .tcp_options = 5), .verdict = DROP, .counts = "hold_refreshed",
	   .act = newest_copy_is_kept}}},
	{"once answered, the bell rings again", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = wake_is_answered},
	  {SYN_AGAIN(), .verdict = DROP, .counts = "hold_refreshed hold_wake"}}},
	{"another sequence number takes the hold's place", given_nothing,
	 {SYN_PARKED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 9), .verdict = DROP,
	   .counts = "hold_begun hold_parked hold_expired hold_superseded"}}},
	{"another connection is another hold", given_nothing,
	 {SYN_PARKED,
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = VIP_8080, .flags = SYN, .seq = 100},
	   .verdict = DROP, .counts = "hold_begun hold_parked"}}},
	{"a held connection keeps its pick when the weights change", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = a_split_pick_stays},
	  {ACT, .act = one_is_ready},
	  {SYN_AGAIN(), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "connection_new forwarded"}}},
	{"RST and data of a held connection do not end it", given_nothing,
	 {SYN_PARKED,
	  {FROM_CLIENT, TO_VIP(.flags = RST, .seq = 100), .verdict = DROP, .counts = "no_flow_reset"}}},

	{"release: the SYN goes to whoever listens; the SYN-ACK makes it ready and ends the hold", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101),
	   .counts = "replied hold_released", .act = hears_ready}}},
	{"released again while unanswered, it follows the first", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {RELEASED_SYN, .counts = "syn_retransmitted forwarded"}}},
	{"the client's own copy follows it too, and refreshes the hold", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {SYN_AGAIN(), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "hold_refreshed syn_retransmitted forwarded", .act = is_held_once}}},
	{"ready meanwhile: the client's own copy goes on, and its answer ends the hold", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_is_ready},
	  {SYN_AGAIN(), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101),
	   .counts = "replied hold_released"}}},
	{"released too early it stays held", given_nothing,
	 {SYN_PARKED,
	  {RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "release_early"}}},
	{"released after its end it is dropped", given_one,
	 {{RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "release_stale"}}},
	{"released with an old number it is dropped", given_nothing,
	 {SYN_PARKED,
	  {RELEASE, TO_VIP(.flags = SYN, .seq = 99), .verdict = DROP, .counts = "release_stale"}}},
	{"released after an answer that its hold missed, it ends as released", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {ACT, .act = answered_unseen},
	  {RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,
	   .counts = "release_answered hold_released"}}},

	{"an RST to a released SYN is held back", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP,
	   .counts = "rst_held_back flow_ended", .act = hears_refused}}},
	{"after it, the next release is a new try", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP,
	   .counts = "rst_held_back flow_ended"},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101),
	   .counts = "replied hold_released"}}},
	{"an RST of a ready instance to a SYN is held back, and the next copy is held", given_one,
	 {SYN_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP, .counts = "rst_held_back",
	   .act = one_takes_no_more},
	  {SYN_AGAIN(), .verdict = DROP, .counts = "flow_ended hold_begun hold_parked hold_wake"},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101),
	   .counts = "replied hold_released", .act = hears_ready}}},
	{"an RST in a family that it never listened in says nothing of the other", given_one,
	 {{ACT, .act = one_serves_the_other_family},
	  SYN_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP, .counts = "rst_held_back",
	   .act = one_is_ready_still}}},
	{"an RST of an instance that is deaf in the client's family is for the client to hear", given_one,
	 {{ACT, .act = one_is_deaf},
	  SYN_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = RST | ACK, .ack = 101), .counts = "replied"}}},
	{"and ends what was held", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {ACT, .act = one_is_deaf},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = RST | ACK, .ack = 101), .counts = "replied hold_reset",
	   .act = nothing_is_held}}},
	{"the next copy goes to an instance that is ready", given_both,
	 {SYN_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = DROP, .counts = "rst_held_back"},
	  {SYN_AGAIN(), .verdict = REDIRECT, OUT_TO_TWO(.flags = SYN, .seq = 100),
	   .counts = "flow_ended connection_new forwarded"}}},
	{"the instance dies before it answers: the release finds nobody, and stays held", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {ACT, .act = one_dies},
	  {RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,
	   .counts = "flow_ended release_early"}}},

	{"the agent gives up: the client gets RST from the VIP", given_nothing,
	 {SYN_PARKED,
	  {RESET, .in = {.from = VIP, .to = CLIENT, .flags = RST | ACK, .ack = 101},
	   .verdict = REDIRECT, .out = {.from = VIP, .to = CLIENT, .flags = RST | ACK, .ack = 101},
	   .counts = "hold_reset"}}},
	{"with it ends what its release began", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = one_listens},
	  {RELEASED_SYN, .counts = "connection_new forwarded"},
	  {RESET, .in = {.from = VIP, .to = CLIENT, .flags = RST | ACK, .ack = 101},
	   .verdict = REDIRECT, .out = {.from = VIP, .to = CLIENT, .flags = RST | ACK, .ack = 101},
	   .counts = "hold_reset flow_ended"}}},
	{"a reset of another SYN is dropped", given_nothing,
	 {SYN_PARKED,
	  {RESET, .in = {.from = VIP, .to = CLIENT, .flags = RST | ACK, .ack = 55}, .verdict = DROP,
	   .counts = "release_stale"}}},

	{"a park that races with ready is seen by one of both", given_nothing,
	 {{ACT, .act = one_is_ready},
	  {ACT, .act = parks_race_with_ready, .counts = "?"}}},
	{"a bell that the ring has no room for rings with the next packet", given_ring_full_of_events,
	 {{SYN_AGAIN(), .verdict = DROP, .counts = "hold_refreshed event_lost", .act = bell_is_unrung}}},
	{0},
};
// clang-format on
