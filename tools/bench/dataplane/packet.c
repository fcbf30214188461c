// SPDX-License-Identifier: BSD-2-Clause
/*
 * The samples of `make bench-packet`, one JSON object a line: for each path ns per round of the program that does
 * nothing, of the one that only looks the connection up, and of the product's, taken in turn (A B C A B C ...).
 * packet.py makes figures of them.
 *
 *	packet [-x] [-f FAMILY] [-r ROUNDS] [-n REPEAT] [-c CONNECTIONS] [-S SERVICES -a AWAKE] [-p PATH -s SECONDS]
 *
 * -x: clients come by an uplink with XDP; replies take TC's way, and are left out.
 * -S: so many services, of which the first AWAKE have an instance each; connections go to all of them in turn.
 * -p: runs one path alone for some seconds, for a profiler.
 */
#include "dataplane/ground.h"

#include "base/mem.h"
#include "base/time.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 101
/* Rounds of a path that needs a connection or a hold of its own for each: what is there afterwards is forgotten before
 * the next sample. */
#define FRESH 4096
/* Long enough for a sample, and short enough to wait for. */
#define HOLD_TOTAL_MS 500

struct options {
	unsigned family;
	bool has_wire;
	unsigned rounds;
	unsigned repeat;
	unsigned connections;
	unsigned services;
	unsigned awake;
	const char *path;
	unsigned seconds;
};

struct path {
	const char *name;
	bool is_reply;
	bool is_fresh;	/* each packet begins something */
	bool is_asleep; /* goes to a service without an instance */
	unsigned flags;
	unsigned payload;
	int verdict;
	uint32_t destination; /* 0 = the service */
};

#define DATA (BENCH_ACK | BENCH_PSH)

static const struct path paths[] = {
	{"established_forward", .flags = DATA, .payload = 15, .verdict = BENCH_TC_REDIRECT},
	{"established_reverse", .is_reply = true, .flags = DATA, .payload = 15, .verdict = BENCH_TC_REDIRECT},
	{"ack_forward", .flags = BENCH_ACK, .verdict = BENCH_TC_REDIRECT},
	{"ack_reverse", .is_reply = true, .flags = BENCH_ACK, .verdict = BENCH_TC_REDIRECT},
	{"syn_warm", .is_fresh = true, .flags = BENCH_SYN, .verdict = BENCH_TC_REDIRECT},
	{"syn_cold", .is_fresh = true, .is_asleep = true, .flags = BENCH_SYN, .verdict = BENCH_TC_DROP},
	{"not_ours", .flags = BENCH_ACK, .verdict = BENCH_TC_NEXT, .destination = BENCH_ELSE},
	{"not_ours_reverse", .is_reply = true, .flags = BENCH_ACK, .verdict = BENCH_TC_NEXT, .destination = BENCH_ELSE},
};

static struct bench_case case_of(const struct bench_ground *ground, const struct path *path,
				 const struct options *options, bool is_cold)
{
	unsigned service = path->is_asleep ? options->awake : 0;
	struct bench_case out =
		path->is_reply ? bench_from_instance(ground, options->family, path->flags, path->payload)
			       : bench_from_client(ground, options->family, service, path->flags, path->payload);
	out.verdict = bench_verdict(out.hook, path->verdict);
	out.services = path->is_asleep ? options->services - options->awake : options->awake;
	if (path->destination)
		out.packet.destination = path->destination;
	if (path->is_fresh) {
		out.order = BENCH_NEXT;
		out.first = options->connections; /* none that is established */
	} else if (is_cold) {
		out.order = BENCH_RANDOM;
		out.connections = options->connections;
	}
	return out;
}

/* Nothing is left of what a sample has begun; a table of many connections has room for all samples instead. */
static void forget(struct bench_ground *ground, const struct path *path, bool is_cold)
{
	if (path->is_asleep)
		bench_wait_holds(ground);
	else if (!is_cold)
		bench_forget(ground);
}

static void print_samples(const char *name, const double *samples, unsigned count)
{
	printf(",\"%s\":[", name);
	for (unsigned i = 0; i < count; i++)
		printf("%s%.1f", i ? "," : "", samples[i]);
	printf("]");
}

static void measure(struct bench_ground *ground, const struct path *path, const struct options *options, bool is_cold)
{
	double samples[BENCH_TARGETS][ROUNDS_MAX];
	if (path->is_reply && options->has_wire)
		return;
	struct bench_case what = case_of(ground, path, options, is_cold);
	unsigned repeat = path->is_fresh ? FRESH : options->repeat;
	bench_run(ground->harness, &what, BENCH_PROGRAM, path->is_fresh ? 1 : repeat / 10 + 1);
	what.first += path->is_fresh;
	for (unsigned i = 0; i < options->rounds; i++) {
		for (enum bench_target target = 0; target < BENCH_TARGETS; target++)
			samples[target][i] = bench_run(ground->harness, &what, target, repeat);
		if (!path->is_fresh)
			continue;
		what.first += FRESH;
		forget(ground, path, is_cold);
	}
	printf("{\"path\":\"%s\",\"hook\":\"%s\",\"family\":%u,\"state\":\"%s\",\"connections\":%u", path->name,
	       options->has_wire ? "xdp" : "tc", options->family, is_cold ? "cold" : "hot",
	       is_cold ? options->connections : 1);
	printf(",\"services\":%u", options->services);
	print_samples("nothing", samples[BENCH_NOTHING], options->rounds);
	print_samples("find", samples[BENCH_FIND], options->rounds);
	print_samples("program", samples[BENCH_PROGRAM], options->rounds);
	printf("}\n");
	fflush(stdout);
}

static void run_alone(struct bench_ground *ground, const struct options *options)
{
	for (size_t i = 0; i < rs_array_length(paths); i++) {
		const struct path *path = &paths[i];
		if (strcmp(path->name, options->path) != 0)
			continue;
		struct bench_case what = case_of(ground, path, options, options->connections > 1);
		uint64_t end = rs_now_ns() + options->seconds * RS_NS_PER_S;
		while (rs_now_ns() < end) {
			bench_run(ground->harness, &what, BENCH_PROGRAM, path->is_fresh ? FRESH : 1000000);
			what.first += FRESH;
			if (path->is_fresh)
				forget(ground, path, false);
		}
		return;
	}
	bench_die("no path is named %s", options->path);
}

/* One connection; the paths that begin some come last, for they forget it. Among many services they have no hot state.
 */
static void measure_hot(struct bench_ground *ground, const struct options *options)
{
	bench_establish(ground, options->family, 0, 1);
	for (int fresh = 0; fresh < (options->services > 2 ? 1 : 2); fresh++) {
		for (size_t i = 0; i < rs_array_length(paths); i++) {
			if (paths[i].is_fresh == fresh)
				measure(ground, &paths[i], options, false);
		}
	}
}

/* Any of many connections. */
static void measure_cold(struct bench_ground *ground, const struct options *options)
{
	bench_establish(ground, options->family, 0, options->connections);
	for (size_t i = 0; i < rs_array_length(paths); i++) {
		if (!paths[i].destination)
			measure(ground, &paths[i], options, true);
	}
}

static void read_options(int argc, char **argv, struct options *options)
{
	int option;
	while ((option = getopt(argc, argv, "xf:r:n:c:S:a:p:s:")) != -1) {
		unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
		switch (option) {
		case 'x':
			options->has_wire = true;
			break;
		case 'f':
			options->family = number;
			break;
		case 'r':
			options->rounds = number;
			break;
		case 'n':
			options->repeat = number;
			break;
		case 'c':
			options->connections = number;
			break;
		case 'S':
			options->services = number;
			break;
		case 'a':
			options->awake = number;
			break;
		case 'p':
			options->path = optarg;
			break;
		case 's':
			options->seconds = number;
			break;
		default:
			exit(2);
		}
	}
	if (options->rounds == 0 || options->rounds > ROUNDS_MAX || options->repeat == 0 || options->connections == 0 ||
	    (options->family != 4 && options->family != 6) || options->awake == 0 ||
	    options->awake >= options->services)
		bench_die("family 4 or 6, rounds 1 to %d, a number of repeats, and of connections; some services, of "
			  "which some are awake",
			  ROUNDS_MAX);
}

/* Room for the connections and for those that all samples begin: a power of two. */
static unsigned flows_for(const struct options *options)
{
	unsigned wanted = options->connections + 2 * FRESH * (options->rounds + 1), flows = 65536;
	while (flows < wanted)
		flows *= 2;
	return flows;
}

int main(int argc, char **argv)
{
	struct options options = {
		.family = 4,
		.rounds = 11,
		.repeat = 500000,
		.connections = 1000000,
		.services = 2,
		.awake = 1,
		.seconds = 10,
	};
	read_options(argc, argv, &options);
	struct bench_ground ground;
	bench_ground_open(&ground, &(struct bench_sizes){
					   .flows = flows_for(&options),
					   .services = options.services,
					   .awake = options.awake,
					   .hold_total_ms = HOLD_TOTAL_MS,
					   .has_wire = options.has_wire,
				   });
	if (options.path) {
		bench_establish(&ground, options.family, 0, options.connections);
		run_alone(&ground, &options);
	} else {
		measure_hot(&ground, &options);
		measure_cold(&ground, &options);
	}
	bench_ground_close(&ground);
	return 0;
}
