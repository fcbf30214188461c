// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp test/net/dp.c user/sys/hostlink.c user/sys/links.c user/sys/ranges.c */
/*
 * Park against ready. A SYN can find nobody ready and be parked just after the
 * agent, which has just made an instance ready, has looked for holds. Then
 * nobody would let it go on before the client sends it again, a second later.
 *
 * The agent here does the least that an agent must: once ready, it looks once,
 * and afterwards only when the dataplane rings. Every connection must stand
 * before its first retransmission.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/time.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS	150
#define CLIENTS 24

static struct net net;
static int clients[CLIENTS];
static unsigned begun; /* connections that have been begun */

/* Connects one after the other, so that the change to ready falls somewhere in between. */
static void *connect_all(void *user)
{
	(void)user;
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = net_connect(net.client, VIP, 80, 0);
		__atomic_fetch_add(&begun, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void release(void *user, unsigned long long sequence, unsigned revision)
{
	(void)user;
	(void)revision;
	assert_int_equal(rs_dp_release(net.dp, sequence), 0);
}

static void on_event(void *user, const struct rs_event *event)
{
	(void)user;
	if (event->type == RS_EVENT_WAKE)
		rs_dp_wake_answered(net.dp, event->revision);
	if (event->type == RS_EVENT_WAKE || event->type == RS_EVENT_RACED)
		rs_dp_holds_new(net.dp, release, NULL);
}

static void ignore_event(void *user, const struct rs_event *event)
{
	(void)user;
	/* Nobody is ready yet: the bell is answered, the holds are left for later. */
	if (event->type == RS_EVENT_WAKE)
		rs_dp_wake_answered(net.dp, event->revision);
}

static bool all_connected(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		if (net_connected(clients[i], 0) != 0)
			return false;
	}
	return true;
}

static void one_round(int round, int listener)
{
	pthread_t thread;
	begun = 0;
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_STARTING);
	assert_int_equal(pthread_create(&thread, NULL, connect_all, NULL), 0);
	/* Ready at another moment each time: before the first connection, after the last, and anywhere between. */
	unsigned at = (unsigned)round % (CLIENTS + 1);
	while (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) < at)
		rs_dp_events_consume(net.dp, ignore_event, NULL);
	rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_READY);
	rs_dp_holds_new(net.dp, release, NULL);

	uint64_t deadline = 0;
	for (;;) {
		struct pollfd ring = {.fd = rs_dp_events_fd(net.dp), .events = POLLIN};
		poll(&ring, 1, 1);
		rs_dp_events_consume(net.dp, on_event, NULL);
		if (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) < CLIENTS)
			continue;
		if (!deadline)
			deadline = rs_now_ns() + SOON_MS * RS_NS_PER_MS;
		if (all_connected())
			break;
		if (rs_now_ns() > deadline)
			fail_msg("round %d: a connection was left behind (%llu raced)", round,
				 (unsigned long long)net_since_mark(&net, RS_REASON_hold_raced));
	}
	pthread_join(thread, NULL);
	for (int i = 0; i < CLIENTS; i++) {
		close(clients[i]);
		close(net_accept(listener, SOON_MS));
	}
}

static void test_nobody_is_left_behind(void **state)
{
	(void)state;
	int listener = net_listen(net.instance[1], 8080, 2 * CLIENTS);
	net_instance(&net, 1, RS_INSTANCE_STARTING);
	for (int round = 0; round < ROUNDS; round++)
		one_round(round, listener);
	print_message("%llu parked, %llu raced\n", (unsigned long long)net_since_mark(&net, RS_REASON_hold_parked),
		      (unsigned long long)net_since_mark(&net, RS_REASON_hold_raced));
	assert_true(net_since_mark(&net, RS_REASON_hold_parked) > ROUNDS);
	assert_int_equal(net_since_mark(&net, RS_REASON_hold_refreshed), 0);
	assert_int_equal(net_since_mark(&net, RS_REASON_flow_table_full), 0);
	close(listener);
	net_wait_idle(&net);
}

#define DUELS 4000

/* Deaf to the bell, which would cover the race up: what the second look finds must be enough. */
static void on_raced(void *user, const struct rs_event *event)
{
	ignore_event(user, event);
	if (event->type == RS_EVENT_RACED)
		rs_dp_holds_new(net.dp, release, NULL);
}

static unsigned go; /* the duel that the client may begin */

static void *connect_when_told(void *user)
{
	(void)user;
	for (unsigned duel = 1; duel <= DUELS; duel++) {
		while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) < duel)
			;
		clients[0] = net_connect(net.client, VIP, 80, 0);
		__atomic_store_n(&begun, duel, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* One SYN against one change to ready, a little earlier or later each time, so that many of them meet. */
static void test_one_syn_against_one_change(void **state)
{
	(void)state;
	pthread_t thread;
	int listener = net_listen(net.instance[1], 8080, 16);
	net_instance(&net, 1, RS_INSTANCE_STARTING);
	go = begun = 0;
	assert_int_equal(pthread_create(&thread, NULL, connect_when_told, NULL), 0);
	for (unsigned duel = 1; duel <= DUELS; duel++) {
		rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_STARTING);
		uint64_t at = rs_now_ns() + 50 * (duel % 1000);
		__atomic_store_n(&go, duel, __ATOMIC_RELEASE);
		while (rs_now_ns() < at)
			;
		rs_dp_instance_set_state(net.dp, 1, RS_INSTANCE_READY);
		rs_dp_holds_new(net.dp, release, NULL);
		uint64_t deadline = rs_now_ns() + SOON_MS * RS_NS_PER_MS;
		while (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) < duel || net_connected(clients[0], 0) != 0) {
			rs_dp_events_consume(net.dp, on_raced, NULL);
			if (rs_now_ns() > deadline)
				fail_msg("in duel %u the connection was left behind", duel);
		}
		close(clients[0]);
		close(net_accept(listener, SOON_MS));
	}
	pthread_join(thread, NULL);
	print_message("%llu parked, %llu raced\n", (unsigned long long)net_since_mark(&net, RS_REASON_hold_parked),
		      (unsigned long long)net_since_mark(&net, RS_REASON_hold_raced));
	assert_int_equal(net_since_mark(&net, RS_REASON_connection_new), DUELS);
	close(listener);
	net_wait_idle(&net);
}

/* Two requests at most, eighty clients: each waits for a place, and gets it when one becomes free. */
static void test_places_are_handed_on(void **state)
{
	(void)state;
	enum { WAITING = 80 };
	static int waiting[WAITING];
	struct rs_instance *one = net_instance(&net, 1, RS_INSTANCE_READY);
	one->limit = 2;
	int listener = net_listen(net.instance[1], 8080, 16);
	for (int i = 0; i < WAITING; i++)
		waiting[i] = net_connect(net.client, VIP, 80, 0);
	unsigned served = 0;
	static unsigned long long sequences[WAITING];
	unsigned count = 0, next = 0;
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (served < WAITING) {
		if (rs_now_ns() > deadline)
			fail_msg("%u of %d were served, %u in flight", served, WAITING, one->in_flight);
		struct pollfd ready[2] = {{.fd = rs_dp_events_fd(net.dp), .events = POLLIN},
					  {.fd = listener, .events = POLLIN}};
		poll(ready, 2, 1);
		rs_dp_events_consume(net.dp, ignore_event, NULL);
		count += net_holds(&net, sequences + count, WAITING - count);
		while (next < count && one->in_flight < 2) {
			if (rs_dp_hold_state(net.dp, sequences[next]) == RS_HOLD_HELD) {
				assert_int_equal(rs_dp_release(net.dp, sequences[next]), 0);
				/* On its way, until it is answered or comes back. */
				if (rs_dp_hold_state(net.dp, sequences[next]) == RS_HOLD_HELD)
					break;
			}
			next++;
		}
		assert_in_range(one->in_flight, 0, 2);
		if (ready[1].revents) {
			close(net_accept(listener, 0)); /* its FIN ends the request */
			served++;
		}
	}
	for (int i = 0; i < WAITING; i++) {
		assert_int_equal(net_connected(waiting[i], SOON_MS), 0);
		close(waiting[i]);
	}
	close(listener);
	net_wait_idle(&net);
	/* Places were free 80 times. The agent heard of it, and not once for each. */
	assert_int_equal(net_since_mark(&net, RS_REASON_event_lost), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nobody_is_left_behind, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_one_syn_against_one_change, open_net, close_net),
		cmocka_unit_test_setup_teardown(test_places_are_handed_on, open_net, close_net),
	};
	const char *why;
	if (!net_open(&net, RS_HOOK_AUTO, &why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	net_close(&net);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
