// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/other.h"

#include "base/mem.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCX_INGRESS 46
#define BEFORE	    8

void other_load(struct other *other, const char *name, int verdict)
{
	LIBBPF_OPTS(bpf_map_create_opts, map_options);
	*other = (struct other){.link = -1};
	other->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "others", 4, 8, 1, &map_options);
	assert_true(other->map >= 0);
	/* key = 0; value = bpf_map_lookup_elem(map, &key); if (value) *value += 1; return verdict; */
	const struct bpf_insn program[] = {
		{.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4, .imm = 0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = other->map},
		{0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .imm = 0, .off = 2},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 0, .src_reg = 1, .imm = BPF_ADD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	other->program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", program, rs_array_length(program), NULL);
	if (other->program < 0)
		fail_msg("cannot load the other program: %s", strerror(-other->program));
}

void other_attach(struct other *other, enum rs_hook hook, unsigned ifindex, bool before)
{
	other->hook = hook;
	if (hook == RS_HOOK_CLSACT) {
		LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = 1, .priority = before ? 1 : 50, .prog_fd = other->program);
		bpf_tc_hook_create(&at);
		assert_int_equal(bpf_tc_attach(&at, &options), 0);
		return;
	}
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = before ? BEFORE : 0);
	other->link = bpf_link_create(other->program, (int)ifindex, TCX_INGRESS, &options);
	assert_true(other->link >= 0);
}

void other_detach(struct other *other, unsigned ifindex, bool before)
{
	if (other->hook == RS_HOOK_CLSACT) {
		LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = 1, .priority = before ? 1 : 50);
		assert_int_equal(bpf_tc_detach(&at, &options), 0);
	} else {
		assert_int_equal(bpf_link_detach(other->link), 0);
		close(other->link);
	}
	close(other->program);
	close(other->map);
}

uint64_t other_count(const struct other *other)
{
	uint32_t zero = 0;
	uint64_t count = 0;
	assert_int_equal(bpf_map_lookup_elem(other->map, &zero, &count), 0);
	return count;
}

unsigned other_id(int program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	assert_int_equal(bpf_obj_get_info_by_fd(program, &info, &size), 0);
	return info.id;
}

const char *other_list(unsigned ifindex, char *out, size_t size)
{
	/* BPF_PROG_QUERY as 6.6 has it. */
	uint32_t ids[64];
	struct {
		uint32_t ifindex, type, flags, attach_flags;
		uint64_t ids;
		uint32_t count, pad;
		uint64_t rest[4];
	} query = {.ifindex = ifindex, .type = TCX_INGRESS, .ids = (uintptr_t)ids, .count = rs_array_length(ids)};
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) < 0) {
		assert_int_equal(errno, ENOENT);
		query.count = 0;
	}
	size_t n = 0;
	*out = '\0';
	for (unsigned i = 0; i < query.count; i++) {
		struct bpf_prog_info info = {0};
		__u32 info_size = sizeof(info);
		rs_auto_fd int fd = bpf_prog_get_fd_by_id(ids[i]);
		assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &info_size), 0);
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", info.name);
		assert_true(n < size);
	}
	return out;
}
