// SPDX-License-Identifier: BSD-2-Clause
/* link: */
/*
 * Two ends that follow RFC 9293, wires between them that lose, repeat and reorder, and a stranger who knows the
 * addresses: what the flow says in the middle is compared with what the ends know, after each of some million packets
 * of random connections.
 *
 *	client --- wire --- flow --- wire --- server
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/tcp_state.h"

#include <string.h>

#define CONNECTIONS 20000
#define STEPS_MAX   4000
#define QUEUE	    128

/* --- the ends ----------------------------------------------------------------------------------------------------- */

enum end_state { LISTEN, SYN_SENT, SYN_RECEIVED, OPEN, GONE };

struct end {
	enum end_state state;
	bool is_client;
	uint32_t first;	       /* own SYN's number */
	uint32_t acknowledged; /* by the other, of own */
	uint32_t next;	       /* own, behind what was sent */
	uint32_t expected;     /* of the other */
	bool fin_sent, fin_acknowledged, fin_received;
};

static uint32_t seed;

static uint32_t any(void)
{
	seed ^= seed << 13; /* xorshift32 */
	seed ^= seed >> 17;
	return seed ^= seed << 5;
}

static bool one_in(uint32_t n)
{
	return any() % n == 0;
}

struct queue {
	struct rs_packet packet[QUEUE];
	unsigned count;
};

struct wires {
	struct queue from[2][2]; /* by sender: before the flow, and behind it */
	bool lossy;
};

static void put(struct queue *queue, const struct rs_packet *packet)
{
	if (queue->count < QUEUE)
		queue->packet[queue->count++] = *packet;
}

/* Any of those that are under way; it may stay, as a copy, or be lost. */
static bool take(struct queue *queue, bool lossy, struct rs_packet *ret_packet)
{
	if (!queue->count)
		return false;
	unsigned at = lossy ? any() % queue->count : 0;
	*ret_packet = queue->packet[at];
	if (!lossy || !one_in(8)) {
		queue->count--;
		memmove(&queue->packet[at], &queue->packet[at + 1], (queue->count - at) * sizeof(queue->packet[0]));
	}
	return !lossy || !one_in(6);
}

static void say(struct wires *wires, const struct end *end, uint32_t sequence, uint32_t length, uint32_t flags)
{
	struct rs_packet packet = {.sequence = sequence,
				   .payload_length = length,
				   .flags = flags,
				   .acknowledgement = flags & RS_TCP_ACK ? end->expected : 0};
	put(&wires->from[!end->is_client][0], &packet);
}

/* Everything that is not acknowledged, once more. */
static void repeat(struct wires *wires, const struct end *end)
{
	if (end->state == SYN_SENT)
		say(wires, end, end->first, 0, RS_TCP_SYN);
	else if (end->state == SYN_RECEIVED)
		say(wires, end, end->first, 0, RS_TCP_SYN | RS_TCP_ACK);
	else if (end->state == OPEN) {
		uint32_t data = end->next - end->acknowledged - (end->fin_sent && !end->fin_acknowledged);
		bool fin = end->fin_sent && !end->fin_acknowledged;
		say(wires, end, end->acknowledged, data, RS_TCP_ACK | (fin ? RS_TCP_FIN : 0));
	}
}

static void receive(struct wires *wires, struct end *end, const struct rs_packet *packet)
{
	const uint32_t flags = packet->flags;
	if (end->state == GONE) { /* RFC 9293 3.10.7.1 */
		if (!(flags & RS_TCP_RST))
			say(wires, end, flags & RS_TCP_ACK ? packet->acknowledgement : 0, 0,
			    RS_TCP_RST | (flags & RS_TCP_ACK ? 0 : RS_TCP_ACK));
		return;
	}
	if (end->state == LISTEN || end->state == SYN_RECEIVED) {
		if (flags == RS_TCP_SYN && (end->state == LISTEN || packet->sequence == end->expected - 1)) {
			end->state = SYN_RECEIVED;
			end->expected = packet->sequence + 1;
			end->next = end->first + 1;
			say(wires, end, end->first, 0, RS_TCP_SYN | RS_TCP_ACK);
			return;
		}
		if (end->state == LISTEN)
			return;
	}
	if (end->state == SYN_SENT) {
		if (flags == (RS_TCP_SYN | RS_TCP_ACK) && packet->acknowledgement == end->next) {
			end->state = OPEN;
			end->expected = packet->sequence + 1;
			end->acknowledged = end->next;
			say(wires, end, end->next, 0, RS_TCP_ACK);
		} else if ((flags & RS_TCP_RST) && packet->acknowledgement == end->next) {
			end->state = GONE;
		}
		return;
	}
	if (flags & RS_TCP_RST) { /* RFC 5961 3.2: the very number, or a challenge */
		if (packet->sequence == end->expected)
			end->state = GONE;
		else if (packet->sequence - end->expected < 65536)
			say(wires, end, end->next, 0, RS_TCP_ACK);
		return;
	}
	if (flags & RS_TCP_SYN) { /* a copy, or a stranger's: RFC 5961 4.2 */
		say(wires, end, end->next, 0, RS_TCP_ACK);
		return;
	}
	if (packet->acknowledgement - end->acknowledged <= end->next - end->acknowledged) {
		if (end->state == SYN_RECEIVED && packet->acknowledgement == end->next)
			end->state = OPEN;
		end->acknowledged = packet->acknowledgement;
		end->fin_acknowledged = end->fin_sent && end->acknowledged == end->next;
	}
	bool is_new = packet->sequence == end->expected && (packet->payload_length || (flags & RS_TCP_FIN));
	if (is_new && end->state == OPEN && !end->fin_received) {
		end->expected = rs_packet_end(packet);
		end->fin_received = flags & RS_TCP_FIN;
	}
	if (packet->payload_length || (flags & RS_TCP_FIN))
		say(wires, end, end->next, 0, RS_TCP_ACK);
}

/* One thing that a program does with its socket. */
static void act(struct wires *wires, struct end *end)
{
	if (end->state != OPEN || end->fin_sent)
		return;
	if (one_in(60)) { /* close() with data unread, or a crash */
		say(wires, end, end->next, 0, RS_TCP_RST | RS_TCP_ACK);
		end->state = GONE;
	} else if (one_in(6)) {
		say(wires, end, end->next, 0, RS_TCP_ACK | RS_TCP_FIN);
		end->next++;
		end->fin_sent = true;
	} else {
		uint32_t length = 1 + any() % 3000;
		say(wires, end, end->next, length, RS_TCP_ACK);
		end->next += length;
	}
}

/* --- the flow, and what it must say ------------------------------------------------------------------------------- */

struct seen {
	bool answered;	    /* a SYN-ACK */
	bool opened;	    /* the client's answer to that */
	bool fin[2], reset; /* by whom */
	bool overtaken;	    /* the client's own RST or FIN came by before the data in front of it: not believed */
	unsigned strangers; /* whose packets were not believed */
};

static void watch(struct rs_flow *flow, struct seen *seen, enum rs_direction from, const struct rs_packet *packet,
		  const struct end *client, const struct end *server)
{
	const uint32_t before = flow->state, flags = packet->flags;
	if (from == RS_FROM_CLIENT) {
		if (flags == RS_TCP_SYN) {
			assert_false(rs_tcp_is_new_use(flow, packet->sequence));
			return;
		}
		if (rs_tcp_believes(flow, packet) != RS_REASON_forwarded) {
			seen->overtaken |= (flags & (RS_TCP_RST | RS_TCP_FIN)) &&
					   (int32_t)(packet->sequence - flow->client_next) > 0;
			return;
		}
		flow->state = rs_tcp_hear_client(flow, packet);
		seen->opened |= seen->answered && (flags & RS_TCP_ACK) && !(flags & RS_TCP_RST) &&
				packet->acknowledgement - server->first - 1 < RS_TCP_WINDOW_MAX;
	} else {
		flow->state = rs_tcp_hear_server(flow, packet);
		seen->answered |= flags == (RS_TCP_SYN | RS_TCP_ACK) && packet->acknowledgement == client->first + 1;
	}
	seen->reset |= (flags & RS_TCP_RST) != 0;
	seen->fin[from] |= (flags & RS_TCP_FIN) != 0;

	assert_true(flow->state >= before); /* it only moves forward */
	if (!seen->answered && !seen->reset)
		assert_int_equal(flow->state, RS_TCP_SYN_SENT);
	if (seen->opened)
		assert_true(flow->state >= RS_TCP_ESTABLISHED);
	if (!seen->reset && !seen->fin[0] && !seen->fin[1])
		assert_true(flow->state <= RS_TCP_ESTABLISHED);
	if (!seen->reset && !(seen->fin[0] && seen->fin[1]))
		assert_true(flow->state < RS_TCP_FIN_BOTH);
	/* What the flow knows of the numbers is what the ends know, or older: what the client may end it with lies in
	 * between, and is little. */
	assert_true(flow->client_next - flow->server_ack < RS_TCP_WINDOW_MAX);
	assert_true(client->next - flow->client_next < 1U << 31);
	if (seen->answered && server->state != GONE)
		assert_true(server->expected - flow->server_ack < 1U << 31);
}

/* An RST, a FIN, an ACK or a SYN in the client's name. Without the numbers it changes nothing. */
static void stranger(struct rs_flow *flow, struct seen *seen)
{
	static const uint32_t kinds[] = {RS_TCP_RST, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_ACK, RS_TCP_SYN};
	struct rs_packet packet = {.flags = kinds[any() % 4], .sequence = any(), .acknowledgement = any()};
	const struct rs_flow before = *flow;
	if (packet.flags == RS_TCP_SYN) {
		/* In between it goes to the instance; before and afterwards there is nothing to lose. */
		if (flow->state > RS_TCP_SYN_SENT && flow->state < RS_TCP_FIN_BOTH)
			assert_false(rs_tcp_is_new_use(flow, packet.sequence));
		return;
	}
	/* By chance it may have hit. */
	if (rs_tcp_may_end(flow, packet.sequence) || rs_tcp_answers_syn_ack(flow, packet.acknowledgement))
		return;
	if (rs_tcp_believes(flow, &packet) == RS_REASON_forwarded)
		flow->state = rs_tcp_hear_client(flow, &packet);
	else
		seen->strangers++;
	if (flow->state != RS_TCP_CLOSED) /* an ACK only shortens the linger of what is closed on both sides */
		assert_memory_equal(flow, &before, sizeof(before));
}

static bool is_over(const struct end *end)
{
	return end->state == GONE || (end->fin_received && end->fin_acknowledged);
}

struct total {
	unsigned strangers, overtaken;
};

/* One connection from its SYN to its end. */
static void connection(bool lossy, struct total *total)
{
	struct wires wires = {.lossy = lossy};
	struct end ends[2] = {{.is_client = true, .state = SYN_SENT, .first = any()}, {.first = any()}};
	struct end *client = &ends[0], *server = &ends[1];
	client->next = client->first + 1;
	client->acknowledged = client->first;
	server->acknowledged = server->first;
	struct rs_flow flow = {.isn = client->first, .server_ack = client->first + 1, .client_next = client->first + 1};
	struct seen seen = {0};
	say(&wires, client, client->first, 0, RS_TCP_SYN);
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		struct rs_packet packet;
		unsigned who = any() % 2;
		switch (any() % 6) {
		case 0:
			act(&wires, &ends[who]);
			break;
		case 1:
			repeat(&wires, &ends[who]);
			break;
		case 2:
			stranger(&flow, &seen);
			break;
		case 3:
			if (take(&wires.from[who][0], lossy, &packet)) {
				watch(&flow, &seen, (enum rs_direction)who, &packet, client, server);
				put(&wires.from[who][1], &packet);
			}
			break;
		default:
			if (take(&wires.from[who][1], lossy, &packet))
				receive(&wires, &ends[!who], &packet);
		}
		if (is_over(client) && is_over(server) && flow.state >= RS_TCP_FIN_BOTH)
			break;
	}
	/* Both ends have done with it: the flow is at its end too, and is forgotten a second later. */
	assert_true(is_over(client) && is_over(server));
	if (flow.state < RS_TCP_FIN_BOTH) {
		assert_true(
			seen.overtaken); /* the instance has believed it all the same: it is forgotten as an idle one */
		total->overtaken++;
	}
	total->strangers += seen.strangers;
}

static void test_random_connections(void **state)
{
	struct total total = {0};
	for (uint32_t i = 1; i <= CONNECTIONS; i++) {
		seed = i * 2654435769U; /* one that fails can be had again */
		connection(*state != NULL, &total);
	}
	assert_true(total.strangers > CONNECTIONS); /* the stranger was there */
	assert_true(total.overtaken < (*state ? CONNECTIONS / 200 : 1));
}

/* --- what the model does not do ----------------------------------------------------------------------------------- */

/* The client went away without a word and begins anew; the instance has forgotten the old connection, too. */
static void test_a_tuple_that_both_ends_use_anew(void **state)
{
	(void)state;
	for (uint32_t at = RS_TCP_SYN_RECEIVED; at <= RS_TCP_FIN_BOTH; at++) {
		struct rs_flow flow = {
			.state = at, .isn = 100, .server_isn = 900, .server_ack = 5000, .client_next = 5000};
		const struct rs_packet answer = {
			.flags = RS_TCP_SYN | RS_TCP_ACK, .sequence = 70000, .acknowledgement = 777778};
		const struct rs_packet ack = {.flags = RS_TCP_ACK, .sequence = 777778, .acknowledgement = 70001};
		assert_int_equal(rs_tcp_is_new_use(&flow, 777777), at == RS_TCP_FIN_BOTH);
		flow.state = rs_tcp_hear_server(&flow, &answer);
		assert_int_equal(flow.state, RS_TCP_SYN_RECEIVED);
		assert_int_equal(flow.isn, 777777);
		assert_int_equal(rs_tcp_believes(&flow, &ack), RS_REASON_forwarded);
		flow.state = rs_tcp_hear_client(&flow, &ack);
		assert_int_equal(flow.state, RS_TCP_ESTABLISHED);
	}
}

/* The instance still knows it, and challenges; the client says that it does not. */
static void test_a_client_that_begins_anew_alone(void **state)
{
	(void)state;
	static const uint32_t states[] = {RS_TCP_SYN_RECEIVED, RS_TCP_ESTABLISHED, RS_TCP_FIN_CLIENT,
					  RS_TCP_FIN_SERVER};
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct rs_flow flow = {
			.state = states[i], .isn = 100, .server_isn = 900, .server_ack = 5000, .client_next = 5000};
		const struct rs_packet challenge = {.flags = RS_TCP_ACK, .sequence = 901, .acknowledgement = 5000};
		const struct rs_packet reset = {.flags = RS_TCP_RST, .sequence = 5000};
		assert_false(rs_tcp_is_new_use(&flow, 777777));
		flow.state = rs_tcp_hear_server(&flow, &challenge);
		assert_int_equal(flow.state, states[i]);
		assert_int_equal(rs_tcp_believes(&flow, &reset), RS_REASON_forwarded);
		flow.state = rs_tcp_hear_client(&flow, &reset);
		assert_int_equal(flow.state, RS_TCP_CLOSED);
		assert_true(rs_tcp_is_new_use(&flow, 777777)); /* its next copy */
	}
}

int main(void)
{
	static int lossy;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_connections),
		{"test_random_connections_on_bad_wires", test_random_connections, NULL, NULL, &lossy},
		cmocka_unit_test(test_a_tuple_that_both_ends_use_anew),
		cmocka_unit_test(test_a_client_that_begins_anew_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
