// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/*
 * Runs the rows of test/packet/rows: each is a test. After each of them what must always hold is checked: every hold
 * ended once or is held, every place in flight belongs to a busy connection. The last test: every reason was reached.
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

/* Reached by nothing that a test can arrange: the kernel has to be out of memory. */
static const enum rs_reason unreachable[] = {RS_REASON_rewrite_failed};

static void every_reason_is_reached(void **state)
{
	(void)state;
	unsigned missing = 0;
	for (size_t i = 0; i < rs_array_length(unreachable); i++)
		assert_int_equal(world_reached[unreachable[i]], 0);
	for (int i = 0; i < RS_REASON_COUNT; i++) {
		bool excused = false;
		for (size_t j = 0; j < rs_array_length(unreachable); j++)
			excused |= unreachable[j] == (enum rs_reason)i;
		if (!excused && !world_reached[i]) {
			print_error("%s was never counted\n", reason_names[i]);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	static struct CMUnitTest tests[1024];
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	size_t count = run_collect(tests, rs_array_length(tests) - 1, false);
	/* With a filter only some rows run, and then some reasons are missing. */
	if (!getenv("PACKET_ROW"))
		tests[count++] =
			(struct CMUnitTest){.name = "every reason is reached", .test_func = every_reason_is_reached};
	else
		cmocka_set_test_filter(getenv("PACKET_ROW"));
	/* cmocka_run_group_tests() wants the array's size at compile time. */
	return _cmocka_run_group_tests("packet path", tests, count, NULL, NULL);
}
