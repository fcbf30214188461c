/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What starts instances. A runtime turns a spec into a running program behind
 * an address and tells what becomes of it. It decides nothing: when to start,
 * stop, restart or probe is the agent's (user/core's) business.
 *
 * Everything runs on the caller's event loop; results come by callback, never
 * from inside the call that asked for them. Strings in specs are borrowed for
 * the duration of the call.
 */
#ifndef RS_RT_RT_H
#define RS_RT_RT_H

#include "base/err.h"
#include "base/range.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define RS_RT_ARGS_MAX 128 /* argv entries of a command */
#define RS_RT_ENV_MAX  256 /* environment entries */
#define RS_RT_NAME_MAX 128 /* NAMESPACE/REVISION, with NUL */

enum rs_probe_kind {
	RS_PROBE_NONE,
	RS_PROBE_HTTP_GET,
	RS_PROBE_TCP_SOCKET,
	RS_PROBE_EXEC,
};

/* One run of a Kubernetes probe (core/v1 Probe). When to run it, and what follows, is the caller's. */
struct rs_probe_spec {
	enum rs_probe_kind kind;
	const char *path;	    /* httpGet: "/healthz" */
	const char *host;	    /* httpGet: Host header, NULL = none */
	uint16_t port;		    /* host order; httpGet, tcpSocket */
	const char *const *command; /* exec: NULL-terminated */
	uint32_t timeout_ms;	    /* 0 = 1 s */
};

/* What to run. */
struct rs_rt_spec {
	const char *namespace;
	const char *service;
	const char *configuration;
	const char *revision;
	const char *const *command; /* NULL-terminated; command then args, $(VAR) not yet expanded */
	const char *const *env;	    /* NULL-terminated "NAME=value"; PORT and K_* are added by the runtime */
	const char *working_dir;    /* NULL = / */
	int64_t run_as_user;	    /* uid; -1 = the runtime's unprivileged default */
	uint16_t port;		    /* $PORT, host order */
	bool is_udp;		    /* of that port */
	uint64_t cpu_millis;	    /* limit in 1/1000 CPU; 0 = none */
	uint64_t memory_bytes;	    /* limit; 0 = none */
};

/* One instance as the runtime knows it. Owned by the runtime; valid until on_gone. */
struct rs_rt_instance {
	uint32_t id;		    /* index in the ABI's instances map: chosen by the runtime's pool, 1.. */
	char name[32];		    /* of its network namespace, as `ip netns` shows it: "NAME-17" */
	char owner[RS_RT_NAME_MAX]; /* "NAMESPACE/REVISION", empty while in the pool */
	struct in_addr address;
	struct rs_address address6; /* all zero = it has none */
	uint32_t ifindex;	    /* host side of its veth */
	uint16_t mtu;		    /* of its veth */
	uint8_t mac[6];		    /* of the interface inside */
	uint8_t host_mac[6];	    /* of the host side */
	uint64_t netns_inode;
	uint64_t netns_cookie; /* SO_NETNS_COOKIE; 0 = unknown */
	pid_t pid;
	uint16_t port;	     /* host order */
	bool is_udp;	     /* of that port */
	uint64_t started_ns; /* CLOCK_MONOTONIC, when exec was asked for; 0 in the pool */
	uint64_t exec_ns;    /* when the sandbox's process called exec, as it told; 0 until it has */
	char log_path[512];  /* appears there some milliseconds after the start, in any case before on_exited */
	void *user;	     /* the agent's */
};

enum rs_rt_exit {
	RS_RT_EXIT_CODE,    /* value = exit code */
	RS_RT_EXIT_SIGNAL,  /* value = signal */
	RS_RT_EXIT_UNKNOWN, /* adopted, so nobody could wait for it */
	RS_RT_EXIT_EXEC,    /* the command could not be executed: value = errno, text says what */
	RS_RT_EXIT_OOM,	    /* the kernel killed it for want of memory: its limit's, or the node's */
};

struct rs_rt_callbacks {
	/* A sandbox has joined the pool: attach to its veth now, off the critical path. */
	void (*on_prepared)(void *user, struct rs_rt_instance *instance);
	/* Its process has ended. Its sandbox (namespace, address) stays until rs_rt_remove(). */
	void (*on_exited)(void *user, struct rs_rt_instance *instance, enum rs_rt_exit how, int value,
			  const char *text);
	/* The sandbox is gone; the structure is freed after this call. Also for one that on_prepared told of and that
	 * was never started (somebody killed it). */
	void (*on_gone)(void *user, struct rs_rt_instance *instance);
	/* A sandbox could not be built, and the pool stands still for a moment: err says why. */
	void (*on_failed)(void *user, const struct rs_err *err);
	/* Something else could not be done (a sandbox be removed, a log be rotated), and is tried again. */
	void (*on_trouble)(void *user, const struct rs_err *err);
	/* One probe's result: ok, or text says why not. */
	void (*on_probe)(void *user, struct rs_rt_instance *instance, uint64_t cookie, bool ok, const char *text);
};

/* Of instances' logs. */
struct rs_rt_log_limits {
	uint64_t bytes; /* of one before it is rotated; 0 = never */
	/* Of gone instances: how many of each service, for how long (0 = any), and until all logs together, those of
	 * running instances too, have so many bytes (0 = any). */
	uint32_t keep;
	uint64_t keep_seconds;
	uint64_t total_bytes;
};

struct rs_rt_config {
	const char *name;	    /* prefix of namespaces and links, "rouse" */
	const char *state_dir;	    /* logs live in STATE/logs */
	const char *run_dir;	    /* adoption records live in RUN/instances */
	const char *cgroup_root;    /* relative cgroup, "rouse" */
	const char *sandbox_helper; /* path of rouse-sandbox */
	const char *hosts_file;	    /* bind-mounted on the instances' /etc/hosts */
	const char *resolv_conf;    /* bind-mounted on /etc/resolv.conf; NULL = leave the host's */
	struct in_addr range;	    /* instances' range, network order */
	uint8_t range_bits;
	struct in_addr gateway; /* the instances' default gateway: rouse0's address */
	uint16_t mtu;		/* of the instances' links; 0 = the kernel's default */
	struct rs_range range6; /* the same of IPv6; bits are 0 without */
	struct rs_address gateway6;
	uint32_t pool_size;	/* sandboxes kept ready */
	uint32_t max_instances; /* running and pooled together, at most RS_INSTANCES_MAX */
	struct rs_rt_log_limits logs;
	uid_t default_uid;
	gid_t default_gid;
};

struct rs_rt;

/* Creates the runtime on `event`. Nothing is started. The config's strings are copied; relative paths are taken
 * from the current directory. The hosts file and resolv_conf are bind mounts in every sandbox: they must exist
 * when the pool is filled, and be changed in place (a rename would leave running instances with the old file). */
int rs_rt_new(sd_event *event, const struct rs_rt_config *config, const struct rs_rt_callbacks *callbacks, void *user,
	      struct rs_rt **ret_rt, struct rs_err *err);
/* Frees the agent's side only: instances go on running and can be adopted. Accepts NULL; returns NULL. */
struct rs_rt *rs_rt_free(struct rs_rt *rt);

/* Finds what an earlier agent left: `each` is called (synchronously) for every running instance, with owner set.
 * What cannot be adopted is removed, the old pool too: its helpers ended with the agent that they waited for. */
int rs_rt_adopt(struct rs_rt *rt, void (*each)(void *user, struct rs_rt_instance *instance), struct rs_err *err);

/* The directory of the version 2 cgroup that all instances are below. */
const char *rs_rt_cgroup(const struct rs_rt *rt);
/* Which limits this machine cannot enforce and why, in a sentence; NULL when it can enforce all. */
const char *rs_rt_unenforced(const struct rs_rt *rt);

/* What may change at any time. What is beyond a smaller pool is used up, not torn down. */
struct rs_rt_limits {
	uint32_t pool_size;
	uint32_t max_instances; /* at most RS_INSTANCES_MAX */
	uint32_t default_uid;
	uint32_t default_gid;
	struct rs_rt_log_limits logs;
};
void rs_rt_change(struct rs_rt *rt, const struct rs_rt_limits *limits);
/* Fills the pool up to pool_size, asynchronously. */
int rs_rt_fill_pool(struct rs_rt *rt, struct rs_err *err);

/* The pooled sandbox that the next rs_rt_start() takes, so that whoever has to know of it knows before the program
 * runs; NULL when the pool is empty. */
struct rs_rt_instance *rs_rt_next(struct rs_rt *rt);

/* Starts the spec in a pooled sandbox and refills the pool. -EAGAIN when the pool is empty (one is being
 * built: try again at on_prepared); -ENOSPC at max_instances; -EINVAL with err for a bad spec. */
int rs_rt_start(struct rs_rt *rt, const struct rs_rt_spec *spec, struct rs_rt_instance **ret_instance,
		struct rs_err *err);

/* Sends `signal` to the main process, and SIGKILL to its whole cgroup after grace_ms. on_exited follows. */
int rs_rt_stop(struct rs_rt *rt, struct rs_rt_instance *instance, int signal, uint32_t grace_ms);
/* Kills what is left and removes namespace, veth and cgroup. on_gone follows. Only for started instances. */
int rs_rt_remove(struct rs_rt *rt, struct rs_rt_instance *instance);

/* Stops all its processes where they are (cgroup.freeze), and lets them go on. Nothing freezes yet but tests; a frozen
 * instance that is stopped is thawed first. -ESRCH when it does not run. */
int rs_rt_freeze(struct rs_rt *rt, struct rs_rt_instance *instance);
int rs_rt_thaw(struct rs_rt *rt, struct rs_rt_instance *instance);

/* Runs one probe once; on_probe follows with `cookie`, at the latest after its timeout. */
int rs_rt_probe(struct rs_rt *rt, struct rs_rt_instance *instance, const struct rs_probe_spec *probe, uint64_t cookie);

/* Room in the accept queue of the instance's listener on its port, from sock_diag in its namespace. A UDP port has its
 * sockets, and no such queue: both are 0 then.
 * Returns 0 and fills it, -ENOENT when nothing listens there for an address that the instance has (`elsewhere` then
 * names a port that something does listen on, or 0, and `loopback` says that the right port listens on 127.0.0.1 or ::1
 * only). */
struct rs_rt_listener {
	uint32_t queued;  /* connections waiting for accept() */
	uint32_t backlog; /* listen()'s bound */
	uint8_t families; /* bit n: it can be reached over the family n (enum rs_family) */
	uint16_t elsewhere;
	bool loopback;
};
int rs_rt_listener(struct rs_rt *rt, struct rs_rt_instance *instance, struct rs_rt_listener *ret_listener);

/* Bytes of memory that the instance has, as its limit counts them. -ENOENT where the node does not count. */
int64_t rs_rt_memory(const struct rs_rt *rt, const struct rs_rt_instance *instance);

/* Looks after the logs; call about once a second. Writes down how long they are (log_times.h), and rotates those that
 * outgrew their limit: their head goes to ".1" (sandbox/rotate.c: nothing is lost where the file system can cut a
 * file's head). Logs of gone instances are deleted by a timer. */
void rs_rt_rotate_logs(struct rs_rt *rt);

/* Removes everything that any agent with this config ever made: instances, pool, namespaces, cgroups, records. */
int rs_rt_cleanup(const struct rs_rt_config *config, struct rs_err *err);

#endif
