/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/age.h"

#define MS 1000000ULL

static const uint64_t start = 200000000 * MS; /* more than two days */
static const struct rs_udp_quiet udp = {.unreplied_ms = 7000, .replied_ms = 90000};

static void test_silence_that_each_state_allows(void **state)
{
	(void)state;
	static const uint64_t allowed_ms[RS_FLOW_STATE_COUNT] = {
		[RS_TCP_SYN_SENT] = 75000,    [RS_TCP_SYN_RECEIVED] = 75000, [RS_TCP_ESTABLISHED] = 86400000,
		[RS_TCP_FIN_CLIENT] = 120000, [RS_TCP_FIN_SERVER] = 120000,  [RS_TCP_FIN_BOTH] = 1000,
		[RS_TCP_CLOSED] = 1000,	      [RS_UDP_UNREPLIED] = 7000,     [RS_UDP_REPLIED] = 90000,
		[RS_UDP_STREAM] = 90000,
	};
	for (uint32_t s = 0; s < RS_FLOW_STATE_COUNT; s++) {
		struct rs_flow flow = {.state = s, .client_ns = start, .server_ns = start - 500 * MS};
		assert_false(rs_flow_is_over(&flow, false, &udp, start + (allowed_ms[s] - 1) * MS));
		assert_true(rs_flow_is_over(&flow, false, &udp, start + allowed_ms[s] * MS));
		/* Whichever side was heard last. */
		flow.server_ns = start + 500 * MS;
		assert_false(rs_flow_is_over(&flow, false, &udp, start + allowed_ms[s] * MS));
		/* A packet of a moment after the sweep's own time. */
		assert_false(rs_flow_is_over(&flow, false, &udp, start));
	}
}

static void test_the_instance_is_gone(void **state)
{
	(void)state;
	for (uint32_t s = 0; s < RS_FLOW_STATE_COUNT; s++) {
		struct rs_flow flow = {.state = s, .client_ns = start - 20000 * MS, .server_ns = start};
		const uint64_t allowed = s == RS_TCP_FIN_BOTH || s == RS_TCP_CLOSED ? RS_FLOW_CLOSED_MS
					 : s == RS_UDP_UNREPLIED		    ? 7000
										    : RS_FLOW_GONE_MS;
		assert_false(rs_flow_is_over(&flow, true, &udp, start + (allowed - 1) * MS));
		assert_true(rs_flow_is_over(&flow, true, &udp, start + allowed * MS));
	}
}

static void test_what_is_answered(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t state;
		uint64_t request, server, now; /* ms after the start */
		bool wanted;
	} rows[] = {
		{"a SYN is not", RS_TCP_SYN_SENT, 0, 0, 5000, false},
		{"a SYN-ACK in the same tick of the coarse clock answers", RS_TCP_SYN_RECEIVED, 0, 0, 1000, true},
		{"silence of less than a second", RS_TCP_ESTABLISHED, 0, 10, 1009, false},
		{"silence of a second", RS_TCP_ESTABLISHED, 0, 10, 1010, true},
		{"a request after the last answer", RS_TCP_ESTABLISHED, 20, 10, 5000, false},
		{"a client that has closed its half and was answered", RS_TCP_FIN_CLIENT, 20, 30, 1030, true},
		{"a client that has closed its half and was not", RS_TCP_FIN_CLIENT, 20, 10, 9000, false},
		{"an answer of a moment after the sweep's own time", RS_TCP_ESTABLISHED, 0, 10, 9, false},
		{"a datagram that nobody has answered so far", RS_UDP_UNREPLIED, 0, 0, 4999, false},
		{"a datagram that nobody will answer", RS_UDP_UNREPLIED, 0, 0, 5000, true},
		{"the last datagram of a conversation needs no answer", RS_UDP_STREAM, 10, 5, 5010, true},
		{"an answer to a datagram", RS_UDP_REPLIED, 0, 10, 1010, true},
		{"a datagram a moment ago", RS_UDP_STREAM, 20, 10, 1020, false},
		{"a server that goes on sending to a client that is silent", RS_UDP_STREAM, 0, 9000, 9999, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_flow flow = {.state = rows[i].state,
				       .request_ns = start + rows[i].request * MS,
				       .server_ns = start + rows[i].server * MS};
		if (rs_flow_is_answered(&flow, start + rows[i].now * MS) != rows[i].wanted)
			fail_msg("%s", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_that_each_state_allows),
		cmocka_unit_test(test_the_instance_is_gone),
		cmocka_unit_test(test_what_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
