/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/age.h"
#include "pure/udp_state.h"

/* Every state and direction; what is not in the table stays. */
static void test_steps(void **state)
{
	(void)state;
	for (uint32_t s = RS_UDP_UNREPLIED; s < RS_FLOW_STATE_COUNT; s++) {
		uint32_t by_server = s == RS_UDP_UNREPLIED ? (uint32_t)RS_UDP_REPLIED : s;
		uint32_t by_client = s == RS_UDP_REPLIED ? (uint32_t)RS_UDP_STREAM : s;
		assert_int_equal(rs_udp_next(s, RS_FROM_SERVER), by_server);
		assert_int_equal(rs_udp_next(s, RS_FROM_CLIENT), by_client);
	}
}

/* However often one side speaks alone, its flow stays with those that make room. */
static void test_one_side_alone_is_half_open(void **state)
{
	(void)state;
	uint32_t flow = RS_UDP_UNREPLIED;
	for (int i = 0; i < 5; i++)
		assert_true(rs_flow_is_half_open(flow = rs_udp_next(flow, RS_FROM_CLIENT)));
	for (int i = 0; i < 5; i++)
		assert_true(rs_flow_is_half_open(flow = rs_udp_next(flow, RS_FROM_SERVER)));
	flow = rs_udp_next(flow, RS_FROM_CLIENT);
	assert_false(rs_flow_is_half_open(flow));
	assert_true(rs_flow_is_settled(flow));
}

static void test_each_state_is_one_of_both_or_ends(void **state)
{
	(void)state;
	static const char kinds[RS_FLOW_STATE_COUNT + 1] = "hhseeeehhs"; /* half-open, settled, ending */
	for (uint32_t s = 0; s < RS_FLOW_STATE_COUNT; s++) {
		assert_int_equal(rs_flow_is_half_open(s), kinds[s] == 'h');
		assert_int_equal(rs_flow_is_settled(s), kinds[s] == 's');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_one_side_alone_is_half_open),
		cmocka_unit_test(test_each_state_is_one_of_both_or_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
