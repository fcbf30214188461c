// SPDX-License-Identifier: BSD-2-Clause
#include "packet/frame.h"

#include "pure/frame.h"
#include "pure/icmp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void put_mac(uint8_t out[6], uint8_t last)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};
	memcpy(out, mac, 6);
}

unsigned frame_family = RS_V4;

struct rs_address frame_address(const uint8_t ip[4])
{
	struct rs_address out = {.byte = {0xfd}};
	uint32_t word;
	memcpy(&word, ip, 4);
	if (frame_family == RS_V4)
		return rs_address_v4(word);
	memcpy(&out.byte[12], ip, 4);
	return out;
}

static uint8_t *build_ipv4(struct rs_ipv4 *ip, const struct packet *packet, uint8_t protocol, uint32_t length)
{
	uint32_t ip_length = 20 + 4 * packet->ip_options;
	*ip = (struct rs_ipv4){
		.version_length = (uint8_t)(0x40 | ip_length / 4),
		.total_length = rs_htons(packet->total_length ? packet->total_length : (uint16_t)(ip_length + length)),
		.id = rs_htons(packet->id),
		.fragment = rs_htons(packet->fragment ? packet->fragment
				     : packet->no_df  ? 0
						      : 0x4000),
		.ttl = packet->ttl ? packet->ttl : 64,
		.protocol = protocol,
	};
	memcpy(&ip->source, packet->from.ip, 4);
	memcpy(&ip->destination, packet->to.ip, 4);
	memset(ip + 1, 1, 4 * packet->ip_options);
	ip->checksum = (uint16_t)~rs_checksum_fold(rs_checksum_add(ip, ip_length));
	return (uint8_t *)ip + ip_length;
}

static uint8_t *build_ipv6(struct rs_ipv6 *ip, const struct packet *packet, uint8_t protocol, uint32_t length)
{
	const struct rs_address source = frame_address(packet->from.ip), destination = frame_address(packet->to.ip);
	struct rs_ipv6_extension *extension = (struct rs_ipv6_extension *)(ip + 1);
	const unsigned options = packet->ip_options, count = options + (packet->fragment ? 1 : 0);
	*ip = (struct rs_ipv6){
		.version_class = 0x60,
		.payload_length =
			rs_htons(packet->total_length ? packet->total_length : (uint16_t)(8 * count + length)),
		.next = options ? RS_IPV6_OPTIONS
			: count ? RS_IPV6_FRAGMENT
				: protocol,
		.hop_limit = packet->ttl ? packet->ttl : 64,
	};
	memcpy(ip->source, &source, 16);
	memcpy(ip->destination, &destination, 16);
	for (unsigned i = 0; i < options; i++) /* one PadN option each (RFC 8200 4.2) */
		extension[i] = (struct rs_ipv6_extension){.next = i + 1 < options   ? RS_IPV6_OPTIONS
								  : count > options ? RS_IPV6_FRAGMENT
										    : protocol,
							  .offset = rs_htons(0x0104)};
	if (packet->fragment)
		extension[options] = (struct rs_ipv6_extension){
			.next = protocol,
			.offset = rs_htons((uint16_t)(packet->fragment << 3 | packet->fragment >> 13)),
			.id = rs_htonl(packet->id)};
	return (uint8_t *)(extension + count);
}

static void build_tcp(struct rs_tcp *tcp, const struct packet *packet, uint32_t header_length)
{
	*tcp = (struct rs_tcp){
		.source = rs_htons(packet->from.port),
		.destination = rs_htons(packet->to.port),
		.sequence = rs_htonl(packet->seq),
		.acknowledgement = rs_htonl(packet->ack),
		.offset = (uint8_t)((packet->tcp_words ? packet->tcp_words : header_length / 4) << 4),
		.flags = (uint8_t)packet->flags,
		.window = rs_htons(0),
	};
	memset(tcp + 1, 1, 4 * packet->tcp_options);
}

/* What IPv4's types and codes are in ICMPv6. */
static void put_type(struct rs_icmp *icmp, const struct packet *packet)
{
	static const struct {
		int type, code; /* -1 = any, and it stays */
		uint8_t type6, code6;
	} rows[] = {
		{RS_ICMP_ECHO_REQUEST, -1, RS_ICMPV6_ECHO_REQUEST, 0},
		{RS_ICMP_ECHO_REPLY, -1, RS_ICMPV6_ECHO_REPLY, 0},
		{RS_ICMP_UNREACHABLE, RS_ICMP_FRAGMENT_NEEDED, RS_ICMPV6_TOO_BIG, 0},
		{RS_ICMP_UNREACHABLE, RS_ICMP_HOST_UNREACHABLE, RS_ICMPV6_UNREACHABLE, RS_ICMPV6_ADDRESS_UNREACHABLE},
		{RS_ICMP_UNREACHABLE, RS_ICMP_PORT_UNREACHABLE, RS_ICMPV6_UNREACHABLE, RS_ICMPV6_PORT_UNREACHABLE},
		{RS_ICMP_TIME_EXCEEDED, -1, RS_ICMPV6_TIME_EXCEEDED, 0},
		{RS_ICMP_PARAMETER, -1, RS_ICMPV6_PARAMETER, 0},
		{5, -1, 137, 0}, /* redirect */
	};
	icmp->type = packet->type;
	icmp->code = packet->code;
	for (size_t i = 0; frame_family == RS_V6 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (packet->type != rows[i].type || (rows[i].code >= 0 && packet->code != rows[i].code))
			continue;
		icmp->type = rows[i].type6;
		icmp->code = rows[i].code < 0 ? packet->code : rows[i].code6;
		return;
	}
}

/* Fills in the message behind its header; returns its length. */
static uint32_t put_quote(uint8_t *message, const struct packet *packet)
{
	struct frame about;
	frame_build(&about, packet->about);
	const uint32_t headers =
		(frame_family == RS_V4 ? 20 + 4 * packet->about->ip_options
				       : 40 + 8 * packet->about->ip_options + (packet->about->fragment ? 8 : 0));
	uint32_t length = packet->quoted ? packet->quoted : headers + 8;
	memcpy(message, about.bytes + RS_ETHERNET_LENGTH, length);
	return length;
}

static void build_icmp(struct frame *frame, const struct packet *packet)
{
	const bool is_v4 = frame_family == RS_V4;
	const uint8_t protocol = is_v4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6;
	uint8_t message[FRAME_MAX];
	struct rs_icmp icmp = {.rest = rs_htonl(packet->rest)};
	put_type(&icmp, packet);
	memcpy(message, &icmp, sizeof(icmp));
	uint32_t length = sizeof(icmp);
	for (unsigned i = 0; i < packet->payload; i++)
		message[length++] = (uint8_t)(i * 7 + 3);
	if (packet->about)
		length += put_quote(message + sizeof(icmp), packet);
	const struct rs_tuple tuple = {.source = frame_address(packet->from.ip),
				       .destination = frame_address(packet->to.ip)};
	const uint64_t sum = is_v4 ? 0 : rs_checksum_pseudo(&tuple, protocol, length);
	icmp.checksum = (uint16_t)~rs_checksum_fold(sum + rs_checksum_add(message, length));
	memcpy(message, &icmp, sizeof(icmp));
	void *ip = frame->bytes + RS_ETHERNET_LENGTH;
	uint8_t *l4 = is_v4 ? build_ipv4(ip, packet, protocol, length) : build_ipv6(ip, packet, protocol, length);
	memcpy(l4, message, length);
	frame->length = (size_t)(l4 - frame->bytes) + length + packet->trailer - packet->cut;
}

/* Of a packet that is in fragments: bytes that look like nothing. */
static void build_raw(struct frame *frame, const struct packet *packet)
{
	const bool is_v4 = frame_family == RS_V4;
	const uint8_t protocol = !packet->protocol				  ? RS_PROTOCOL_TCP
				 : packet->protocol == RS_PROTOCOL_ICMP && !is_v4 ? RS_PROTOCOL_ICMPV6
										  : packet->protocol;
	void *ip = frame->bytes + RS_ETHERNET_LENGTH;
	uint8_t *data = is_v4 ? build_ipv4(ip, packet, protocol, packet->payload)
			      : build_ipv6(ip, packet, protocol, packet->payload);
	for (unsigned i = 0; i < packet->payload; i++)
		data[i] = (uint8_t)(i * 7 + 3);
	frame->length = (size_t)(data - frame->bytes) + packet->payload;
}

void frame_build(struct frame *frame, const struct packet *packet)
{
	memset(frame, 0, sizeof(*frame));
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame->bytes;
	const bool is_v4 = frame_family == RS_V4;
	const uint8_t protocol = packet->protocol ? packet->protocol : RS_PROTOCOL_TCP;
	const bool is_udp = protocol == RS_PROTOCOL_UDP;
	put_mac(ethernet->source, packet->from.mac);
	put_mac(ethernet->destination, packet->to.mac);
	ethernet->type = rs_htons(packet->ethertype ? packet->ethertype
				  : is_v4	    ? RS_ETHERTYPE_IPV4
						    : RS_ETHERTYPE_IPV6);

	frame->gso = packet->gso;
	if (packet->raw) {
		build_raw(frame, packet);
		return;
	}
	if (protocol == RS_PROTOCOL_ICMP) {
		build_icmp(frame, packet);
		return;
	}
	uint32_t header_length = is_udp ? sizeof(struct rs_udp) : 20 + 4 * packet->tcp_options;
	uint32_t length = header_length + packet->payload;
	uint8_t *l4 = is_v4 ? build_ipv4((struct rs_ipv4 *)(ethernet + 1), packet, protocol, length)
			    : build_ipv6((struct rs_ipv6 *)(ethernet + 1), packet, protocol, length);
	struct rs_udp *udp = (struct rs_udp *)l4;
	struct rs_tcp *tcp = (struct rs_tcp *)l4;
	if (is_udp)
		*udp = (struct rs_udp){.source = rs_htons(packet->from.port),
				       .destination = rs_htons(packet->to.port),
				       .length = rs_htons((uint16_t)length)};
	else
		build_tcp(tcp, packet, header_length);
	for (unsigned i = 0; i < packet->payload; i++)
		l4[header_length + i] = (uint8_t)(i * 7 + 3);
	const struct rs_tuple tuple = {.source = frame_address(packet->from.ip),
				       .destination = frame_address(packet->to.ip)};
	/* Others than UDP have the header of TCP, and its checksum: nobody reads it. */
	uint16_t checksum = (uint16_t)~rs_checksum_fold(
		rs_checksum_pseudo(&tuple, is_udp ? protocol : RS_PROTOCOL_TCP, length) + rs_checksum_add(l4, length));
	if (is_udp)
		udp->checksum = packet->no_checksum ? 0 : checksum ? checksum : 0xffff;
	else
		tcp->checksum = checksum;
	frame->length = (size_t)(l4 - frame->bytes) + length + packet->trailer - packet->cut;
}

const char *frame_text(const struct frame *frame, char *text, size_t size)
{
	struct rs_packet p = {0};
	enum rs_parse parsed = rs_packet_parse(frame->bytes, frame->bytes + frame->length, &p);
	char s[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN];
	const struct rs_ethernet *e = (const struct rs_ethernet *)frame->bytes;
	if (parsed != RS_PARSE_TCP) {
		snprintf(text, size, "%zu bytes, parse result %d", frame->length, parsed);
		return text;
	}
	const struct rs_tcp *tcp = (const struct rs_tcp *)(frame->bytes + p.l4_offset);
	snprintf(text, size, "%02x>%02x %s:%u > %s:%u flags %02x seq %u ack %u payload %u sum %04x, %zu bytes",
		 e->source[5], e->destination[5], inet_ntop(AF_INET6, &p.tuple.source, s, sizeof(s)),
		 rs_ntohs(p.tuple.source_port), inet_ntop(AF_INET6, &p.tuple.destination, d, sizeof(d)),
		 rs_ntohs(p.tuple.destination_port), p.flags, p.sequence, p.acknowledgement, p.payload_length,
		 tcp->checksum, frame->length);
	return text;
}
