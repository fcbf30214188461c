/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The datapath adapter: the only code that sees libbpf. It loads the programs,
 * adopts pins of an earlier agent, attaches to interfaces, writes the tables,
 * reads counters, events and holds, and sends releases and resets.
 *
 * It decides nothing and is not thread-safe: it belongs to the agent's loop.
 */
#ifndef RS_DP_DP_H
#define RS_DP_DP_H

#include "abi/counters.h"
#include "abi/event.h"
#include "abi/flow.h"
#include "abi/hold.h"
#include "abi/service.h"
#include "base/err.h"

#include <netinet/in.h>
#include <stddef.h>

enum rs_hook {
	RS_HOOK_AUTO, /* TCX where the kernel has it (6.6), else clsact */
	RS_HOOK_TCX,
	RS_HOOK_CLSACT,
	RS_HOOK_COUNT,
};

/* Where among the TCX programs of an interface ours stands. */
enum rs_tcx_place {
	RS_TCX_FIRST,
	RS_TCX_LAST,
	RS_TCX_BEFORE, /* the program that is named; first, while it is not there */
	RS_TCX_AFTER,  /* it; last, while it is not there */
	RS_TCX_PLACE_COUNT,
};

struct rs_tcx_order {
	enum rs_tcx_place place;
	char program[16]; /* the other's name as the kernel keeps it (15 characters), or its number */
};

/* "first", "last", "before:PROGRAM" or "after:PROGRAM". -EINVAL for anything else. */
int rs_tcx_order_parse(const char *text, struct rs_tcx_order *ret_order);

/* How an XDP program runs: in the driver, or in the stack, behind the driver and before TC. */
#define RS_XDP_NATIVE  1U
#define RS_XDP_GENERIC 2U

/* Which program stands on an interface. */
enum rs_dp_side {
	RS_DP_CLIENT,	/* clients of this node sit behind it */
	RS_DP_UPLINK,	/* clients from elsewhere come in by it */
	RS_DP_INSTANCE, /* the host side of an instance's veth */
	RS_DP_HOST,	/* rouse1 */
	RS_DP_SIDE_COUNT,
};

struct rs_dp_config {
	const char *bpf_dir;	  /* on a bpffs; maps and links are pinned below it */
	struct in_addr vip_range; /* network order */
	unsigned vip_bits;
	struct in6_addr vip6_range;
	unsigned vip6_bits; /* 0 = no IPv6 */
	enum rs_hook hook;
	struct rs_tcx_order tcx_order;
	unsigned rouse0_ifindex;
	unsigned rouse1_ifindex;
	unsigned char rouse0_mac[6];
	unsigned char rouse1_mac[6];
	unsigned holds_max; /* powers of two; 0 = the default. Ignored when pins exist: theirs stand */
	unsigned flows_max;
	unsigned allowed_max; /* as the two above, but any number, and the next */
	unsigned routes_max;  /* three times as many frontends, for each family */
	unsigned revisions_max;
	unsigned holds_per_source;
	unsigned udp_unreplied_ms; /* how long flows of UDP may be silent; 0 = the default, as the next */
	unsigned udp_replied_ms;
};

struct rs_dp;

/* Before anything is made: a kernel that is too old, or without BTF. -EOPNOTSUPP with a sentence. */
int rs_dp_check_kernel(struct rs_err *err);
/* The kernel's release and what it has of what can be used. */
void rs_dp_describe_kernel(const struct rs_dp *dp, char *out, size_t size);

/* Loads the programs and creates or adopts the maps. -EPROTO with advice when the pins are of another ABI, -EBUSY when
 * another agent has them. */
int rs_dp_open(const struct rs_dp_config *config, struct rs_dp **ret_dp, struct rs_err *err);
/* Closes this agent's side: pinned maps, links and the sweeper go on. Accepts NULL, returns NULL. */
struct rs_dp *rs_dp_close(struct rs_dp *dp);
/* True when an earlier agent's maps were adopted. */
bool rs_dp_adopted(const struct rs_dp *dp);
/* "tcx" or "clsact": what rs_dp_attach() uses. */
const char *rs_dp_hook_name(const struct rs_dp *dp);

/* Entries that the maps take. */
struct rs_dp_sizes {
	unsigned frontends;
	unsigned routes;
	unsigned allowed;
	unsigned revisions;
	unsigned flows;
	unsigned holds;
};
struct rs_dp_sizes rs_dp_sizes(const struct rs_dp *dp);

/* Detaches everything and removes every pin under bpf_dir. Returns 0 also when there is nothing; -EBUSY while an agent
 * has it. */
int rs_dp_cleanup(const char *bpf_dir, struct rs_err *err);

/* Attaches `side`'s program to TC ingress, or replaces an earlier agent's there, and notes the way back. */
int rs_dp_attach(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, struct rs_err *err);
/* The same by XDP, for clients and uplinks: in the first of `modes` (RS_XDP_*, native before generic) that the driver
 * takes. On failure whatever stood there stands on, and `err` says why: rs_dp_attach() still works. */
int rs_dp_attach_xdp(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, unsigned modes,
		     struct rs_err *err);
/* True when the XDP program takes frames that lie in several buffers, as those above a page do. */
bool rs_dp_xdp_has_frags(const struct rs_dp *dp);
/* What the interface carries at most, in bytes of IP: longer replies are the stack's. Nothing when it has no entry. */
void rs_dp_iface_mtu(struct rs_dp *dp, unsigned ifindex, unsigned mtu);
/* Detaches; an interface that is gone is no error. */
int rs_dp_detach(struct rs_dp *dp, unsigned ifindex);
/* What stands there now, by the kernel's word: "xdp", "xdp-generic", "tcx", "clsact", or NULL when none does. */
const char *rs_dp_hook_at(const struct rs_dp *dp, unsigned ifindex);
/* Drops pins and entries of interfaces that no longer exist. */
void rs_dp_prune(struct rs_dp *dp);

/* Tables. Routes are replaced whole, so a packet sees the old one or the new one. */
/* The key for an address and a port (host order) of a protocol (RS_PROTOCOL_*). */
struct rs_frontend_key rs_dp_frontend(const struct rs_address *address, unsigned short port, unsigned char protocol);
/* `port`: index into rs_instance.port. */
int rs_dp_frontend_set(struct rs_dp *dp, const struct rs_frontend_key *key, unsigned route, unsigned port);
int rs_dp_frontend_delete(struct rs_dp *dp, const struct rs_frontend_key *key);
int rs_dp_frontend_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_frontend_key *key, unsigned route),
			void *user);
int rs_dp_route_set(struct rs_dp *dp, unsigned route, const struct rs_route *value);
/* -ENOENT when there is none. */
int rs_dp_route_get(struct rs_dp *dp, unsigned route, struct rs_route *ret_value);
int rs_dp_route_delete(struct rs_dp *dp, unsigned route);
int rs_dp_route_each(struct rs_dp *dp, int (*each)(void *user, unsigned route), void *user);

/* Packets for this port (host order) of any address that is no VIP are looked up among the frontends, or not. */
int rs_dp_external_set(struct rs_dp *dp, unsigned short port, unsigned char protocol, bool is_external);
/* Clears those that nobody claims. */
void rs_dp_external_sweep(struct rs_dp *dp, bool (*is_claimed)(void *user, unsigned short port, unsigned char protocol),
			  void *user);

/* How the revision picks the instance of its next connection. */
void rs_dp_revision_set_policy(struct rs_dp *dp, unsigned revision, enum rs_pick_policy policy);
/* What RS_PICK_HASH goes by, replaced whole: a packet sees the old table or the new one. While there is none, the
 * least loaded instance is picked. */
int rs_dp_maglev_set(struct rs_dp *dp, unsigned revision, const struct rs_maglev *table);
/* One that is not there is no error. */
void rs_dp_maglev_delete(struct rs_dp *dp, unsigned revision);

/* Lists of the address ranges that may use a route (rs_route.allowed). A new list is written under a number that no
 * route names, and stands for packets from the moment on that a route names it. IPv4 ranges count the 96 bits before
 * them. -ENOSPC when the map is full: rs_dp_config.allowed_max. */
int rs_dp_allowed_add(struct rs_dp *dp, unsigned list, const struct rs_address *address, unsigned bits);
int rs_dp_allowed_remove(struct rs_dp *dp, unsigned list, const struct rs_address *address, unsigned bits);
/* Visits every range of every list; none may be removed meanwhile. Stops at the first non-zero return. */
int rs_dp_allowed_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_allowed_key *key), void *user);

/* Entries that the dataplane and the agent share by memory, valid until rs_dp_rest(). NULL when the index is out of
 * range, or memory is out. */
struct rs_revision *rs_dp_revision(struct rs_dp *dp, unsigned revision);
struct rs_instance *rs_dp_instance(struct rs_dp *dp, unsigned instance);

/* Empties the entry and makes it the revision's: no holds, no instances, zero statistics. */
int rs_dp_revision_init(struct rs_dp *dp, unsigned revision, unsigned long long uid, unsigned hold_max,
			unsigned hold_total_ms);
/* Which ports its instances have, and which of them are UDP's: bits as in struct rs_revision. A new entry has port[0]
 * alone, TCP's. */
void rs_dp_revision_set_ports(struct rs_dp *dp, unsigned revision, unsigned char ports, unsigned char udp);
/* A free entry, 0 when all are in use. */
unsigned rs_dp_revision_free_entry(struct rs_dp *dp);
/* Makes the entry an instance in state STARTING, known by its namespace, and puts it on its revision's list.
 * -ENOSPC when the revision has RS_REVISION_INSTANCES_MAX. */
int rs_dp_instance_add(struct rs_dp *dp, unsigned instance, const struct rs_instance *value, unsigned netns_inode);
/* Changes the state; the store is ordered before every later look for holds. */
void rs_dp_instance_set_state(struct rs_dp *dp, unsigned instance, enum rs_instance_state state);
/* Takes it off its revision's list and marks it DEAD (its connections get RST) until the entry is used anew. */
void rs_dp_instance_remove(struct rs_dp *dp, unsigned instance, unsigned netns_inode);

/* Sockets of UDP in the cgroup and those below it are seen when they are bound; `cgroup` is a directory of the version
 * 2 hierarchy. -EOPNOTSUPP when the kernel cannot: then the agent has to look itself. */
int rs_dp_attach_binds(struct rs_dp *dp, const char *cgroup, struct rs_err *err);
/* The cookie (SO_NETNS_COOKIE) of an instance's namespace, by which these know it; 0 = unknown. */
int rs_dp_cookie_set(struct rs_dp *dp, unsigned long long cookie, unsigned instance);
void rs_dp_cookie_delete(struct rs_dp *dp, unsigned long long cookie);

/* Removes every instance that an earlier agent left and that `is_known` does not know, namespaces included. */
void rs_dp_instances_sweep(struct rs_dp *dp, bool (*is_known)(void *user, unsigned instance), void *user);

/* Sums over CPUs. */
int rs_dp_counters(struct rs_dp *dp, struct rs_counters *ret_counters);
/* -EAGAIN when no consistent copy could be had. */
int rs_dp_stats(struct rs_dp *dp, unsigned revision, struct rs_revision_stats *ret_stats);

/* The descriptor that polls readable when there are events, and their delivery. */
int rs_dp_events_fd(const struct rs_dp *dp);
int rs_dp_events_consume(struct rs_dp *dp, void (*event)(void *user, const struct rs_event *event), void *user);
/* True when events were lost since the last call, because the ring buffer was full: what they would have told is in
 * the tables. */
bool rs_dp_events_lost(struct rs_dp *dp);
/* Tells the dataplane that the bell was heard: the next hold rings again. */
void rs_dp_wake_answered(struct rs_dp *dp, unsigned revision);

/* Visits the holds that arrived since the last call (at the first call: all), in order of arrival. */
void rs_dp_holds_new(struct rs_dp *dp, void (*hold)(void *user, unsigned long long sequence, unsigned revision),
		     void *user);
/* Visits holds from `*place` (0 at first) on, some hundred slots in one go; `hold` is a snapshot. Returns 1 when there
 * may be more, 0 at the end, or what `each` returned, if that is not 0: the next call goes on behind that hold. */
int rs_dp_holds_some(struct rs_dp *dp, uint64_t *place, int (*each)(void *user, const struct rs_hold *hold),
		     void *user);
/* Visits every slot that may be in use; `hold` is a snapshot. Stops at the first non-zero return. */
int rs_dp_holds_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_hold *hold), void *user);
/* The state of a hold, RS_HOLD_FREE when its slot serves another one by now. */
enum rs_hold_state rs_dp_hold_state(struct rs_dp *dp, unsigned long long sequence);
/* The slot; valid while rs_dp_hold_state says RS_HOLD_HELD. NULL when memory is out. */
const struct rs_hold *rs_dp_hold(struct rs_dp *dp, unsigned long long sequence);
/* Lets the held SYN go on: it goes through the service path again, and stays held until a SYN-ACK passes. Of UDP: lets
 * held datagrams go on in their order, and ends the hold when there is none left; what nobody could take stays.
 * -ENOENT when the hold has ended, -EAGAIN when it is being changed all the time: both may be ignored. */
int rs_dp_release(struct rs_dp *dp, unsigned long long sequence);
/* Answers the held SYN with RST, drops held datagrams, and ends the hold as reset. */
int rs_dp_reset(struct rs_dp *dp, unsigned long long sequence);

/* Visits tracked connections from `*place` (0 at first) on, at most some hundred in one go; returns as the one above.
 * Those that come or go meanwhile may be missed; no other is, and none is seen twice but when the map changes at the
 * very place where a call stopped. */
int rs_dp_flows_some(struct rs_dp *dp, uint64_t *place,
		     int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow), void *user);
/* Visits every tracked connection. Stops at the first non-zero return. */
int rs_dp_flows_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow),
		     void *user);

/* Nothing is to do for some time: gives back the memory that looking at entries has taken. */
void rs_dp_rest(struct rs_dp *dp);

/* Bytes that the maps occupy, as the kernel accounts them (fdinfo memlock). */
unsigned long long rs_dp_map_bytes(const struct rs_dp *dp);

#endif
