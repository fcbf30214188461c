// SPDX-License-Identifier: BSD-2-Clause
/*
 * The samples of `make bench-flows`, one JSON object a line: many connections at once, made by sending their packets
 * through the programs (SYN, SYN-ACK, ACK, a request), held, answered, closed and forgotten. After each step what the
 * dataplane has counted is compared with what was sent, and with the tables themselves.
 *
 *	flows [-f FAMILY] [-c CONNECTIONS]
 */
#include "dataplane/ground.h"

#include "base/mem.h"
#include "base/time.h"
#include "dp/internal.h"
#include "rouse.skel.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define DATA	(BENCH_ACK | BENCH_PSH)
#define AWAKE	16
#define WAIT_NS (120 * RS_NS_PER_S)

struct census {
	uint64_t flows;
	uint64_t busy;
};

static int count(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct census *census = user;
	(void)key;
	census->flows++;
	census->busy += flow->busy;
	return 0;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The sum of everything that is not as it must be. */
static uint64_t count_wrong(const struct bench_ground *ground, uint64_t begun, uint64_t open, uint64_t busy)
{
	struct census census = {0};
	uint64_t flows = 0, in_flight = 0, connections = 0, unended = 0;
	struct rs_revision_stats stats;
	if (rs_dp_flows_each(ground->dp, count, &census) < 0)
		bench_die("cannot look at the connections");
	for (unsigned id = 1; id <= ground->awake; id++) {
		const struct rs_instance *instance = rs_dp_instance(ground->dp, id);
		if (rs_dp_stats(ground->dp, id, &stats) < 0)
			bench_die("cannot read the statistics");
		flows += instance->flows;
		in_flight += instance->in_flight;
		connections += stats.connections;
		unended += stats.started - stats.ended;
	}
	return distance(census.flows, open) + distance(census.busy, busy) + distance(flows, open) +
	       distance(in_flight, busy) + distance(connections, begun) + distance(unended, busy);
}

static uint64_t in_flight(const struct bench_ground *ground)
{
	uint64_t sum = 0;
	for (unsigned id = 1; id <= ground->awake; id++)
		sum += __atomic_load_n(&rs_dp_instance(ground->dp, id)->in_flight, __ATOMIC_SEQ_CST);
	return sum;
}

static uint64_t tracked(const struct bench_ground *ground)
{
	uint64_t sum = 0;
	for (unsigned id = 1; id <= ground->awake; id++)
		sum += __atomic_load_n(&rs_dp_instance(ground->dp, id)->flows, __ATOMIC_SEQ_CST);
	return sum;
}

static uint64_t visits(const struct bench_ground *ground)
{
	const struct rs_rings *rings = ground->dp->rings;
	return __atomic_load_n(&rings->flow_fast.head, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&rings->flow_slow.head, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&rings->flow_open.head, __ATOMIC_SEQ_CST);
}

/* Seconds until it is that many. */
static double wait_for(const struct bench_ground *ground, uint64_t (*what)(const struct bench_ground *ground),
		       uint64_t wanted)
{
	uint64_t began = rs_now_ns();
	while (what(ground) != wanted) {
		if (rs_now_ns() - began > WAIT_NS)
			bench_die("the sweeper is at %llu, not at %llu", (unsigned long long)what(ground),
				  (unsigned long long)wanted);
		poll(NULL, 0, 5);
	}
	return (double)(rs_now_ns() - began) / (double)RS_NS_PER_S;
}

static unsigned long long map_bytes(const struct bpf_map *map)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	}
	if (file)
		fclose(file);
	return bytes;
}

/* Of everything that there is because connections are. */
static unsigned long long flow_bytes(const struct bench_ground *ground)
{
	const struct rouse_bpf *skeleton = ground->dp->skeleton;
	return map_bytes(skeleton->maps.flows) + map_bytes(skeleton->maps.replies) +
	       map_bytes(skeleton->maps.flow_ring_fast) + map_bytes(skeleton->maps.flow_ring_slow) +
	       map_bytes(skeleton->maps.flow_ring_open);
}

static void send_each(struct bench_ground *ground, struct bench_case what, unsigned connections)
{
	what.order = BENCH_NEXT;
	what.services = ground->awake;
	bench_run(ground->harness, &what, BENCH_PROGRAM, connections);
}

static void measure(struct bench_ground *ground, unsigned family, unsigned n)
{
	unsigned long long empty = flow_bytes(ground);
	uint64_t began = rs_now_ns();
	bench_establish(ground, family, 0, n);
	double made_s = (double)(rs_now_ns() - began) / (double)RS_NS_PER_S;
	printf("{\"step\":\"made\",\"seconds\":%.3f,\"wrong\":%llu,\"bytes\":%llu,\"bytes_empty\":%llu}\n", made_s,
	       (unsigned long long)count_wrong(ground, n, n, n), flow_bytes(ground), empty);

	/* Nobody has answered: all stay busy, and each is visited again and again. */
	uint64_t visited = visits(ground);
	began = rs_now_ns();
	poll(NULL, 0, 5000);
	double passed_s = (double)(rs_now_ns() - began) / (double)RS_NS_PER_S;
	printf("{\"step\":\"held\",\"visits_per_s\":%.0f,\"wrong\":%llu}\n",
	       (double)(visits(ground) - visited) / passed_s, (unsigned long long)count_wrong(ground, n, n, n));

	/* A second after its answer no request is open any more. */
	struct bench_case answer = bench_from_instance(ground, family, DATA, 15);
	answer.packet.acknowledgement += 15; /* the request */
	send_each(ground, answer, n);
	double idle_s = wait_for(ground, in_flight, 0);
	printf("{\"step\":\"answered\",\"seconds\":%.3f,\"wrong\":%llu}\n", idle_s,
	       (unsigned long long)count_wrong(ground, n, n, 0));

	unsigned half = n / 2;
	struct bench_case reset = bench_from_client(ground, family, 0, BENCH_RST, 0);
	reset.packet.sequence += 15; /* behind the request */
	send_each(ground, reset, half);
	double closed_s = wait_for(ground, tracked, n - half);
	printf("{\"step\":\"closed\",\"seconds\":%.3f,\"wrong\":%llu}\n", closed_s,
	       (unsigned long long)count_wrong(ground, n, n - half, 0));

	/* Their instances go: idle connections are visited every 30 s. */
	began = rs_now_ns();
	bench_forget(ground);
	printf("{\"step\":\"forgotten\",\"seconds\":%.3f,\"wrong\":%llu,\"bytes\":%llu}\n",
	       (double)(rs_now_ns() - began) / (double)RS_NS_PER_S, (unsigned long long)count_wrong(ground, n, 0, 0),
	       flow_bytes(ground));
}

int main(int argc, char **argv)
{
	unsigned family = 4, connections = 1000000, flows = RS_FLOWS_MIN;
	int option;
	while ((option = getopt(argc, argv, "f:c:")) != -1) {
		unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
		if (option == 'f' && (number == 4 || number == 6))
			family = number;
		else if (option == 'c' && number > 0)
			connections = number;
		else
			bench_die("-f 4 or 6, -c CONNECTIONS");
	}
	while (flows - 2 * RS_RING_MARGIN < connections)
		flows *= 2;
	struct bench_ground ground;
	bench_ground_open(&ground, &(struct bench_sizes){
					   .flows = flows,
					   .services = AWAKE + 1,
					   .awake = AWAKE,
					   .hold_total_ms = 1000,
				   });
	measure(&ground, family, connections);
	bench_ground_close(&ground);
	return 0;
}
