// SPDX-License-Identifier: BSD-2-Clause
#include "dataplane/frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <string.h>

static uint64_t sum(const void *from, size_t bytes)
{
	const uint8_t *at = from;
	uint64_t out = 0;
	for (size_t i = 0; i < bytes; i++)
		out += (uint64_t)at[i] << (i % 2 ? 0 : 8);
	return out;
}

static uint16_t fold(uint64_t of)
{
	while (of >> 16)
		of = (of & 0xffff) + (of >> 16);
	return htons((uint16_t)~of);
}

void bench_address6(uint32_t last, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = 0xfd;
	out[3] = (uint8_t)(last >> 24); /* clients, VIPs and instances have prefixes of their own */
	last = htonl(last);
	memcpy(out + 12, &last, 4);
}

static uint8_t *put_ipv4(uint8_t *at, const struct bench_packet *packet, unsigned l4_bytes, uint64_t *ret_pseudo)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof(ip) + l4_bytes)),
		.frag_off = htons(0x4000),
		.ttl = 64,
		.protocol = IPPROTO_TCP,
		.saddr = htonl(packet->source),
		.daddr = htonl(packet->destination),
	};
	ip.check = fold(sum(&ip, sizeof(ip)));
	memcpy(at, &ip, sizeof(ip));
	*ret_pseudo = sum(&ip.saddr, 8) + IPPROTO_TCP + l4_bytes;
	return at + sizeof(ip);
}

static uint8_t *put_ipv6(uint8_t *at, const struct bench_packet *packet, unsigned l4_bytes, uint64_t *ret_pseudo)
{
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = htons((uint16_t)l4_bytes),
		.nexthdr = IPPROTO_TCP,
		.hop_limit = 64,
	};
	bench_address6(packet->source, ip.saddr.s6_addr);
	bench_address6(packet->destination, ip.daddr.s6_addr);
	memcpy(at, &ip, sizeof(ip));
	*ret_pseudo = sum(&ip.saddr, 32) + IPPROTO_TCP + l4_bytes;
	return at + sizeof(ip);
}

void bench_frame_build(struct bench_frame *frame, const struct bench_packet *packet)
{
	memset(frame, 0, sizeof(*frame));
	struct ethhdr ethernet = {
		.h_source = {2, 0, 0, 0, 0, packet->source_mac},
		.h_dest = {2, 0, 0, 0, 0, 1},
		.h_proto = htons(packet->family == 6 ? ETH_P_IPV6 : ETH_P_IP),
	};
	memcpy(frame->bytes, &ethernet, sizeof(ethernet));
	uint8_t *at = frame->bytes + sizeof(ethernet);
	unsigned l4_bytes = (unsigned)sizeof(struct tcphdr) + packet->payload;
	uint64_t pseudo;
	at = packet->family == 6 ? put_ipv6(at, packet, l4_bytes, &pseudo) : put_ipv4(at, packet, l4_bytes, &pseudo);
	struct tcphdr tcp = {
		.source = htons(packet->source_port),
		.dest = htons(packet->destination_port),
		.seq = htonl(packet->sequence),
		.ack_seq = htonl(packet->acknowledgement),
		.doff = 5,
		.window = htons(512),
	};
	((uint8_t *)&tcp)[13] = packet->flags;
	memcpy(at, &tcp, sizeof(tcp));
	memset(at + sizeof(tcp), 'x', packet->payload);
	tcp.check = fold(pseudo + sum(at, l4_bytes));
	memcpy(at, &tcp, sizeof(tcp));
	frame->length = (size_t)(at - frame->bytes) + l4_bytes;
}
