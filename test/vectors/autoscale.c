/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections of kpa.json that user/core/autoscale answers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "core/autoscale/kpa.h"
#include "core/autoscale/max_window.h"
#include "core/autoscale/phase.h"
#include "core/autoscale/request_stats.h"
#include "core/autoscale/scale.h"
#include "core/autoscale/target.h"
#include "core/autoscale/window.h"
#include "vectors/vectors.h"

#define SLOTS_MAX 100000

static double seconds_of(uint64_t time_ns)
{
	return (double)time_ns / (double)RS_NS_PER_S - VECTOR_EPOCH_S;
}

/* ---- decide, start_mode, initial_status, same_sign ---- */

/* Overwrites what `json` has. */
static void read_spec(struct vector_case *c, const cJSON *json, struct rs_kpa_spec *spec)
{
	spec->target = vector_number_or(c, json, "target", spec->target);
	spec->total = vector_number_or(c, json, "total", spec->total);
	spec->target_burst_capacity = vector_number_or(c, json, "target_burst_capacity", spec->target_burst_capacity);
	spec->panic_threshold = vector_number_or(c, json, "panic_threshold", spec->panic_threshold);
	spec->max_scale_up_rate = vector_number_or(c, json, "max_scale_up_rate", spec->max_scale_up_rate);
	spec->max_scale_down_rate = vector_number_or(c, json, "max_scale_down_rate", spec->max_scale_down_rate);
	if (vector_is_set(json, "stable_window_s"))
		spec->stable_window_ns = vector_duration_ns(vector_number(c, json, "stable_window_s"));
	spec->activation_scale = (int32_t)vector_number_or(c, json, "activation_scale", spec->activation_scale);
	if (vector_is_set(json, "scale_down_delay_s"))
		spec->scale_down_delay_ns = vector_duration_ns(vector_number(c, json, "scale_down_delay_s"));
	if (vector_is_set(json, "reachable"))
		spec->reachable = vector_bool(c, json, "reachable");
}

static struct rs_kpa_observed read_observed(struct vector_case *c, const cJSON *step)
{
	const char *error = vector_is_set(step, "error") ? vector_text(c, step, "error") : NULL;

	if (!error)
		return (struct rs_kpa_observed){
			.ready = (int32_t)vector_number(c, step, "ready"),
			.measured = true,
			.stable = vector_number(c, step, "stable"),
			.panic = vector_number(c, step, "panic"),
		};
	/* A revision without endpoints has no ready instance; every other error leaves nothing to decide on. */
	if (strstr(error, "not_found") || strstr(error, "notfound"))
		return (struct rs_kpa_observed){
			.ready = 0,
			.measured = true,
			.stable = vector_number_or(c, step, "stable", 0),
			.panic = vector_number_or(c, step, "panic", 0),
		};
	return (struct rs_kpa_observed){.ready = (int32_t)vector_number_or(c, step, "ready", -1), .measured = false};
}

static void check_step(struct vector_case *c, const cJSON *step, struct rs_kpa *kpa, struct rs_kpa_spec *spec)
{
	const cJSON *expect = cJSON_GetObjectItemCaseSensitive(step, "expect");
	double t = vector_number(c, step, "t_s");
	char what[64];

	if (vector_is_set(step, "spec_update"))
		read_spec(c, vector_get(c, step, "spec_update"), spec);
	if (!expect && !vector_is_set(step, "error") && !vector_is_set(step, "stable"))
		return; /* a step that only updates */

	struct rs_kpa_observed observed = read_observed(c, step);
	struct rs_kpa_decision decision = rs_kpa_decide(kpa, spec, &observed, vector_time_ns(t));

	snprintf(what, sizeof(what), "valid at %g s", t);
	if (vector_is_set(expect, "valid"))
		vector_expect_bool(c, what, decision.valid, vector_bool(c, expect, "valid"));
	snprintf(what, sizeof(what), "desired at %g s", t);
	if (vector_is_set(expect, "desired"))
		vector_expect_number(c, what, decision.desired, vector_number(c, expect, "desired"), 0);
	snprintf(what, sizeof(what), "excess burst capacity at %g s", t);
	if (vector_is_set(expect, "ebc")) /* upstream allows 1 either way */
		vector_expect_number(c, what, decision.excess_burst_capacity, vector_number(c, expect, "ebc"), 1);
	snprintf(what, sizeof(what), "panic since, at %g s,", t);
	const cJSON *panic = cJSON_GetObjectItemCaseSensitive(expect, "panic_since_s");
	if (cJSON_IsNull(panic) && kpa->panicking)
		vector_fail(c, "%s is %g s, expected no panic", what, seconds_of(kpa->panic_since_ns));
	else if (cJSON_IsNumber(panic) && !kpa->panicking)
		vector_fail(c, "%s is never, expected %g s", what, panic->valuedouble);
	else if (cJSON_IsNumber(panic))
		vector_expect_number(c, what, seconds_of(kpa->panic_since_ns), panic->valuedouble, 1e-6);
	vector_expect_key(c, expect, "max_panic_pods", kpa->panic_max, 0);
}

void check_decide(struct vector_case *c)
{
	const cJSON *initial = vector_get(c, c->json, "initial");
	const cJSON *steps = vector_get(c, c->json, "steps");
	struct rs_kpa_spec spec = {.reachable = true};
	struct rs_kpa kpa;

	read_spec(c, vector_get(c, c->json, "spec"), &spec);
	uint32_t slots = rs_kpa_delay_slots(&spec);
	if (slots > SLOTS_MAX) {
		vector_fail(c, "the scale-down delay is too long");
		return;
	}
	rs_auto_free struct rs_max_entry *memory = calloc(slots + 1, sizeof(*memory));
	if (!memory || rs_kpa_init(&kpa, &spec, (int32_t)vector_number(c, initial, "ready_at_create"),
				   vector_time_ns(0), memory, slots) < 0) {
		vector_fail(c, "cannot start the autoscaler");
		return;
	}
	if (vector_is_set(initial, "panic_since_s")) {
		kpa.panicking = true;
		kpa.panic_since_ns = vector_time_ns(vector_number(c, initial, "panic_since_s"));
	}
	kpa.panic_max = (int32_t)vector_number_or(c, initial, "max_panic_pods", kpa.panic_max);

	for (const cJSON *step = steps ? steps->child : NULL; step && !c->failed; step = step->next)
		check_step(c, step, &kpa, &spec);
}

void check_start_mode(struct vector_case *c)
{
	const cJSON *expect = vector_get(c, c->json, "expect");
	struct rs_kpa_spec spec = {.target = 1, .stable_window_ns = 60 * RS_NS_PER_S, .reachable = true};
	struct rs_kpa kpa;

	if (rs_kpa_init(&kpa, &spec, (int32_t)vector_number(c, c->json, "ready_at_create"), vector_time_ns(0), NULL, 0))
		vector_fail(c, "cannot start the autoscaler");
	vector_expect_bool(c, "in_panic", kpa.panicking, vector_bool(c, expect, "in_panic"));
	vector_expect_number(c, "max_panic_pods", kpa.panic_max, vector_number(c, expect, "max_panic_pods"), 0);
}

void check_initial_status(struct vector_case *c)
{
	const cJSON *expect = vector_get(c, c->json, "expect");
	struct rs_kpa_spec spec = {
		.total = vector_number(c, c->json, "total"),
		.target_burst_capacity = vector_number(c, c->json, "target_burst_capacity"),
	};
	int32_t initial_scale = (int32_t)vector_number(c, c->json, "initial_scale");
	struct rs_kpa_decision decision = rs_kpa_before_first(&spec, initial_scale);

	vector_expect_number(c, "desired", decision.desired, vector_number(c, expect, "desired"), 0);
	vector_expect_number(c, "ebc", decision.excess_burst_capacity, vector_number(c, expect, "ebc"), 0);
}

void check_same_sign(struct vector_case *c)
{
	int32_t a = (int32_t)vector_number(c, c->json, "a");
	int32_t b = (int32_t)vector_number(c, c->json, "b");

	vector_expect_bool(c, "same sign", rs_same_sign(a, b), vector_bool(c, c->json, "expect"));
}

/* ---- average, smoothing_coefficient, ewma_example, rounding ---- */

static void check_nonzero_buckets(struct vector_case *c, const cJSON *expect, const struct rs_window *window)
{
	int nonzero = 0, wanted = 0;
	char what[64];

	for (uint64_t i = 0; window->written && i < window->count; i++)
		nonzero += rs_window_bucket(window, (window->last_bucket - i) * window->bucket_ns) != 0;
	for (const cJSON *bucket = expect ? expect->child : NULL; bucket; bucket = bucket->next, wanted++) {
		snprintf(what, sizeof(what), "bucket at %s s", bucket->string);
		double got = rs_window_bucket(window, vector_time_ns(strtod(bucket->string, NULL)));
		vector_expect_number(c, what, got, bucket->valuedouble, 1e-9);
	}
	vector_expect_number(c, "number of buckets that are not zero", nonzero, wanted, 0);
}

static void check_first_write(struct vector_case *c, const cJSON *expect, const struct rs_window *window)
{
	double got = seconds_of(window->first_bucket * window->bucket_ns);

	if (!cJSON_IsNumber(expect)) {
		if (window->first_known)
			vector_fail(c, "first write is %g s, expected none", got);
	} else if (!window->first_known) {
		vector_fail(c, "first write is unknown, expected %g s", expect->valuedouble);
	} else {
		vector_expect_number(c, "first write", got, expect->valuedouble, 1e-6);
	}
}

static void check_window_op(struct vector_case *c, const cJSON *op, struct rs_window *window, double *t)
{
	const cJSON *expect = cJSON_GetObjectItemCaseSensitive(op, "expect");
	const char *name = vector_text(c, op, "op");
	char what[64];

	*t = vector_number_or(c, op, "t_s", vector_number_or(c, op, "at_s", *t));
	uint64_t now_ns = vector_time_ns(*t);
	snprintf(what, sizeof(what), "%s at %g s", name, *t);

	if (strcmp(name, "record") == 0) {
		rs_window_record(window, now_ns, vector_number(c, op, "value"));
	} else if (strcmp(name, "average") == 0) {
		vector_expect_number(c, what, rs_window_average(window, now_ns), vector_number(c, op, "expect"),
				     vector_number_or(c, op, "tolerance", 1e-6));
	} else if (strcmp(name, "sum") == 0) {
		vector_expect_number(c, what, rs_window_sum(window, now_ns), vector_number(c, op, "expect"),
				     vector_number_or(c, op, "tolerance", 1e-6));
	} else if (strcmp(name, "is_empty") == 0) {
		vector_expect_bool(c, what, rs_window_is_empty(window, now_ns), vector_bool(c, op, "expect"));
	} else if (strcmp(name, "resize") == 0) {
		uint64_t window_ns = vector_duration_ns(vector_number(c, op, "window_s"));
		if (rs_window_resize(window, window_ns, now_ns) < 0)
			vector_fail(c, "%s failed", what);
		vector_expect_key(c, op, "expect_buckets", window->count, 0);
	} else if (strcmp(name, "nonzero_buckets") == 0) {
		check_nonzero_buckets(c, expect, window);
	} else if (strcmp(name, "first_write") == 0) {
		check_first_write(c, expect, window);
	} else {
		vector_fail(c, "unknown op \"%s\"", name);
	}
}

void check_average(struct vector_case *c)
{
	static double memory[RS_WINDOW_BUCKETS_MAX];
	const cJSON *ops = vector_get(c, c->json, "ops");
	const char *kind = vector_text(c, c->json, "kind");
	struct rs_window window;
	double t = 0;

	if (strcmp(kind, "linear") != 0 && strcmp(kind, "exponential") != 0)
		vector_fail(c, "unknown kind \"%s\"", kind);
	if (rs_window_init(&window, strcmp(kind, "exponential") == 0 ? RS_WINDOW_EXPONENTIAL : RS_WINDOW_LINEAR,
			   vector_duration_ns(vector_number(c, c->json, "window_s")),
			   vector_duration_ns(vector_number(c, c->json, "granularity_s")), memory,
			   RS_WINDOW_BUCKETS_MAX) < 0) {
		vector_fail(c, "the window cannot be made");
		return;
	}
	for (const cJSON *op = ops ? ops->child : NULL; op && !c->failed; op = op->next)
		check_window_op(c, op, &window, &t);
}

void check_smoothing_coefficient(struct vector_case *c)
{
	uint32_t buckets = (uint32_t)vector_number(c, c->json, "buckets");

	vector_expect_number(c, "coefficient", rs_smoothing_coefficient(buckets), vector_number(c, c->json, "expect"),
			     vector_number_or(c, c->json, "tolerance", 1e-4));
}

void check_ewma_example(struct vector_case *c)
{
	const cJSON *values = vector_get(c, c->json, "values_old_to_new");
	uint32_t count = (uint32_t)cJSON_GetArraySize(values);
	struct rs_window exponential, linear;
	double memory[2][64];

	uint64_t t = vector_time_ns(0);
	if (count > 64 ||
	    rs_window_init(&exponential, RS_WINDOW_EXPONENTIAL, count * RS_NS_PER_S, RS_NS_PER_S, memory[0], 64) < 0 ||
	    rs_window_init(&linear, RS_WINDOW_LINEAR, count * RS_NS_PER_S, RS_NS_PER_S, memory[1], 64) < 0) {
		vector_fail(c, "a window of %u values cannot be made", count);
		return;
	}
	exponential.smoothing = vector_number(c, c->json, "coefficient");
	for (const cJSON *value = values->child; value; value = value->next) {
		t += RS_NS_PER_S;
		rs_window_record(&exponential, t, value->valuedouble);
		rs_window_record(&linear, t, value->valuedouble);
	}
	vector_expect_key(c, c->json, "expect_exponential", rs_window_average(&exponential, t), 1e-6);
	vector_expect_key(c, c->json, "expect_linear", rs_window_average(&linear, t), 1e-6);
}

void check_rounding(struct vector_case *c)
{
	double got = rs_round_digits(vector_number(c, c->json, "value"), (int)vector_number(c, c->json, "digits"));

	vector_expect_number(c, "rounded", got, vector_number(c, c->json, "expect"), 1e-12);
}

/* ---- max_window, max_time_window ---- */

void check_max_window(struct vector_case *c)
{
	const cJSON *writes = vector_get(c, c->json, "writes");
	const cJSON *expect = vector_get(c, c->json, "expect_current_after_each");
	uint32_t slots = (uint32_t)vector_number(c, c->json, "slots");
	struct rs_max_entry memory[256];
	struct rs_max_window window;
	char what[64];
	int i = 0;

	if (slots > rs_array_length(memory) || rs_max_window_init(&window, memory, slots) < 0) {
		vector_fail(c, "a window of %u slots cannot be made", slots);
		return;
	}
	if (cJSON_GetArraySize(writes) != cJSON_GetArraySize(expect))
		vector_fail(c, "writes and expectations differ in number");
	for (const cJSON *write = writes ? writes->child : NULL; write && !c->failed; write = write->next, i++) {
		rs_max_window_record(&window, (uint64_t)vector_number(c, write, "slot"),
				     (int32_t)vector_number(c, write, "value"));
		snprintf(what, sizeof(what), "maximum after write %d", i);
		vector_expect_number(c, what, rs_max_window_current(&window),
				     cJSON_GetArrayItem(expect, i)->valuedouble, 0);
	}
}

void check_max_time_window(struct vector_case *c)
{
	const cJSON *writes = vector_get(c, c->json, "writes");
	struct rs_max_entry memory[256];
	struct rs_max_time_window window;

	if (rs_max_time_window_init(&window, vector_duration_ns(vector_number(c, c->json, "window_s")),
				    vector_duration_ns(vector_number(c, c->json, "granularity_s")), memory,
				    rs_array_length(memory)) < 0) {
		vector_fail(c, "the window cannot be made");
		return;
	}
	for (const cJSON *write = writes ? writes->child : NULL; write; write = write->next) {
		if (cJSON_GetArraySize(write) != 2) {
			vector_fail(c, "a write is not [seconds, value]");
			return;
		}
		rs_max_time_window_record(&window, vector_time_ns(cJSON_GetArrayItem(write, 0)->valuedouble),
					  (int32_t)cJSON_GetArrayItem(write, 1)->valuedouble);
	}
	vector_expect_number(c, "maximum", rs_max_time_window_current(&window),
			     vector_number(c, c->json, "expect_current"), 0);
}

/* ---- target, panic_window, initial_scale ---- */

void check_target(struct vector_case *c)
{
	const cJSON *input = vector_get(c, c->json, "input");
	const cJSON *expect = vector_get(c, c->json, "expect");
	const char *metric = vector_is_set(input, "metric") ? vector_text(c, input, "metric") : "concurrency";

	if (strcmp(metric, "rps") != 0 && strcmp(metric, "concurrency") != 0)
		vector_fail(c, "unknown metric \"%s\"", metric);
	struct rs_target got = rs_target_resolve(&(struct rs_target_input){
		.metric = strcmp(metric, "rps") == 0 ? RS_METRIC_RPS : RS_METRIC_CONCURRENCY,
		.container_concurrency = vector_number_or(c, input, "container_concurrency", 0),
		.target = vector_number_or(c, input, "target_annotation", RS_UNSET),
		.utilization_percent = vector_number_or(c, input, "utilization_annotation_pct", RS_UNSET),
		.concurrency_fraction = vector_number_or(c, input, "cm_concurrency_target_fraction", 0.7),
		.concurrency_default = vector_number_or(c, input, "cm_concurrency_target_default", 100),
		.rps_default = vector_number_or(c, input, "cm_rps_target_default", 200),
		.rps_utilization = vector_number_or(c, input, "fixed_rps_utilization", RS_RPS_UTILIZATION),
	});
	vector_expect_number(c, "target", got.target, vector_number(c, expect, "target"), 1e-9);
	vector_expect_number(c, "total", got.total, vector_number(c, expect, "total"), 1e-9);
}

void check_panic_window(struct vector_case *c)
{
	uint64_t got = rs_panic_window_ns(vector_duration_ns(vector_number(c, c->json, "stable_window_s")),
					  vector_number(c, c->json, "panic_window_pct"));

	vector_expect_number(c, "panic window", (double)got / (double)RS_NS_PER_S,
			     vector_number(c, c->json, "expect_panic_window_s"), 1e-9);
}

void check_initial_scale(struct vector_case *c)
{
	int32_t got = rs_initial_scale((int32_t)vector_number_or(c, c->json, "annotation", -1),
				       (int32_t)vector_number(c, c->json, "cm_initial"),
				       vector_bool(c, c->json, "allow_zero"));

	vector_expect_number(c, "initial scale", got, vector_number(c, c->json, "expect"), 0);
}

/* ---- apply_scale, pa_status, active_condition ---- */

static enum rs_phase read_phase(struct vector_case *c, const char *text)
{
	if (strcmp(text, "activating") == 0)
		return RS_PHASE_ACTIVATING;
	if (strcmp(text, "active") == 0)
		return RS_PHASE_ACTIVE;
	if (strcmp(text, "inactive") != 0)
		vector_fail(c, "unknown phase \"%s\"", text);
	return RS_PHASE_INACTIVE;
}

static enum rs_reachability read_reachability(struct vector_case *c, const char *text)
{
	if (strcmp(text, "reachable") == 0)
		return RS_REACHABILITY_REACHABLE;
	if (strcmp(text, "unreachable") == 0)
		return RS_REACHABILITY_UNREACHABLE;
	if (strcmp(text, "unknown") != 0)
		vector_fail(c, "unknown reachability \"%s\"", text);
	return RS_REACHABILITY_UNKNOWN;
}

/* The revision's own value where it has one, else the configuration's. */
static double resolve(struct vector_case *c, const char *key)
{
	const cJSON *revision = cJSON_GetObjectItemCaseSensitive(c->json, "revision");

	if (vector_is_set(revision, key))
		return vector_number(c, revision, key);
	return vector_number(c, vector_get(c, c->json, "config"), key);
}

void check_apply_scale(struct vector_case *c)
{
	const cJSON *config = vector_get(c, c->json, "config");
	const cJSON *revision = vector_get(c, c->json, "revision");
	const cJSON *state = vector_get(c, c->json, "state");
	const cJSON *expect = vector_get(c, c->json, "expect");
	const char *probe = vector_is_set(c->json, "activator_probe") ? vector_text(c, c->json, "activator_probe") : "";
	double window = vector_is_set(revision, "window_s") ? vector_number(c, revision, "window_s")
							    : vector_number(c, config, "stable_window_s");
	double proxy_for = vector_number_or(c, state, "proxy_for_s", 0);

	struct rs_scale_config scale_config = {
		.enable_scale_to_zero = vector_bool(c, config, "enable_scale_to_zero"),
		.stable_window_ns = vector_duration_ns(window),
		.grace_ns = vector_duration_ns(vector_number(c, config, "grace_s")),
		.retention_ns = vector_duration_ns(resolve(c, "retention_s")),
		.progress_deadline_ns = vector_duration_ns(resolve(c, "progress_deadline_s")),
		.activation_buffer_ns = vector_duration_ns(vector_number_or(c, config, "activation_buffer_s", 30)),
		.min_scale = (int32_t)vector_number_or(c, revision, "min", 0),
		.max_scale = (int32_t)vector_number_or(c, revision, "max", 0),
		.initial_scale = rs_initial_scale((int32_t)vector_number_or(c, revision, "initial_scale", -1),
						  (int32_t)vector_number(c, config, "initial_scale"),
						  vector_bool(c, config, "allow_zero_initial_scale")),
		.target_burst_capacity = resolve(c, "target_burst_capacity"),
		.reachability = read_reachability(c, vector_text(c, revision, "reachability")),
	};
	struct rs_scale_state scale_state = {
		.phase = read_phase(c, vector_text(c, state, "phase")),
		.phase_since_ns = vector_time_ns(-vector_number_or(c, state, "since_s", 0)),
		.initialized = vector_bool(c, state, "initialized"),
		.replicas = (int32_t)vector_number_or(c, c->json, "current_replicas", 1),
		.proxy_mode = vector_bool(c, state, "proxy_mode"),
		.proxy_since_ns = proxy_for > 0 ? vector_time_ns(-proxy_for) : 0,
		.probe_ok = strcmp(probe, "ok") == 0,
	};
	struct rs_scale_result got = rs_scale_apply(&scale_config, &scale_state,
						    (int32_t)vector_number(c, c->json, "desired"), vector_time_ns(0));

	vector_expect_key(c, expect, "result", got.scale, 0);
	vector_expect_key_bool(c, expect, "patched", got.patched);
	vector_expect_key_bool(c, expect, "requeue", got.requeue);
	vector_expect_key(c, expect, "requeue_after_s", (double)got.requeue_after_ns / (double)RS_NS_PER_S, 1e-6);
	vector_expect_key_bool(c, expect, "async_probe", got.async_probe);
	if (strcmp(probe, "must_not_be_called") == 0)
		vector_expect_bool(c, "asked whether the hold path is armed", got.probe_used, false);
}

void check_pa_status(struct vector_case *c)
{
	const cJSON *expect = vector_get(c, c->json, "expect");
	int32_t known = (int32_t)vector_number_or(c, c->json, "have_desired", -1);

	vector_expect_number(c, "desired", rs_status_desired(known, (int32_t)vector_number(c, c->json, "want")),
			     vector_number(c, expect, "desired"), 0);
	/* The actual scale is what is ready, there is nothing to compute. */
	vector_expect_number(c, "actual", vector_number(c, c->json, "ready"), vector_number(c, expect, "actual"), 0);
}

/* A row of the table stands for several cases: `matches` says which numbers a cell takes in. */
static bool matches(const char *cell, int number)
{
	if (strcmp(cell, "any") == 0)
		return true;
	if (strcmp(cell, ">0") == 0)
		return number > 0;
	return number == atoi(cell);
}

static bool matches_ready(const char *cell, int ready, int least)
{
	if (strcmp(cell, "any") == 0)
		return true;
	return strcmp(cell, "<") == 0 ? ready < least : ready >= least;
}

void check_active_condition(struct vector_case *c)
{
	const char *want_cell = vector_text(c, c->json, "want");
	const char *ready_cell = vector_text(c, c->json, "ready_vs_min");
	const char *min_cell = vector_text(c, c->json, "min");
	const char *status_cell = vector_text(c, c->json, "status");
	enum rs_phase expected = read_phase(c, vector_text(c, c->json, "new_status"));
	/* A threshold of 0 stands in rows of its own; "any" is about the others. */
	int least_from = strcmp(min_cell, "any") == 0 ? 1 : 0;
	int tried = 0;

	for (int want = -1; want <= 3; want++)
		for (int least = least_from; least <= 3; least++)
			for (int ready = 0; ready <= 4; ready++)
				for (int phase = RS_PHASE_ACTIVATING; phase <= RS_PHASE_INACTIVE; phase++) {
					if (!matches(want_cell, want) || !matches(min_cell, least) ||
					    !matches_ready(ready_cell, ready, least) ||
					    (strcmp(status_cell, "any") != 0 &&
					     read_phase(c, status_cell) != (enum rs_phase)phase))
						continue;
					enum rs_phase got =
						rs_phase_next((enum rs_phase)phase, want, ready, least).phase;
					tried++;
					if (got != expected)
						vector_fail(c, "want %d, ready %d of %d, %s becomes %s, expected %s",
							    want, ready, least, rs_phase_text((enum rs_phase)phase),
							    rs_phase_text(got), rs_phase_text(expected));
				}
	if (tried == 0)
		vector_fail(c, "the row stands for no case");
}

/* ---- request_stats ---- */

static bool read_event(const char *type, enum rs_request_event *ret_event)
{
	static const char *const names[] = {
		[RS_REQUEST_IN] = "in",
		[RS_REQUEST_OUT] = "out",
		[RS_REQUEST_PROXIED_IN] = "in_proxied",
		[RS_REQUEST_PROXIED_OUT] = "out_proxied",
	};
	for (size_t i = 0; i < rs_array_length(names); i++)
		if (strcmp(names[i], type) == 0) {
			*ret_event = (enum rs_request_event)i;
			return true;
		}
	return false;
}

static void check_report(struct vector_case *c, const cJSON *expect, const struct rs_request_report *report)
{
	vector_expect_key(c, expect, "avg_concurrency", report->average_concurrency, 1e-9);
	vector_expect_key(c, expect, "avg_proxied_concurrency", report->average_proxied_concurrency, 1e-9);
	vector_expect_key(c, expect, "requests", (double)report->requests, 0);
	vector_expect_key(c, expect, "proxied_requests", (double)report->proxied_requests, 0);
}

void check_request_stats(struct vector_case *c)
{
	const cJSON *events = vector_get(c, c->json, "events");
	const cJSON *expect = vector_get(c, c->json, "expect_reports");
	struct rs_request_stats stats;
	enum rs_request_event kind;
	int reports = 0;

	rs_request_stats_init(&stats, vector_time_ns(0));
	for (const cJSON *event = events ? events->child : NULL; event && !c->failed; event = event->next) {
		uint64_t now_ns = vector_time_ns(vector_number(c, event, "t_ms") / 1000);
		const char *type = vector_text(c, event, "type");

		if (strcmp(type, "report") == 0) {
			struct rs_request_report report = rs_request_stats_report(&stats, now_ns);
			check_report(c, cJSON_GetArrayItem(expect, reports++), &report);
		} else if (read_event(type, &kind)) {
			rs_request_stats_event(&stats, kind, now_ns);
		} else {
			vector_fail(c, "unknown event \"%s\"", type);
		}
	}
	vector_expect_number(c, "number of reports", reports, cJSON_GetArraySize(expect), 0);
}
