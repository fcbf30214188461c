/* SPDX-License-Identifier: BSD-2-Clause */
/* Many connections, known by a number: each has a client's address and port of its own, 16384 ports an address. */
#ifndef RS_TEST_MANY_H
#define RS_TEST_MANY_H

#include "packet/world.h"

/* Sends the n-th connection's SYN, or another packet of its client. Returns the verdict. */
int many_syn(struct world *world, unsigned n, uint32_t seq);
int many_send(struct world *world, unsigned n, struct packet packet);
/* The rest of its handshake with instance 1; with data it is busy from then on. */
void many_finish(struct world *world, unsigned n, unsigned data);

struct many_states {
	unsigned half_open;
	unsigned established;
};

struct many_states many_states(struct world *world);
/* Waits until instance 1 has so many in flight: what is established becomes idle within a second or so. */
void many_wait_in_flight(struct world *world, unsigned wanted);
/* Each half of a flow has its other half: the reply leads to the flow, and the flow is where the reply leads. */
void many_check_halves(struct world *world);

#endif
