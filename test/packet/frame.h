/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet in words, and as bytes. Checksums are computed anew from the whole packet, so that they also check the
 * dataplane's incremental updates.
 *
 * Words are of IPv4; the same words make an IPv6 packet when `frame_family` says so: 10.0.0.1 is fd00::10.0.0.1 then.
 */
#ifndef RS_TEST_FRAME_H
#define RS_TEST_FRAME_H

#include "abi/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

struct end {
	uint8_t ip[4];
	uint16_t port;
	uint8_t mac; /* last byte of 02:00:00:00:00:XX */
};

struct packet {
	struct end from;
	struct end to;
	unsigned flags;
	uint32_t seq;
	uint32_t ack;
	unsigned payload;     /* bytes of a counting pattern */
	unsigned ip_options;  /* words; with IPv6: as many extension headers of 8 bytes (destination options) */
	unsigned tcp_options; /* words, NOPs */
	unsigned trailer;     /* bytes of Ethernet padding behind the IP packet */
	uint8_t protocol;     /* 0 = TCP; UDP and ICMP have their own headers, others that of TCP */
	uint8_t ttl;	      /* 0 = 64 */
	uint16_t id;
	uint16_t fragment;  /* flags and offset as in IPv4, host order; 0 = none */
	uint16_t ethertype; /* 0 = IPv4 */
	bool no_df;	    /* else the don't-fragment flag is set */
	bool no_checksum;   /* of UDP */
	bool raw;	    /* no transport header at all: a later fragment */
	/* Of ICMP (protocol 1): in numbers of IPv4, also for what is ICMPv6 then. */
	uint8_t type;
	uint8_t code;
	uint32_t rest;		    /* identifier and sequence, or the MTU */
	const struct packet *about; /* the packet that an error quotes */
	unsigned quoted;	    /* bytes of it, from its IP header on; 0 = the headers and 8 bytes */
	unsigned gso;		    /* bytes of payload that the kernel will cut it into; 0 = it stays as it is */
	/* Lies. */
	uint16_t total_length; /* 0 = the true one */
	uint8_t tcp_words;     /* 0 = the true one */
	unsigned cut;	       /* bytes missing at the end */
};

/* RS_V4 or RS_V6: of what is built from here on. */
extern unsigned frame_family;
/* The address of `ip` in that family, mapped if IPv4. */
struct rs_address frame_address(const uint8_t ip[4]);

#define FRAME_MAX 2048
struct frame {
	size_t length;
	unsigned gso;
	uint8_t bytes[FRAME_MAX];
};

/* Builds the frame. */
void frame_build(struct frame *frame, const struct packet *packet);
/* The frame's headers as one line, for messages. */
const char *frame_text(const struct frame *frame, char *text, size_t size);

#endif
