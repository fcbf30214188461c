// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/*
 * The rows once more, with XDP in front of clients: the same packets in the same order have to give the same verdicts,
 * packets, counters and state as by TC, which path_test.c runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/run.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	static struct CMUnitTest tests[1024];
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	world_by_xdp = true;
	size_t count = run_collect(tests, rs_array_length(tests), true);
	if (getenv("PACKET_ROW"))
		cmocka_set_test_filter(getenv("PACKET_ROW"));
	return _cmocka_run_group_tests("packet path by XDP", tests, count, NULL, NULL);
}
