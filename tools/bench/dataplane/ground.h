/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dataplane to measure, in a network namespace of its own: the product's
 * object, loaded by the product's adapter, with services, instances that
 * nobody runs, and connections that were made by sending their packets through
 * the programs. Every function ends the program when it fails.
 */
#ifndef RS_BENCH_GROUND_H
#define RS_BENCH_GROUND_H

#include "dataplane/run.h"
#include "dp/dp.h"

struct bench_ground {
	struct rs_dp *dp;
	struct bench_harness *harness;
	unsigned client; /* interfaces */
	unsigned instance;
	unsigned services;
	unsigned awake; /* the first so many services have an instance each */
	bool has_wire;	/* clients' packets go through the XDP program of an uplink */
	char *bpf_dir;
};

struct bench_sizes {
	unsigned flows;	   /* a power of two */
	unsigned services; /* service n has VIP number n */
	unsigned awake;
	unsigned hold_total_ms;
	bool has_wire;
};

/* Returns in a child process; the parent removes what is pinned when that ends, and ends as it did. */
void bench_ground_open(struct bench_ground *ground, const struct bench_sizes *sizes);
void bench_ground_close(struct bench_ground *ground);

/* A client's packet to service `service`, and the instance's to it. `flags` are TCP's; the numbers go with a client's
 * initial sequence number of 100 and a server's of 900. */
struct bench_case bench_from_client(const struct bench_ground *ground, unsigned family, unsigned service,
				    unsigned flags, unsigned payload);
struct bench_case bench_from_instance(const struct bench_ground *ground, unsigned family, unsigned flags,
				      unsigned payload);

/* A verdict of TC's, as the case's hook says it. */
int bench_verdict(enum bench_hook hook, int verdict);
/* Connections first .. first + count - 1 with the awake services, established, each busy with a request. */
void bench_establish(struct bench_ground *ground, unsigned family, unsigned first, unsigned count);
/* All connections have been forgotten afterwards. */
void bench_forget(struct bench_ground *ground);
/* Nothing is held any more afterwards. */
void bench_wait_holds(const struct bench_ground *ground);
/* Connections that are tracked, by looking at each. */
unsigned bench_count_flows(const struct bench_ground *ground);

#endif
