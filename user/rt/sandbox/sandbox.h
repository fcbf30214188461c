/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse-sandbox: does the slow and the privileged work of the process runtime
 * outside the agent's event loop, one short life for each job.
 *
 *	main.c      verbs and options
 *	prepare.c   builds a sandbox, waits in it, becomes the instance
 *	network.c   veth pair, addresses, routes, neighbours
 *	mounts.c    the name under /run/netns, /etc/hosts, /etc/resolv.conf
 *	groups.c    control groups
 *	identity.c  becoming an unprivileged user for good
 *	become.c    from START message to exec
 *	remove.c    takes a sandbox away; finds what was left
 *	enter.c     runs a probe's command in an instance
 *	rotate.c    takes the head off a log
 *	sweep.c     deletes logs of gone instances
 *
 * Failures are reported as one sentence: on standard error, or over the
 * control socket where there is one.
 */
#ifndef RS_SANDBOX_SANDBOX_H
#define RS_SANDBOX_SANDBOX_H

#include "abi/address.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RS_SANDBOX_GROUPS_MAX 3

struct rs_sandbox_options {
	const char *name; /* of the namespace and the cgroups: "rouse-17"; for cleanup the prefix "rouse" */
	const char *link; /* host side of the veth; for cleanup its prefix */
	/* Of each family; all zero for one that it shall not have. */
	struct rs_address address[RS_FAMILIES]; /* of the instance */
	struct rs_address gateway[RS_FAMILIES]; /* its default route */
	uint32_t id;
	long long mtu;				   /* of both ends of the veth; 0 = the kernel's default */
	const char *hosts;			   /* NULL = the host's */
	const char *resolv_conf;		   /* NULL = the host's */
	const char *groups[RS_SANDBOX_GROUPS_MAX]; /* parents of the instance's cgroups; the first kills */
	size_t group_count;
	const char *records; /* cleanup: directory of the adoption records */
	const char *log;     /* prepare, remove: where the output goes while nobody knows whose it will be */
	const char *logs;    /* cleanup, sweep: directory of the logs */
	pid_t pid;	     /* enter: the instance's main process */
	const char *path;    /* rotate: the log */
	long long keep;	     /* rotate: of its head at most so many bytes; 0 = all. sweep: logs of each service */
	long long age;	     /* sweep: seconds that a log is kept; 0 = any */
	long long total;     /* sweep: bytes of all logs; 0 = any */
	long long spare;     /* sweep: bytes that the disk shall have left; 0 = any */
	char **command;	     /* enter: what to run, after "--" */
};

/* Verbs. They return 0 or a negative errno with err, or do not return. */
int rs_sandbox_prepare(const struct rs_sandbox_options *options, struct rs_err *err);
int rs_sandbox_remove(const struct rs_sandbox_options *options, struct rs_err *err);
int rs_sandbox_cleanup(const struct rs_sandbox_options *options, struct rs_err *err);
int rs_sandbox_enter(const struct rs_sandbox_options *options, struct rs_err *err);
int rs_sandbox_rotate(const struct rs_sandbox_options *options, struct rs_err *err);
int rs_sandbox_sweep(const struct rs_sandbox_options *options, struct rs_err *err);

/* groups.c */
/* Makes the sandbox's cgroups and moves this process into them. */
int rs_groups_join(const struct rs_sandbox_options *options, bool create, struct rs_err *err);
/* Kills what is in them, waits for its end, and removes them. Returns 0 also when there are none. */
int rs_groups_remove(const struct rs_sandbox_options *options, const char *name, struct rs_err *err);

/* network.c */
struct rs_network {
	uint32_t ifindex; /* host side */
	uint64_t netns_inode;
	uint64_t netns_cookie;
};
/* Puts this process into a network namespace of its own, connected to the one it was in. */
int rs_network_build(const struct rs_sandbox_options *options, struct rs_network *ret_network, struct rs_err *err);
/* Deletes the host side, and with it the other. Returns 0 also when there is none. */
int rs_network_delete_link(const char *link, struct rs_err *err);

/* mounts.c */
/* Names this process's network namespace under /run/netns. */
int rs_mounts_name_netns(const char *name, struct rs_err *err);
int rs_mounts_unname_netns(const char *name, struct rs_err *err);
/* A mount namespace of its own with the sandbox's /etc/hosts and /etc/resolv.conf. */
int rs_mounts_build(const struct rs_sandbox_options *options, struct rs_err *err);

/* identity.c */
/* Gives up everything that exec could give back: no new privileges, no capability in the bounding set. */
int rs_identity_bound(struct rs_err *err);
/* Becomes the user, with no supplementary groups and no capabilities. */
int rs_identity_become(uid_t uid, gid_t gid, struct rs_err *err);

/* become.c */
/* Waits for START and becomes the instance. Returns only on failure. */
int rs_become(struct rs_err *err);

#endif
