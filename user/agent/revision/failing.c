// SPDX-License-Identifier: BSD-2-Clause
/*
 * What goes wrong with an instance: put into words, told once, and followed by
 * a wait before the next try. Everything that fails ends here, so that each
 * failure is an event, stands in the revision's conditions, and ends the wait
 * of clients that would wait in vain.
 */
#include "agent/agent.h"

#include "agent/watch/journal.h"
#include "base/files.h"
#include "base/str.h"
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Failed starts wait 0.1 s, 0.2 s, 0.4 s, ... up to five minutes, as Kubernetes' crash loops at most do. */
#define BACKOFF_FIRST_NS (100 * RS_NS_PER_MS)
#define BACKOFF_MAX_NS	 (300 * RS_NS_PER_S)
/* So many failures in a row are a loop: the revision is not healthy, even if it was before. */
#define LOOP_FAILURES 3
/* What starts slowly is not complained about sooner; and again after twice, four times... as long. */
#define SLOW_S 5
/* Of the output, in a message. */
#define OUTPUT_BYTES 200
#define OUTPUT_LINES 3

/* --- what is wrong while it runs -------------------------------------------------------------------------------- */

void rs_failing_complain(struct rs_agent_instance *instance, const char *reason, const char *format, ...)
{
	char text[sizeof(instance->complaint)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	bool is_new = !rs_str_equal(instance->complaint_reason, reason);
	if (!is_new && strcmp(instance->complaint, text) == 0)
		return;
	rs_str_copy(instance->complaint, sizeof(instance->complaint), text);
	instance->complaint_reason = reason;
	rs_journal_instance(instance->workload->agent->journal, instance, RS_TOUCH_CHANGED);
	if (is_new)
		rs_instance_record(instance, "Warning", reason, text);
	rs_workload_status(instance->workload);
}

void rs_failing_is_well(struct rs_agent_instance *instance)
{
	instance->complaint[0] = '\0';
	instance->complaint_reason = NULL;
}

void rs_failing_check_start(struct rs_agent_instance *instance, uint64_t now_ns)
{
	uint64_t deadline_ns = instance->workload->scale_config.progress_deadline_ns;
	uint64_t lasted_ns = now_ns > instance->stage_ns ? now_ns - instance->stage_ns : 0;
	uint64_t told_s = SLOW_S;
	unsigned port = instance->rt->port;
	if (lasted_ns >= deadline_ns) {
		const char *what = instance->complaint[0] ? instance->complaint : "it does not listen on its port";
		char why[sizeof(instance->complaint) + 64];
		snprintf(why, sizeof(why), "not ready within its progress deadline of %llu s: %s",
			 (unsigned long long)(deadline_ns / RS_NS_PER_S), what);
		rs_fact_set(&instance->workload->revision->status.resources_available, RS_FALSE,
			    "ProgressDeadlineExceeded", "%s: %s", instance->rt->name, why);
		rs_failing_give_up(instance, "StartTimeout", why);
		return;
	}
	/* Whatever is known better was said already. */
	if (instance->listen_ns || lasted_ns < told_s * RS_NS_PER_S ||
	    (instance->complaint_reason && !rs_str_equal(instance->complaint_reason, "NotListening")))
		return;
	while (2 * told_s * RS_NS_PER_S <= lasted_ns)
		told_s *= 2;
	rs_failing_complain(instance, "NotListening", "it does not listen on port %u after %llu s", port,
			    (unsigned long long)told_s);
}

void rs_failing_check_unready(struct rs_agent_instance *instance, uint64_t now_ns)
{
	uint64_t deadline_ns = instance->workload->scale_config.progress_deadline_ns;
	char why[128];
	/* One that says by its probe that it cannot serve knows why, as in Kubernetes; to end it is the liveness
	 * probe's. */
	if (rs_probing_has(instance, RS_ROLE_READINESS) || now_ns < instance->stage_ns + deadline_ns)
		return;
	snprintf(why, sizeof(why), "it closed its listener on port %u, and has not listened for %llu s since",
		 instance->rt->port, (unsigned long long)(deadline_ns / RS_NS_PER_S));
	rs_failing_give_up(instance, "ListenerClosed", why);
}

/* --- what ended it ---------------------------------------------------------------------------------------------- */

void rs_instance_backoff(struct rs_workload *workload)
{
	uint64_t wait = BACKOFF_FIRST_NS << (workload->failures < 16 ? workload->failures : 16);
	workload->failures++;
	workload->next_start_ns = rs_now_ns() + (wait < BACKOFF_MAX_NS ? wait : BACKOFF_MAX_NS);
}

/* The last lines of the log, as one: what a program says before it ends is usually why. */
static void put_last_output(struct rs_buf *out, const char *path)
{
	char text[OUTPUT_BYTES + 1];
	ssize_t length = rs_read_last(path, text, sizeof(text));
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (length <= 0)
		return;
	text[length] = '\0';
	char *start = text + length;
	for (unsigned lines = 0; start > text; start--) {
		if (start[-1] == '\n' && ++lines == OUTPUT_LINES)
			break;
	}
	rs_buf_puts(out, "; its last output: \"");
	for (; *start; start++) {
		bool is_plain = *start == '\t' || !iscntrl((unsigned char)*start);
		rs_buf_append(out, *start == '\n' ? " | " : is_plain ? start : "?", *start == '\n' ? 3 : 1);
	}
	rs_buf_puts(out, "\"");
}

static void put_next_try(struct rs_buf *out, const struct rs_workload *workload)
{
	uint64_t now_ns = rs_now_ns();
	if (workload->failures < 2)
		return;
	uint64_t wait_ns = workload->next_start_ns > now_ns ? workload->next_start_ns - now_ns : 0;
	char when[RS_TIME_TEXT_MAX];
	rs_time_rfc3339(rs_wall_ns() + wait_ns + RS_NS_PER_S - 1, when);
	rs_buf_printf(out, "; it has failed %u times in a row, the next try is not before %s", workload->failures,
		      when);
}

static void put_end(struct rs_buf *out, const struct rs_agent_instance *instance, enum rs_rt_exit how, int value,
		    const char *text)
{
	uint64_t limit = instance->workload->revision->template->container.memory_bytes;
	switch (how) {
	case RS_RT_EXIT_EXEC:
		rs_buf_printf(out, "the command cannot be run: %s", text ? text : strerror(value));
		break;
	case RS_RT_EXIT_CODE:
		rs_buf_printf(out, "exited with code %d", value);
		break;
	case RS_RT_EXIT_SIGNAL:
		rs_buf_printf(out, "was killed by signal %d (%s)", value, strsignal(value));
		break;
	case RS_RT_EXIT_OOM:
		if (limit)
			rs_buf_printf(out, "was killed: out of memory, its limit is %llu MiB",
				      (unsigned long long)(limit >> 20));
		else
			rs_buf_puts(out, "was killed: the node is out of memory");
		break;
	case RS_RT_EXIT_UNKNOWN:
		rs_buf_puts(out, "has ended; how is not known, since an earlier agent started it");
		break;
	}
}

static void make_reason(char out[32], enum rs_rt_exit how, int value)
{
	switch (how) {
	case RS_RT_EXIT_EXEC:
		rs_str_copy(out, 32, "ContainerMissing");
		break;
	case RS_RT_EXIT_CODE:
		snprintf(out, 32, "ExitCode%d", value);
		break;
	case RS_RT_EXIT_SIGNAL: /* as shells and Kubernetes count */
		snprintf(out, 32, "ExitCode%d", 128 + value);
		break;
	case RS_RT_EXIT_OOM:
		rs_str_copy(out, 32, "OOMKilled");
		break;
	case RS_RT_EXIT_UNKNOWN:
		rs_str_copy(out, 32, "Exited");
		break;
	}
}

/* Starts that fail in the same way are one event with a count (store.h), so what differs from try to try (which
 * instance it was, how often, when next) stands in the condition alone. */
static void record_failure(struct rs_agent_instance *instance, enum rs_stage was, const char *reason, const char *why)
{
	const struct rs_metadata *metadata = &instance->workload->revision->metadata;
	if (was == RS_STAGE_STARTING)
		rs_record(instance->workload->agent, "Warning", reason, metadata->namespace, "Revision", metadata->name,
			  "%s", why);
	else
		rs_instance_record(instance, "Warning", reason, why);
}

/* Clients that would wait longer than they may hear of it now. */
static void end_waits(struct rs_workload *workload, bool is_hopeless, const char *why)
{
	if (!rs_workload_count(workload, RS_STAGE_READY))
		rs_release_give_up(workload, is_hopeless ? UINT64_MAX : workload->next_start_ns, why);
}

void rs_failing_exited(struct rs_agent_instance *instance, enum rs_stage was, enum rs_rt_exit how, int value,
		       const char *text)
{
	struct rs_workload *workload = instance->workload;
	char reason[32];
	struct rs_buf why;
	rs_buf_init(&why, RS_ERR_MESSAGE_MAX);
	bool is_asked = was == RS_STAGE_DRAINING || was == RS_STAGE_STOPPING;
	if (is_asked && how == RS_RT_EXIT_SIGNAL)
		rs_buf_printf(&why, "stopped with SIG%s", sigabbrev_np(value));
	else if (is_asked && how == RS_RT_EXIT_UNKNOWN) /* adopted: somebody else's child */
		rs_buf_puts(&why, "stopped");
	else
		put_end(&why, instance, how, value, text);
	if (is_asked) {
		rs_instance_record(instance, "Normal", "InstanceStopped", why.data ? why.data : "has ended");
		rs_buf_done(&why);
		return;
	}
	rs_instance_backoff(workload);
	if (how != RS_RT_EXIT_EXEC)
		put_last_output(&why, instance->rt->log_path);
	record_failure(instance, was, was == RS_STAGE_STARTING ? "StartFailed" : "InstanceCrashed",
		       why.data ? why.data : "has ended");
	put_next_try(&why, workload);
	const char *words = why.data ? why.data : "has ended";
	if (was == RS_STAGE_STARTING)
		workload->agent->counters.start_failures++;
	/* One that ends after it was ready is started again without much ado, but not for ever. */
	if (was == RS_STAGE_STARTING || workload->failures >= LOOP_FAILURES) {
		make_reason(reason, how, value);
		rs_fact_set(&workload->revision->status.container_healthy, RS_FALSE, reason, "%s: %s",
			    instance->rt->name, words);
	}
	/* A command that cannot be run does not mend itself within a hold. */
	end_waits(workload, how == RS_RT_EXIT_EXEC, words);
	rs_workload_reconcile(workload);
	rs_buf_done(&why);
}

void rs_failing_give_up(struct rs_agent_instance *instance, const char *reason, const char *why)
{
	struct rs_workload *workload = instance->workload;
	enum rs_stage was = instance->stage;
	bool was_starting = was == RS_STAGE_STARTING;
	rs_dp_instance_set_state(workload->agent->dp, instance->rt->id, RS_INSTANCE_DRAINING);
	rs_instance_stop(instance);
	rs_instance_backoff(workload);
	record_failure(instance, was, reason, why);
	struct rs_buf words;
	rs_buf_init(&words, RS_ERR_MESSAGE_MAX);
	rs_buf_puts(&words, why);
	put_next_try(&words, workload);
	const char *text = words.data ? words.data : why;
	if (was_starting)
		workload->agent->counters.start_failures++;
	if (was_starting || workload->failures >= LOOP_FAILURES)
		rs_fact_set(&workload->revision->status.container_healthy, RS_FALSE, reason, "%s: %s",
			    instance->rt->name, text);
	end_waits(workload, false, text);
	rs_workload_reconcile(workload);
	rs_workload_status(workload);
	rs_buf_done(&words);
}

void rs_failing_no_sandbox(struct rs_workload *workload, const char *why)
{
	const struct rs_metadata *metadata = &workload->revision->metadata;
	struct rs_fact *fact = &workload->revision->status.resources_available;
	/* It is tried again each second, and said once. */
	if (!rs_fact_set(fact, RS_FALSE, "SandboxFailed", "%s", why))
		return;
	rs_record(workload->agent, "Warning", "SandboxFailed", metadata->namespace, "Revision", metadata->name, "%s",
		  why);
	rs_workload_status(workload);
}
