// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/*
 * The same packets through three judges: the TC program in one world, the XDP program in another that began alike, and
 * the parser as the host's compiler has made it. Thousands of packets, sound and broken, from a fixed seed and from the
 * fuzzer's corpus; after each of them the verdicts, the packets and what was counted have to be the same, and at the
 * end the connections.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/world.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "pure/packet.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS 6000
#define CORPUS	"test/fuzz/corpus/packet"

static struct world tc, xdp;
static uint64_t random_state;

/* xorshift64*: the same numbers everywhere. */
static unsigned draw(unsigned below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * 0x2545f4914f6cdd1dULL >> 33) % below);
}

/* One time in `of`. */
static bool once_in(unsigned of)
{
	return draw(of) == 0;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

static void draw_packet(struct packet *packet)
{
	static const unsigned flags[] = {SYN,	    SYN, SYN,	    ACK,       ACK,	  PSH | ACK,
					 FIN | ACK, RST, RST | ACK, SYN | ACK, SYN | FIN, 0};
	static const unsigned payloads[] = {0, 0, 1, 13, 536, 1300};
	static const uint16_t ports[] = {80, 80, 80, 8080, 81, 53};
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE};
	static const uint16_t types[] = {0x8100, 0x0806, 0x88a8};
	*packet = (struct packet){
		.from = {{10, 0, 0, (uint8_t)(1 + draw(3))}, (uint16_t)(40000 + draw(4)), 0x10},
		.to = {{198, 18, 0, 5}, ports[draw(rs_array_length(ports))], 1},
		.flags = flags[draw(rs_array_length(flags))],
		.seq = once_in(2)   ? 100
		       : once_in(2) ? 101
				    : draw(1U << 31),
		.ack = once_in(2) ? 901 : draw(1U << 31),
		.payload = payloads[draw(rs_array_length(payloads))],
		.tcp_options = once_in(3) ? draw(11) : 0,
		.ip_options = once_in(6) ? draw(7) : 0,
		.trailer = once_in(6) ? draw(20) : 0,
	};
	if (once_in(8))
		packet->to.ip[0] = 10; /* nobody's here */
	if (once_in(5))
		packet->protocol = protocols[draw(rs_array_length(protocols))];
	if (once_in(16))
		packet->fragment = once_in(2) ? 0x2000 : (uint16_t)draw(0x2000);
	if (once_in(16))
		packet->ethertype = types[draw(rs_array_length(types))];
	if (once_in(16))
		packet->no_checksum = true;
	if (once_in(16))
		packet->total_length = (uint16_t)draw(1600);
	if (once_in(16))
		packet->tcp_words = (uint8_t)(1 + draw(15));
	if (once_in(16))
		packet->cut = draw(40);
}

static void break_bytes(struct frame *frame)
{
	for (unsigned i = 1 + draw(3); i > 0; i--) {
		size_t range = frame->length < 90 ? frame->length : 90;
		frame->bytes[draw((unsigned)range)] = (uint8_t)draw(256);
	}
}

/* --- the third judge ---------------------------------------------------------------------------------------------- */

static bool is_vip(const struct rs_packet *packet)
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff}, v6[12] = {0xfd};
	const uint8_t *bytes = (const uint8_t *)&packet->tuple.destination;
	return memcmp(bytes, packet->family == RS_V4 ? v4 : v6, 12) == 0 && bytes[12] == 198 && bytes[13] == 18;
}

/* What the parser says that the programs have to agree with. */
static void check_parser(const struct frame *in, int verdict, const uint64_t *counted)
{
	struct rs_packet packet = {0};
	rs_auto_free uint8_t *exact = malloc(in->length);
	memcpy(exact, in->bytes, in->length);
	enum rs_parse parsed = rs_packet_parse(exact, exact + in->length, &packet);
	bool is_known = parsed != RS_PARSE_OTHER && parsed != RS_PARSE_UNKNOWN;
	if (parsed == RS_PARSE_SHORT) {
		/* Not even addresses: nobody's. Else shorter than it says. */
		is_known = packet.l4_offset != 0;
		parsed = RS_PARSE_MALFORMED;
	}
	bool is_ours = is_known && is_vip(&packet);
	assert_int_equal(counted[RS_REASON_not_ours], !is_ours);
	if (!is_ours)
		assert_int_equal(verdict, PASS);
	else if (parsed == RS_PARSE_MALFORMED)
		assert_int_equal(counted[RS_REASON_malformed], 1);
	else if (parsed == RS_PARSE_TCP || parsed == RS_PARSE_UDP)
		assert_int_equal(counted[RS_REASON_malformed], 0); /* what ICMP and fragments carry is read elsewhere */
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

struct answer {
	int verdict;
	struct frame out;
	uint64_t counted[RS_REASON_COUNT];
};

static void send_one(struct world *world, bool by_xdp, enum rs_dp_side side, const struct frame *in, struct answer *ret)
{
	struct rs_counters before, after;
	unsigned ifindex = side == RS_DP_CLIENT ? world->client : world->one;
	assert_int_equal(rs_dp_counters(world->dp, &before), 0);
	world_by_xdp = by_xdp;
	ret->verdict = world_send(world, side, ifindex, in, 0, &ret->out);
	assert_int_equal(rs_dp_counters(world->dp, &after), 0);
	for (int i = 0; i < RS_REASON_COUNT; i++)
		ret->counted[i] = ((const uint64_t *)&after)[i] - ((const uint64_t *)&before)[i];
}

/* What the sweeper counts, at its own times. */
static bool is_timed(enum rs_reason reason)
{
	return reason == RS_REASON_hold_expired || reason == RS_REASON_hold_expired_idle ||
	       reason == RS_REASON_hold_moved || reason == RS_REASON_flow_idle || reason == RS_REASON_flow_ended;
}

/* BPF_PROG_TEST_RUN takes no frame for TC that is shorter than its IP header. */
static bool can_be_run(const struct frame *frame)
{
	unsigned type = (unsigned)frame->bytes[12] << 8 | frame->bytes[13];
	return frame->length >=
	       RS_ETHERNET_LENGTH + (type == RS_ETHERTYPE_IPV6 ? sizeof(struct rs_ipv6) : sizeof(struct rs_ipv4));
}

static void compare(const struct frame *in, enum rs_dp_side side, const char *what, unsigned number)
{
	static struct answer a, b;
	char text[256], other[256];
	if (!can_be_run(in))
		return;
	send_one(&tc, false, side, in, &a);
	send_one(&xdp, true, side, in, &b);
	frame_text(in, text, sizeof(text));
	if (a.verdict != b.verdict)
		fail_msg("%s %u: TC answers %d, XDP %d to\n  %s", what, number, a.verdict, b.verdict, text);
	if (a.verdict != DROP &&
	    (a.out.length != b.out.length || memcmp(a.out.bytes, b.out.bytes, a.out.length) != 0)) {
		char third[256];
		fail_msg("%s %u:\n  %s\nbecomes by TC\n  %s\nand by XDP\n  %s", what, number, text,
			 frame_text(&a.out, other, sizeof(other)), frame_text(&b.out, third, sizeof(third)));
	}
	for (int i = 0; i < RS_REASON_COUNT; i++) {
		if (a.counted[i] != b.counted[i] && !is_timed(i))
			fail_msg("%s %u: %s was counted %llu times by TC, %llu by XDP, for\n  %s", what, number,
				 reason_names[i], (unsigned long long)a.counted[i], (unsigned long long)b.counted[i],
				 text);
	}
	if (side == RS_DP_CLIENT)
		check_parser(in, a.verdict, a.counted);
}

/* --- the worlds --------------------------------------------------------------------------------------------------- */

static void furnish(struct world *world)
{
	frame_family = RS_V4;
	world_open(world);
	for (unsigned family = 0; family < RS_FAMILIES; family++) {
		frame_family = family;
		const struct rs_address vip = frame_address((const uint8_t[4]){198, 18, 0, 5});
		const struct rs_frontend_key http = rs_dp_frontend(&vip, 80, RS_PROTOCOL_TCP);
		const struct rs_frontend_key asleep = rs_dp_frontend(&vip, 8080, RS_PROTOCOL_TCP);
		const struct rs_frontend_key names = rs_dp_frontend(&vip, 53, RS_PROTOCOL_UDP);
		assert_int_equal(rs_dp_frontend_set(world->dp, &http, 1, 0), 0);
		assert_int_equal(rs_dp_frontend_set(world->dp, &asleep, 2, 0), 0);
		assert_int_equal(rs_dp_frontend_set(world->dp, &names, 1, 1), 0);
	}
	/* Nobody ever runs for revision 2. */
	const struct rs_route asleep = {.generation = 1, .target = {2}};
	assert_int_equal(rs_dp_route_set(world->dp, 2, &asleep), 0);
	frame_family = RS_V4;
	struct rs_instance *one = world_instance(world, 1, RS_INSTANCE_STARTING);
	frame_family = RS_V6;
	one->address[RS_V6] = frame_address((const uint8_t[4]){198, 19, 0, 1});
	one->port[1] = htons(5353);
	one->udp = 2;
	one->listening[RS_V4] = one->listening[RS_V6] = 3;
	rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_READY);
}

static int open_worlds(void **state)
{
	(void)state;
	random_state = 0x526f757365ULL;
	furnish(&tc);
	furnish(&xdp);
	return 0;
}

static int close_worlds(void **state)
{
	(void)state;
	world_by_xdp = false;
	world_close(&tc);
	world_close(&xdp);
	return 0;
}

/* A packet of the instance, as an answer to one of the clients. */
static void draw_reply(struct packet *packet)
{
	static const unsigned flags[] = {SYN | ACK, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST | ACK};
	*packet = (struct packet){
		.from = {{198, 19, 0, 1}, 8080, 0x21},
		.to = {{10, 0, 0, (uint8_t)(1 + draw(3))}, (uint16_t)(40000 + draw(4)), 1},
		.flags = flags[draw(rs_array_length(flags) - !once_in(8))],
		.seq = once_in(2) ? 900 : 901,
		.ack = 101,
		.payload = draw(3) * 100,
	};
}

static void test_drawn_packets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet;
		struct frame frame;
		frame_family = once_in(3) ? RS_V6 : RS_V4;
		bool is_reply = once_in(4);
		if (is_reply)
			draw_reply(&packet);
		else
			draw_packet(&packet);
		frame_build(&frame, &packet);
		if (!is_reply && once_in(4))
			break_bytes(&frame);
		compare(&frame, is_reply ? RS_DP_INSTANCE : RS_DP_CLIENT, "packet", i);
	}
	/* Not all of them ended at the first question. */
	static const enum rs_reason reached[] = {
		RS_REASON_not_ours,	   RS_REASON_forwarded,	     RS_REASON_connection_new,
		RS_REASON_replied,	   RS_REASON_no_service,     RS_REASON_no_flow,
		RS_REASON_no_flow_reset,   RS_REASON_malformed,	     RS_REASON_unsupported,
		RS_REASON_hold_begun,	   RS_REASON_hold_refreshed, RS_REASON_hold_superseded,
		RS_REASON_end_implausible, RS_REASON_ack_implausible};
	for (size_t i = 0; i < rs_array_length(reached); i++) {
		if (!world_counter(&xdp, reached[i]))
			fail_msg("no packet has reached %s", reason_names[reached[i]]);
	}
	assert_int_equal(world_count(&tc, "flows"), world_count(&xdp, "flows"));
	assert_int_equal(world_count(&tc, "replies"), world_count(&xdp, "replies"));
	assert_int_equal(world_count(&tc, "hold_index"), world_count(&xdp, "hold_index"));
}

/* Each packet of the corpus as it is, cut short everywhere, and with each byte changed. */
static void test_the_corpus(void **state)
{
	(void)state;
	DIR *directory = opendir(CORPUS);
	unsigned files = 0;
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));) {
		rs_auto_free char *path = rs_str_format("%s/%s", CORPUS, entry->d_name);
		struct frame whole = {0};
		FILE *file = entry->d_type == DT_REG ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		whole.length = fread(whole.bytes, 1, sizeof(whole.bytes), file);
		fclose(file);
		if (whole.length < RS_ETHERNET_LENGTH)
			continue;
		files++;
		compare(&whole, RS_DP_CLIENT, entry->d_name, 0);
		size_t headers = whole.length < 140 ? whole.length : 140;
		for (size_t i = RS_ETHERNET_LENGTH; i < headers; i++) {
			struct frame changed = whole;
			changed.length = i;
			compare(&changed, RS_DP_CLIENT, entry->d_name, (unsigned)i);
			changed = whole;
			changed.bytes[i] ^= (uint8_t)(1 + draw(255));
			compare(&changed, RS_DP_CLIENT, entry->d_name, (unsigned)i);
		}
	}
	closedir(directory);
	assert_true(files > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drawn_packets, open_worlds, close_worlds),
		cmocka_unit_test_setup_teardown(test_the_corpus, open_worlds, close_worlds),
	};
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
