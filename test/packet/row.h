/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A row is a test: a description, what is given, and steps. A step is a packet
 * in, a verdict, a packet out, and exactly the reasons that are counted for it.
 */
#ifndef RS_TEST_ROW_H
#define RS_TEST_ROW_H

#include "packet/world.h"

/* Most rows say nothing of families. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum from {
	FROM_CLIENT, /* by the interface `client` */
	FROM_UPLINK, /* a client too, by `uplink` */
	FROM_ONE,    /* instance 1 */
	FROM_TWO,
	FROM_HOST, /* rouse1 */
	RELEASE,   /* rouse1, with the agent's mark */
	RESET,
	DATAGRAM, /* rouse1, with the agent's mark for the first of a queue */
	CLOSE,	  /* and that for its end */
	ACT,	  /* no packet: `act` alone */
};

struct step {
	enum from by;
	struct packet in;
	int verdict;
	struct packet
		out; /* none (from.port 0): the packet is unchanged when it passes, and not looked at when dropped */
	const char *counts;		  /* "forwarded connection_new hold_begun*3" */
	void (*act)(struct world *world); /* after the packet */
};

struct row {
	const char *name;
	void (*given)(struct world *world);
	struct step steps[12];
	enum {
		BOTH_FAMILIES,
		IPV4_ONLY, /* what the row is about is not in the other */
		IPV6_ONLY,
	} families;
};

/* Tables end with a row without a name. */
extern const struct row rows_foreign[], rows_service[], rows_handshake[], rows_hold[], rows_end[], rows_limit[],
	rows_access[], rows_flow[], rows_crowd[], rows_udp[], rows_pick[], rows_external[], rows_icmp[],
	rows_fragment[], rows_mtu[];

/* Packets in short. */
#define CLIENT_BY_GATEWAY                                                                                              \
	{                                                                                                              \
		{10, 0, 0, 1}, 40000, 1                                                                                \
	}
#define VIP_BY_ONE                                                                                                     \
	{                                                                                                              \
		{198, 18, 0, 5}, 80, 0x21                                                                              \
	}
#define VIP_BY_TWO                                                                                                     \
	{                                                                                                              \
		{198, 18, 0, 5}, 80, 0x22                                                                              \
	}
#define TO_VIP(...)	   .in = {.from = CLIENT, .to = VIP, __VA_ARGS__}
#define OUT_TO_ONE(...)	   .out = {.from = CLIENT, .to = ONE, __VA_ARGS__}
#define OUT_TO_TWO(...)	   .out = {.from = CLIENT, .to = TWO, __VA_ARGS__}
#define FROM_INSTANCE(...) .in = {.from = ONE, .to = CLIENT_BY_GATEWAY, __VA_ARGS__}
#define OUT_TO_CLIENT(...) .out = {.from = VIP_BY_ONE, .to = CLIENT, __VA_ARGS__}
#define OUT_RESET(...)	   .out = {.from = VIP, .to = CLIENT, __VA_ARGS__}

/* The handshake of CLIENT with instance 1, of which most rows have one. */
#define SYN_FORWARDED                                                                                                  \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,                                    \
							       OUT_TO_ONE(.flags = SYN, .seq = 100),                   \
							       .counts = "connection_new forwarded"                    \
	}
#define SYN_ACK_REPLIED                                                                                                \
	{                                                                                                              \
		FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101),                                   \
			.verdict = REDIRECT, OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101),                \
			.counts = "replied"                                                                            \
	}
#define ACK_FORWARDED                                                                                                  \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 101, .ack = 901),                                             \
			.verdict = REDIRECT, OUT_TO_ONE(.flags = ACK, .seq = 101, .ack = 901), .counts = "forwarded"   \
	}
#define SYN_PARKED                                                                                                     \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,                                        \
							       .counts = "hold_begun hold_parked hold_wake"            \
	}

#endif
