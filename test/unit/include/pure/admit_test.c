/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/admit.h"

#define MS 1000000ULL

static void test_the_narrowest_cap_speaks_first(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct rs_admit in; /* node, revision, source: held of a maximum */
		enum rs_reason wanted;
	} rows[] = {
		{"nothing is held", {0, 10, 0, 5, 0, 2}, RS_REASON_hold_parked},
		{"one below each", {9, 10, 4, 5, 1, 2}, RS_REASON_hold_parked},
		{"the node's", {10, 10, 4, 5, 1, 2}, RS_REASON_hold_shed_node},
		{"the revision's", {9, 10, 5, 5, 1, 2}, RS_REASON_hold_shed_revision},
		{"the client's", {9, 10, 4, 5, 2, 2}, RS_REASON_hold_shed_source},
		{"the client's before the revision's", {10, 10, 5, 5, 2, 2}, RS_REASON_hold_shed_source},
		{"the revision's before the node's", {10, 10, 5, 5, 1, 2}, RS_REASON_hold_shed_revision},
		{"above a cap that was lowered", {0, 10, 7, 5, 0, 2}, RS_REASON_hold_shed_revision},
		{"a cap of zero admits nothing", {0, 10, 0, 0, 0, 2}, RS_REASON_hold_shed_revision},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rs_admit_hold(&rows[i].in) != rows[i].wanted)
			fail_msg("%s", rows[i].name);
	}
}

static void test_expiry(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t first, last; /* ms */
		uint32_t gap, total;
		uint64_t now;
		enum rs_reason wanted;
	} rows[] = {
		{"at once", 1000, 1000, 0, 60000, 1000, RS_REASON_hold_parked},
		{"just before 8 s of silence", 1000, 1000, 0, 60000, 8999, RS_REASON_hold_parked},
		{"8 s of silence", 1000, 1000, 0, 60000, 9000, RS_REASON_hold_expired_idle},
		{"a gap of 1 s allows no less than 8 s", 1000, 2000, 1000, 60000, 9999, RS_REASON_hold_parked},
		{"a gap of 4 s allows 9 s", 1000, 9000, 4000, 60000, 17999, RS_REASON_hold_parked},
		{"and no more", 1000, 9000, 4000, 60000, 18000, RS_REASON_hold_expired_idle},
		{"a gap of 16 s allows 33 s", 1000, 32000, 16000, 600000, 64999, RS_REASON_hold_parked},
		{"total, however lively", 1000, 60999, 1000, 60000, 61000, RS_REASON_hold_expired_total},
		{"just before the total", 1000, 60000, 1000, 60000, 60999, RS_REASON_hold_parked},
		{"total speaks before idle", 1000, 1000, 0, 60000, 900000, RS_REASON_hold_expired_total},
		{"a total below the idle time", 1000, 1000, 0, 30, 1030, RS_REASON_hold_expired_total},
		{"a copy that came after the sweep began", 1000, 5000, 0, 60000, 4999, RS_REASON_hold_parked},
		{"the longest total does not overflow", 1000, 70000, 0, UINT32_MAX, 70001, RS_REASON_hold_parked},
		{"the longest gap does not overflow", 1000, 1000, UINT32_MAX, UINT32_MAX, 4000000,
		 RS_REASON_hold_parked},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum rs_reason got = rs_hold_expiry(rows[i].first * MS, rows[i].last * MS, rows[i].gap, rows[i].total,
						    rows[i].now * MS);
		if (got != rows[i].wanted)
			fail_msg("%s: %d, not %d", rows[i].name, (int)got, (int)rows[i].wanted);
	}
}

/* A Linux client's SYN, at 1 1 1 1 1 2 4 8 16 s (6.5 and later) or 1 2 4 8 16 32 s: never idle while it tries. */
static void test_no_retransmission_schedule_expires_as_idle(void **state)
{
	(void)state;
	static const unsigned gaps[2][10] = {{1, 1, 1, 1, 1, 2, 4, 8, 16}, {1, 2, 4, 8, 16, 32}};
	for (int s = 0; s < 2; s++) {
		uint64_t last = 5000;
		uint32_t gap = 0;
		for (const unsigned *next = gaps[s]; *next; next++) {
			uint64_t at = last + 1000ULL * *next + 400; /* late, as timers are */
			assert_int_equal(rs_hold_expiry(5000 * MS, last * MS, gap, UINT32_MAX, at * MS),
					 RS_REASON_hold_parked);
			gap = (uint32_t)(at - last);
			last = at;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_narrowest_cap_speaks_first),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_no_retransmission_schedule_expires_as_idle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
