/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets that the benchmarks send through the programs. */
#ifndef RS_BENCH_FRAME_H
#define RS_BENCH_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_FIN 0x01
#define BENCH_SYN 0x02
#define BENCH_RST 0x04
#define BENCH_PSH 0x08
#define BENCH_ACK 0x10

/* Where connections begin and end: the last four bytes of the addresses, host order. What stands before them in IPv6
 * is bench_prefix(). */
#define BENCH_CLIENT   0x0a000001U /* 10.0.0.1 */
#define BENCH_VIP      0x64400000U /* 100.64.0.0/10 */
#define BENCH_VIP_BITS 10
#define BENCH_INSTANCE 0xc6130001U /* 198.19.0.1 */
#define BENCH_ELSE     0xc0a80001U /* 192.168.0.1: nobody's that Rouse knows */
#define BENCH_PORT     80
#define BENCH_PORT_IN  8080

struct bench_packet {
	unsigned family; /* 4 or 6 */
	uint32_t source;
	uint32_t destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t source_mac; /* last byte of 02:00:00:00:00:XX */
	uint8_t flags;
	uint32_t sequence;
	uint32_t acknowledgement;
	unsigned payload; /* bytes */
};

struct bench_frame {
	size_t length;
	uint8_t bytes[256];
};

/* A whole, correct frame. */
void bench_frame_build(struct bench_frame *frame, const struct bench_packet *packet);
/* The IPv6 address with those last four bytes: fd00:<kind of end>::x. */
void bench_address6(uint32_t last, uint8_t out[16]);

#endif
