/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
/* Every state, both directions, all combinations of FIN, SYN, RST and ACK; then the ways that matter, as a table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/tcp_state.h"

#define C RS_FROM_CLIENT
#define S RS_FROM_SERVER

/* How far a connection has come; the two half-closed states are side by side. */
static int progress(uint32_t state)
{
	static const int rank[RS_TCP_STATE_COUNT] = {
		[RS_TCP_SYN_SENT] = 0,	 [RS_TCP_SYN_RECEIVED] = 1, [RS_TCP_ESTABLISHED] = 2, [RS_TCP_FIN_CLIENT] = 3,
		[RS_TCP_FIN_SERVER] = 3, [RS_TCP_FIN_BOTH] = 4,	    [RS_TCP_CLOSED] = 5};
	return rank[state];
}

static void test_all_states_and_flags(void **state)
{
	(void)state;
	static const uint32_t bits[] = {RS_TCP_FIN, RS_TCP_SYN, RS_TCP_RST, RS_TCP_ACK};
	for (uint32_t from = 0; from < RS_TCP_STATE_COUNT; from++) {
		for (int direction = C; direction <= S; direction++) {
			for (unsigned set = 0; set < 16; set++) {
				uint32_t flags = 0;
				for (unsigned bit = 0; bit < 4; bit++)
					flags |= set >> bit & 1 ? bits[bit] : 0;
				uint32_t next = rs_tcp_next(from, (enum rs_direction)direction, flags);
				assert_true(next < RS_TCP_STATE_COUNT);
				assert_true(progress(next) >= progress(from)); /* only ever forward */
				if (flags & RS_TCP_RST)
					assert_int_equal(next, RS_TCP_CLOSED);
				if (from == RS_TCP_CLOSED)
					assert_int_equal(next, RS_TCP_CLOSED);
				if (!flags)
					assert_int_equal(next, from);
				/* Flags that say nothing of the state change nothing. */
				assert_int_equal(rs_tcp_next(from, (enum rs_direction)direction, flags | 0xc8), next);
				/* A retransmit changes nothing further, but for the last ACK. */
				if (next != RS_TCP_FIN_BOTH)
					assert_int_equal(rs_tcp_next(next, (enum rs_direction)direction, flags), next);
			}
		}
	}
}

static void test_ways(void **state)
{
	(void)state;
	static const struct {
		uint32_t from;
		enum rs_direction direction;
		uint32_t flags;
		uint32_t to;
	} rows[] = {
		{RS_TCP_SYN_SENT, C, RS_TCP_SYN, RS_TCP_SYN_SENT},
		{RS_TCP_SYN_SENT, S, RS_TCP_SYN | RS_TCP_ACK, RS_TCP_SYN_RECEIVED},
		{RS_TCP_SYN_SENT, C, RS_TCP_ACK, RS_TCP_SYN_SENT},
		{RS_TCP_SYN_SENT, S, RS_TCP_RST | RS_TCP_ACK, RS_TCP_CLOSED},
		{RS_TCP_SYN_RECEIVED, S, RS_TCP_SYN | RS_TCP_ACK, RS_TCP_SYN_RECEIVED},
		{RS_TCP_SYN_RECEIVED, S, RS_TCP_ACK, RS_TCP_SYN_RECEIVED},
		{RS_TCP_SYN_RECEIVED, C, RS_TCP_ACK, RS_TCP_ESTABLISHED},
		{RS_TCP_SYN_RECEIVED, C, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_CLIENT},
		{RS_TCP_ESTABLISHED, C, RS_TCP_SYN, RS_TCP_ESTABLISHED},
		{RS_TCP_ESTABLISHED, C, RS_TCP_ACK, RS_TCP_ESTABLISHED},
		{RS_TCP_ESTABLISHED, C, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_CLIENT},
		{RS_TCP_ESTABLISHED, S, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_SERVER},
		{RS_TCP_FIN_CLIENT, S, RS_TCP_ACK, RS_TCP_FIN_CLIENT},
		{RS_TCP_FIN_CLIENT, S, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_BOTH},
		{RS_TCP_FIN_SERVER, C, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_BOTH},
		{RS_TCP_FIN_SERVER, C, RS_TCP_ACK, RS_TCP_FIN_SERVER},
		{RS_TCP_FIN_BOTH, S, RS_TCP_FIN | RS_TCP_ACK, RS_TCP_FIN_BOTH},
		{RS_TCP_FIN_BOTH, C, RS_TCP_ACK, RS_TCP_CLOSED},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got = rs_tcp_next(rows[i].from, rows[i].direction, rows[i].flags);
		if (got != rows[i].to)
			fail_msg("row %zu: the next state is %u, not %u", i, got, rows[i].to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_states_and_flags),
		cmocka_unit_test(test_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
