/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dataplane by itself, without an agent, between real sockets:
 *
 *	client namespace          node namespace (the test's own)        instance namespaces
 *	10.0.1.2  eth0 -------- client 10.0.1.1        one 198.19.255.1 -------- eth0  198.19.0.1
 *	                          rouse0 - rouse1        two 198.19.255.1 -------- eth0  198.19.0.2
 *
 * One process has sockets in all of them: a socket stays in the namespace that
 * its thread was in when it was made. VIP:80 and VIP:8080 lead to revision 1.
 * Strict reverse-path filters everywhere.
 */
#ifndef RS_TEST_NET_DP_H
#define RS_TEST_NET_DP_H

#include "dp/dp.h"
#include "sys/hostlink.h"

#include <stdbool.h>
#include <stdint.h>

/* Each has an address of both families, and tests use the one of RS_TEST_FAMILY (4, or 6). */
#define VIP	       net_address("198.18.0.5", "fd00:18::5")
#define OTHER_VIP      net_address("198.18.77.77", "fd00:18::77")
#define NODE_ADDRESS   net_address("10.0.1.1", "fd00:1::1")
#define CLIENT_ADDRESS net_address("10.0.1.2", "fd00:1::2")
#define ONE_ADDRESS    net_address("198.19.0.1", "fd00:19::1") /* instance 1 */
#define SOON_MS	       800   /* below the first retransmission of a SYN: what takes longer was lost */
#define DEADLINE_MS    12000 /* what must come, but not at once */

struct net {
	struct rs_dp *dp;
	char *bpf_dir;
	struct rs_hostlink link;
	int node; /* namespaces */
	int client;
	int instance[3]; /* by instance: 1 and 2 */
	unsigned client_if;
	unsigned instance_if[3];
	unsigned char instance_mac[3][6];
	unsigned char client_mac[6]; /* of the interface `client` */
	unsigned netns_inode[3];
	enum rs_hook hook;
	struct rs_tcx_order order;
	unsigned xdp_modes; /* for the client's interface; 0 = TC */
	struct rs_counters before;
};

/* The namespaces, the interfaces and the dataplane. False (with a reason) where they cannot be had. */
bool net_open(struct net *net, enum rs_hook hook, const char **ret_why);
/* The same with XDP on the client's interface, in the first of `modes` that works; 0 = TC. */
bool net_open_xdp(struct net *net, unsigned modes, const char **ret_why);
/* Everything away; fails the test when something is left. */
void net_close(struct net *net);
/* The agent's side alone, closed and opened again as by a restarted agent. */
void net_close_agent(struct net *net);
void net_open_agent(struct net *net);

bool net_is_v6(void);
/* The one of the two that the test is about. */
const char *net_address(const char *v4, const char *v6);

void net_frontend(struct net *net, const char *vip, unsigned short port);
/* Makes instance 1 or 2, known by its namespace, in that state. */
struct rs_instance *net_instance(struct net *net, unsigned id, enum rs_instance_state state);

/* Runs a shell command in a namespace; fails the test when it fails. */
void net_shell(int ns, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Skips the test when the command, which changes nothing in the end, fails: for what a kernel may lack. */
void net_need(int ns, const char *command);
/* A socket in that namespace, of the test's family. */
int net_socket(int ns, int type);
int net_socket_of(int ns, int type, int protocol);
/* An AF_PACKET socket for whole frames. */
int net_packet_socket(int ns);
unsigned net_index(int ns, const char *interface);
int net_listen(int ns, unsigned short port, int backlog);
/* Begins to connect. `from`: the local port, 0 = any. */
int net_connect(int ns, const char *address, unsigned short port, unsigned short from);
/* By a raw socket. */
ssize_t net_send_to(int fd, const char *address, const void *data, size_t length);
/* 0 when the connection stands within so many ms, else the errno, or ETIMEDOUT. */
int net_connected(int fd, int timeout_ms);
int net_accept(int listener, int timeout_ms);
/* Sends `length` bytes from one to the other and back, and checks them. Closes neither. */
void net_exchange(int client, int server, unsigned length);
bool net_readable(int fd, int timeout_ms);

uint64_t net_counter(const struct net *net, enum rs_reason reason);
/* Waits until the reason was counted so many times since net_mark() (or net_open()). */
void net_wait(const struct net *net, enum rs_reason reason, uint64_t times);
void net_mark(struct net *net);
uint64_t net_since_mark(const struct net *net, enum rs_reason reason);
/* begun = released + expired + shed + reset + held. */
void net_check_sum(const struct net *net);
/* Waits until no request is in flight, on no instance. */
void net_wait_idle(const struct net *net);

/* The holds that arrived since the last call, at most `max`. */
unsigned net_holds(struct net *net, unsigned long long *ret_sequences, unsigned max);

#endif
