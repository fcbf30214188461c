// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/run.h"

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
		[RESET] = RS_DP_HOST,	      [DATAGRAM] = RS_DP_HOST,	    [CLOSE] = RS_DP_HOST,
	};
	const unsigned ifindex[] = {
		[FROM_CLIENT] = world->client, [FROM_UPLINK] = world->uplink, [FROM_ONE] = world->one,
		[FROM_TWO] = world->two,       [FROM_HOST] = world->rouse1,   [RELEASE] = world->rouse1,
		[RESET] = world->rouse1,       [DATAGRAM] = world->rouse1,    [CLOSE] = world->rouse1,
	};
	static const unsigned marks[] = {[RELEASE] = RS_MARK_RELEASE,
					 [RESET] = RS_MARK_RESET,
					 [DATAGRAM] = RS_MARK_DATAGRAM,
					 [CLOSE] = RS_MARK_CLOSE};
	unsigned mark = step->by < rs_array_length(marks) ? marks[step->by] : 0;
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

/* A client sends, and nothing that is still to be cut: a driver has cut all before XDP sees it. */
static bool is_for_xdp(const struct row *row)
{
	bool has_client = false;
	for (unsigned i = 0; i < rs_array_length(row->steps); i++) {
		const struct step *step = &row->steps[i];
		bool is_client = step->in.from.port && (step->by == FROM_CLIENT || step->by == FROM_UPLINK);
		if (is_client && step->in.gso)
			return false;
		has_client |= is_client;
	}
	return has_client;
}

size_t run_collect(struct CMUnitTest *tests, size_t max, bool clients_only)
{
	static struct run runs[1024];
	static const struct row *const tables[] = {rows_foreign, rows_service,	rows_handshake, rows_hold,
						   rows_end,	 rows_limit,	rows_access,	rows_flow,
						   rows_crowd,	 rows_udp,	rows_pick,	rows_external,
						   rows_icmp,	 rows_fragment, rows_mtu};
	size_t count = 0;
	for (size_t t = 0; t < rs_array_length(tables); t++) {
		for (const struct row *row = tables[t]; row->name; row++) {
			for (unsigned family = 0; family < RS_FAMILIES; family++) {
				if (row->families != BOTH_FAMILIES && row->families != family + 1)
					continue;
				/* One family each, in turns, where a row has both: they differ in nothing that the
				 * layer below the path knows, and loading the programs anew takes time. */
				if (clients_only && (!is_for_xdp(row) || (row->families == BOTH_FAMILIES &&
									  (row - tables[t]) % 2 == (long)family)))
					continue;
				assert_true(count < max && count < rs_array_length(runs));
				struct run *run = &runs[count];
				*run = (struct run){.row = row, .family = family};
				snprintf(run->name, sizeof(run->name), "%s, IPv%u", row->name,
					 family == RS_V4 ? 4U : 6U);
				tests[count++] = (struct CMUnitTest){.name = run->name,
								     .test_func = run_row,
								     .teardown_func = close_row,
								     .initial_state = run};
			}
		}
	}
	return count;
}
