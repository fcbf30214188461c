// SPDX-License-Identifier: BSD-2-Clause
/*
 * An instance's life:
 *
 *	starting -> ready -> draining -> stopping -> exited -> gone
 *		    ^  v
 *		   unready
 *
 * The runtime tells what happens to the process, the dataplane what its
 * sockets do; this file turns both into the dataplane's state of the instance.
 */
#include "agent/agent.h"

#include "agent/watch/journal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a sandbox stays after its process has ended: its kernel still sends FINs and RSTs. */
#define LINGER_US (1000 * 1000)
/* Checks of a listener whose event was missed or came before it could be found. */
#define LISTENER_AGAIN_US 1000
/* A program that has been ready for so long is no crash loop, whatever it did before. */
#define WELL_MS 10000
/* A listener elsewhere is not told of sooner. */
#define MISPLACED_AFTER_NS RS_NS_PER_S
/* An RST may be a dying process': its end comes first, then what is left is asked why. */
#define REFUSED_AFTER_US 10000

const char *rs_stage_text(enum rs_stage stage)
{
	static const char *const text[RS_STAGE_COUNT] = {
		[RS_STAGE_STARTING] = "Starting", [RS_STAGE_READY] = "Ready",	    [RS_STAGE_UNREADY] = "Unready",
		[RS_STAGE_DRAINING] = "Draining", [RS_STAGE_STOPPING] = "Stopping", [RS_STAGE_EXITED] = "Exited",
	};
	return text[stage];
}

struct rs_agent_instance *rs_instance_by_id(struct rs_agent *agent, unsigned id)
{
	const struct rs_instance *entry = rs_dp_instance(agent->dp, id);
	struct rs_workload *workload =
		entry && entry->revision < agent->workload_count ? agent->workloads[entry->revision] : NULL;
	for (struct rs_agent_instance *i = workload ? workload->instances : NULL; i; i = i->next) {
		if (i->rt->id == id)
			return i;
	}
	return NULL;
}

static void set_stage(struct rs_agent_instance *instance, enum rs_stage stage)
{
	bool was_ready = instance->stage == RS_STAGE_READY;
	instance->stage = stage;
	instance->stage_ns = rs_now_ns();
	if (was_ready != (stage == RS_STAGE_READY))
		rs_pick_update(instance->workload);
	rs_journal_instance(instance->workload->agent->journal, instance,
			    instance->version ? RS_TOUCH_CHANGED : RS_TOUCH_NEW);
}

void rs_instance_record(struct rs_agent_instance *instance, const char *type, const char *reason, const char *text)
{
	const struct rs_metadata *metadata = &instance->workload->revision->metadata;
	rs_record(instance->workload->agent, type, reason, metadata->namespace, "Revision", metadata->name, "%s: %s",
		  instance->rt->name, text);
}

/* --- checks while it starts ------------------------------------------------------------------------------------ */

/* Says what it does instead of listening where it should. False when there is nothing to say. */
static bool complain_about(struct rs_agent_instance *instance, const struct rs_rt_listener *listener)
{
	/* Many listen for their administrators first. */
	if (rs_now_ns() - instance->stage_ns < MISPLACED_AFTER_NS)
		return false;
	if (listener->loopback)
		rs_failing_complain(instance, "ListensOnLoopback",
				    "it listens on 127.0.0.1 only: bind to 0.0.0.0, port %u", instance->rt->port);
	else if (listener->elsewhere)
		rs_failing_complain(instance, "ListensElsewhere",
				    "it listens on port %u, containerPort is %u: use $PORT", listener->elsewhere,
				    instance->rt->port);
	return listener->loopback || listener->elsewhere;
}

/* Readiness without a SYN to probe with: the listener can be found, so the first SYN will be answered. */
static void check_listener(struct rs_agent_instance *instance)
{
	struct rs_agent *agent = instance->workload->agent;
	struct rs_rt_listener listener = {0};
	int r = rs_rt_listener(agent->rt, instance->rt, &listener);
	if (r == 0) {
		struct rs_instance *entry = rs_dp_instance(agent->dp, instance->rt->id);
		if (entry)
			entry->backlog = listener.backlog;
		rs_instance_ready(instance);
		return;
	}
	if (r == -ENOENT && instance->stage == RS_STAGE_STARTING)
		complain_about(instance, &listener);
}

bool rs_instance_misplaced(struct rs_agent_instance *instance)
{
	struct rs_rt_listener listener = {0};
	int r = rs_rt_listener(instance->workload->agent->rt, instance->rt, &listener);
	return r == -ENOENT && complain_about(instance, &listener);
}

/* After an RST: does it listen at all, and for whom? */
static void check_still_listens(struct rs_agent_instance *instance)
{
	struct rs_rt_listener listener = {0};
	char why[96];
	int r = rs_rt_listener(instance->workload->agent->rt, instance->rt, &listener);
	if (r == 0)
		rs_deaf_check(instance, &listener);
	if (r != -ENOENT)
		return;
	snprintf(why, sizeof(why), "it has closed its listener on port %u; connections are held until it listens again",
		 instance->rt->port);
	rs_instance_unready(instance, "ListenerClosed", why);
}

static int on_check(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_agent_instance *instance = user;
	(void)source;
	(void)usec;
	if (instance->stage == RS_STAGE_READY)
		check_still_listens(instance);
	if (instance->stage != RS_STAGE_STARTING)
		return 0;
	if (instance->probed)
		rs_probing_begin(instance);
	else
		check_listener(instance);
	return 0;
}

void rs_instance_check_later(struct rs_agent_instance *instance, uint64_t after_us)
{
	rs_timer_after(instance->workload->agent->event, &instance->timer, after_us, 0, on_check, instance);
}

void rs_instance_listening(struct rs_agent_instance *instance, const struct rs_event *event)
{
	if (event->serves > 1) /* not the port that its readiness is about: for who waits for that one */
		rs_release_run(instance->workload);
	if (event->serves == 1)
		rs_deaf_heard(instance);
	if (instance->stage != RS_STAGE_STARTING && instance->stage != RS_STAGE_UNREADY)
		return;
	if (event->serves != 1) {
		if (event->port)
			rs_instance_check_later(instance, LISTENER_AGAIN_US);
		return;
	}
	if (!instance->listen_ns)
		instance->listen_ns = event->time_ns;
	if (instance->probed) {
		rs_probing_begin(instance);
		return;
	}
	/* A SYN tells whether it answers; a datagram would not. */
	if (instance->workload->pending_count && !instance->rt->is_udp)
		rs_release_probe(instance->workload);
	else
		check_listener(instance);
	if (instance->stage == RS_STAGE_STARTING)
		rs_instance_check_later(instance, LISTENER_AGAIN_US);
}

void rs_instance_ready(struct rs_agent_instance *instance)
{
	struct rs_workload *workload = instance->workload;
	struct rs_agent *agent = workload->agent;
	if (instance->stage != RS_STAGE_STARTING && instance->stage != RS_STAGE_UNREADY)
		return;
	bool is_again = instance->stage == RS_STAGE_UNREADY;
	uint64_t out_ns = rs_now_ns() - instance->stage_ns;
	set_stage(instance, RS_STAGE_READY);
	/* The dataplane saw the first SYN-ACK; what only we know stands there too, for the agent after us. */
	struct rs_instance *entry = rs_dp_instance(agent->dp, instance->rt->id);
	if (entry && !entry->ready_ns)
		entry->ready_ns = instance->stage_ns;
	instance->ready_ns = entry ? entry->ready_ns : instance->stage_ns;
	rs_failing_is_well(instance);
	instance->startup_is_over = true;
	/* Ready in the map before anything is released, or it would be held again. */
	rs_dp_instance_set_state(agent->dp, instance->rt->id, RS_INSTANCE_READY);
	rs_release_run(workload);
	char text[96];
	if (is_again)
		snprintf(text, sizeof(text), "ready again after %.1f s", (double)out_ns / 1e9);
	else
		snprintf(text, sizeof(text), "ready %.1f ms after its start",
			 (double)(instance->ready_ns - instance->started_ns) / 1e6);
	rs_instance_record(instance, "Normal", "InstanceReady", text);
	rs_workload_status(workload);
}

void rs_instance_unready(struct rs_agent_instance *instance, const char *reason, const char *why)
{
	struct rs_agent *agent = instance->workload->agent;
	const struct rs_instance *entry = rs_dp_instance(agent->dp, instance->rt->id);
	if (instance->stage != RS_STAGE_READY)
		return;
	set_stage(instance, RS_STAGE_UNREADY);
	/* One that refused is probable by then, and shows by itself when it is back: it stays that. */
	if (entry && __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) == RS_INSTANCE_READY)
		rs_dp_instance_set_state(agent->dp, instance->rt->id, RS_INSTANCE_STARTING);
	rs_failing_complain(instance, reason, "%s", why);
}

void rs_instance_refused(struct rs_agent_instance *instance)
{
	if (instance->stage == RS_STAGE_READY && !rs_timer_is_set(instance->timer))
		rs_instance_check_later(instance, REFUSED_AFTER_US);
}

/* --- start ----------------------------------------------------------------------------------------------------- */

static struct rs_agent_instance *new_instance(struct rs_workload *workload, struct rs_rt_instance *rt)
{
	struct rs_agent_instance *instance = calloc(1, sizeof(*instance));
	if (!instance)
		return NULL;
	instance->workload = workload;
	instance->rt = rt;
	instance->probed = rs_probing_needed(workload->revision);
	instance->next = workload->instances;
	workload->instances = instance;
	rt->user = instance;
	return instance;
}

static int add_to_dataplane(const struct rs_workload *workload, const struct rs_rt_instance *rt)
{
	const struct rs_template *template = workload->revision->template;
	const struct rs_container *container = &template->container;
	struct rs_instance entry = {
		.revision = workload->id,
		.limit = template->container_concurrency,
		.ifindex = rt->ifindex,
		.udp = rs_container_udp_bits(container),
		.address = {rs_address_v4(rt->address.s_addr), rt->address6},
		.mtu = rt->mtu,
		.flags = rs_probing_needed(workload->revision) ? RS_INSTANCE_PROBED : 0,
	};
	for (size_t i = 0; i < rs_container_port_count(container) && i < rs_array_length(entry.port); i++)
		entry.port[i] = htons(rs_container_port(container, i)->number);
	memcpy(entry.mac, rt->mac, 6);
	int r = rs_dp_cookie_set(workload->agent->dp, rt->netns_cookie, rt->id);
	return r < 0 ? r : rs_dp_instance_add(workload->agent->dp, rt->id, &entry, (unsigned)rt->netns_inode);
}

static void remove_from_dataplane(struct rs_agent *agent, const struct rs_rt_instance *rt)
{
	rs_dp_instance_remove(agent->dp, rt->id, (unsigned)rt->netns_inode);
	rs_dp_cookie_delete(agent->dp, rt->netns_cookie);
}

/* command and args as one NULL-terminated list, borrowed from the template. */
static const char **join_command(const struct rs_container *container)
{
	const char **command = calloc(container->command.count + container->args.count + 1, sizeof(*command));
	if (!command)
		return NULL;
	for (size_t i = 0; i < container->command.count; i++)
		command[i] = container->command.items[i];
	for (size_t i = 0; i < container->args.count; i++)
		command[container->command.count + i] = container->args.items[i];
	return command;
}

static int join_env(const struct rs_pairs *pairs, char ***ret_env)
{
	char **env = calloc(pairs->count + 1, sizeof(*env));
	if (!env)
		return -ENOMEM;
	for (size_t i = 0; i < pairs->count; i++) {
		env[i] = rs_str_format("%s=%s", pairs->items[i].key, pairs->items[i].value);
		if (!env[i]) {
			while (i--)
				free(env[i]);
			free(env);
			return -ENOMEM;
		}
	}
	*ret_env = env;
	return 0;
}

int rs_instance_start(struct rs_workload *workload, struct rs_err *err)
{
	const struct rs_model_revision *revision = workload->revision;
	const struct rs_container *container = &revision->template->container;
	rs_auto_free const char **command = join_command(container);
	char **env = NULL;
	if (!command || join_env(&container->env, &env) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	struct rs_rt_spec spec = {
		.namespace = revision->metadata.namespace,
		.service = revision->service,
		.configuration = revision->configuration,
		.revision = revision->metadata.name,
		.command = command,
		.env = (const char *const *)env,
		.working_dir = container->working_dir,
		.run_as_user = container->run_as_user,
		.port = container->port.number,
		.is_udp = container->port.is_udp,
		.cpu_millis = container->cpu_millis,
		.memory_bytes = container->memory_bytes,
	};
	/* The dataplane knows it before it runs: a quick program listens before the call below returns. */
	struct rs_agent *agent = workload->agent;
	struct rs_rt_instance *next = rs_rt_next(agent->rt), *rt = NULL;
	int r = next ? add_to_dataplane(workload, next) : 0;
	if (r < 0)
		rs_err_set(err, r, "the dataplane cannot take another instance: %s", strerror(-r));
	else
		r = rs_rt_start(agent->rt, &spec, &rt, err);
	if (r < 0 && next)
		remove_from_dataplane(agent, next);
	for (char **item = env; *item; item++)
		free(*item);
	free(env);
	if (r < 0)
		return r;
	struct rs_agent_instance *instance = new_instance(workload, rt);
	if (!instance) {
		rs_rt_remove(workload->agent->rt, rt);
		return rs_err_set(err, -ENOMEM, "out of memory");
	}
	instance->started_ns = rt->started_ns;
	set_stage(instance, RS_STAGE_STARTING);
	workload->agent->counters.starts++;
	/* In case the event is lost. */
	rs_instance_check_later(instance, 20 * LISTENER_AGAIN_US);
	return 0;
}

void rs_instance_adopt(struct rs_workload *workload, struct rs_rt_instance *rt)
{
	struct rs_agent_instance *instance = new_instance(workload, rt);
	if (!instance)
		return;
	const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, rt->id);
	unsigned state = entry && entry->revision == workload->id ? entry->state : RS_INSTANCE_FREE;
	instance->started_ns = rt->started_ns;
	switch (state) {
	case RS_INSTANCE_READY:
		set_stage(instance, RS_STAGE_READY);
		instance->ready_ns = entry->ready_ns; /* 0: an unknown time is better than this one */
		instance->startup_is_over = true;
		return;
	case RS_INSTANCE_DRAINING:
		set_stage(instance, RS_STAGE_DRAINING);
		return;
	default:
		/* It may have begun to listen while nobody looked, or have been out of rotation. */
		set_stage(instance,
			  state != RS_INSTANCE_FREE && entry->ready_ns ? RS_STAGE_UNREADY : RS_STAGE_STARTING);
		instance->startup_is_over = instance->stage == RS_STAGE_UNREADY;
		instance->ready_ns = instance->startup_is_over ? entry->ready_ns : 0;
		if (state == RS_INSTANCE_FREE || state == RS_INSTANCE_DEAD)
			add_to_dataplane(workload, rt);
		rs_instance_check_later(instance, LISTENER_AGAIN_US);
	}
}

/* --- drain and stop -------------------------------------------------------------------------------------------- */

static bool is_idle(struct rs_agent_instance *instance)
{
	const struct rs_instance *entry = rs_dp_instance(instance->workload->agent->dp, instance->rt->id);
	return !entry || __atomic_load_n(&entry->in_flight, __ATOMIC_ACQUIRE) == 0;
}

void rs_instance_stop(struct rs_agent_instance *instance)
{
	const struct rs_template *template = instance->workload->revision->template;
	set_stage(instance, RS_STAGE_STOPPING);
	rs_rt_stop(instance->workload->agent->rt, instance->rt, template->stop_signal ? template->stop_signal : SIGTERM,
		   template->grace_ms);
}

void rs_instance_drain(struct rs_agent_instance *instance)
{
	if (instance->stage != RS_STAGE_STARTING && instance->stage != RS_STAGE_READY &&
	    instance->stage != RS_STAGE_UNREADY)
		return;
	bool was_ready = instance->stage != RS_STAGE_STARTING;
	rs_dp_instance_set_state(instance->workload->agent->dp, instance->rt->id, RS_INSTANCE_DRAINING);
	set_stage(instance, RS_STAGE_DRAINING);
	if (!was_ready)
		rs_instance_stop(instance);
}

void rs_instance_undrain(struct rs_agent_instance *instance)
{
	if (instance->stage != RS_STAGE_DRAINING)
		return;
	set_stage(instance, RS_STAGE_READY);
	rs_dp_instance_set_state(instance->workload->agent->dp, instance->rt->id, RS_INSTANCE_READY);
}

void rs_instance_check(struct rs_agent_instance *instance, uint64_t now_ns)
{
	const struct rs_template *template = instance->workload->revision->template;
	uint64_t in_stage_ms = now_ns > instance->stage_ns ? (now_ns - instance->stage_ns) / RS_NS_PER_MS : 0;

	switch (instance->stage) {
	case RS_STAGE_STARTING:
		if (!instance->probed)
			check_listener(instance);
		rs_probing_check(instance, now_ns);
		if (instance->stage == RS_STAGE_STARTING)
			rs_failing_check_start(instance, now_ns);
		break;
	case RS_STAGE_UNREADY:
		if (!rs_probing_has(instance, RS_ROLE_READINESS))
			check_listener(instance);
		rs_probing_check(instance, now_ns);
		if (instance->stage == RS_STAGE_UNREADY)
			rs_failing_check_unready(instance, now_ns);
		break;
	case RS_STAGE_READY:
		if (in_stage_ms >= WELL_MS)
			instance->workload->failures = 0;
		rs_probing_check(instance, now_ns);
		break;
	case RS_STAGE_DRAINING:
		/* A second look after the first second: a SYN may have been on its way. */
		if ((in_stage_ms >= 200 && is_idle(instance)) || in_stage_ms >= template->grace_ms)
			rs_instance_stop(instance);
		break;
	case RS_STAGE_STOPPING:
	case RS_STAGE_EXITED:
	case RS_STAGE_COUNT:
		break;
	}
}

/* --- what the runtime tells ------------------------------------------------------------------------------------ */

/* Of those that wait for a sandbox the one whose first SYN came first; those without any come last. */
static struct rs_workload *next_starved(const struct rs_agent *agent)
{
	struct rs_workload *best = NULL;
	uint64_t best_sequence = UINT64_MAX;
	for (struct rs_workload *w = agent->active; w; w = w->active_next) {
		uint64_t sequence = w->pending_count ? w->pending[0].sequence : UINT64_MAX;
		if (w->starved && (!best || sequence < best_sequence)) {
			best = w;
			best_sequence = sequence;
		}
	}
	return best;
}

static void on_prepared(void *user, struct rs_rt_instance *rt)
{
	struct rs_agent *agent = user;
	struct rs_err err = {0};
	if (rs_dp_attach(agent->dp, rt->ifindex, RS_DP_INSTANCE, RS_WAY_PEER, &err) < 0) {
		/* Its replies would go nowhere. The runtime finds it dead, removes it and builds another. */
		rs_error("cannot attach to a sandbox instance=%s error=%s", rt->name, rs_log_value(err.message));
		kill(rt->pid, SIGKILL);
		return;
	}
	for (struct rs_workload *w; (w = next_starved(agent));) {
		rs_workload_reconcile(w);
		if (w->starved)
			break; /* the pool is empty again */
	}
}

static int on_linger_over(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_agent_instance *instance = user;
	(void)source;
	(void)usec;
	rs_rt_remove(instance->workload->agent->rt, instance->rt);
	return 0;
}

static void on_exited(void *user, struct rs_rt_instance *rt, enum rs_rt_exit how, int value, const char *text)
{
	struct rs_agent *agent = user;
	struct rs_agent_instance *instance = rt->user;
	if (!instance) {
		rs_rt_remove(agent->rt, rt);
		return;
	}
	struct rs_workload *workload = instance->workload;
	enum rs_stage was = instance->stage;
	agent->counters.exits++;
	set_stage(instance, RS_STAGE_EXITED);
	rs_api_end_follow(agent->api, rt->log_path);
	instance->timer = sd_event_source_unref(instance->timer);
	/* No new connections; the kernel in its namespace still sends the last FINs. */
	rs_dp_instance_set_state(agent->dp, rt->id, RS_INSTANCE_DRAINING);

	rs_failing_exited(instance, was, how, value, text);
	rs_workload_status(workload);
	if (rs_timer_after(agent->event, &instance->timer, LINGER_US, 1000, on_linger_over, instance) < 0)
		rs_rt_remove(agent->rt, rt);
}

static void on_gone(void *user, struct rs_rt_instance *rt)
{
	struct rs_agent *agent = user;
	struct rs_agent_instance *instance = rt->user;
	remove_from_dataplane(agent, rt);
	rs_dp_detach(agent->dp, rt->ifindex);
	if (!instance)
		return;
	rs_journal_instance(agent->journal, instance, RS_TOUCH_DELETED);
	struct rs_workload *workload = instance->workload;
	for (struct rs_agent_instance **at = &workload->instances; *at; at = &(*at)->next) {
		if (*at == instance) {
			*at = instance->next;
			break;
		}
	}
	sd_event_source_unref(instance->timer);
	free(instance);
	if (!rs_workload_collect(workload))
		rs_workload_status(workload);
}

static void on_failed(void *user, const struct rs_err *err)
{
	struct rs_agent *agent = user;
	rs_error("%s", err->message);
	for (struct rs_workload *w = agent->active; w; w = w->active_next) {
		if (w->starved)
			rs_failing_no_sandbox(w, err->message);
	}
}

static void on_trouble(void *user, const struct rs_err *err)
{
	(void)user;
	rs_error("%s", err->message);
}

const struct rs_rt_callbacks rs_instance_callbacks = {
	.on_prepared = on_prepared,
	.on_exited = on_exited,
	.on_gone = on_gone,
	.on_failed = on_failed,
	.on_trouble = on_trouble,
	.on_probe = rs_probing_result,
};
