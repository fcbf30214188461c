// SPDX-License-Identifier: BSD-2-Clause
/* link: user/base/err.c */
/* Any bytes as a frame: the parser stays inside, what it says fits the bytes, and what is made of them is whole. */
#include "pure/frame.h"
#include "pure/packet.h"

#include "abi/limits.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

/* The parser's second half: a bare RST's checksums must be those of its bytes. */
static void check_checksums(const uint8_t *frame, const struct rs_packet *packet)
{
	const struct rs_ipv4 *ip = (const struct rs_ipv4 *)(frame + RS_ETHERNET_LENGTH);
	uint32_t tcp_length = packet->payload_offset - packet->l4_offset;
	uint64_t sum = (uint64_t)packet->source_v4 + packet->destination_v4 + rs_htons(RS_PROTOCOL_TCP) +
		       rs_htons((uint16_t)tcp_length);
	CHECK(rs_checksum_fold(rs_checksum_add(ip, packet->l4_offset - RS_ETHERNET_LENGTH)) == 0xffff);
	CHECK(rs_checksum_fold(sum + rs_checksum_add(frame + packet->l4_offset, tcp_length)) == 0xffff);
}

static void fuzz_frames(const uint8_t *data, size_t size, const struct rs_packet *packet)
{
	static const uint8_t mac[6] = {2};
	struct rs_frame_reset reset;
	struct rs_packet again = {0};
	CHECK(rs_frame_reset(data, (uint32_t)size, &reset) == (int)sizeof(reset));
	CHECK(rs_packet_parse(&reset, (const uint8_t *)&reset + sizeof(reset), &again) == RS_PARSE_TCP);
	CHECK(again.acknowledgement == packet->sequence + 1 && again.payload_length == 0);
	check_checksums((const uint8_t *)&reset, &again);

	/* As the hold does: headers alone. */
	uint8_t held[RS_HOLD_FRAME_MAX];
	uint32_t length = packet->payload_offset;
	CHECK(length <= sizeof(held));
	if (length > size)
		return;
	memcpy(held, data, length);
	CHECK(rs_frame_release(held, length, mac, mac) == (int)length);
	memset(&again, 0, sizeof(again));
	CHECK(rs_packet_parse(held, held + length, &again) == RS_PARSE_TCP);
	CHECK(memcmp(&again.tuple, &packet->tuple, sizeof(again.tuple)) == 0 && again.payload_length == 0);
	check_checksums(held, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_packet packet = {0};
	if (rs_packet_parse(data, data + size, &packet) != RS_PARSE_TCP)
		return 0;
	CHECK(packet.l4_offset >= 34 && packet.l4_offset <= 74 && packet.l4_offset + 20 <= size);
	CHECK(packet.payload_offset >= packet.l4_offset + 20 && packet.payload_offset <= packet.l4_offset + 60);
	CHECK(packet.payload_offset <= RS_HEADERS_MAX && packet.payload_offset <= RS_HOLD_FRAME_MAX);
	CHECK(packet.payload_length <= 65535 - 40);
	fuzz_frames(data, size, &packet);
	return 0;
}
