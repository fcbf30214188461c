/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/route/maglev.h"
#include "pure/hash.h"

static uint32_t random_state = 4711;

static uint32_t next_random(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* As the agent names them: entry and generation. */
static void make(struct rs_maglev_share *shares, size_t count)
{
	for (size_t i = 0; i < count; i++)
		shares[i] = (struct rs_maglev_share){
			.name = (uint64_t)next_random(1000) << 32 | (uint64_t)(i + 1),
			.weight = 1,
			.place = (uint8_t)i,
		};
}

static void count_entries(const uint8_t *table, unsigned counts[static RS_REVISION_INSTANCES_MAX])
{
	memset(counts, 0, RS_REVISION_INSTANCES_MAX * sizeof(*counts));
	for (size_t i = 0; i < RS_MAGLEV_SIZE; i++) {
		assert_true(table[i] < RS_REVISION_INSTANCES_MAX);
		counts[table[i]]++;
	}
}

static void check_exact(const struct rs_maglev_share *shares, size_t count)
{
	uint8_t table[RS_MAGLEV_SIZE];
	unsigned counts[RS_REVISION_INSTANCES_MAX], sum = 0;

	rs_maglev_fill(shares, count, table);
	count_entries(table, counts);
	for (size_t i = 0; i < count; i++)
		sum += shares[i].weight;
	for (size_t i = 0; i < count; i++) {
		const unsigned down = RS_MAGLEV_SIZE * shares[i].weight / sum;

		assert_in_range(counts[shares[i].place], down, down + 1);
	}
}

static void test_equal_weights(void **state)
{
	(void)state;
	struct rs_maglev_share shares[RS_REVISION_INSTANCES_MAX];

	for (size_t count = 1; count <= RS_REVISION_INSTANCES_MAX; count++) {
		make(shares, count);
		check_exact(shares, count);
	}
}

static void test_any_weights(void **state)
{
	(void)state;
	struct rs_maglev_share shares[RS_REVISION_INSTANCES_MAX];

	for (int round = 0; round < 500; round++) {
		const size_t count = 1 + next_random(RS_REVISION_INSTANCES_MAX);

		make(shares, count);
		for (size_t i = 0; i < count; i++)
			shares[i].weight = 1 + next_random(round % 2 ? 4 : RS_MAGLEV_WEIGHT_MAX);
		check_exact(shares, count);
	}
}

/* A first version of another balancer made 50:50 of this. */
static void test_ninety_to_ten(void **state)
{
	(void)state;
	struct rs_maglev_share shares[2];
	uint8_t table[RS_MAGLEV_SIZE];
	unsigned counts[RS_REVISION_INSTANCES_MAX];

	make(shares, 2);
	shares[0].weight = 90;
	shares[1].weight = 10;
	rs_maglev_fill(shares, 2, table);
	count_entries(table, counts);
	assert_int_equal(counts[0], 919); /* 918.9 of 1021 */
	assert_int_equal(counts[1], 102);
}

static void test_order_does_not_matter(void **state)
{
	(void)state;
	struct rs_maglev_share shares[20], other[20];
	uint8_t table[RS_MAGLEV_SIZE], again[RS_MAGLEV_SIZE];

	make(shares, rs_array_length(shares));
	for (size_t i = 0; i < rs_array_length(shares); i++)
		other[rs_array_length(shares) - 1 - i] = shares[i];
	rs_maglev_fill(shares, rs_array_length(shares), table);
	rs_maglev_fill(other, rs_array_length(other), again);
	assert_memory_equal(table, again, sizeof(table));
}

/* Entries of those that stay which have another owner when `gone` is not there any more. */
static unsigned moved(const struct rs_maglev_share *shares, size_t count, size_t gone)
{
	struct rs_maglev_share left[RS_REVISION_INSTANCES_MAX];
	uint8_t with[RS_MAGLEV_SIZE], without[RS_MAGLEV_SIZE];
	unsigned found = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (i != gone)
			left[kept++] = shares[i];
	rs_maglev_fill(shares, count, with);
	rs_maglev_fill(left, kept, without);
	for (size_t i = 0; i < RS_MAGLEV_SIZE; i++)
		found += with[i] != shares[gone].place && with[i] != without[i];
	return found;
}

static void test_few_move_when_one_goes(void **state)
{
	(void)state;
	static const size_t sizes[] = {2, 3, 5, 10, 20, 64};
	struct rs_maglev_share shares[RS_REVISION_INSTANCES_MAX];

	for (size_t s = 0; s < rs_array_length(sizes); s++) {
		unsigned sum = 0, worst = 0;

		for (int round = 0; round < 20; round++) {
			make(shares, sizes[s]);
			const unsigned found = moved(shares, sizes[s], next_random((uint32_t)sizes[s]));

			sum += found;
			if (found > worst)
				worst = found;
		}
		print_message("%zu instances: of the others' entries %.1f %% move, %.1f %% at worst\n", sizes[s],
			      100.0 * sum / 20 / RS_MAGLEV_SIZE, 100.0 * worst / RS_MAGLEV_SIZE);
		/* A modulo would move nearly all. */
		assert_true(worst <= RS_MAGLEV_SIZE * 8 / 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_weights),	       cmocka_unit_test(test_any_weights),
		cmocka_unit_test(test_ninety_to_ten),	       cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_few_move_when_one_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
