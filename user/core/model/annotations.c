/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/annotations.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/model/access.h"
#include "core/model/external.h"
#include "core/model/families.h"
#include "core/model/quantity.h"

#define AUTOSCALING "autoscaling.knative.dev/"
#define PATH	    "spec.template.metadata.annotations[%s]"

enum {
	CLASS,
	METRIC,
	TARGET,
	UTILIZATION,
	BURST,
	MIN_SCALE,
	MAX_SCALE,
	INITIAL_SCALE,
	ACTIVATION_SCALE,
	SCALE_DOWN_DELAY,
	WINDOW,
	PANIC_WINDOW,
	PANIC_THRESHOLD,
	RETENTION,
	AGGREGATION,
	PROGRESS_DEADLINE,
	NO_GC,
	HOLD_TIMEOUT,
	STOP_SIGNAL,
	STOP_GRACE,
	PICK,
	ANNOTATION_COUNT,
};

/* Both of Knative's spellings. */
static const struct {
	const char *key, *camel;
} known[ANNOTATION_COUNT] = {
	[CLASS] = {AUTOSCALING "class", NULL},
	[METRIC] = {AUTOSCALING "metric", NULL},
	[TARGET] = {AUTOSCALING "target", NULL},
	[UTILIZATION] = {AUTOSCALING "target-utilization-percentage", AUTOSCALING "targetUtilizationPercentage"},
	[BURST] = {AUTOSCALING "target-burst-capacity", AUTOSCALING "targetBurstCapacity"},
	[MIN_SCALE] = {AUTOSCALING "min-scale", AUTOSCALING "minScale"},
	[MAX_SCALE] = {AUTOSCALING "max-scale", AUTOSCALING "maxScale"},
	[INITIAL_SCALE] = {AUTOSCALING "initial-scale", AUTOSCALING "initialScale"},
	[ACTIVATION_SCALE] = {AUTOSCALING "activation-scale", AUTOSCALING "activationScale"},
	[SCALE_DOWN_DELAY] = {AUTOSCALING "scale-down-delay", AUTOSCALING "scaleDownDelay"},
	[WINDOW] = {AUTOSCALING "window", NULL},
	[PANIC_WINDOW] = {AUTOSCALING "panic-window-percentage", AUTOSCALING "panicWindowPercentage"},
	[PANIC_THRESHOLD] = {AUTOSCALING "panic-threshold-percentage", AUTOSCALING "panicThresholdPercentage"},
	[RETENTION] = {AUTOSCALING "scale-to-zero-pod-retention-period", AUTOSCALING "scaleToZeroPodRetentionPeriod"},
	[AGGREGATION] = {AUTOSCALING "metric-aggregation-algorithm", AUTOSCALING "metricAggregationAlgorithm"},
	[PROGRESS_DEADLINE] = {"serving.knative.dev/progress-deadline", "serving.knative.dev/progressDeadline"},
	[NO_GC] = {RS_ANNOTATION_NO_GC, NULL},
	[HOLD_TIMEOUT] = {RS_ANNOTATION_HOLD_TIMEOUT, NULL},
	[STOP_SIGNAL] = {RS_ANNOTATION_STOP_SIGNAL, NULL},
	[STOP_GRACE] = {RS_ANNOTATION_STOP_GRACE, NULL},
	[PICK] = {RS_ANNOTATION_PICK, NULL},
};

static int number(const struct rs_pair *pair, double minimum, double maximum, const char *range, double *out,
		  struct rs_err *err)
{
	double value;

	if (!pair)
		return 0;
	if (rs_number_parse(pair->value, &value) < 0 || value < minimum || value > maximum)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be a number %s", pair->key, pair->value, range);
	*out = value;
	return 0;
}

static int scale(const struct rs_pair *pair, int32_t minimum, int32_t *out, struct rs_err *err)
{
	long long value;

	if (!pair)
		return 0;
	if (rs_str_to_long(pair->value, minimum, INT32_MAX, &value) < 0)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be a whole number %d..2147483647", pair->key,
				  pair->value, minimum);
	*out = (int32_t)value;
	return 0;
}

static int duration(const struct rs_pair *pair, uint64_t minimum_ns, const char *range, bool whole_seconds,
		    int64_t *out, struct rs_err *err)
{
	int64_t ns;

	if (!pair)
		return 0;
	if (rs_duration_parse(pair->value, &ns) < 0)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be a duration such as \"30s\" or \"1m30s\"",
				  pair->key, pair->value);
	if (ns < 0 || (uint64_t)ns < minimum_ns || (uint64_t)ns > RS_DURATION_MAX_NS)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be %s", pair->key, pair->value, range);
	if (whole_seconds && ns % (int64_t)RS_NS_PER_S != 0)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be whole seconds", pair->key, pair->value);
	*out = ns;
	return 0;
}

static int class(const struct rs_pair *pair, struct rs_err *err)
{
	if (!pair || strcmp(pair->value, "kpa.autoscaling.knative.dev") == 0)
		return 0;
	if (strcmp(pair->value, "hpa.autoscaling.knative.dev") == 0)
		return rs_err_set(err, -EINVAL,
				  PATH ": the HPA is a part of Kubernetes that this node does not have; use "
				       "\"kpa.autoscaling.knative.dev\", which scales to zero as well",
				  pair->key);
	return rs_err_set(err, -EINVAL, PATH ": no autoscaler of the class \"%.80s\" runs here", pair->key,
			  pair->value);
}

static int metric(const struct rs_pair *pair, enum rs_metric *out, struct rs_err *err)
{
	if (!pair)
		return 0;
	if (strcmp(pair->value, "concurrency") == 0)
		*out = RS_METRIC_CONCURRENCY;
	else if (strcmp(pair->value, "rps") == 0)
		*out = RS_METRIC_RPS;
	else
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be \"concurrency\" or \"rps\"", pair->key,
				  pair->value);
	return 0;
}

static int aggregation(const struct rs_pair *pair, enum rs_aggregation *out, struct rs_err *err)
{
	if (!pair)
		return 0;
	if (strcmp(pair->value, "linear") == 0 || !*pair->value)
		*out = RS_AGGREGATION_LINEAR;
	else if (strcmp(pair->value, "weighted-exponential") == 0 || strcmp(pair->value, "weightedExponential") == 0)
		*out = RS_AGGREGATION_WEIGHTED_EXPONENTIAL;
	else
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be \"linear\" or \"weighted-exponential\"",
				  pair->key, pair->value);
	return 0;
}

static int stop_signal(const struct rs_pair *pair, int *out, struct rs_err *err)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {
		{"SIGTERM", SIGTERM}, {"SIGINT", SIGINT},   {"SIGQUIT", SIGQUIT},   {"SIGHUP", SIGHUP},
		{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGWINCH", SIGWINCH}, {"SIGKILL", SIGKILL},
	};

	if (!pair)
		return 0;
	for (size_t i = 0; i < rs_array_length(signals); i++)
		if (strcmp(pair->value, signals[i].name) == 0 || strcmp(pair->value, signals[i].name + 3) == 0) {
			*out = signals[i].number;
			return 0;
		}
	return rs_err_set(err, -EINVAL,
			  PATH ": \"%.40s\" must be SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH or "
			       "SIGKILL",
			  pair->key, pair->value);
}

/* Knative's activator does the same for up to three requests at a time (pkg/activator/net/throttler.go,
 * newRevisionThrottler): filling one instance before the next leaves whole instances idle, which can go. */
#define FIRST_AVAILABLE_UP_TO 3

static const char *const pick_names[RS_PICK_POLICY_COUNT] = {
	[RS_PICK_LEAST_LOADED] = "least-loaded",
	[RS_PICK_HASH] = "hash",
	[RS_PICK_FIRST] = "first-available",
};

const char *rs_pick_policy_text(enum rs_pick_policy policy)
{
	return (unsigned)policy < RS_PICK_POLICY_COUNT ? pick_names[policy] : "";
}

static int pick(const struct rs_pair *pair, uint32_t container_concurrency, enum rs_pick_policy *out,
		struct rs_err *err)
{
	if (!pair) {
		*out = container_concurrency >= 1 && container_concurrency <= FIRST_AVAILABLE_UP_TO
			       ? RS_PICK_FIRST
			       : RS_PICK_LEAST_LOADED;
		return 0;
	}
	for (size_t i = 0; i < rs_array_length(pick_names); i++)
		if (strcmp(pair->value, pick_names[i]) == 0) {
			*out = (enum rs_pick_policy)i;
			return 0;
		}
	return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be \"least-loaded\", \"hash\" or \"first-available\"",
			  pair->key, pair->value);
}

/* Rouse's own annotations of a Service, and why they stand there. NULL for all others. */
static const char *why_of_service(const char *key)
{
	static const struct {
		const char *key, *why;
	} ours[] = {
		{RS_ANNOTATION_ALLOW_FROM, "it is about who may reach its address"},
		{RS_ANNOTATION_EXTERNAL_PORT, "it is about how clients reach it"},
		{RS_ANNOTATION_IP_FAMILIES, "it is about its addresses"},
		{RS_ANNOTATION_STICKY, "it is about the split between its revisions"},
	};

	for (size_t i = 0; i < rs_array_length(ours); i++)
		if (strcmp(key, ours[i].key) == 0)
			return ours[i].why;
	return NULL;
}

/* Sorts the annotations into `found`; refuses what nobody reads. */
static int find_known(const struct rs_pairs *annotations, const struct rs_pair *found[static ANNOTATION_COUNT],
		      struct rs_err *err)
{
	for (size_t i = 0; i < annotations->count; i++) {
		const struct rs_pair *pair = &annotations->items[i];
		const char *why;
		size_t k;

		for (k = 0; k < ANNOTATION_COUNT; k++)
			if (strcmp(pair->key, known[k].key) == 0 || rs_str_equal(pair->key, known[k].camel))
				break;
		if (k < ANNOTATION_COUNT) {
			if (found[k])
				return rs_err_set(err, -EINVAL, PATH ": is given twice, also as %s", pair->key,
						  found[k]->key);
			found[k] = pair;
		} else if (strcmp(pair->key, RS_ANNOTATION_ROLLOUT_DURATION) == 0) {
			return rs_err_set(err, -EINVAL, PATH ": belongs in metadata.annotations of the Service",
					  pair->key);
		} else if (rs_str_starts_with(pair->key, "queue.sidecar.serving.knative.dev/")) {
			return rs_err_set(err, -EINVAL, PATH ": there is no queue-proxy: the kernel counts requests",
					  pair->key);
		} else if ((why = why_of_service(pair->key))) {
			return rs_err_set(err, -EINVAL, PATH ": belongs in metadata.annotations of the Service: %s",
					  pair->key, why);
		} else if (rs_str_starts_with(pair->key, AUTOSCALING) || rs_str_starts_with(pair->key, "rouse.dev/") ||
			   rs_str_starts_with(pair->key, "features.knative.dev/") ||
			   (rs_str_starts_with(pair->key, "serving.knative.dev/") &&
			    strcmp(pair->key, "serving.knative.dev/creator") != 0 &&
			    strcmp(pair->key, "serving.knative.dev/lastModifier") != 0)) {
			return rs_err_set(err, -EINVAL, PATH ": is not an annotation that Rouse knows", pair->key);
		}
	}
	return 0;
}

/* min <= activation <= max, min <= max; 0 = no maximum. */
static int check_scales(const struct rs_autoscaling *a, const struct rs_pair *const found[static ANNOTATION_COUNT],
			struct rs_err *err)
{
	if (found[MIN_SCALE] && a->max_scale > 0 && a->max_scale < a->min_scale)
		return rs_err_set(err, -EINVAL, PATH ": %d is less than min-scale, %d", found[MAX_SCALE]->key,
				  a->max_scale, a->min_scale);
	if (!found[ACTIVATION_SCALE])
		return 0;
	if (a->activation_scale < a->min_scale)
		return rs_err_set(err, -EINVAL, PATH ": %d is less than min-scale, %d", found[ACTIVATION_SCALE]->key,
				  a->activation_scale, a->min_scale);
	if (a->max_scale > 0 && a->activation_scale > a->max_scale)
		return rs_err_set(err, -EINVAL, PATH ": %d is more than max-scale, %d", found[ACTIVATION_SCALE]->key,
				  a->activation_scale, a->max_scale);
	return 0;
}

int rs_annotations_derive(struct rs_template *template, struct rs_err *err)
{
	const struct rs_pair *found[ANNOTATION_COUNT] = {0};
	struct rs_autoscaling a;
	int64_t hold_ns = (int64_t)RS_HOLD_TOTAL_MS * (int64_t)RS_NS_PER_MS;
	int64_t grace_ns = (int64_t) template->timeout_seconds * (int64_t)RS_NS_PER_S;
	int signal = SIGTERM;
	enum rs_pick_policy policy = RS_PICK_LEAST_LOADED;
	int r;

	rs_autoscaling_init(&a);
	if ((r = find_known(&template->annotations, found, err)) < 0 || (r = class(found[CLASS], err)) < 0 ||
	    (r = metric(found[METRIC], &a.metric, err)) < 0 ||
	    (r = number(found[TARGET], 0.01, 1e9, ">= 0.01", &a.target, err)) < 0 ||
	    (r = number(found[UTILIZATION], 1, 100, "1..100", &a.target_utilization_percent, err)) < 0 ||
	    (r = number(found[BURST], -1, 1e9, ">= 0, or -1", &a.target_burst_capacity, err)) < 0 ||
	    (r = scale(found[MIN_SCALE], 0, &a.min_scale, err)) < 0 ||
	    (r = scale(found[MAX_SCALE], 0, &a.max_scale, err)) < 0 ||
	    (r = scale(found[INITIAL_SCALE], 0, &a.initial_scale, err)) < 0 ||
	    (r = scale(found[ACTIVATION_SCALE], 2, &a.activation_scale, err)) < 0 ||
	    (r = duration(found[SCALE_DOWN_DELAY], 0, "0s..1h", true, &a.scale_down_delay_ns, err)) < 0 ||
	    (r = duration(found[WINDOW], 6 * RS_NS_PER_S, "6s..1h", true, &a.window_ns, err)) < 0 ||
	    (r = number(found[PANIC_WINDOW], 1, 100, "1..100", &a.panic_window_percent, err)) < 0 ||
	    (r = number(found[PANIC_THRESHOLD], 110, 1000, "110..1000", &a.panic_threshold_percent, err)) < 0 ||
	    (r = duration(found[RETENTION], 0, "0s..1h", false, &a.retention_ns, err)) < 0 ||
	    (r = aggregation(found[AGGREGATION], &a.aggregation, err)) < 0 ||
	    (r = duration(found[PROGRESS_DEADLINE], RS_NS_PER_S, "1s..1h", true, &a.progress_deadline_ns, err)) < 0 ||
	    (r = duration(found[HOLD_TIMEOUT], RS_HOLD_TIMEOUT_MIN_MS * RS_NS_PER_MS, "1s..1h", false, &hold_ns, err)) <
		    0 ||
	    (r = stop_signal(found[STOP_SIGNAL], &signal, err)) < 0 ||
	    (r = duration(found[STOP_GRACE], 0, "0s..1h", false, &grace_ns, err)) < 0 ||
	    (r = pick(found[PICK], template->container_concurrency, &policy, err)) < 0 ||
	    (r = check_scales(&a, found, err)) < 0)
		return r;
	if (found[BURST] && a.target_burst_capacity < 0 && a.target_burst_capacity > -1)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be a number >= 0, or -1", found[BURST]->key,
				  found[BURST]->value);
	if (found[NO_GC] && strcmp(found[NO_GC]->value, "true") != 0 && strcmp(found[NO_GC]->value, "false") != 0)
		return rs_err_set(err, -EINVAL, PATH ": \"%.40s\" must be \"true\" or \"false\"", found[NO_GC]->key,
				  found[NO_GC]->value);
	a.has_target_burst_capacity = found[BURST] != NULL;
	template->autoscaling = a;
	template->hold_timeout_ms = (uint32_t)((uint64_t)hold_ns / RS_NS_PER_MS);
	template->stop_signal = signal;
	template->pick = policy;
	template->grace_ms = (uint32_t)((uint64_t)grace_ns / RS_NS_PER_MS);
	return 0;
}

int rs_annotations_check_service(const struct rs_metadata *metadata, struct rs_err *err)
{
	const char *visibility = rs_pairs_get(&metadata->labels, RS_LABEL_VISIBILITY);
	const char *rollout = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_ROLLOUT_DURATION);
	const char *sticky = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_STICKY);
	struct rs_allow_from ranges;
	struct rs_external_ports ports;
	enum rs_ip_families families;
	int64_t ns;
	int r;

	for (size_t i = 0; i < metadata->annotations.count; i++) {
		const char *key = metadata->annotations.items[i].key;

		if (rs_str_starts_with(key, AUTOSCALING))
			return rs_err_set(err, -EINVAL,
					  "metadata.annotations[%s]: autoscaling annotations belong in "
					  "spec.template.metadata.annotations",
					  key);
		for (size_t k = PROGRESS_DEADLINE; k < ANNOTATION_COUNT; k++)
			if (strcmp(key, known[k].key) == 0 || rs_str_equal(key, known[k].camel))
				return rs_err_set(err, -EINVAL,
						  "metadata.annotations[%s]: belongs in "
						  "spec.template.metadata.annotations",
						  key);
		if (why_of_service(key))
			continue;
		if (rs_str_starts_with(key, "rouse.dev/") || (rs_str_starts_with(key, "serving.knative.dev/") &&
							      strcmp(key, RS_ANNOTATION_ROLLOUT_DURATION) != 0 &&
							      strcmp(key, "serving.knative.dev/creator") != 0 &&
							      strcmp(key, "serving.knative.dev/lastModifier") != 0))
			return rs_err_set(err, -EINVAL,
					  "metadata.annotations[%s]: is not an annotation that Rouse knows", key);
	}
	for (size_t i = 0; i < metadata->labels.count; i++)
		if (rs_str_starts_with(metadata->labels.items[i].key, "serving.knative.dev/"))
			return rs_err_set(err, -EINVAL, "metadata.labels[%s]: labels of this domain are set by Rouse",
					  metadata->labels.items[i].key);
	if (visibility && strcmp(visibility, "cluster-local") != 0)
		return rs_err_set(err, -EINVAL, "metadata.labels[%s]: \"%.40s\" must be \"cluster-local\"",
				  RS_LABEL_VISIBILITY, visibility);
	if (sticky && strcmp(sticky, "client") != 0)
		return rs_err_set(err, -EINVAL,
				  "metadata.annotations[%s]: \"%.40s\" must be \"client\": a client's address keeps "
				  "its revision",
				  RS_ANNOTATION_STICKY, sticky);
	if (rollout && (rs_duration_parse(rollout, &ns) < 0 || ns != 0))
		return rs_err_set(err, -EINVAL,
				  "metadata.annotations[%s]: \"%.40s\" must be \"0s\": Rouse moves traffic at once; "
				  "move it in steps with spec.traffic",
				  RS_ANNOTATION_ROLLOUT_DURATION, rollout);
	r = rs_metadata_ip_families(metadata, RS_IPV4, &families, err);
	if (r == 0)
		r = rs_metadata_allow_from(metadata, &ranges, err);
	return r < 0 ? r : rs_metadata_external_ports(metadata, &ports, err);
}

int rs_annotations_check_config(const struct rs_template *template, bool allow_zero_initial_scale,
				int32_t max_scale_limit, struct rs_err *err)
{
	const struct rs_autoscaling *a = &template->autoscaling;

	if (a->initial_scale == 0 && !allow_zero_initial_scale)
		return rs_err_set(err, -EINVAL,
				  PATH ": 0 is not allowed by the configuration (allow-zero-initial-scale)",
				  known[INITIAL_SCALE].key);
	if (max_scale_limit > 0 && a->max_scale >= 0 && (a->max_scale == 0 || a->max_scale > max_scale_limit))
		return rs_err_set(err, -EINVAL, PATH ": %d must be 1..%d (max-scale-limit of the configuration)",
				  known[MAX_SCALE].key, a->max_scale, max_scale_limit);
	return 0;
}
