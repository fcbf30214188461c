// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/*
 * What the verifier has to do for each program, compared with what is recorded in test/packet/verifier_cost.txt: 10 %
 * more is a failure. So is a chain of calls that comes near the stack that the kernel gives it. Programs are loaded as
 * the agent loads them. A kernel without a record is skipped with the lines that would be one:
 * `tools/test/verifier-cost` takes them over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/world.h"

#include "base/err.h"
#include "base/mem.h"
#include "dp/internal.h"

#include "rouse_xdp.skel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dlfcn.h>
#include <errno.h>
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

#define FUNCTIONS_MAX 64
#define STACK_MAX     512 /* MAX_BPF_STACK, for a chain of calls */
#define STACK_MARGIN  16
#define STACK_ROUND   32 /* each function's, up to 6.7; later kernels round to 16 where they compile */

struct cost {
	char program[64];
	unsigned instructions; /* that the verifier went through */
	unsigned stack;	       /* bytes of the program and its functions together */
	unsigned chain;	       /* bytes of its deepest chain of calls, rounded as older kernels round */
	char calls[256];       /* that chain */
};

/* A program and its functions, as they lie behind each other. */
struct functions {
	const struct bpf_insn *code;
	unsigned length;
	unsigned count;
	unsigned begin[FUNCTIONS_MAX + 1]; /* the last is the end of all */
	unsigned stack[FUNCTIONS_MAX];
	unsigned chain[FUNCTIONS_MAX]; /* 0 = not known yet */
	unsigned next[FUNCTIONS_MAX];  /* in it; 0 = none */
};

static struct cost costs[PROGRAMS_MAX];
static unsigned cost_count;
static char logs[PROGRAMS_MAX][LOG_BYTES];
static unsigned log_count;

/* In libbpf's place: asks for the figures, and lets libbpf load. */
int bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton);
int bpf_object__load_skeleton(struct bpf_object_skeleton *skeleton)
{
	int (*load)(struct bpf_object_skeleton *) =
		(int (*)(struct bpf_object_skeleton *))dlsym(RTLD_NEXT, "bpf_object__load_skeleton");
	struct bpf_program *program;
	bpf_object__for_each_program(program, *skeleton->obj)
	{
		if (log_count == PROGRAMS_MAX)
			break;
		bpf_program__set_log_level(program, LOG_STATS);
		bpf_program__set_log_buf(program, logs[log_count++], LOG_BYTES);
	}
	return load(skeleton);
}

/* "stack depth 112+0+208": of the program and each of its functions. */
static unsigned read_stacks(const char *log, unsigned *stacks)
{
	static const char label[] = "stack depth ";
	const char *at = strstr(log, label);
	unsigned count = 0;
	if (!at)
		return 0;
	at += sizeof(label) - 1;
	for (;;) {
		char *end;
		assert_in_range(count, 0, FUNCTIONS_MAX - 1);
		stacks[count++] = (unsigned)strtoul(at, &end, 10);
		if (*end != '+')
			return count;
		at = end + 1;
	}
}

/* The function that is called here, or handed to a helper to be called: both count. -1 for any other instruction. */
static int callee(const struct functions *all, unsigned at)
{
	const struct bpf_insn *insn = &all->code[at];
	bool is_call = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
	bool is_address = insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC;
	return is_call || is_address ? (int)at + insn->imm + 1 : -1;
}

static unsigned place_of(const struct functions *all, unsigned begin)
{
	unsigned i = 0;
	while (i < all->count && all->begin[i] < begin)
		i++;
	return i;
}

static void find_functions(struct functions *all)
{
	all->count = 1; /* the program, at 0 */
	for (unsigned at = 0; at < all->length; at++) {
		int target = callee(all, at);
		unsigned place = target < 0 ? 0 : place_of(all, (unsigned)target);
		if (target < 0 || (place < all->count && all->begin[place] == (unsigned)target))
			continue;
		assert_in_range(all->count, 1, FUNCTIONS_MAX - 1);
		memmove(&all->begin[place + 1], &all->begin[place], (all->count - place) * sizeof(all->begin[0]));
		all->begin[place] = (unsigned)target;
		all->count++;
	}
	all->begin[all->count] = all->length;
}

/* Calls go down only: the kernel takes no recursion. */
static unsigned chain_from(struct functions *all, unsigned function) /* NOLINT(misc-no-recursion) */
{
	unsigned deepest = 0;
	if (all->chain[function])
		return all->chain[function];
	for (unsigned at = all->begin[function]; at < all->begin[function + 1]; at++) {
		int target = callee(all, at);
		unsigned place = target < 0 ? 0 : place_of(all, (unsigned)target);
		if (place == 0 || chain_from(all, place) <= deepest)
			continue;
		deepest = all->chain[place];
		all->next[function] = place;
	}
	unsigned own = all->stack[function] ? all->stack[function] : 1;
	all->chain[function] = deepest + (own + STACK_ROUND - 1) / STACK_ROUND * STACK_ROUND;
	return all->chain[function];
}

/* "from_host 208, rs_cold_tc 96, ..." */
static void describe_chain(const struct bpf_program *program, const struct functions *all, struct cost *cost)
{
	struct bpf_func_info functions[FUNCTIONS_MAX];
	struct bpf_prog_info info = {
		.func_info = (uintptr_t)functions,
		.func_info_rec_size = sizeof(functions[0]),
		.nr_func_info = FUNCTIONS_MAX,
	};
	unsigned size = sizeof(info);
	size_t length = 0;
	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
	struct btf *btf = btf__load_from_kernel_by_id(info.btf_id);
	assert_non_null(btf);
	unsigned i = 0;
	do {
		const struct btf_type *type = btf__type_by_id(btf, functions[i].type_id);
		int n = snprintf(cost->calls + length, sizeof(cost->calls) - length, "%s%s %u", length ? ", " : "",
				 type ? btf__name_by_offset(btf, type->name_off) : "?", all->stack[i]);
		length += (size_t)n;
		i = all->next[i];
	} while (i && length < sizeof(cost->calls));
	btf__free(btf);
}

static void take_stacks(const struct bpf_program *program, const char *log, struct cost *cost)
{
	struct functions all = {
		.code = bpf_program__insns(program),
		.length = (unsigned)bpf_program__insn_cnt(program),
	};
	unsigned count = read_stacks(log, all.stack);
	find_functions(&all);
	if (count != all.count)
		fail_msg("%s has %u functions, but the verifier tells of %u", cost->program, all.count, count);
	for (unsigned i = 0; i < count; i++)
		cost->stack += all.stack[i];
	cost->chain = chain_from(&all, 0);
	describe_chain(program, &all, cost);
}

static void take_costs(const struct bpf_object *object, unsigned *log_place)
{
	struct bpf_program *program;
	bpf_object__for_each_program(program, object)
	{
		struct bpf_prog_info info = {0};
		unsigned size = sizeof(info);
		if (*log_place == PROGRAMS_MAX)
			fail_msg("more than %d programs", PROGRAMS_MAX);
		const char *log = logs[(*log_place)++];
		if (bpf_program__fd(program) < 0)
			continue; /* not for this kernel */
		assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
		struct cost *cost = &costs[cost_count++];
		snprintf(cost->program, sizeof(cost->program), "%s", bpf_program__name(program));
		cost->instructions = info.verified_insns;
		take_stacks(program, log, cost);
	}
}

/* The TC object, and the XDP object where the kernel has what that takes. */
static void take_all_costs(void)
{
	struct rs_err err = {0};
	struct world world;
	unsigned place = 0;
	world_open(&world);
	int r = rs_xdp_load(world.dp, &err);
	if (r < 0 && r != -EOPNOTSUPP)
		fail_msg("%s\n%s", err.message, logs[log_count - 1]);
	take_costs(world_object(&world), &place);
	if (r == 0)
		take_costs(world.dp->xdp->obj, &place);
	world_close(&world);
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
	(void)state;
	take_all_costs();
	kernel_family(kernel, sizeof(kernel));
	assert_true(cost_count > 0);
	for (unsigned i = 0; i < cost_count; i++) {
		const struct cost *cost = &costs[i];
		struct cost record;
		printf("# cost: %s %s %u %u\n", cost->program, kernel, cost->instructions, cost->stack);
		printf("# stack: %s %s %u of %d (%s)\n", cost->program, kernel, cost->chain, STACK_MAX, cost->calls);
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

static void test_a_chain_of_calls_has_stack_left(void **state)
{
	unsigned deep = 0;
	(void)state;
	for (unsigned i = 0; i < cost_count; i++) {
		const struct cost *cost = &costs[i];
		if (cost->chain + STACK_MARGIN <= STACK_MAX)
			continue;
		print_error("%s: a chain of calls takes %u of %d bytes of stack\n", cost->program, cost->chain,
			    STACK_MAX);
		deep++;
	}
	assert_true(cost_count > 0);
	assert_int_equal(deep, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_verifier_does_not_do_much_more),
		cmocka_unit_test(test_a_chain_of_calls_has_stack_left),
	};
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
