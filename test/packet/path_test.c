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

#include "packet/row.h"

#include "abi/config.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum rs_reason reason_of(const char *name, size_t length)
{
	for (int i = 0; i < RS_REASON_COUNT; i++) {
		if (strlen(reason_names[i]) == length && memcmp(reason_names[i], name, length) == 0)
			return (enum rs_reason)i;
	}
	fail_msg("no reason is named %.*s", (int)length, name);
	return RS_REASON_COUNT;
}

/* `counts` names exactly what was counted since `before`; "?" leaves it open. */
static void check_counts(const struct world *world, const char *counts, unsigned step)
{
	uint64_t wanted[RS_REASON_COUNT] = {0};
	struct rs_counters now;
	assert_int_equal(rs_dp_counters(world->dp, &now), 0);
	if (counts && counts[0] == '?')
		return;
	for (const char *at = counts ? counts : ""; *at;) {
		size_t length = strcspn(at, " *");
		enum rs_reason reason = reason_of(at, length);
		at += length;
		wanted[reason] = *at == '*' ? strtoul(at + 1, (char **)&at, 10) : 1;
		at += strspn(at, " ");
	}
	for (int i = 0; i < RS_REASON_COUNT; i++) {
		uint64_t counted = ((const uint64_t *)&now)[i] - ((const uint64_t *)&world->before)[i];
		if (counted != wanted[i])
			fail_msg("step %u: %s was counted %llu times, not %llu", step, reason_names[i],
				 (unsigned long long)counted, (unsigned long long)wanted[i]);
	}
}

static void check_frame(const struct frame *got, const struct frame *wanted, unsigned step)
{
	char a[256], b[256];
	if (got->length == wanted->length && memcmp(got->bytes, wanted->bytes, got->length) == 0)
		return;
	size_t at = 0;
	while (at < got->length && at < wanted->length && got->bytes[at] == wanted->bytes[at])
		at++;
	fail_msg("step %u: the packet is\n  %s, not\n  %s; they differ from byte %zu on: %02x, not %02x", step,
		 frame_text(got, a, sizeof(a)), frame_text(wanted, b, sizeof(b)), at, got->bytes[at],
		 wanted->bytes[at]);
}

static void send_step(struct world *world, const struct step *step, unsigned number)
{
	static const enum rs_dp_side side[] = {
		[FROM_CLIENT] = RS_DP_CLIENT, [FROM_UPLINK] = RS_DP_CLIENT, [FROM_ONE] = RS_DP_INSTANCE,
		[FROM_TWO] = RS_DP_INSTANCE,  [FROM_HOST] = RS_DP_HOST,	    [RELEASE] = RS_DP_HOST,
		[RESET] = RS_DP_HOST,
	};
	const unsigned ifindex[] = {
		[FROM_CLIENT] = world->client, [FROM_UPLINK] = world->uplink, [FROM_ONE] = world->one,
		[FROM_TWO] = world->two,       [FROM_HOST] = world->rouse1,   [RELEASE] = world->rouse1,
		[RESET] = world->rouse1,
	};
	unsigned mark = step->by == RELEASE ? RS_MARK_RELEASE : step->by == RESET ? RS_MARK_RESET : 0;
	struct frame in, out = {0}, wanted;
	frame_build(&in, &step->in);
	int verdict = world_send(world, side[step->by], ifindex[step->by], &in, mark, &out);
	if (verdict != step->verdict)
		fail_msg("step %u: the verdict is %d, not %d", number, verdict, step->verdict);
	if (step->out.from.port) {
		frame_build(&wanted, &step->out);
		check_frame(&out, &wanted, number);
	} else if (step->verdict == PASS) {
		check_frame(&out, &in, number);
	}
}

static struct world here;

struct run {
	const struct row *row;
	unsigned family;
	char name[128];
};

static void run_row(void **state)
{
	const struct run *run = *state;
	const struct row *row = run->row;
	frame_family = run->family;
	world_open(&here);
	row->given(&here);
	for (unsigned i = 0; i < rs_array_length(row->steps); i++) {
		const struct step *step = &row->steps[i];
		if (!step->in.from.port && !step->act)
			break;
		assert_int_equal(rs_dp_counters(here.dp, &here.before), 0);
		if (step->by != ACT)
			send_step(&here, step, i);
		if (step->act)
			step->act(&here);
		check_counts(&here, step->counts, i);
	}
	world_check(&here);
}

static int close_row(void **state)
{
	(void)state;
	world_close(&here);
	return 0;
}

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
	static struct run runs[1024];
	static const struct row *const tables[] = {rows_foreign, rows_service,	rows_handshake, rows_hold,
						   rows_end,	 rows_limit,	rows_access,	rows_flow,
						   rows_crowd,	 rows_udp,	rows_pick,	rows_external,
						   rows_icmp,	 rows_fragment, rows_mtu};
	size_t count = 0;
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	for (size_t t = 0; t < rs_array_length(tables); t++) {
		for (const struct row *row = tables[t]; row->name; row++) {
			for (unsigned family = 0; family < RS_FAMILIES; family++) {
				if (row->families != BOTH_FAMILIES && row->families != family + 1)
					continue;
				struct run *run = &runs[count];
				*run = (struct run){.row = row, .family = family};
				snprintf(run->name, sizeof(run->name), "%s, IPv%u", row->name,
					 family == RS_V4 ? 4U : 6U);
				tests[count++] = (struct CMUnitTest){.name = run->name,
								     .test_func = run_row,
								     .teardown_func = close_row,
								     .initial_state = run};
				assert_true(count < rs_array_length(tests));
			}
		}
	}
	/* With a filter only some rows run, and then some reasons are missing. */
	if (!getenv("PACKET_ROW"))
		tests[count++] =
			(struct CMUnitTest){.name = "every reason is reached", .test_func = every_reason_is_reached};
	else
		cmocka_set_test_filter(getenv("PACKET_ROW"));
	/* cmocka_run_group_tests() wants the array's size at compile time. */
	return _cmocka_run_group_tests("packet path", tests, count, NULL, NULL);
}
