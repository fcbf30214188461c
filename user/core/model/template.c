/* SPDX-License-Identifier: BSD-2-Clause */
/* The template of revisions: defaults, sharing, comparison. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/model/model.h"

void rs_autoscaling_init(struct rs_autoscaling *autoscaling)
{
	*autoscaling = (struct rs_autoscaling){
		.metric = RS_METRIC_CONCURRENCY,
		.aggregation = RS_AGGREGATION_LINEAR,
		.target = RS_UNSET,
		.target_utilization_percent = RS_UNSET,
		.panic_window_percent = RS_UNSET,
		.panic_threshold_percent = RS_UNSET,
		.min_scale = -1,
		.max_scale = -1,
		.initial_scale = -1,
		.activation_scale = -1,
		.scale_down_delay_ns = -1,
		.window_ns = -1,
		.retention_ns = -1,
		.progress_deadline_ns = -1,
	};
}

struct rs_template *rs_template_new(void)
{
	struct rs_template *template = calloc(1, sizeof(*template));

	if (!template)
		return NULL;
	template->users = 1;
	rs_autoscaling_init(&template->autoscaling);
	template->hold_timeout_ms = RS_HOLD_TOTAL_MS;
	template->stop_signal = SIGTERM;
	template->timeout_seconds = RS_TIMEOUT_SECONDS_DEFAULT;
	template->grace_ms = RS_TIMEOUT_SECONDS_DEFAULT * 1000;
	rs_str_copy(template->container.name, sizeof(template->container.name), "user-container");
	template->container.port.number = 8080;
	template->container.run_as_user = -1;
	return template;
}

struct rs_template *rs_template_ref(struct rs_template *template)
{
	template->users++;
	return template;
}

static void probe_free(struct rs_probe *probe)
{
	if (!probe)
		return;
	free(probe->path);
	free(probe->host);
	rs_strings_done(&probe->command);
	free(probe);
}

static bool probe_equal(const struct rs_probe *a, const struct rs_probe *b)
{
	if (!a || !b)
		return a == b;
	return a->handler == b->handler && rs_str_equal(a->path, b->path) && rs_str_equal(a->host, b->host) &&
	       a->port == b->port && rs_strings_equal(&a->command, &b->command) &&
	       a->initial_delay_ms == b->initial_delay_ms && a->period_ms == b->period_ms &&
	       a->timeout_ms == b->timeout_ms && a->success_threshold == b->success_threshold &&
	       a->failure_threshold == b->failure_threshold;
}

static void container_done(struct rs_container *container)
{
	rs_strings_done(&container->command);
	rs_strings_done(&container->args);
	rs_pairs_done(&container->env);
	rs_container_clear_more_ports(container);
	free(container->image);
	free(container->working_dir);
	probe_free(container->readiness);
	probe_free(container->liveness);
	probe_free(container->startup);
}

struct rs_template *rs_template_unref(struct rs_template *template)
{
	if (!template || --template->users > 0)
		return NULL;
	rs_pairs_done(&template->labels);
	rs_pairs_done(&template->annotations);
	container_done(&template->container);
	free(template);
	return NULL;
}

static bool container_equal(const struct rs_container *a, const struct rs_container *b)
{
	return strcmp(a->name, b->name) == 0 && rs_str_equal(a->image, b->image) &&
	       rs_strings_equal(&a->command, &b->command) && rs_strings_equal(&a->args, &b->args) &&
	       rs_pairs_equal(&a->env, &b->env) && rs_str_equal(a->working_dir, b->working_dir) &&
	       rs_container_ports_equal(a, b) && a->cpu_millis == b->cpu_millis && a->memory_bytes == b->memory_bytes &&
	       a->run_as_user == b->run_as_user && probe_equal(a->readiness, b->readiness) &&
	       probe_equal(a->liveness, b->liveness) && probe_equal(a->startup, b->startup);
}

/* What is derived from the annotations is equal when they are. */
bool rs_template_equal_unnamed(const struct rs_template *a, const struct rs_template *b)
{
	if (a == b)
		return true;
	return rs_pairs_equal(&a->labels, &b->labels) && rs_pairs_equal(&a->annotations, &b->annotations) &&
	       container_equal(&a->container, &b->container) && a->container_concurrency == b->container_concurrency &&
	       a->timeout_seconds == b->timeout_seconds;
}

bool rs_template_equal(const struct rs_template *a, const struct rs_template *b)
{
	return strcmp(a->name, b->name) == 0 && rs_template_equal_unnamed(a, b);
}
