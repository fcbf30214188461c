// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/many.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <poll.h>
#include <string.h>

#define WAIT_NS (20 * RS_NS_PER_S)

static struct end client(unsigned n)
{
	return (struct end){{10, 0, (uint8_t)(n >> 14), 1}, (uint16_t)(1024 + (n & 16383)), 0x10};
}

int many_send(struct world *world, unsigned n, struct packet packet)
{
	const struct end vip = VIP;
	packet.from = client(n);
	packet.to = vip;
	return world_send_packet(world, RS_DP_CLIENT, world->client, &packet);
}

int many_syn(struct world *world, unsigned n, uint32_t seq)
{
	return many_send(world, n, (struct packet){.flags = SYN, .seq = seq});
}

void many_finish(struct world *world, unsigned n, unsigned data)
{
	struct packet answer = {.from = ONE, .to = client(n), .flags = SYN | ACK, .seq = 900, .ack = 2};
	answer.to.mac = 1;
	assert_int_equal(world_send_packet(world, RS_DP_INSTANCE, world->one, &answer), REDIRECT);
	assert_int_equal(many_send(world, n, (struct packet){.flags = ACK, .seq = 2, .ack = 901, .payload = data}),
			 REDIRECT);
}

static int count_state(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct many_states *states = user;
	(void)key;
	states->half_open += flow->state < RS_TCP_ESTABLISHED;
	states->established += flow->state == RS_TCP_ESTABLISHED;
	return 0;
}

struct many_states many_states(struct world *world)
{
	struct many_states states = {0};
	assert_int_equal(rs_dp_flows_each(world->dp, count_state, &states), 0);
	return states;
}

void many_wait_in_flight(struct world *world, unsigned wanted)
{
	uint64_t deadline = rs_now_ns() + WAIT_NS;
	while (rs_dp_instance(world->dp, 1)->in_flight != wanted) {
		if (rs_now_ns() > deadline)
			fail_msg("%u are in flight, not %u", rs_dp_instance(world->dp, 1)->in_flight, wanted);
		poll(NULL, 0, 5);
	}
}

void many_check_halves(struct world *world)
{
	int flows = world_map(world, "flows"), replies = world_map(world, "replies");
	struct rs_tuple reply, *at = NULL;
	struct rs_reply noted;
	struct rs_flow flow;
	unsigned count = 0;
	while (bpf_map_get_next_key(replies, at, &reply) == 0) {
		at = &reply;
		count++;
		if (bpf_map_lookup_elem(replies, &reply, &noted) < 0 ||
		    bpf_map_lookup_elem(flows, &noted.key, &flow) < 0)
			fail_msg("the reply to port %u leads to no flow", ntohs(reply.destination_port));
		assert_int_equal(flow.seen_port, reply.destination_port);
		assert_memory_equal(&flow.instance_address, &reply.source, sizeof(reply.source));
	}
	assert_int_equal(count, world_count(world, "flows")); /* each reply leads to one of its own */
}
