/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring single packets with BPF_PROG_TEST_RUN.
 *
 * With `repeat` the kernel hands a program the packet that it has just changed
 * itself: the second round of a NAT measures something else. So each round
 * begins in a small program of ours (harness.bpf.c) that puts the headers back,
 * makes them those of another connection if asked to, and tail-calls the
 * program under test from a program array of its own. The same round around a
 * program that does nothing is what the measurement itself costs.
 */
#ifndef RS_BENCH_HARNESS_H
#define RS_BENCH_HARNESS_H

#include "types.h"

/* Ethernet, IP and TCP headers without options. */
#define BENCH_HEAD_V4 54
#define BENCH_HEAD_V6 74
/* Ports of one client address: connection n is that of address n / 16. */
#define BENCH_PORTS_SHIFT 4
#define BENCH_PORT_FIRST  20000

enum bench_order {
	BENCH_ONE,    /* the same connection in each round */
	BENCH_NEXT,   /* the next one in each round */
	BENCH_RANDOM, /* any of `connections` */
};

/* What the rounds of a run do; the harness programs' only global variable. */
struct bench_round {
	__u64 random;
	__u32 words[18]; /* the headers from the third byte on; behind them is the payload, which nobody changes */
	__u16 first;	 /* their first two bytes */
	__u16 is_reply;
	__u32 head_bytes; /* BENCH_HEAD_* */
	__u32 order;
	__u32 connections; /* for BENCH_RANDOM */
	__u32 next;
	__u32 services;		 /* connection n goes to VIP number n % services */
	__u32 first_client;	 /* address of connection 0: the last four bytes, host order */
	__u32 first_vip;	 /* address of service 0, likewise */
	__u16 client_address_at; /* offsets of these four bytes and of the client's port */
	__u16 client_port_at;
	__u16 vip_address_at;
	__u32 mark; /* of the packet; TC alone */
};

#endif
