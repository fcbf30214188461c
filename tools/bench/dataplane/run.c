// SPDX-License-Identifier: BSD-2-Clause
#include "dataplane/run.h"

#include "base/mem.h"
#include "bench_harness.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_harness {
	struct bench_harness_bpf *skeleton;
};

void bench_die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

struct bench_harness *bench_harness_open(int flows_map, int replies_map)
{
	struct bench_harness *harness = calloc(1, sizeof(*harness));
	if (!harness)
		bench_die("out of memory");
	harness->skeleton = bench_harness_bpf__open();
	if (!harness->skeleton)
		bench_die("cannot open the harness: %s", strerror(errno));
	int r = bpf_map__reuse_fd(harness->skeleton->maps.flows, flows_map);
	if (r == 0)
		r = bpf_map__reuse_fd(harness->skeleton->maps.replies, replies_map);
	if (r == 0)
		r = bench_harness_bpf__load(harness->skeleton);
	if (r < 0)
		bench_die("cannot load the harness: %s", strerror(-r));
	return harness;
}

void bench_harness_close(struct bench_harness *harness)
{
	bench_harness_bpf__destroy(harness->skeleton);
	free(harness);
}

/* One kind of round, and what it can end in. */
struct kind {
	struct bpf_map *targets;
	struct bpf_program *round;
	struct bpf_program *nothing;
	struct bpf_program *find;
};

static struct kind kind_of(const struct bench_harness_bpf *bpf, enum bench_hook hook)
{
	switch (hook) {
	case BENCH_TC:
		break;
	case BENCH_XDP:
		return (struct kind){bpf->maps.target_xdp, bpf->progs.round_xdp, bpf->progs.nothing_xdp,
				     bpf->progs.find_xdp};
	case BENCH_XDP_FRAGS:
		return (struct kind){bpf->maps.target_frags, bpf->progs.round_frags, bpf->progs.nothing_frags,
				     bpf->progs.find_frags};
	}
	return (struct kind){bpf->maps.target_tc, bpf->progs.round_tc, bpf->progs.nothing_tc, bpf->progs.find_tc};
}

static void prepare_round(struct bench_round *round, const struct bench_case *what, const struct bench_frame *frame)
{
	bool is_v6 = what->packet.family == 6;
	unsigned source_at = is_v6 ? 34 : 26, destination_at = is_v6 ? 50 : 30, ports_at = is_v6 ? 54 : 34;
	*round = (struct bench_round){
		.random = 1,
		.head_bytes = is_v6 ? BENCH_HEAD_V6 : BENCH_HEAD_V4,
		.order = what->order,
		.connections = what->connections,
		.next = what->first,
		.services = what->services ? what->services : 1,
		.first_client = BENCH_CLIENT,
		.first_vip = what->is_reply ? what->packet.source : what->packet.destination,
		.client_address_at = (__u16)(what->is_reply ? destination_at : source_at),
		.client_port_at = (__u16)(what->is_reply ? ports_at + 2 : ports_at),
		.vip_address_at = (__u16)(what->is_reply ? source_at : destination_at),
		.is_reply = what->is_reply,
		.mark = what->mark,
	};
	memcpy(&round->first, frame->bytes, sizeof(round->first));
	memcpy(round->words, frame->bytes + 2, round->head_bytes - 2);
}

double bench_run(struct bench_harness *harness, const struct bench_case *what, enum bench_target target,
		 unsigned repeat)
{
	struct kind kind = kind_of(harness->skeleton, what->hook);
	int program = target == BENCH_NOTHING ? bpf_program__fd(kind.nothing)
		      : target == BENCH_FIND  ? bpf_program__fd(kind.find)
					      : what->program;
	__u32 zero = 0;
	int r = bpf_map_update_elem(bpf_map__fd(kind.targets), &zero, &program, BPF_ANY);
	if (r < 0)
		bench_die("cannot aim at the program: %s", strerror(-r));
	struct bench_frame frame;
	bench_frame_build(&frame, &what->packet);
	prepare_round(&harness->skeleton->bss->bench_round, what, &frame);

	struct __sk_buff skb = {.ifindex = what->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.bytes, .data_size_in = (__u32)frame.length,
		    .repeat = (int)repeat, .ctx_in = &skb, .ctx_size_in = sizeof(skb));
	if (what->hook != BENCH_TC) {
		run.ctx_in = NULL;
		run.ctx_size_in = 0;
	}
	r = bpf_prog_test_run_opts(bpf_program__fd(kind.round), &run);
	if (r < 0)
		bench_die("BPF_PROG_TEST_RUN: %s", strerror(-r));
	if (target == BENCH_PROGRAM && (int)run.retval != what->verdict)
		bench_die("the packet's verdict is %d, not %d", (int)run.retval, what->verdict);
	return run.duration;
}
