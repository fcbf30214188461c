// SPDX-License-Identifier: BSD-2-Clause
/* link: */
/* Which sequence numbers are believed (include/pure/tcp_state.h), also where they wrap. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/tcp_state.h"

static void test_what_has_been_sent(void **state)
{
	(void)state;
	static const struct {
		uint32_t sent, end, now;
	} rows[] = {
		{100, 200, 200},					 /* the next */
		{300, 200, 300},					 /* a retransmit */
		{100, 100 + RS_TCP_WINDOW_MAX, 100 + RS_TCP_WINDOW_MAX}, /* as far as a window goes */
		{100, 101 + RS_TCP_WINDOW_MAX, 100},			 /* and no further */
		{100, 99, 100},						 /* from before */
		{0xfffffff0, 0x10, 0x10},				 /* across zero */
		{0x10, 0xfffffff0, 0x10},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rs_tcp_sent(rows[i].sent, rows[i].end), rows[i].now);
}

static void test_what_may_end_it(void **state)
{
	(void)state;
	struct rs_flow flow = {.server_ack = 0xffffff00, .client_next = 0x80};
	assert_true(rs_tcp_may_end(&flow, 0xffffff00));
	assert_true(rs_tcp_may_end(&flow, 0));
	assert_true(rs_tcp_may_end(&flow, 0x80));
	assert_false(rs_tcp_may_end(&flow, 0x81));
	assert_false(rs_tcp_may_end(&flow, 0xfffffeff));
	assert_false(rs_tcp_may_end(&flow, 0x80000000));
	/* Pushed further than any window goes: as far as one goes. */
	flow.client_next = 0x40000000;
	assert_true(rs_tcp_may_end(&flow, 0xffffff00 + RS_TCP_WINDOW_MAX));
	assert_false(rs_tcp_may_end(&flow, 0xffffff01 + RS_TCP_WINDOW_MAX));
	/* Nothing in flight: one number of all. */
	flow.client_next = flow.server_ack;
	assert_true(rs_tcp_may_end(&flow, 0xffffff00));
	assert_false(rs_tcp_may_end(&flow, 0xffffff01));
}

static void test_what_ends_the_handshake(void **state)
{
	(void)state;
	struct rs_flow flow = {.server_isn = 0xffffffff};
	assert_true(rs_tcp_answers_syn_ack(&flow, 0));
	assert_true(rs_tcp_answers_syn_ack(&flow, 1000)); /* the ACK was lost, data of the server was not */
	assert_false(rs_tcp_answers_syn_ack(&flow, 0xffffffff));
	assert_false(rs_tcp_answers_syn_ack(&flow, RS_TCP_WINDOW_MAX));
}

static void test_where_a_packet_ends(void **state)
{
	(void)state;
	struct rs_packet packet = {.sequence = 0xffffffff, .payload_length = 10, .flags = RS_TCP_ACK};
	assert_int_equal(rs_packet_end(&packet), 9);
	packet.flags |= RS_TCP_FIN;
	assert_int_equal(rs_packet_end(&packet), 10);
	packet.flags = RS_TCP_SYN;
	assert_int_equal(rs_packet_end(&packet), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_has_been_sent),
		cmocka_unit_test(test_what_may_end_it),
		cmocka_unit_test(test_what_ends_the_handshake),
		cmocka_unit_test(test_where_a_packet_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
