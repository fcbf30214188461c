// SPDX-License-Identifier: BSD-2-Clause
#include "dataplane/ground.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "dp/internal.h"
#include "rouse.skel.h"
#include "rouse_xdp.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ISN_CLIENT 100
#define ISN_SERVER 900
#define WAIT_NS	   (60 * RS_NS_PER_S)

/* The sweeper's timer stays on the CPU that starts it: the measurement runs on another one, if there is one. */
static void use_cpu(bool is_last)
{
	cpu_set_t all, one;
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	int chosen = -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all) && (chosen < 0 || is_last))
			chosen = i;
	}
	CPU_ZERO(&one);
	CPU_SET(chosen, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static volatile pid_t measuring;

static void pass_on(int signal)
{
	if (measuring > 0)
		kill(measuring, signal);
}

/* Returns in a child, which measures; whatever ends that, its parent removes the pins. */
static void guard(const char *bpf_dir)
{
	signal(SIGINT, pass_on);
	signal(SIGTERM, pass_on);
	measuring = fork();
	if (measuring < 0)
		bench_die("cannot fork: %s", strerror(errno));
	if (measuring == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	int status = 0;
	while (waitpid(measuring, &status, 0) < 0 && errno == EINTR)
		;
	struct rs_err err = {0};
	if (rs_dp_cleanup(bpf_dir, &err) < 0)
		bench_die("%s", err.message);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void make_links(struct bench_ground *ground)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		bench_die("it needs root: a network namespace and BPF");
	if (system("ip link set lo up && for i in client instance rouse0; do"
		   " ip link add $i type veth peer name $i-in && ip link set $i up && ip link set $i-in up"
		   " || exit 1; done") != 0)
		bench_die("it needs veth interfaces (ip link add ... type veth)");
	ground->client = if_nametoindex("client");
	ground->instance = if_nametoindex("instance");
}

static void add_instance(struct bench_ground *ground, unsigned id)
{
	struct rs_instance instance = {
		.revision = id,
		.ifindex = ground->instance,
		.address[RS_V4] = rs_address_v4(htonl(BENCH_INSTANCE + id)),
		.port[0] = htons(BENCH_PORT_IN),
		.mac = {2, 0, 0, 0, 0, 0x20},
	};
	bench_address6(BENCH_INSTANCE + id, instance.address[RS_V6].byte);
	if (rs_dp_instance_add(ground->dp, id, &instance, 1000000 + id) < 0)
		bench_die("no place for instance %u", id);
	rs_dp_instance_set_state(ground->dp, id, RS_INSTANCE_READY);
}

/* Service n: revision, route and, when it is awake, instance n + 1. */
static void add_service(struct bench_ground *ground, unsigned n, unsigned hold_total_ms)
{
	unsigned id = n + 1;
	struct rs_route route = {.generation = 1, .target = {id}};
	struct rs_address vip = rs_address_v4(htonl(BENCH_VIP + n)), vip6;
	bench_address6(BENCH_VIP + n, vip6.byte);
	struct rs_frontend_key front = rs_dp_frontend(&vip, BENCH_PORT, RS_PROTOCOL_TCP),
			       front6 = rs_dp_frontend(&vip6, BENCH_PORT, RS_PROTOCOL_TCP);
	if (rs_dp_revision_init(ground->dp, id, 0x1000000ULL + id, ~0U, hold_total_ms) < 0 ||
	    rs_dp_route_set(ground->dp, id, &route) < 0 || rs_dp_frontend_set(ground->dp, &front, id, 0) < 0 ||
	    rs_dp_frontend_set(ground->dp, &front6, id, 0) < 0)
		bench_die("no place for service %u", n);
	if (n < ground->awake)
		add_instance(ground, id);
	/* Its bell has rung: what waking costs, where that is said once for each service, is no packet's time. */
	struct rs_revision *revision = rs_dp_revision(ground->dp, id);
	if (revision)
		revision->wake = 1;
}

/* The uplink of XDP is lo: packets without a context come in by it. */
static void make_wire(struct bench_ground *ground)
{
	struct rs_err err = {0};
	struct rs_iface uplink = {.way = RS_WAY_NEIGH, .flags = RS_IFACE_UPLINK};
	unsigned lo = if_nametoindex("lo");
	if (rs_xdp_load(ground->dp, &err) < 0)
		bench_die("%s", err.message);
	if (bpf_map_update_elem(bpf_map__fd(ground->dp->skeleton->maps.ifaces), &lo, &uplink, BPF_ANY) < 0)
		bench_die("cannot make lo an uplink");
}

int bench_verdict(enum bench_hook hook, int verdict)
{
	if (hook == BENCH_TC)
		return verdict;
	return verdict == BENCH_TC_NEXT	  ? BENCH_XDP_PASS
	       : verdict == BENCH_TC_DROP ? BENCH_XDP_DROP
					  : BENCH_XDP_REDIRECT;
}

void bench_ground_open(struct bench_ground *ground, const struct bench_sizes *sizes)
{
	*ground =
		(struct bench_ground){.services = sizes->services, .awake = sizes->awake, .has_wire = sizes->has_wire};
	ground->bpf_dir = rs_str_format("/sys/fs/bpf/bench-packet-%d", (int)getpid());
	guard(ground->bpf_dir);
	make_links(ground);
	struct rs_dp_config config = {
		.bpf_dir = ground->bpf_dir,
		.vip_range = {htonl(BENCH_VIP)},
		.vip_bits = BENCH_VIP_BITS,
		.vip6_bits = 96 + BENCH_VIP_BITS,
		.rouse0_ifindex = if_nametoindex("rouse0"),
		.rouse1_ifindex = if_nametoindex("rouse0-in"),
		.rouse0_mac = {2, 0, 0, 0, 0, 0xf0},
		.rouse1_mac = {2, 0, 0, 0, 0, 0xf1},
		.flows_max = sizes->flows,
		.routes_max = sizes->services,
		.revisions_max = sizes->services,
		.holds_per_source = ~0U,
	};
	bench_address6(BENCH_VIP, config.vip6_range.s6_addr);
	struct rs_err err = {0};
	use_cpu(true);
	if (rs_dp_open(&config, &ground->dp, &err) < 0 ||
	    rs_dp_attach(ground->dp, ground->client, RS_DP_CLIENT, RS_WAY_PEER, &err) < 0 ||
	    rs_dp_attach(ground->dp, ground->instance, RS_DP_INSTANCE, RS_WAY_PEER, &err) < 0)
		bench_die("%s", err.message);
	if (sizes->has_wire)
		make_wire(ground);
	use_cpu(false);
	for (unsigned n = 0; n < sizes->services; n++)
		add_service(ground, n, sizes->hold_total_ms);
	ground->harness = bench_harness_open(bpf_map__fd(ground->dp->skeleton->maps.flows),
					     bpf_map__fd(ground->dp->skeleton->maps.replies));
}

void bench_ground_close(struct bench_ground *ground)
{
	bench_harness_close(ground->harness);
	rs_dp_close(ground->dp);
	free(ground->bpf_dir);
}

struct bench_case bench_from_client(const struct bench_ground *ground, unsigned family, unsigned service,
				    unsigned flags, unsigned payload)
{
	bool is_first = flags & BENCH_SYN;
	enum bench_hook hook = !ground->has_wire ? BENCH_TC : ground->dp->xdp_has_frags ? BENCH_XDP_FRAGS : BENCH_XDP;
	return (struct bench_case){
		.hook = hook,
		.program = ground->has_wire ? bpf_program__fd(ground->dp->xdp->progs.from_wire)
					    : rs_dp_program_fd(ground->dp, RS_DP_CLIENT),
		.ifindex = ground->client,
		.packet = {.family = family,
			   .source = BENCH_CLIENT,
			   .source_port = BENCH_PORT_FIRST,
			   .destination = BENCH_VIP + service,
			   .destination_port = BENCH_PORT,
			   .source_mac = 0x10,
			   .flags = (uint8_t)flags,
			   .sequence = ISN_CLIENT + !is_first,
			   .acknowledgement = is_first ? 0 : ISN_SERVER + 1,
			   .payload = payload},
		.connections = 1,
		.services = 1,
		.verdict = bench_verdict(hook, BENCH_TC_REDIRECT),
	};
}

struct bench_case bench_from_instance(const struct bench_ground *ground, unsigned family, unsigned flags,
				      unsigned payload)
{
	return (struct bench_case){
		.hook = BENCH_TC,
		.program = rs_dp_program_fd(ground->dp, RS_DP_INSTANCE),
		.ifindex = ground->instance,
		.packet = {.family = family,
			   .source = BENCH_INSTANCE + 1,
			   .source_port = BENCH_PORT_IN,
			   .destination = BENCH_CLIENT,
			   .destination_port = BENCH_PORT_FIRST,
			   .source_mac = 0x20,
			   .flags = (uint8_t)flags,
			   .sequence = ISN_SERVER + !(flags & BENCH_SYN),
			   .acknowledgement = ISN_CLIENT + 1,
			   .payload = payload},
		.is_reply = true,
		.connections = 1,
		.services = 1,
		.verdict = BENCH_TC_REDIRECT,
	};
}

static void send_each(struct bench_ground *ground, struct bench_case what, unsigned first, unsigned count)
{
	what.order = BENCH_NEXT;
	what.first = first;
	what.services = ground->awake;
	bench_run(ground->harness, &what, BENCH_PROGRAM, count);
}

void bench_establish(struct bench_ground *ground, unsigned family, unsigned first, unsigned count)
{
	/* No more half-open connections at once than have a place. */
	unsigned at_once = rs_dp_sizes(ground->dp).flows / RS_FLOWS_OPEN_SHARE / 2;
	for (unsigned end = first + count; first < end; first += count) {
		count = end - first < at_once ? end - first : at_once;
		send_each(ground, bench_from_client(ground, family, 0, BENCH_SYN, 0), first, count);
		send_each(ground, bench_from_instance(ground, family, BENCH_SYN | BENCH_ACK, 0), first, count);
		send_each(ground, bench_from_client(ground, family, 0, BENCH_ACK, 0), first, count);
		send_each(ground, bench_from_client(ground, family, 0, BENCH_ACK | BENCH_PSH, 15), first, count);
	}
}

static int count_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	(void)key;
	(void)flow;
	(*(unsigned *)user)++;
	return 0;
}

unsigned bench_count_flows(const struct bench_ground *ground)
{
	unsigned count = 0;
	if (rs_dp_flows_each(ground->dp, count_flow, &count) < 0)
		bench_die("cannot look at the connections");
	return count;
}

void bench_wait_holds(const struct bench_ground *ground)
{
	uint64_t deadline = rs_now_ns() + WAIT_NS;
	while (__atomic_load_n(&ground->dp->rings->held, __ATOMIC_SEQ_CST) != 0) {
		if (rs_now_ns() > deadline)
			bench_die("the sweeper has left %llu holds", (unsigned long long)ground->dp->rings->held);
		poll(NULL, 0, 20);
	}
}

void bench_forget(struct bench_ground *ground)
{
	/* Their instances are others now: the sweeper ends what belongs to none. */
	for (unsigned id = 1; id <= ground->awake; id++) {
		rs_dp_instance_remove(ground->dp, id, 1000000 + id);
		add_instance(ground, id);
	}
	uint64_t deadline = rs_now_ns() + WAIT_NS;
	while (bench_count_flows(ground) != 0) {
		if (rs_now_ns() > deadline)
			bench_die("the sweeper has left %u connections", bench_count_flows(ground));
		poll(NULL, 0, 20);
	}
}
