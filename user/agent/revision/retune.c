// SPDX-License-Identifier: BSD-2-Clause
/*
 * A revision at work gets other settings. What it has measured goes with it: a
 * window that grows keeps its seconds, one that shrinks keeps the newest, and
 * panic stays panic.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/time.h"
#include "core/autoscale/target.h"

#include <stdlib.h>

/* What was measured before, in the window and the memory of the new one. */
static void carry_over(struct rs_window *to, const struct rs_window *from, uint64_t now_ns)
{
	struct rs_window window = *from;
	if (rs_window_resize_into(&window, to->window_ns, now_ns, to->buckets, to->capacity) == 0)
		*to = window;
}

static bool is_measured_alike(const struct rs_workload *workload, uint64_t delay_ns_before)
{
	const struct rs_measurements *m = workload->measured;
	uint64_t stable_ns = workload->spec.stable_window_ns;
	uint64_t panic_ns = rs_panic_window_ns(stable_ns, rs_settings_panic_window_percent(workload));
	return stable_ns == m->stable.window_ns && panic_ns == m->panic.window_ns &&
	       workload->spec.scale_down_delay_ns == delay_ns_before;
}

static int change_measurements(struct rs_workload *workload, uint64_t now_ns)
{
	struct rs_measurements *before = workload->measured;
	struct rs_kpa_decision decision = workload->decision;
	workload->measured = NULL;
	int r = rs_workload_measure_anew(workload, now_ns);
	struct rs_measurements *now = workload->measured;
	workload->decision = decision;
	if (r < 0) {
		free(now);
		workload->measured = before;
		return r;
	}
	carry_over(&now->stable, &before->stable, now_ns);
	carry_over(&now->panic, &before->panic, now_ns);
	now->stats = before->stats;
	now->stats_ns = before->stats_ns;
	now->kpa.panicking = before->kpa.panicking;
	now->kpa.panic_since_ns = before->kpa.panic_since_ns;
	now->kpa.panic_max = before->kpa.panic_max;
	/* The decisions that a longer delay would have kept are not known any more: the present scale stands for them.
	 */
	if (now->kpa.delayed)
		rs_max_time_window_record(&now->kpa.delay, now_ns, workload->scale.replicas);
	free(before);
	return 0;
}

void rs_workload_retune(struct rs_workload *workload)
{
	uint64_t delay_ns = workload->spec.scale_down_delay_ns;
	rs_settings_read(workload);
	rs_settings_reachability(workload);
	/* Asleep it measures nothing. The next ticks find out whether a floor wakes it now; if not, it rests again. */
	if (!workload->active) {
		rs_workload_activate(workload);
		return;
	}
	if (!workload->measured || is_measured_alike(workload, delay_ns))
		return;
	int r = change_measurements(workload, rs_now_ns());
	if (r < 0)
		rs_log_errno(r, "a revision goes on with its old windows revision=%s/%s",
			     workload->revision->metadata.namespace, workload->revision->metadata.name);
}
