// SPDX-License-Identifier: BSD-2-Clause
/* families: 4 6 */
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/* A SYN that nobody can take, and a real client that waits for the answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/time.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct net net;

struct heard {
	enum rs_event_type type;
	struct rs_event event;
	bool found;
};

static void hear(void *user, const struct rs_event *event)
{
	struct heard *heard = user;
	if (event->type == heard->type) {
		heard->event = *event;
		heard->found = true;
	}
}

static struct rs_event wait_event(enum rs_event_type type)
{
	struct heard heard = {.type = type};
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (!heard.found) {
		struct pollfd ring = {.fd = rs_dp_events_fd(net.dp), .events = POLLIN};
		assert_true(rs_now_ns() < deadline);
		poll(&ring, 1, 100);
		rs_dp_events_consume(net.dp, hear, &heard);
	}
	return heard.event;
}

/* A client whose SYN is held, and its hold. */
static int begin_held(unsigned short from, unsigned long long *ret_sequence)
{
	uint64_t parked = net_since_mark(&net, RS_REASON_hold_parked);
	int fd = net_connect(net.client, VIP, 80, from);
	net_wait(&net, RS_REASON_hold_parked, parked + 1);
	assert_int_equal(net_holds(&net, ret_sequence, 1), 1);
	return fd;
}

static void test_hold_and_release(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(0, &sequence);
	struct rs_event wake = wait_event(RS_EVENT_WAKE);
	assert_int_equal(wake.revision, 1);
	rs_dp_wake_answered(net.dp, 1);

	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_STARTING);
	int listener = net_listen(net.instance[1], 8080, 7);
	struct rs_event listens = wait_event(RS_EVENT_LISTEN);
	assert_int_equal(listens.instance, 1);
	assert_int_equal(listens.port, 8080);
	assert_int_equal(listens.backlog, 7);
	assert_int_equal(listens.serves, 1);
	assert_int_equal(one->state, RS_INSTANCE_PROBABLE);
	assert_int_equal(net_connected(client, 0), ETIMEDOUT); /* so far nobody let it go on */

	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	assert_int_equal(wait_event(RS_EVENT_READY).instance, 1);
	assert_int_equal(one->state, RS_INSTANCE_READY);
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_RELEASED);
	assert_int_equal(rs_dp_release(net.dp, sequence), -ENOENT);

	int server = net_accept(listener, SOON_MS);
	net_exchange(client, server, 100000);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_refreshed), 0);
	close(server);
	close(client);
	close(listener);
	net_wait_idle(&net);
}

static void test_a_listener_elsewhere_makes_nothing_probable(void **state)
{
	(void)state;
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_STARTING);
	int elsewhere = net_listen(net.instance[1], 9090, 1);
	struct rs_event listens = wait_event(RS_EVENT_LISTEN);
	assert_int_equal(listens.port, 9090);
	assert_int_equal(listens.serves, 0);
	assert_int_equal(one->state, RS_INSTANCE_STARTING);
	close(elsewhere);
}

static void test_released_before_anybody_listens(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(0, &sequence);
	net_instance(&net, 1, RS_INSTANCE_PROBABLE);
	for (unsigned tries = 1; tries <= 20; tries++) {
		assert_int_equal(rs_dp_release(net.dp, sequence), 0);
		net_wait(&net, RS_REASON_rst_held_back, tries);
	}
	assert_int_equal(net_connected(client, 0), ETIMEDOUT); /* not refused: the client saw none of it */
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_HELD);
	assert_int_equal(rs_dp_instance(net.dp, 1)->in_flight, 0);

	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	close(client);
	close(listener);
	net_wait_idle(&net);
}

static void test_a_retransmit_is_the_same_hold(void **state)
{
	(void)state;
	unsigned long long sequence, other;
	int client = begin_held(0, &sequence);
	net_wait(&net, RS_REASON_hold_refreshed, 2); /* two seconds of a real client */
	const struct rs_hold *hold = rs_dp_hold(net.dp, sequence);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_parked), 1);
	assert_int_equal(net_holds(&net, &other, 1), 0);
	assert_int_equal(hold->retransmits, 2);
	assert_in_range(hold->gap_ms, 500, 4000);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	close(client);
	close(listener);
}

static void test_a_client_that_begins_anew_supersedes_itself(void **state)
{
	(void)state;
	unsigned long long first, second;
	int client = begin_held(41000, &first);
	close(client);
	client = begin_held(41000, &second);
	assert_int_equal(rs_dp_hold_state(net.dp, first), RS_HOLD_EXPIRED);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_superseded), 1);
	net_instance(&net, 1, RS_INSTANCE_READY);
	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(rs_dp_release(net.dp, second), 0);
	assert_int_equal(net_connected(client, SOON_MS), 0);
	close(client);
	close(listener);
}

static void test_giving_up_refuses_the_client(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(0, &sequence);
	assert_int_equal(rs_dp_reset(net.dp, sequence), 0);
	assert_int_equal(net_connected(client, SOON_MS), ECONNREFUSED);
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_RESET);
	assert_int_equal(rs_dp_reset(net.dp, sequence), -ENOENT);
	close(client);
}

/* The pinned counters, read as a bystander would. */
static uint64_t pinned_expired(void)
{
	char path[128];
	unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF), zero = 0;
	rs_auto_free struct rs_counters *each = calloc(cpus + 64, sizeof(*each));
	uint64_t sum = 0;
	snprintf(path, sizeof(path), "%s/counters", net.bpf_dir);
	rs_auto_fd int map = bpf_obj_get(path);
	assert_true(map >= 0);
	assert_int_equal(bpf_map_lookup_elem(map, &zero, each), 0);
	for (unsigned i = 0; i < cpus; i++)
		sum += each[i].hold_expired_total;
	return sum;
}

static void test_holds_expire_without_an_agent(void **state)
{
	(void)state;
	unsigned long long sequence;
	rs_dp_revision(net.dp, 1)->hold_total_ms = 200;
	int client = begin_held(0, &sequence);
	net_close_agent(&net);
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (!pinned_expired()) {
		assert_true(rs_now_ns() < deadline);
		poll(NULL, 0, 10);
	}
	close(client);
	net_open_agent(&net);
	/* Its SYN has come again where all this took a second, and was held once more: until that expires too. */
	while (__atomic_load_n(&rs_dp_revision(net.dp, 1)->held, __ATOMIC_SEQ_CST)) {
		assert_true(rs_now_ns() < deadline);
		poll(NULL, 0, 10);
	}
}

static void test_a_client_that_is_gone_expires_as_idle(void **state)
{
	(void)state;
	unsigned long long sequence;
	int client = begin_held(0, &sequence);
	close(client);
	net_wait(&net, RS_REASON_hold_expired_idle, 1); /* eight seconds */
	assert_int_equal(rs_dp_hold_state(net.dp, sequence), RS_HOLD_EXPIRED);
}

static void test_a_restarted_agent_adopts_the_holds(void **state)
{
	(void)state;
	unsigned long long sequences[4];
	net_instance(&net, 1, RS_INSTANCE_STARTING);
	int before = begin_held(0, sequences);
	struct rs_revision *revision = rs_dp_revision(net.dp, 1);
	assert_int_equal(revision->wake, 1); /* rung, and never answered */
	net_close_agent(&net);
	int meanwhile = net_connect(net.client, VIP, 80, 0);
	net_open_agent(&net);
	assert_true(rs_dp_adopted(net.dp));
	net_wait(&net, RS_REASON_hold_parked, 2);
	int after = net_connect(net.client, VIP, 8080, 0);
	net_wait(&net, RS_REASON_hold_parked, 3);
	assert_int_equal(wait_event(RS_EVENT_WAKE).revision, 1); /* the bell was unrung at the start */
	assert_int_equal(net_holds(&net, sequences, 4), 3);

	int listener = net_listen(net.instance[1], 8080, 7);
	assert_int_equal(wait_event(RS_EVENT_LISTEN).instance, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_dp_release(net.dp, sequences[i]), 0);
	assert_int_equal(net_connected(before, SOON_MS), 0);
	assert_int_equal(net_connected(meanwhile, SOON_MS), 0);
	assert_int_equal(net_connected(after, SOON_MS), 0);
	close(before);
	close(meanwhile);
	close(after);
	close(listener);
}

static void test_listeners_are_seen_without_an_agent(void **state)
{
	(void)state;
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_STARTING);
	assert_int_equal(one->state, RS_INSTANCE_STARTING);
	net_close_agent(&net);
	int listener = net_listen(net.instance[1], 8080, 7);
	net_open_agent(&net);
	assert_int_equal(rs_dp_instance(net.dp, 1)->state, RS_INSTANCE_PROBABLE);
	close(listener);
}

#define HERD 200

static void test_a_herd_goes_in_order(void **state)
{
	(void)state;
	static unsigned long long sequences[HERD];
	static int clients[HERD];
	for (int i = 0; i < HERD; i++)
		clients[i] = net_connect(net.client, VIP, 80, 0);
	net_wait(&net, RS_REASON_hold_parked, HERD);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_wake), 1); /* one bell for all */
	assert_int_equal(net_holds(&net, sequences, HERD), HERD);
	net_instance(&net, 1, RS_INSTANCE_PROBABLE);
	int listener = net_listen(net.instance[1], 8080, HERD);
	for (int i = 0; i < HERD; i++) {
		if (i)
			assert_true(sequences[i] > sequences[i - 1]);
		assert_int_equal(rs_dp_release(net.dp, sequences[i]), 0);
	}
	for (int i = 0; i < HERD; i++) {
		assert_int_equal(net_connected(clients[i], SOON_MS), 0);
		close(clients[i]);
	}
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_released), HERD);
	close(listener);
}

static int open_net(void **state)
{
	const char *why;
	(void)state;
	assert_true(net_open(&net, RS_HOOK_AUTO, &why));
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

#define NET_TEST(function) cmocka_unit_test_setup_teardown(function, open_net, close_net)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET_TEST(test_hold_and_release),
		NET_TEST(test_a_listener_elsewhere_makes_nothing_probable),
		NET_TEST(test_released_before_anybody_listens),
		NET_TEST(test_a_retransmit_is_the_same_hold),
		NET_TEST(test_a_client_that_begins_anew_supersedes_itself),
		NET_TEST(test_giving_up_refuses_the_client),
		NET_TEST(test_holds_expire_without_an_agent),
		NET_TEST(test_a_client_that_is_gone_expires_as_idle),
		NET_TEST(test_a_restarted_agent_adopts_the_holds),
		NET_TEST(test_listeners_are_seen_without_an_agent),
		NET_TEST(test_a_herd_goes_in_order),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
