/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
/* Numbered like the rules of sticky.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/route/sticky.h"
#include "pure/hash.h"

#define ROUNDS	20000
#define CLIENTS 10000

static uint32_t random_state = 12345;

static uint32_t next_random(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static unsigned count_of(const uint8_t *slots, unsigned share)
{
	unsigned found = 0;

	for (size_t i = 0; i < RS_ROUTE_SLOTS; i++)
		found += slots[i] == share;
	return found;
}

static unsigned differences(const uint8_t *a, const uint8_t *b)
{
	unsigned found = 0;

	for (size_t i = 0; i < RS_ROUTE_SLOTS; i++)
		found += a[i] != b[i];
	return found;
}

/* 100 in random parts: often few of them, often zeros, as people's weights are. */
static size_t random_percents(uint8_t percents[static RS_ROUTE_TARGETS_MAX])
{
	const size_t count = 1 + next_random(RS_ROUTE_TARGETS_MAX);
	const uint32_t step = next_random(2) ? 1 : 10;

	memset(percents, 0, RS_ROUTE_TARGETS_MAX);
	for (uint32_t left = 100; left > 0; left -= step)
		percents[next_random((uint32_t)count)] += (uint8_t)step;
	return count;
}

/* Old owners as they would be found under new numbers: shares that have gone are nobody's. */
static void renumber(uint8_t slots[static RS_ROUTE_SLOTS], size_t count)
{
	const uint32_t turn = next_random(RS_ROUTE_TARGETS_MAX);

	for (size_t i = 0; i < RS_ROUTE_SLOTS; i++) {
		const uint32_t share = (slots[i] + turn) % RS_ROUTE_TARGETS_MAX;

		slots[i] = share < count ? (uint8_t)share : RS_STICKY_NONE;
	}
}

static void test_1_2_exact_and_minimal(void **state)
{
	(void)state;
	uint8_t slots[RS_ROUTE_SLOTS], before[RS_ROUTE_SLOTS], again[RS_ROUTE_SLOTS];
	uint8_t percents[RS_ROUTE_TARGETS_MAX];
	size_t count = random_percents(percents);

	rs_sticky_slots(NULL, percents, count, slots);
	for (int round = 0; round < ROUNDS; round++) {
		unsigned least = 0;

		count = random_percents(percents);
		if (next_random(4) == 0)
			renumber(slots, count);
		memcpy(before, slots, sizeof(before));
		rs_sticky_slots(before, percents, count, slots);
		for (unsigned i = 0; i < count; i++) {
			const unsigned had = count_of(before, i);

			assert_int_equal(count_of(slots, i), percents[i]);
			least += had < percents[i] ? percents[i] - had : 0;
		}
		assert_int_equal(differences(before, slots), least);
		/* The same again, in place, moves nothing. */
		memcpy(again, slots, sizeof(again));
		rs_sticky_slots(again, percents, count, again);
		assert_memory_equal(again, slots, sizeof(again));
		rs_sticky_slots(before, percents, count, again);
		assert_memory_equal(again, slots, sizeof(again));
	}
}

static void test_3_two_shares_have_no_past(void **state)
{
	(void)state;
	uint8_t slots[RS_ROUTE_SLOTS], fresh[RS_ROUTE_SLOTS];
	uint8_t percents[] = {100, 0};

	rs_sticky_slots(NULL, percents, 1, slots);
	for (int round = 0; round < 2000; round++) {
		percents[1] = (uint8_t)next_random(101);
		percents[0] = (uint8_t)(100 - percents[1]);
		rs_sticky_slots(slots, percents, 2, slots);
		rs_sticky_slots(NULL, percents, 2, fresh);
		assert_memory_equal(slots, fresh, sizeof(fresh));
	}
}

static uint32_t slot_of(uint32_t client, uint32_t seed)
{
	const struct rs_address address = rs_address_v4(rs_htonl(0x0a000000 + client));

	return rs_hash_address(&address, seed) % RS_ROUTE_SLOTS;
}

/* What it is for: the canary's clients stay with it as it grows, and the others stay where they are as it shrinks. */
static void test_cohorts(void **state)
{
	(void)state;
	static const uint8_t grows[] = {0, 10, 20, 50, 100}, shrinks[] = {100, 50, 20, 10, 0};
	const uint32_t seed = rs_sticky_seed("6f0c2d9e-5f0b-4f53-8f11-1c1f6d3a2b10");

	for (int direction = 0; direction < 2; direction++) {
		uint8_t before[RS_ROUTE_SLOTS], slots[RS_ROUTE_SLOTS];
		const uint8_t *steps = direction == 0 ? grows : shrinks;
		const uint8_t keeps = direction == 0; /* the share that nobody leaves */

		for (size_t step = 0; step < rs_array_length(grows); step++) {
			const uint8_t percents[] = {(uint8_t)(100 - steps[step]), steps[step]};
			unsigned second = 0;

			rs_sticky_slots(step ? slots : NULL, percents, 2, slots);
			for (uint32_t client = 0; client < CLIENTS; client++) {
				const uint32_t slot = slot_of(client, seed);

				second += slots[slot] == 1;
				if (step && before[slot] == keeps)
					assert_int_equal(slots[slot], keeps);
			}
			/* Clients in a row spread like dice: 5 sigma of 10 000 at worst. */
			assert_in_range(second + 250, steps[step] * 100u, steps[step] * 100u + 500);
			memcpy(before, slots, sizeof(before));
		}
	}
}

static void test_seeds(void **state)
{
	(void)state;
	const uint32_t one = rs_sticky_seed("6f0c2d9e-5f0b-4f53-8f11-1c1f6d3a2b10"),
		       two = rs_sticky_seed("6f0c2d9e-5f0b-4f53-8f11-1c1f6d3a2b11");
	unsigned both = 0;

	assert_int_equal(one, rs_sticky_seed("6f0c2d9e-5f0b-4f53-8f11-1c1f6d3a2b10"));
	/* Who is in one route's tenth is in another's as often as anybody: 100 of 10 000, within 5 sigma. */
	for (uint32_t client = 0; client < CLIENTS; client++)
		both += slot_of(client, one) >= 90 && slot_of(client, two) >= 90;
	assert_in_range(both, 50, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_2_exact_and_minimal),
		cmocka_unit_test(test_3_two_shares_have_no_past),
		cmocka_unit_test(test_cohorts),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
