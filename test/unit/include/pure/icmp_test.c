/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
/* ICMP messages against the definition: every checksum is computed anew from all that it covers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/frame.h"
#include "pure/icmp.h"

#include <stdlib.h>
#include <string.h>

/* --- a frame in memory ---------------------------------------------------------------------------------------------
 */

struct frame {
	uint32_t length;
	uint8_t byte[2048];
};

static long load(void *frame, __u32 offset, void *to, __u32 length)
{
	const struct frame *f = frame;
	if (offset + length > f->length)
		return -14;
	memcpy(to, f->byte + offset, length);
	return 0;
}

static long store(void *frame, __u32 offset, const void *from, __u32 length)
{
	struct frame *f = frame;
	if (offset + length > f->length)
		return -14;
	memcpy(f->byte + offset, from, length);
	return 0;
}

static void put(struct frame *frame, const void *bytes, uint32_t length)
{
	assert_true(frame->length + length <= sizeof(frame->byte));
	memcpy(frame->byte + frame->length, bytes, length);
	frame->length += length;
}

static uint32_t random_state = 7;

static uint32_t random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	return random_state ^= random_state << 5;
}

/* --- the definition --------------------------------------------------------------------------------------------------
 */

static uint32_t slow_sum(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	for (uint32_t i = 0; i < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* A header or message that contains its checksum sums up to all ones. */
static bool sums_up(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	return slow_sum(bytes, length, sum) == 0xffff;
}

static uint32_t pseudo(const uint8_t *l3, uint32_t family, uint8_t protocol, uint32_t length)
{
	uint32_t sum = protocol + length;
	return family == RS_V4 ? slow_sum(l3 + 12, 8, sum) : slow_sum(l3 + 8, 32, sum);
}

/* --- messages
 * ---------------------------------------------------------------------------------------------------------- */

struct shape {
	uint32_t family;
	uint8_t protocol;
	uint32_t outer_options; /* bytes, multiple of 4 (IPv4) or 8 (IPv6) */
	uint32_t inner_options;
	uint32_t payload; /* of the quoted packet */
	uint32_t quoted;  /* bytes of its transport header and payload in the message */
	bool bare;	  /* UDP without a checksum */
};

static struct rs_address random_address(uint32_t family)
{
	struct rs_address out;
	if (family == RS_V4)
		return rs_address_v4(random_word());
	for (unsigned i = 0; i < 16; i++)
		out.byte[i] = (uint8_t)random_word();
	out.byte[0] = 0xfd;
	return out;
}

static struct rs_tuple random_tuple(uint32_t family, uint8_t protocol)
{
	return (struct rs_tuple){.source = random_address(family),
				 .destination = random_address(family),
				 .source_port = (__be16)random_word(),
				 .destination_port = (__be16)random_word(),
				 .protocol = protocol};
}

/* IP header and options of a packet with `length` bytes behind them. IPv6: a destination options header. */
static void put_ip(struct frame *frame, uint32_t family, const struct rs_tuple *tuple, uint8_t protocol,
		   uint32_t options, uint32_t length)
{
	const uint32_t at = frame->length;
	uint8_t padding[64] = {0};
	if (family == RS_V4) {
		struct rs_ipv4 ip = {.version_length = (uint8_t)(0x40 | (20 + options) / 4),
				     .total_length = rs_htons((uint16_t)(20 + options + length)),
				     .id = (__be16)random_word(),
				     .ttl = (uint8_t)random_word(),
				     .protocol = protocol,
				     .source = rs_address_to_v4(&tuple->source),
				     .destination = rs_address_to_v4(&tuple->destination)};
		put(frame, &ip, sizeof(ip));
		memset(padding, 1, sizeof(padding));
		put(frame, padding, options);
		uint16_t checksum = (uint16_t)~rs_checksum_fold(rs_checksum_add(frame->byte + at, 20 + options));
		memcpy(frame->byte + at + 10, &checksum, 2);
		return;
	}
	struct rs_ipv6 ip = {.version_class = 0x60,
			     .payload_length = rs_htons((uint16_t)(options + length)),
			     .next = options ? RS_IPV6_OPTIONS : protocol,
			     .hop_limit = (uint8_t)random_word()};
	memcpy(ip.source, &tuple->source, 16);
	memcpy(ip.destination, &tuple->destination, 16);
	put(frame, &ip, sizeof(ip));
	if (options) {
		padding[0] = protocol;
		padding[1] = (uint8_t)(options / 8 - 1);
		padding[2] = 1; /* PadN */
		padding[3] = (uint8_t)(options - 4);
		put(frame, padding, options);
	}
}

/* The quoted packet, whole: its checksums are right. */
static void make_quoted(struct frame *out, const struct shape *shape, const struct rs_tuple *tuple)
{
	const bool is_tcp = shape->protocol == RS_PROTOCOL_TCP;
	const uint32_t header = is_tcp ? 20 : 8, length = header + shape->payload;
	out->length = 0;
	put_ip(out, shape->family, tuple, shape->protocol, shape->inner_options, length);
	const uint32_t at = out->length;
	struct rs_tcp tcp = {.source = tuple->source_port,
			     .destination = tuple->destination_port,
			     .sequence = rs_htonl(0x01020304),
			     .offset = 0x50,
			     .flags = RS_TCP_ACK};
	struct rs_udp udp = {.source = tuple->source_port,
			     .destination = tuple->destination_port,
			     .length = rs_htons((uint16_t)length)};
	put(out, is_tcp ? (void *)&tcp : (void *)&udp, header);
	for (uint32_t i = 0; i < shape->payload; i++) {
		uint8_t byte = (uint8_t)random_word();
		put(out, &byte, 1);
	}
	uint64_t sum = rs_checksum_pseudo(tuple, shape->protocol, length) + rs_checksum_add(out->byte + at, length);
	uint16_t checksum = (uint16_t)~rs_checksum_fold(sum);
	if (!is_tcp)
		checksum = shape->bare ? 0 : checksum ? checksum : 0xffff;
	memcpy(out->byte + at + (is_tcp ? 16 : 6), &checksum, 2);
}

/* An error about it. */
static void make_error(struct frame *frame, const struct shape *shape, const struct rs_tuple *outer,
		       const struct frame *quoted)
{
	const uint32_t headers = (shape->family == RS_V4 ? 20 : 40) + shape->inner_options;
	const uint32_t length = 8 + headers + shape->quoted;
	const uint8_t protocol = shape->family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6;
	struct rs_ethernet ethernet = {
		.type = rs_htons(shape->family == RS_V4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6)};
	frame->length = 0;
	put(frame, &ethernet, sizeof(ethernet));
	put_ip(frame, shape->family, outer, protocol, shape->outer_options, length);
	const uint32_t at = frame->length;
	struct rs_icmp icmp = {
		.type = shape->family == RS_V4 ? 3 : 2, .code = shape->family == RS_V4 ? 4 : 0, .rest = rs_htonl(1280)};
	put(frame, &icmp, sizeof(icmp));
	put(frame, quoted->byte, headers + shape->quoted);
	uint64_t sum = rs_checksum_add(frame->byte + at, length);
	if (shape->family == RS_V6)
		sum += rs_checksum_pseudo(outer, protocol, length);
	uint16_t checksum = (uint16_t)~rs_checksum_fold(sum);
	memcpy(frame->byte + at + 2, &checksum, 2);
}

static void check_checksums(const struct frame *frame, const struct shape *shape)
{
	const uint8_t *l3 = frame->byte + 14;
	const bool is_v4 = shape->family == RS_V4;
	const uint32_t outer = (is_v4 ? 20 : 40) + shape->outer_options;
	const uint32_t inner = (is_v4 ? 20 : 40) + shape->inner_options;
	const uint32_t length = frame->length - 14 - outer;
	if (is_v4) {
		assert_true(sums_up(l3, outer, 0));
		assert_true(sums_up(l3 + outer, length, 0));
		assert_true(sums_up(l3 + outer + 8, inner, 0));
	} else {
		assert_true(sums_up(l3 + outer, length, pseudo(l3, RS_V6, RS_PROTOCOL_ICMPV6, length)));
	}
	const uint32_t whole = (shape->protocol == RS_PROTOCOL_TCP ? 20 : 8) + shape->payload;
	const uint8_t *quoted = l3 + outer + 8;
	if (shape->bare)
		assert_true(quoted[inner + 6] == 0 && quoted[inner + 7] == 0);
	else if (shape->quoted == whole)
		assert_true(sums_up(quoted + inner, whole, pseudo(quoted, shape->family, shape->protocol, whole)));
}

static void translate_and_check(const struct shape *shape)
{
	struct frame frame, quoted, wanted;
	struct rs_packet packet = {0};
	struct rs_icmp_quote quote;
	struct rs_icmp_scratch scratch;
	struct rs_icmp icmp;
	struct rs_ipv4 ip;
	struct rs_tuple carried = random_tuple(shape->family, shape->protocol);
	struct rs_tuple outer = random_tuple(shape->family, 0);
	make_quoted(&quoted, shape, &carried);
	make_error(&frame, shape, &outer, &quoted);
	check_checksums(&frame, shape);

	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_ICMP);
	assert_true(rs_icmp_quote_read(&frame, load, &packet, &quote, &scratch));
	assert_memory_equal(&quote.tuple, &carried, sizeof(carried));
	assert_int_equal(quote.sequence, shape->protocol == RS_PROTOCOL_TCP ? 0x01020304 : 0);
	assert_int_equal(quote.has_l4_checksum,
			 !shape->bare && (shape->protocol == RS_PROTOCOL_UDP || shape->quoted >= 18));

	struct rs_icmp_ends to = {.source = random_address(shape->family),
				  .destination = random_address(shape->family),
				  .quoted = random_tuple(shape->family, shape->protocol)};
	assert_int_equal(load(&frame, packet.l4_offset, &icmp, sizeof(icmp)), 0);
	assert_int_equal(load(&frame, 14, &ip, sizeof(ip)), 0);
	wanted = frame;
	assert_int_equal(rs_icmp_translate(&frame, store, &packet, &quote, ip.checksum, icmp.checksum, &to), 0);
	check_checksums(&frame, shape);

	/* What the message reads as now, and that nothing else in it has changed. */
	struct rs_packet after = {0};
	struct rs_icmp_quote again;
	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &after), RS_PARSE_ICMP);
	assert_true(rs_icmp_quote_read(&frame, load, &after, &again, &scratch));
	assert_memory_equal(&after.tuple.source, &to.source, 16);
	assert_memory_equal(&after.tuple.destination, &to.destination, 16);
	assert_memory_equal(&again.tuple, &to.quoted, sizeof(to.quoted));
	assert_int_equal(
		rs_icmp_translate(&frame, store, &after, &again, (__u16)(frame.byte[24] | frame.byte[25] << 8),
				  (__u16)(frame.byte[after.l4_offset + 2] | frame.byte[after.l4_offset + 3] << 8),
				  &(struct rs_icmp_ends){outer.source, outer.destination, carried}),
		0);
	check_checksums(&frame, shape);
	for (uint32_t i = 0; i < frame.length; i++) {
		/* Both zeros of a checksum are the same: those fields were checked by their sums. */
		if (frame.byte[i] != wanted.byte[i])
			frame.byte[i] = wanted.byte[i] = 0;
	}
	assert_memory_equal(frame.byte, wanted.byte, frame.length);
}

static void test_translation_keeps_every_checksum(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct shape shape = {.family = round & 1,
				      .protocol = round & 2 ? RS_PROTOCOL_TCP : RS_PROTOCOL_UDP,
				      .payload = random_word() % 300};
		shape.bare = shape.family == RS_V4 && shape.protocol == RS_PROTOCOL_UDP && (round & 64);
		uint32_t unit = shape.family == RS_V4 ? 4 : 8, most = shape.family == RS_V4 ? 11 : 5;
		shape.outer_options = round & 4 ? unit * (random_word() % most) : 0;
		shape.inner_options = round & 8 ? unit * (random_word() % most) : 0;
		uint32_t whole = (shape.protocol == RS_PROTOCOL_TCP ? 20 : 8) + shape.payload;
		shape.quoted = round & 16 ? 8 : round & 32 ? whole : 8 + random_word() % (whole - 7);
		translate_and_check(&shape);
	}
}

/* katran#159: routers quote no more than they have to. A frag-needed of 10.0.0.254 about a segment of 198.18.0.5:80 to
 * 10.0.0.1:40000, whose checksums were computed by hand. */
static void test_eight_bytes_of_tcp(void **state)
{
	(void)state;
	const uint8_t golden[] =
		{
			0x02, 0,   0,	 0,    0,    1,	   0x02, 0,    0,    0, 0,    0x10, 0x08, 0x00, /* Ethernet */
			0x45, 0,   0,	 56,   0,    1,	   0,	 0,    64,   1, 0xa9, 0xaf, 10,	  0,	0,
			254,  198, 18,	 0,    5,		       /* IPv4 */
			3,    4,   0x57, 0xe6, 0,    0,	   0x05, 0x00, /* frag-needed, 1280 */
			0x45, 0,   0x05, 0xdc, 0x12, 0x34, 0x40, 0,    64,   6, 0x52, 0xd0, 198,  18,	0,
			5,    10,  0,	 0,    1,    0,	   80,	 0x9c, 0x40, 0, 0,    0x03, 0x85,
		};
	struct frame frame = {.length = sizeof(golden)};
	memcpy(frame.byte, golden, sizeof(golden));
	const struct shape shape = {.family = RS_V4, .protocol = RS_PROTOCOL_TCP, .payload = 1460, .quoted = 8};
	check_checksums(&frame, &shape);
	struct rs_packet packet = {0};
	struct rs_icmp_quote quote;
	struct rs_icmp_scratch scratch;
	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_ICMP);
	assert_true(rs_icmp_quote_read(&frame, load, &packet, &quote, &scratch));
	assert_int_equal(quote.sequence, 901);
	assert_false(quote.has_l4_checksum);
	assert_int_equal(quote.tuple.source_port, rs_htons(80));
	assert_int_equal(quote.tuple.destination_port, rs_htons(40000));
	struct rs_icmp_ends to = {.source = packet.tuple.source,
				  .destination = rs_address_v4(rs_htonl(0xc6130001)),
				  .quoted = quote.tuple};
	to.quoted.source = to.destination;
	to.quoted.source_port = rs_htons(8080);
	assert_int_equal(rs_icmp_translate(&frame, store, &packet, &quote, (__u16)(golden[24] | golden[25] << 8),
					   (__u16)(golden[36] | golden[37] << 8), &to),
			 0);
	check_checksums(&frame, &shape);
	const uint8_t source[] = {198, 19, 0, 1}, ports[] = {0x1f, 0x90, 0x9c, 0x40};
	assert_memory_equal(frame.byte + 30, source, 4);
	assert_memory_equal(frame.byte + 54, source, 4);
	assert_memory_equal(frame.byte + 62, ports, 4);
	/* Nothing was written behind the 8 bytes, and the sequence number is as it was. */
	assert_memory_equal(frame.byte + 66, golden + 66, 4);
	assert_int_equal(frame.length, sizeof(golden));
}

static void test_no_shorter_message_is_read(void **state)
{
	(void)state;
	for (uint32_t family = RS_V4; family <= RS_V6; family++) {
		for (int with_options = 0; with_options < 2; with_options++) {
			struct shape shape = {.family = family,
					      .protocol = RS_PROTOCOL_TCP,
					      .payload = 64,
					      .quoted = 8,
					      .inner_options = with_options ? 24 : 0};
			struct frame frame, quoted;
			struct rs_tuple carried = random_tuple(family, RS_PROTOCOL_TCP);
			struct rs_tuple outer = random_tuple(family, 0);
			make_quoted(&quoted, &shape, &carried);
			make_error(&frame, &shape, &outer, &quoted);
			for (uint32_t length = frame.length; length > 14 + (family == RS_V4 ? 28 : 48); length--) {
				/* Exactly as large: the sanitizer sees who reads on. */
				struct frame *cut = malloc(offsetof(struct frame, byte) + length);
				memcpy(cut->byte, frame.byte, length);
				cut->length = length;
				struct rs_packet packet = {0};
				struct rs_icmp_quote quote;
				struct rs_icmp_scratch scratch;
				assert_int_equal(rs_packet_parse(cut->byte, cut->byte + length, &packet),
						 RS_PARSE_ICMP);
				assert_int_equal(rs_icmp_quote_read(cut, load, &packet, &quote, &scratch),
						 length == frame.length);
				/* As the IP header says, too. */
				packet.end_offset = length;
				assert_int_equal(rs_icmp_quote_read(&frame, load, &packet, &quote, &scratch),
						 length == frame.length);
				free(cut);
			}
		}
	}
}

static void test_what_is_not_a_quoted_connection(void **state)
{
	(void)state;
	const struct shape shape = {.family = RS_V4, .protocol = RS_PROTOCOL_TCP, .payload = 40, .quoted = 60};
	struct frame quoted, frame, changed;
	struct rs_packet packet = {0};
	struct rs_icmp_quote quote;
	struct rs_icmp_scratch scratch;
	struct rs_tuple carried = random_tuple(RS_V4, RS_PROTOCOL_TCP), outer = random_tuple(RS_V4, 0);
	make_quoted(&quoted, &shape, &carried);
	make_error(&frame, &shape, &outer, &quoted);
	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_ICMP);
	const struct {
		uint32_t at;
		uint8_t value;
	} lies[] = {
		{0, 0x65}, /* another version */
		{0, 0x44}, /* a header of four words */
		{0, 0x4f}, /* one that leaves too little */
		{7, 1},	   /* a later fragment */
		{9, 1},	   /* ICMP about ICMP */
		{9, 47},
	};
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		changed = frame;
		changed.byte[packet.payload_offset + lies[i].at] = lies[i].value;
		bool wanted = lies[i].value == 0x4f; /* 60 bytes are quoted: it reads other ports, and finds no flow */
		assert_int_equal(rs_icmp_quote_read(&changed, load, &packet, &quote, &scratch), wanted);
	}
}

static void test_kinds(void **state)
{
	(void)state;
	unsigned kinds[2][3] = {{0}};
	for (unsigned type = 0; type < 256; type++) {
		kinds[0][rs_icmp_kind(RS_V4, (uint8_t)type)]++;
		kinds[1][rs_icmp_kind(RS_V6, (uint8_t)type)]++;
	}
	assert_int_equal(kinds[0][RS_ICMP_ECHO], 1);
	assert_int_equal(kinds[0][RS_ICMP_ERROR], 3);
	assert_int_equal(kinds[1][RS_ICMP_ECHO], 1);
	assert_int_equal(kinds[1][RS_ICMP_ERROR], 4);
	assert_int_equal(rs_icmp_kind(RS_V4, 8), RS_ICMP_ECHO);
	assert_int_equal(rs_icmp_kind(RS_V4, 5), RS_ICMP_OTHER); /* redirect */
	assert_int_equal(rs_icmp_kind(RS_V6, 128), RS_ICMP_ECHO);
	assert_int_equal(rs_icmp_kind(RS_V6, 8), RS_ICMP_OTHER);
}

static void test_echo(void **state)
{
	(void)state;
	for (int round = 0; round < 4000; round++) {
		const uint32_t family = round & 1, options = round & 2 ? 8 : 0, length = 8 + random_word() % 200;
		const uint8_t protocol = family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6;
		struct frame frame = {0};
		struct rs_tuple tuple = random_tuple(family, 0);
		struct rs_ethernet ethernet = {
			.type = rs_htons(family == RS_V4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6)};
		put(&frame, &ethernet, sizeof(ethernet));
		put_ip(&frame, family, &tuple, protocol, options, length);
		const uint32_t at = frame.length;
		for (uint32_t i = 0; i < length; i++) {
			uint8_t byte = (uint8_t)random_word();
			put(&frame, &byte, 1);
		}
		frame.byte[at] = family == RS_V4 ? 8 : 128;
		frame.byte[at + 1] = round & 4 ? 0 : 9;
		frame.byte[at + 2] = frame.byte[at + 3] = 0;
		uint64_t sum = rs_checksum_add(frame.byte + at, length);
		if (family == RS_V6)
			sum += rs_checksum_pseudo(&tuple, protocol, length);
		uint16_t checksum = (uint16_t)~rs_checksum_fold(sum);
		memcpy(frame.byte + at + 2, &checksum, 2);
		struct frame request = frame;

		struct rs_packet packet = {0};
		struct rs_icmp icmp;
		assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_ICMP);
		assert_int_equal(load(&frame, packet.l4_offset, &icmp, sizeof(icmp)), 0);
		assert_int_equal(rs_icmp_echo(&frame, load, store, &packet, &icmp), 0);
		const uint8_t *l3 = frame.byte + 14;
		assert_int_equal(frame.byte[at], family == RS_V4 ? 0 : 129);
		assert_int_equal(frame.byte[at + 1], 0);
		assert_memory_equal(frame.byte + at + 4, request.byte + at + 4, length - 4);
		assert_int_equal(l3[family == RS_V4 ? 8 : 7], 64);
		if (family == RS_V4) {
			assert_true(sums_up(l3, 20 + options, 0));
			assert_true(sums_up(frame.byte + at, length, 0));
		} else {
			assert_true(sums_up(frame.byte + at, length, pseudo(l3, RS_V6, protocol, length)));
		}
		struct rs_packet reply = {0};
		assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &reply), RS_PARSE_ICMP);
		assert_memory_equal(&reply.tuple.source, &packet.tuple.destination, 16);
		assert_memory_equal(&reply.tuple.destination, &packet.tuple.source, 16);
	}
}

static void test_errors_of_our_own(void **state)
{
	(void)state;
	for (int round = 0; round < 4000; round++) {
		const struct shape shape = {.family = round & 1,
					    .protocol = round & 2 ? RS_PROTOCOL_TCP : RS_PROTOCOL_UDP,
					    .payload = random_word() % 1400};
		struct rs_tuple tuple = random_tuple(shape.family, shape.protocol), scratch;
		struct frame about, frame = {0};
		struct rs_ethernet ethernet = {
			.type = rs_htons(shape.family == RS_V4 ? RS_ETHERTYPE_IPV4 : RS_ETHERTYPE_IPV6)};
		make_quoted(&about, &shape, &tuple);
		put(&frame, &ethernet, sizeof(ethernet));
		put(&frame, about.byte, about.length);
		struct rs_packet packet = {0};
		assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet),
				 shape.protocol == RS_PROTOCOL_TCP ? RS_PARSE_TCP : RS_PARSE_UDP);
		const uint32_t length = rs_icmp_quote_length(&packet);
		assert_true(length % 4 == 0 && length >= 28 && length <= RS_ICMP_QUOTE_MAX && length <= about.length);

		struct rs_icmp_head head = {{0}};
		struct frame error = {0};
		uint32_t head_length =
			rs_icmp_error_head(&head, &packet, shape.family == RS_V4 ? 3 : 2, shape.family == RS_V4 ? 4 : 0,
					   1280, length, rs_checksum_add(about.byte, length), &scratch);
		put(&error, head.byte, head_length);
		put(&error, about.byte, length);
		struct rs_packet got = {0};
		struct rs_icmp_quote quote;
		struct rs_icmp_scratch space;
		assert_int_equal(rs_packet_parse(error.byte, error.byte + error.length, &got), RS_PARSE_ICMP);
		assert_int_equal(got.end_offset, error.length);
		assert_memory_equal(&got.tuple.source, &tuple.destination, 16);
		assert_memory_equal(&got.tuple.destination, &tuple.source, 16);
		assert_true(rs_icmp_quote_read(&error, load, &got, &quote, &space));
		assert_memory_equal(&quote.tuple, &tuple, sizeof(tuple));
		const uint8_t *l3 = error.byte + 14, *l4 = error.byte + got.l4_offset;
		const uint32_t l4_length = error.length - got.l4_offset;
		assert_int_equal(l4[6] << 8 | l4[7], 1280);
		if (shape.family == RS_V4)
			assert_true(sums_up(l3, 20, 0) && sums_up(l4, l4_length, 0));
		else
			assert_true(sums_up(l4, l4_length, pseudo(l3, RS_V6, RS_PROTOCOL_ICMPV6, l4_length)));
	}
}

static void test_plausible_sequence_numbers(void **state)
{
	(void)state;
	assert_true(rs_icmp_is_plausible(900, 900, 0)); /* the SYN-ACK */
	assert_true(rs_icmp_is_plausible(901, 900, 0));
	assert_false(rs_icmp_is_plausible(903, 900, 0));
	assert_false(rs_icmp_is_plausible(899, 900, 0));
	assert_true(rs_icmp_is_plausible(900 + 5000, 900, 5000));
	assert_false(rs_icmp_is_plausible(900 + 5003, 900, 5000));
	assert_true(rs_icmp_is_plausible(5, 0xfffffff0, 100)); /* numbers wrap */
	assert_true(rs_icmp_is_plausible(1, 900, 1ULL << 31)); /* and later nothing can be said */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translation_keeps_every_checksum),
		cmocka_unit_test(test_eight_bytes_of_tcp),
		cmocka_unit_test(test_no_shorter_message_is_read),
		cmocka_unit_test(test_what_is_not_a_quoted_connection),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_errors_of_our_own),
		cmocka_unit_test(test_plausible_sequence_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
