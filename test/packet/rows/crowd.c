// SPDX-License-Identifier: BSD-2-Clause
/* Many CPUs at the rings of connections at once: whatever they do, nothing is left over when it has aged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "base/time.h"
#include "dp/internal.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#define THREADS	    4
#define CONNECTIONS 3000 /* of each: together three times as many as there is room for */

struct walker {
	pthread_t thread;
	struct world *world;
	unsigned number;
};

/* A third of the connections get no further than their SYN, a third opens, a third is reset after it opened. */
static void *walk(void *user)
{
	const struct walker *walker = user;
	struct world *world = walker->world;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		const uint16_t port = (uint16_t)(1024 + i);
		const uint8_t network = (uint8_t)(10 + walker->number);
		struct packet syn = {.from = {{10, 0, network, 1}, port, 0x10}, .to = VIP, .flags = SYN, .seq = 1};
		struct packet answer = {
			.from = ONE, .to = {{10, 0, network, 1}, port, 1}, .flags = SYN | ACK, .seq = 900, .ack = 2};
		struct packet next = syn;
		next.seq = 2;
		next.ack = 901;
		world_send_packet(world, RS_DP_CLIENT, world->client, &syn);
		if (i % 3 == 0)
			continue;
		world_send_packet(world, RS_DP_INSTANCE, world->one, &answer);
		next.flags = ACK;
		next.payload = 1; /* not answered: it stays busy */
		world_send_packet(world, RS_DP_CLIENT, world->client, &next);
		next.flags = RST;
		next.seq = 3;
		next.payload = 0;
		if (i % 3 == 2)
			world_send_packet(world, RS_DP_CLIENT, world->client, &next);
	}
	return NULL;
}

static void a_crowd(struct world *world)
{
	struct walker walkers[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		walkers[i] = (struct walker){.world = world, .number = i};
		assert_int_equal(pthread_create(&walkers[i].thread, NULL, walk, &walkers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(walkers[i].thread, NULL);
	assert_true(world_counter(world, RS_REASON_flow_evicted) > 0);
	/* The instance's entry is used anew: whoever looks at one of these connections ends it. In no ring is who is
	 * never looked at. */
	rs_dp_instance_remove(world->dp, 1, 1001);
	world_instance(world, 1, RS_INSTANCE_READY);
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (world_count(world, "flows") || world_count(world, "replies")) {
		if (rs_now_ns() > deadline)
			fail_msg("%u connections are left over", world_count(world, "flows"));
		poll(NULL, 0, 50);
	}
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 0);
}

// clang-format off
const struct row rows_crowd[] = {
	{"a crowd comes and goes", given_one,
	 {{ACT, .act = a_crowd, .counts = "?"}}},
	{0},
};
// clang-format on
