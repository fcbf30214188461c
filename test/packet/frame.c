// SPDX-License-Identifier: BSD-2-Clause
#include "packet/frame.h"

#include "pure/frame.h"

#include <stdio.h>
#include <string.h>

static void put_mac(uint8_t out[6], uint8_t last)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};
	memcpy(out, mac, 6);
}

static uint32_t address(const struct end *end)
{
	uint32_t out;
	memcpy(&out, end->ip, 4);
	return out;
}

void frame_build(struct frame *frame, const struct packet *packet)
{
	memset(frame, 0, sizeof(*frame));
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame->bytes;
	put_mac(ethernet->source, packet->from.mac);
	put_mac(ethernet->destination, packet->to.mac);
	ethernet->type = rs_htons(packet->ethertype ? packet->ethertype : RS_ETHERTYPE_IPV4);

	uint32_t ip_length = 20 + 4 * packet->ip_options;
	uint32_t tcp_length = 20 + 4 * packet->tcp_options;
	uint32_t total = ip_length + tcp_length + packet->payload;
	struct rs_ipv4 *ip = (struct rs_ipv4 *)(ethernet + 1);
	struct rs_tcp *tcp = (struct rs_tcp *)((uint8_t *)ip + ip_length);
	*ip = (struct rs_ipv4){
		.version_length = (uint8_t)(0x40 | ip_length / 4),
		.total_length = rs_htons(packet->total_length ? packet->total_length : (uint16_t)total),
		.id = rs_htons(packet->id),
		.fragment = rs_htons(packet->fragment ? packet->fragment
				     : packet->no_df  ? 0
						      : 0x4000),
		.ttl = packet->ttl ? packet->ttl : 64,
		.protocol = packet->protocol ? packet->protocol : RS_PROTOCOL_TCP,
		.source = address(&packet->from),
		.destination = address(&packet->to),
	};
	memset(ip + 1, 1, 4 * packet->ip_options);
	ip->checksum = (uint16_t)~rs_checksum_fold(rs_checksum_add(ip, ip_length));
	*tcp = (struct rs_tcp){
		.source = rs_htons(packet->from.port),
		.destination = rs_htons(packet->to.port),
		.sequence = rs_htonl(packet->seq),
		.acknowledgement = rs_htonl(packet->ack),
		.offset = (uint8_t)((packet->tcp_words ? packet->tcp_words : tcp_length / 4) << 4),
		.flags = (uint8_t)packet->flags,
		.window = rs_htons(0),
	};
	memset(tcp + 1, 1, 4 * packet->tcp_options);
	uint8_t *payload = (uint8_t *)tcp + tcp_length;
	for (unsigned i = 0; i < packet->payload; i++)
		payload[i] = (uint8_t)(i * 7 + 3);
	uint32_t tcp_total = tcp_length + packet->payload;
	uint64_t sum =
		(uint64_t)ip->source + ip->destination + rs_htons(RS_PROTOCOL_TCP) + rs_htons((uint16_t)tcp_total);
	tcp->checksum = (uint16_t)~rs_checksum_fold(sum + rs_checksum_add(tcp, tcp_total));
	frame->length = sizeof(*ethernet) + total + packet->trailer - packet->cut;
}

const char *frame_text(const struct frame *frame, char *text, size_t size)
{
	struct rs_packet p = {0};
	enum rs_parse parsed = rs_packet_parse(frame->bytes, frame->bytes + frame->length, &p);
	const uint8_t *s = (const uint8_t *)&p.source_v4, *d = (const uint8_t *)&p.destination_v4;
	const struct rs_ethernet *e = (const struct rs_ethernet *)frame->bytes;
	if (parsed != RS_PARSE_TCP) {
		snprintf(text, size, "%zu bytes, parse result %d", frame->length, parsed);
		return text;
	}
	const struct rs_tcp *tcp = (const struct rs_tcp *)(frame->bytes + p.l4_offset);
	snprintf(text, size,
		 "%02x>%02x %u.%u.%u.%u:%u > %u.%u.%u.%u:%u flags %02x seq %u ack %u payload %u sum %04x, %zu bytes",
		 e->source[5], e->destination[5], s[0], s[1], s[2], s[3], rs_ntohs(p.tuple.source_port), d[0], d[1],
		 d[2], d[3], rs_ntohs(p.tuple.destination_port), p.flags, p.sequence, p.acknowledgement,
		 p.payload_length, tcp->checksum, frame->length);
	return text;
}
