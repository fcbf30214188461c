// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/*
 * What the verifier has to do for each program, compared with what is recorded in test/packet/verifier_cost.txt: 10 %
 * more is a failure. Programs are loaded as the agent loads them. A kernel without a record is skipped with the lines
 * that would be one: `tools/test/verifier-cost` takes them over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/world.h"

#include "base/mem.h"
#include "dp/internal.h"

#include <bpf/bpf.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define RECORD	      "test/packet/verifier_cost.txt"
#define PROGRAMS_MAX  32
#define LOG_BYTES     65536
#define LOG_STATS     4 /* the verifier's figures, and no more */
#define MORE_PERCENT  10
#define HOW_TO_RECORD "if that is meant: tools/test/verifier-cost --help"

struct cost {
	char program[64];
	unsigned instructions; /* that the verifier went through */
	unsigned stack;	       /* bytes of the program and its functions together */
};

static struct cost costs[PROGRAMS_MAX];
static unsigned cost_count;
static char logs[PROGRAMS_MAX][LOG_BYTES];

/* In libbpf's place: asks for the figures, and lets libbpf load. */
int bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton);
int bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton)
{
	int (*load)(struct bpf_object_skeleton *) =
		(int (*)(struct bpf_object_skeleton *))dlsym(RTLD_NEXT, "bpf_object__load_skeleton");
	struct bpf_program *program;
	unsigned i = 0;
	bpf_object__for_each_program(program, *skeleton->obj)
	{
		if (i == PROGRAMS_MAX)
			break;
		bpf_program__set_log_level(program, LOG_STATS);
		bpf_program__set_log_buf(program, logs[i++], LOG_BYTES);
	}
	return load(skeleton);
}

/* "stack depth 112+0+208": of the program and each of its functions. */
static unsigned stack_of(const char *log)
{
	static const char label[] = "stack depth ";
	const char *at = strstr(log, label);
	unsigned sum = 0;
	if (!at)
		return 0;
	at += sizeof(label) - 1;
	for (;;) {
		char *end;
		sum += (unsigned)strtoul(at, &end, 10);
		if (*end != '+')
			return sum;
		at = end + 1;
	}
}

static void take_costs(const struct world *world)
{
	const struct bpf_object *object = world_object(world);
	struct bpf_program *program;
	unsigned i = 0;
	bpf_object__for_each_program(program, object)
	{
		struct bpf_prog_info info = {0};
		unsigned size = sizeof(info);
		if (i == PROGRAMS_MAX)
			fail_msg("more than %d programs", PROGRAMS_MAX);
		const char *log = logs[i++];
		if (bpf_program__fd(program) < 0)
			continue; /* not for this kernel */
		assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
		struct cost *cost = &costs[cost_count++];
		snprintf(cost->program, sizeof(cost->program), "%s", bpf_program__name(program));
		cost->instructions = info.verified_insns;
		cost->stack = stack_of(log);
	}
}

/* 0 when nothing is recorded. */
static bool read_record(const char *program, const char *kernel, struct cost *ret_record)
{
	char line[256], name[64], family[32];
	bool found = false;
	FILE *file = fopen(RECORD, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%63s %31s %u %u", name, family, &ret_record->instructions, &ret_record->stack) ==
				4 &&
			strcmp(name, program) == 0 && strcmp(family, kernel) == 0;
	fclose(file);
	return found;
}

static bool is_more(const char *program, const char *what, unsigned now, unsigned recorded)
{
	if ((uint64_t)now * 100 <= (uint64_t)recorded * (100 + MORE_PERCENT))
		return false;
	print_error("%s: %u %s, %u are recorded (+%.0f %%); " HOW_TO_RECORD "\n", program, now, what, recorded,
		    ((double)now / recorded - 1) * 100);
	return true;
}

/* "6.1" of "6.1.0-56-amd64". */
static void kernel_family(char *out, size_t size)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
	snprintf(out, size, "%u.%u", major, minor);
}

static void test_the_verifier_does_not_do_much_more(void **state)
{
	char kernel[32];
	unsigned more = 0, unknown = 0;
	struct world world;
	(void)state;
	world_open(&world);
	take_costs(&world);
	world_close(&world);
	kernel_family(kernel, sizeof(kernel));
	assert_true(cost_count > 0);
	for (unsigned i = 0; i < cost_count; i++) {
		const struct cost *cost = &costs[i];
		struct cost record;
		printf("# cost: %s %s %u %u\n", cost->program, kernel, cost->instructions, cost->stack);
		assert_true(cost->instructions > 0);
		if (!read_record(cost->program, kernel, &record)) {
			unknown++;
			continue;
		}
		more += is_more(cost->program, "instructions were verified", cost->instructions, record.instructions);
		more += is_more(cost->program, "bytes of stack are used", cost->stack, record.stack);
	}
	assert_int_equal(more, 0);
	if (unknown == cost_count) {
		print_message("skipped: nothing is recorded for Linux %s\n", kernel);
		skip();
	}
	if (unknown)
		fail_msg("%u programs are not recorded for Linux %s; " HOW_TO_RECORD, unknown, kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_verifier_does_not_do_much_more)};
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
