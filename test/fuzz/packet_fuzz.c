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

/* Headers without a payload: their checksums must be those of their bytes. */
static void check_checksums(const uint8_t *frame, const struct rs_packet *packet)
{
	uint32_t tcp_length = packet->payload_offset - packet->l4_offset;
	uint64_t sum = rs_checksum_pseudo(&packet->tuple, RS_PROTOCOL_TCP, tcp_length);
	if (packet->family == RS_V4)
		CHECK(rs_checksum_fold(rs_checksum_add(frame + RS_ETHERNET_LENGTH,
						       packet->l4_offset - RS_ETHERNET_LENGTH)) == 0xffff);
	CHECK(rs_checksum_fold(sum + rs_checksum_add(frame + packet->l4_offset, tcp_length)) == 0xffff);
}

static void fuzz_frames(const uint8_t *data, size_t size, const struct rs_packet *packet)
{
	static const uint8_t mac[6] = {2};
	uint8_t reset[RS_ANSWER_RESET_MAX];
	struct rs_packet again = {0};
	if (!(packet->flags & RS_TCP_ACK)) {
		int r = rs_frame_reset(data, (uint32_t)size, reset);
		CHECK(r == (int)rs_answer_reset_length(packet->family));
		CHECK(rs_packet_parse(reset, reset + r, &again) == RS_PARSE_TCP);
		CHECK(again.payload_length == 0 && again.family == packet->family);
		check_checksums(reset, &again);
	}

	/* As the hold does: headers alone. */
	uint8_t held[RS_HOLD_FRAME_MAX];
	uint32_t length = packet->payload_offset;
	if (length > size || length > sizeof(held))
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
	enum rs_parse parsed = rs_packet_parse(data, data + size, &packet);
	if (parsed == RS_PARSE_UDP || parsed == RS_PARSE_ICMP) {
		CHECK(packet.l4_offset <= RS_L4_OFFSET_MAX && packet.l4_offset + 8 <= size);
		CHECK(packet.payload_offset == packet.l4_offset + 8 && packet.payload_length <= 65535);
	}
	if (parsed != RS_PARSE_TCP)
		return 0;
	CHECK(packet.l4_offset >= 34 && packet.l4_offset <= RS_L4_OFFSET_MAX && packet.l4_offset + 20 <= size);
	CHECK(packet.payload_offset >= packet.l4_offset + 20 && packet.payload_offset <= packet.l4_offset + 60);
	CHECK(packet.payload_offset <= RS_HEADERS_MAX && packet.payload_length <= 65535);
	fuzz_frames(data, size, &packet);
	return 0;
}
