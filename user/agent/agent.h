/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roused: the daemon's one object and the parts that work on it.
 *
 * Read this first, then tick.c: a round of read, decide, plan, apply. What
 * comes in between ticks (a SYN was held, a program listens, a process ended,
 * a manifest changed) ends in the same functions.
 *
 *	main.c              start, signals, stop
 *	reload.c            SIGHUP: the configuration again
 *	agent.c             builds the object, adopts what an earlier agent left
 *	load.c              what it begins with: from the store to the registry
 *	tick.c              the periodic round
 *	record.c            events for people
 *
 *	revision/		a revision at work, and its instances
 *	  workload.c        a revision at work: its numbers, its scale
 *	  settings.c        what its scale goes by
 *	  retune.c          the same again, while it is at work
 *	  pick.c            which instance takes the next connection
 *	  status.c          what it says of itself
 *	  instance.c        an instance's life, from start to gone
 *	  probing.c         the probes of its manifest
 *	  deaf.c            programs that listen in one address family alone
 *	  failing.c         what goes wrong with it, and what follows
 *	  release.c         letting held SYNs go on
 *
 *	change/		objects that change
 *	  collect.c         revisions that nobody needs any more
 *	  change.c          objects that change: to the store, and then to the rest of us
 *	  waiting.c         requests for an object that is being changed
 *
 *	route/		how a service is reached
 *	  routing.c         traffic targets to frontends and routes
 *	  access.c          who may reach a service
 *	  external.c        ports of the node's own addresses (external.h; ports.h)
 *	  names.c           the hosts file
 *
 *	show/		what the API does and shows
 *	  backend.c, objects.c, logs.c, listing.c, view.c, view_scale.c
 *	                    what the API does and shows
 *	  list.c, filter.c, walk.c
 *	                    lists: which objects, and one after the other
 *	  metrics.c         Prometheus text
 *
 *	watch/		who is told of changes
 *	  journal.c, watch.c, shown.c
 *	                    what has changed, and who is told
 *
 *	config/		what the agent was asked to be
 *	  options.c, option_table.c, option_print.c, option_check.c, option_range.c,
 *	  sections.c, config_file.c
 *	                    options and configuration (options.h)
 *
 *	host/		what the agent does to its host
 *	  addresses.c       which addresses are whose
 *	  passed.c          a socket from systemd
 *	  cleanup.c         takes every trace of an agent off the host
 *	  traces.c          what it changed beside its own things, and how that was before
 *	  attach.c          interfaces that clients sit behind
 *	  interfaces.c      which hook stands on which interface, and why
 *
 *	api/		the HTTP server on the socket (api/api.h)
 *
 *	health/		whether the node is well
 *	  health.c, health_host.c, health_process.c
 *	  pressure.c        each part of it, of the host, of this process; what was full
 */
#ifndef RS_AGENT_AGENT_H
#define RS_AGENT_AGENT_H

#include "agent/api/api.h"
#include "agent/config/options.h"
#include "core/autoscale/kpa.h"
#include "core/autoscale/scale.h"
#include "core/autoscale/window.h"
#include "core/model/model.h"
#include "core/registry/registry.h"
#include "dp/dp.h"
#include "rt/rt.h"
#include "sys/hostlink.h"
#include "sys/outbound.h"
#include "sys/store.h"

#include <systemd/sd-event.h>

struct rs_workload;

/* Where an instance is in its life. The dataplane's state (rs_instance.state) says who may be sent to it. */
enum rs_stage {
	RS_STAGE_STARTING, /* exec asked for */
	RS_STAGE_READY,
	RS_STAGE_UNREADY,  /* was ready, and is out of rotation until it is again */
	RS_STAGE_DRAINING, /* no new connections; goes when the last request has ended */
	RS_STAGE_STOPPING, /* signalled */
	RS_STAGE_EXITED,   /* its sandbox lingers for the last FINs */
	RS_STAGE_COUNT,
};

enum rs_probe_role {
	RS_ROLE_STARTUP,
	RS_ROLE_READINESS,
	RS_ROLE_LIVENESS,
	RS_ROLE_COUNT,
};

/* Where one of an instance's probes is. */
struct rs_probing {
	bool is_running;
	uint32_t successes; /* in a row */
	uint32_t failures;
	uint64_t next_ns;
};

struct rs_agent_instance {
	struct rs_workload *workload;
	struct rs_agent_instance *next; /* of its workload */
	struct rs_rt_instance *rt;
	enum rs_stage stage;
	bool probed;	      /* the manifest has a readiness or startup probe */
	bool startup_is_over; /* the startup probe has succeeded */
	struct rs_probing probing[RS_ROLE_COUNT];
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	uint64_t listen_ns;  /* 0 until seen */
	uint64_t ready_ns;
	uint64_t version;	      /* changes with what watches see of it */
	uint64_t stage_ns;	      /* since when in this stage */
	char complaint[192];	      /* why it is not ready, when something is known */
	const char *complaint_reason; /* in one word, a literal; NULL while nothing is wrong */
	sd_event_source *timer;	      /* checks while starting; the linger after exit */
};

/* A held SYN as the agent sees it: its place in the ring, and when it was last let go. */
struct rs_pending {
	uint64_t sequence;
	uint64_t sent_ns; /* 0 = never */
	uint32_t tries;
	uint32_t probes; /* tries while no instance had answered yet */
};

/* What is measured while a revision is at work; nothing of it outlives its rest. One block, its memory at the end. */
struct rs_measurements {
	struct rs_kpa kpa;
	struct rs_window stable;
	struct rs_window panic;
	struct rs_revision_stats stats; /* as of stats_ns */
	uint64_t stats_ns;
	double buckets[]; /* of both windows, then the entries of the scale-down delay */
};

/* A revision at work, or asleep: then it is small. */
struct rs_workload {
	struct rs_agent *agent;
	struct rs_model_revision *revision; /* the registry's, or owned once `removed` */
	bool removed;			    /* deleted from the registry: ends with its last instance */
	unsigned id;			    /* entry in the dataplane's `revisions` */

	struct rs_agent_instance *instances;

	struct rs_pending *pending; /* held SYNs in order of arrival */
	size_t pending_count;
	size_t pending_capacity;
	sd_event_source *release_timer;

	/* Scaling. */
	bool active; /* on the agent's list of those that are looked at each second */
	struct rs_workload *active_next;
	struct rs_kpa_spec spec;
	struct rs_measurements *measured; /* NULL while it rests */
	struct rs_kpa_decision decision;
	struct rs_scale_config scale_config;
	struct rs_scale_state scale;
	enum rs_scale_why why;
	uint64_t scaled_ns; /* when scale.replicas changed last; 0 = not since the agent's start */
	double stable_value, panic_value;
	bool starved;	/* waits for a sandbox */
	bool node_full; /* and the node has none left: said already */
	uint64_t next_tick_ns;

	bool was_ready; /* an instance of it was, at some time */
	/* Failed starts. */
	uint32_t failures;
	uint64_t next_start_ns;
	sd_event_source *retry_timer;
};

struct rs_agent_counters {
	uint64_t releases;
	uint64_t release_errors;
	uint64_t resets;
	uint64_t holds_seen;
	uint64_t seen_released;
	uint64_t seen_expired;
	uint64_t seen_shed;
	uint64_t seen_reset;
	uint64_t seen_lost; /* the slot served another hold before the agent looked */
	uint64_t wakes;
	uint64_t starts;
	uint64_t start_failures;
	uint64_t exits;
	uint64_t changes_refused; /* by the store */
	uint64_t series_dropped;  /* of /metrics, beyond its maximum */
	uint64_t looks;		  /* at everything, because events were lost */
};

/* A revision that an earlier agent left in the dataplane. */
struct rs_known_entry {
	uint64_t uid;
	unsigned id;
};

/* Where the options came from, and what became of the last reload. */
struct rs_config_state {
	int argc;
	char **argv;
	uint64_t loaded_wall_ns;
	uint64_t failed_wall_ns;	/* of `error` */
	char error[RS_ERR_MESSAGE_MAX]; /* why the last reload was refused, "" when it was not */
	char restart[256];		/* options that have changed in the files since the start, "" = none */
};

/* Ranges of lists that an earlier agent left in the dataplane, sorted by list; while it is taken over. */
struct rs_access_left {
	struct rs_allowed_key *keys;
	size_t count;
	size_t capacity;
};

struct rs_access;
struct rs_external;
struct rs_pressure;
struct rs_attach;
struct rs_journal;
struct rs_leg;
struct rs_names;
struct rs_watches;
struct rs_waiting_request;

struct rs_agent {
	sd_event *event;
	struct rs_options *options;
	struct rs_config_state configuration;
	struct rs_hostlink link;
	unsigned instance_mtu; /* of the links of instances that are started from now on */
	struct rs_dp *dp;
	struct rs_rt *rt;
	struct rs_registry *registry;
	struct rs_store *store;
	struct rs_api *api;
	struct rs_journal *journal;
	struct rs_watches *watches;
	struct rs_workload **workloads; /* by dataplane id; `workload_count` entries, the first is never used */
	unsigned workload_count;
	struct rs_workload *active;
	unsigned active_count;
	sd_event_source *tick_timer;
	sd_event_source *collect_timer;
	sd_event_source *dp_source;
	struct rs_attach *attach;
	struct rs_names *names;
	struct rs_leg **legs; /* what stands in the dataplane, by VIP index; `leg_count` entries */
	uint32_t leg_count;
	unsigned route_count; /* entries in the dataplane that are this agent's, as the next two */
	unsigned frontend_count;
	unsigned allowed_count;
	struct rs_external *external;
	struct rs_pressure *pressure;
	struct rs_access_left access_left;
	struct rs_known_entry *known; /* revisions that an earlier agent left in the dataplane, sorted by uid */
	size_t known_count;
	int passed_socket; /* until the API has it; -1 = none */
	int lock;	   /* RUN-DIR/lock, held: two agents never share one */
	struct rs_agent_counters counters;
	struct rs_waiting_request *waiting;
	uint64_t refused_since; /* changes that the store refused since it took the last one */
	uint64_t refused_said_ns;
	uint64_t started_ns;
	uint64_t clock_offset_ns; /* wall clock - monotonic one, at the start */
	bool ready;
	bool is_ending; /* parts of it are gone */
	unsigned rounds;
	bool has_litter; /* objects have changed: memory to give back at the next rest */
};

/* agent.c */
/* The revision's name in the dataplane: the first 16 hex digits of its UUID. */
uint64_t rs_agent_uid(const char *uuid);
/* The entry that an earlier agent made for it, 0 when there is none. */
unsigned rs_agent_known_entry(const struct rs_agent *agent, uint64_t uid);
/* `passed_socket`: of rs_passed_socket(), taken over. */
int rs_agent_new(struct rs_options *options, sd_event *event, int passed_socket, struct rs_agent **ret_agent,
		 struct rs_err *err);
/* Takes RUN-DIR/lock, -EBUSY when another agent has it. The lock goes with the descriptor. A process that is about to
 * be gone is waited for. */
int rs_agent_lock(const struct rs_options *options, int *ret_lock, struct rs_err *err);
/* What the parts below are configured with. The paths own the strings that are not in the options. */
struct rs_agent_paths {
	char *helper;
	char *hosts;
};
int rs_agent_rt_config(const struct rs_options *options, struct rs_agent_paths *ret_paths,
		       struct rs_rt_config *ret_config, struct rs_err *err);
struct rs_rt_limits rs_agent_rt_limits(const struct rs_options *options);
void rs_agent_paths_done(struct rs_agent_paths *paths);
/* Leaves instances, maps and links as they are: the next agent adopts them. */
struct rs_agent *rs_agent_free(struct rs_agent *agent);

/* addresses.c */
/* Whether there is IPv6: options->has_v6. Says so when it was asked for and the host has none; -EAFNOSUPPORT when there
 * is nothing else. */
int rs_agent_find_families(struct rs_options *options, struct rs_err *err);
/* -EINVAL when a service asks for IPv6 where there is none. */
int rs_agent_check_families(const struct rs_agent *agent, const struct rs_metadata *metadata, struct rs_err *err);
struct rs_ranges rs_agent_ranges(const struct rs_options *options);
/* rouse0's address: the source of the host's own clients, the instances' gateway. */
struct rs_address rs_agent_node_address(const struct rs_options *options, enum rs_family family);
/* The fixed next hop behind rouse0. */
struct rs_address rs_agent_gateway(const struct rs_options *options, enum rs_family family);
/* A service's, or a tag's, by its place in the range. */
struct rs_address rs_agent_vip(const struct rs_options *options, uint32_t vip, enum rs_family family);
struct rs_outbound_config rs_agent_outbound_config(const struct rs_options *options);

/* load.c */
/* The store, the registry with what it has, the journal and the watches. */
int rs_load_objects(struct rs_agent *agent, struct rs_err *err);

/* traces.c */
/* mkdir -p; notes the parents that were made. */
int rs_traces_make_directory(const struct rs_options *options, const char *path, struct rs_err *err);
/* Notes what the start is about to change. */
int rs_traces_note(const struct rs_options *options, struct rs_err *err);
/* Undoes all of it, or hands it to another agent of this host. */
int rs_traces_undo(const struct rs_options *options, struct rs_err *err);

/* passed.c */
/* The socket RUN-DIR/api.sock that systemd listens on, -1 when it passed none. -EINVAL for any other socket. To be
 * called before anything is executed. */
int rs_passed_socket(const struct rs_options *options, int *ret_fd, struct rs_err *err);

/* reload.c */
/* Reads the configuration again on SIGHUP; the command line stays what it was. */
int rs_reload_start(struct rs_agent *agent, int argc, char **argv, struct rs_err *err);

/* cleanup.c */
/* Removes every trace; logs what it could not. -EBUSY while an agent runs. */
int rs_agent_cleanup(const struct rs_options *options);

/* workload.c */
/* The workload of a revision, made when there is none yet. */
int rs_workload_get(struct rs_agent *agent, struct rs_model_revision *revision, struct rs_workload **ret_workload,
		    struct rs_err *err);
struct rs_workload *rs_workload_free(struct rs_workload *workload);
/* Looks at it each second from now on, until it is at zero and quiet. */
void rs_workload_activate(struct rs_workload *workload);
/* Its revision is gone: resets its holds, drains its instances, frees it with the last one. */
void rs_workload_remove(struct rs_workload *workload);
/* Frees it if it is removed and has no instance left. Returns true when it did. */
bool rs_workload_collect(struct rs_workload *workload);
/* Begins to measure by its present settings; what was measured so far is the caller's. */
int rs_workload_measure_anew(struct rs_workload *workload, uint64_t now_ns);
/* Measures, once a second. */
void rs_workload_measure(struct rs_workload *workload, uint64_t now_ns);
/* Decides the scale and starts or drains instances. `tick`: a periodic decision, not only a burst. */
void rs_workload_scale(struct rs_workload *workload, bool tick);
/* Starts and drains so that as many instances run as are wanted. */
void rs_workload_reconcile(struct rs_workload *workload);
unsigned rs_workload_count(const struct rs_workload *workload, enum rs_stage stage);
/* Those that start or run and are not on their way out. */
unsigned rs_workload_alive(const struct rs_workload *workload);
/* In flight over all instances, by the dataplane's count. */
uint64_t rs_workload_in_flight(const struct rs_workload *workload);
/* Its instances of before a restart have been adopted: that is its scale. */
void rs_workload_adopted(struct rs_workload *workload);
/* Stops looking at it each second when it is at zero, quiet and measured nothing lately. True when it did. */
bool rs_workload_rest(struct rs_workload *workload);

/* settings.c */
void rs_settings_read(struct rs_workload *workload);
/* What may change from one decision to the next: whether a route points to the revision. */
void rs_settings_reachability(struct rs_workload *workload);
double rs_settings_panic_window_percent(const struct rs_workload *workload);

/* retune.c */
/* Reads its settings again, and goes on with what it has measured. */
void rs_workload_retune(struct rs_workload *workload);

/* pick.c */
/* Tells the dataplane by which policy the revision's instances are picked: once its entry stands. */
void rs_pick_begin(struct rs_workload *workload);
/* Its table, of the instances that are ready now. */
void rs_pick_write(struct rs_workload *workload);
/* An instance has become ready, or is not any more: the table, but not before all have been adopted. */
void rs_pick_update(struct rs_workload *workload);
/* The revision's entry is about to be another's. */
void rs_pick_end(struct rs_workload *workload);

/* status.c */
void rs_workload_set_phase(struct rs_workload *workload, enum rs_phase phase, uint64_t now_ns);
/* The phase after `want` instances are wanted: the condition Active. */
void rs_workload_phase(struct rs_workload *workload, int32_t want, uint64_t now_ns);
/* Sets the revision's facts, its conditions and its configuration's latest ready revision. */
void rs_workload_status(struct rs_workload *workload);

/* instance.c */
int rs_instance_start(struct rs_workload *workload, struct rs_err *err);
void rs_instance_adopt(struct rs_workload *workload, struct rs_rt_instance *rt);
void rs_instance_drain(struct rs_agent_instance *instance);
void rs_instance_undrain(struct rs_agent_instance *instance);
/* Once a second: probes, listeners whose event was missed, drains that are over. */
void rs_instance_check(struct rs_agent_instance *instance, uint64_t now_ns);
void rs_instance_listening(struct rs_agent_instance *instance, const struct rs_event *event);
/* Something answered, by SYN-ACK or probe. Idempotent. */
void rs_instance_ready(struct rs_agent_instance *instance);
/* Takes a ready instance out of rotation: it gets no new connections until rs_instance_ready(). */
void rs_instance_unready(struct rs_agent_instance *instance, const char *reason, const char *why);
/* Complains when it listens, but not where clients are sent. False when that is not what is wrong. */
bool rs_instance_misplaced(struct rs_agent_instance *instance);
/* It answered a SYN with RST. */
void rs_instance_refused(struct rs_agent_instance *instance);
struct rs_agent_instance *rs_instance_by_id(struct rs_agent *agent, unsigned id);
extern const struct rs_rt_callbacks rs_instance_callbacks;
const char *rs_stage_text(enum rs_stage stage);

/* Looks again whether it listens, or probes it. */
void rs_instance_check_later(struct rs_agent_instance *instance, uint64_t after_us);
/* An event about its revision that begins with its name. */
void rs_instance_record(struct rs_agent_instance *instance, const char *type, const char *reason, const char *text);
/* The stop signal, then the grace period, then SIGKILL. */
void rs_instance_stop(struct rs_agent_instance *instance);

/* failing.c */
/* The next start waits, longer with each failure in a row. */
void rs_instance_backoff(struct rs_workload *workload);
/* Something keeps a running instance from being ready. An event tells of it once for each reason (a literal). */
void rs_failing_complain(struct rs_agent_instance *instance, const char *reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Nothing does any more. */
void rs_failing_is_well(struct rs_agent_instance *instance);
/* Once a second while it starts: says when that takes long, and ends it at the progress deadline. */
void rs_failing_check_start(struct rs_agent_instance *instance, uint64_t now_ns);
/* Once a second while it is out of rotation: ends one that has not listened for as long. */
void rs_failing_check_unready(struct rs_agent_instance *instance, uint64_t now_ns);
/* Its process has ended in the stage `was`: tells how, and lets another one follow. */
void rs_failing_exited(struct rs_agent_instance *instance, enum rs_stage was, enum rs_rt_exit how, int value,
		       const char *text);
/* Ends an instance that does not do what its manifest promises; another one follows after a while. */
void rs_failing_give_up(struct rs_agent_instance *instance, const char *reason, const char *why);
/* It waits for a sandbox, and none can be built. */
void rs_failing_no_sandbox(struct rs_workload *workload, const char *why);

/* deaf.c */
/* After a refusal: is it of a family that the instance does not listen in? Looks again when that cannot be said yet. */
void rs_deaf_check(struct rs_agent_instance *instance, const struct rs_rt_listener *listener);
/* It listens on its port with another socket. */
void rs_deaf_heard(struct rs_agent_instance *instance);

/* probing.c */
/* True when the manifest has such a probe. */
bool rs_probing_has(const struct rs_agent_instance *instance, enum rs_probe_role role);
/* True when a probe decides that an instance is ready, not the kernel. */
bool rs_probing_needed(const struct rs_model_revision *revision);
/* The first probe while it starts, not before initialDelaySeconds are over. */
void rs_probing_begin(struct rs_agent_instance *instance);
/* Once a second: the probe of its stage, if it is due. */
void rs_probing_check(struct rs_agent_instance *instance, uint64_t now_ns);
/* The runtime's on_probe. */
void rs_probing_result(void *user, struct rs_rt_instance *rt, uint64_t cookie, bool ok, const char *text);

/* release.c */
/* Takes the holds that have arrived since the last look to their workloads. */
void rs_release_collect(struct rs_agent *agent);
/* Lets pending SYNs go on, as many as the instances can take, and comes back for the rest. */
void rs_release_run(struct rs_workload *workload);
/* The same, when another instance listens: who was refused by an earlier one does not wait longer for that. */
void rs_release_probe(struct rs_workload *workload);
/* Resets those who come over this family to the port that readiness is about. */
void rs_release_refuse(struct rs_workload *workload, enum rs_family family, const char *why);
/* Resets those whose hold would end before `next_start_ns`; UINT64_MAX resets all. */
void rs_release_give_up(struct rs_workload *workload, uint64_t next_start_ns, const char *why);

/* routing.c */
/* Plans the service's traffic anew and writes frontends and routes. */
int rs_routing_apply(struct rs_agent *agent, struct rs_model_route *route, struct rs_err *err);
/* Forgets a VIP: its frontends and its route. */
void rs_routing_forget(struct rs_agent *agent, uint32_t vip);
void rs_routing_free(struct rs_agent *agent);
/* Removes what an earlier agent wrote for VIPs that no route has any more. */
void rs_routing_sweep(struct rs_agent *agent);
/* The route that the VIP, or a tag's, belongs to; NULL when it is nobody's. */
const struct rs_model_route *rs_routing_route(const struct rs_agent *agent, uint32_t vip);

/* -ENOSPC with the map and the option when the dataplane has no room for the service as it would be. */
int rs_routing_check_room(struct rs_agent *agent, const struct rs_service *service, struct rs_err *err);

/* access.c */
/* Writes the route's list beside the standing one (NULL = none). The answer is `standing` itself when nothing has
 * changed, NULL when everyone may reach the route. */
int rs_access_make(struct rs_agent *agent, const struct rs_model_route *route, struct rs_access *standing,
		   struct rs_access **ret_access, struct rs_err *err);
/* What it means for a route of the dataplane. */
void rs_access_fill(const struct rs_access *access, struct rs_route *route);
/* Adds to its status how many SYNs were kept out, when not everyone may reach it. False without memory. */
bool rs_access_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status);
/* Removes its list, once no route of the dataplane names it. Accepts NULL, returns NULL. */
struct rs_access *rs_access_remove(struct rs_agent *agent, struct rs_access *access);
/* -ENOSPC when the dataplane has no room for the list of an object with this metadata. */
int rs_access_check_room(const struct rs_agent *agent, const struct rs_metadata *metadata, struct rs_err *err);
/* Removes lists that no route of the dataplane names, and remembers the others: they may stay. */
int rs_access_sweep(struct rs_agent *agent);
/* Every route has been looked at: nothing is left over from an earlier agent. */
void rs_access_left_done(struct rs_agent *agent);
/* RS_EVENT_DENIED: an event for people. */
void rs_access_denied(struct rs_agent *agent, const struct rs_event *event);

/* pressure.c */
int rs_pressure_new(struct rs_agent *agent);
struct rs_pressure *rs_pressure_free(struct rs_pressure *pressure);
/* Tells what was full since the last look. */
void rs_pressure_look(struct rs_agent *agent, uint64_t now_ns);

/* names.c */
/* Where the names stand: --hosts-file, else RUN-DIR/hosts. In new memory, NULL when there is none. */
char *rs_names_path(const struct rs_options *options);
/* The lines that end in "# NAME" (the agent's) are ours in the hosts file, all others are left alone. */
int rs_names_new(struct rs_agent *agent, struct rs_err *err);
struct rs_names *rs_names_free(struct rs_names *names);
/* Makes `name` resolve to the addresses of a VIP, which has one name. */
int rs_names_set(struct rs_agent *agent, const char *name, uint32_t vip, enum rs_ip_families families);
void rs_names_remove(struct rs_agent *agent, uint32_t vip);
/* Writes what has changed now. */
int rs_names_flush(struct rs_names *names);
/* Takes our lines out of every file that they were written to, or removes our own. */
int rs_names_cleanup(const struct rs_options *options, struct rs_err *err);

/* record.c */
/* An event for people, about an object: kept in the store's bounded ring, logged, and sent to watchers. */
void rs_record(struct rs_agent *agent, const char *type, const char *reason, const char *namespace, const char *kind,
	       const char *name, const char *format, ...) __attribute__((format(printf, 7, 8)));

/* tick.c */
int rs_tick_start(struct rs_agent *agent, struct rs_err *err);
void rs_tick_wanted(struct rs_agent *agent);

/* attach.c */
/* Attaches to the interfaces that clients sit behind, and follows them as they come and go. */
int rs_attach_start(struct rs_agent *agent, struct rs_err *err);
struct rs_attach *rs_attach_free(struct rs_attach *attach);
/* Looks at all of them again: options->interfaces has changed. */
int rs_attach_reload(struct rs_agent *agent, struct rs_err *err);
/* Client interfaces that carry our program now. */
unsigned rs_attach_count(const struct rs_agent *agent);
/* An interface that is to carry it. */
struct rs_attach_state {
	char name[RS_LINK_NAME_MAX];
	enum rs_dp_side side;
	enum rs_way way;
	enum rs_carry carry;	  /* what was asked for */
	bool attached, fell_back; /* to TC, from XDP */
	char complaint[160];	  /* why not */
	char note[200];		  /* how, where that says something; why not as was asked for */
};
/* NULL when it is none. */
const struct rs_attach_state *rs_attach_state(const struct rs_agent *agent, unsigned ifindex);

/* collect.c */
/* Looks for revisions to delete in a second, and then again and again. */
int rs_collect_soon(struct rs_agent *agent);

/* change.c */
/* Who asked for a change, and what for. */
struct rs_asker {
	uint64_t token;
	enum rs_kind kind;
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	char service[RS_NAME_SIZE]; /* of a revision that is collected */
	bool is_deletion;
	enum rs_applied applied;
};
/* The change is made and on the disk (err is NULL), or nothing of it is. */
typedef void rs_change_done(struct rs_agent *agent, const struct rs_asker *asker, const struct rs_err *err);
/* Puts the transaction on the disk, then makes its changes, then calls `done`; takes it over. `asker` and `done` are
 * NULL when nobody asked. What is refused at once is `done` on return, with a negative one. */
int rs_change_begin(struct rs_agent *agent, struct rs_transaction *transaction, const struct rs_asker *asker,
		    rs_change_done *done);
/* Workloads, routes and names of everything in the registry: after a start. */
int rs_change_replay(struct rs_agent *agent, struct rs_err *err);

/* waiting.c */
/* True when the request has to wait, because its service is busy: it is handled again by rs_objects_handle(). */
bool rs_waiting_take(struct rs_agent *agent, const struct rs_api_request *request);
/* The service is not busy any more. */
void rs_waiting_run(struct rs_agent *agent, const char *namespace, const char *service);
void rs_waiting_free(struct rs_agent *agent);

/* backend.c, metrics.c */
extern const struct rs_api_backend rs_agent_backend;
void rs_metrics_print(struct rs_agent *agent, struct rs_buf *out);

#endif
