// SPDX-License-Identifier: BSD-2-Clause
#include "core/autoscale/config.h"

#include "core/model/quantity.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ULL

void rs_autoscaler_config_init(struct rs_autoscaler_config *config)
{
	*config = (struct rs_autoscaler_config){
		.concurrency_fraction = 0.7,
		.concurrency_default = 100,
		.rps_default = 200,
		.target_burst_capacity = 211,
		.stable_window_ns = 60 * SECOND,
		.panic_window_percent = 10,
		.panic_threshold_percent = 200,
		.max_scale_up_rate = 1000,
		.max_scale_down_rate = 2,
		.enable_scale_to_zero = true,
		.grace_ns = 30 * SECOND,
		.initial_scale = 1,
		.progress_deadline_ns = 600 * SECOND,
	};
}

static int parse_number(const char *text, double *ret)
{
	char *end;
	if (!*text)
		return -EINVAL;
	double value = strtod(text, &end);
	if (*end || !isfinite(value))
		return -EINVAL;
	*ret = value;
	return 0;
}

/* Go's strconv.ParseBool. */
static int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
	for (size_t i = 0; i < 6; i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

enum kind {
	NUMBER,
	SCALE,
	DURATION,
	SECONDS,
	BOOLEAN,
};

#define OFFSET(member) offsetof(struct rs_autoscaler_config, member)

/* One row for a key: its bounds, and the sentence that names them. */
static const struct row {
	const char *key;
	enum kind kind;
	size_t offset;
	double minimum, maximum; /* of durations in seconds */
	bool above;		 /* the minimum itself is refused */
	const char *bounds;
} rows[] = {
	{"container-concurrency-target-percentage", NUMBER, OFFSET(concurrency_fraction), 0, 100, true, "in (0, 100]"},
	{"container-concurrency-target-default", NUMBER, OFFSET(concurrency_default), 0.01, HUGE_VAL, false,
	 "at least 0.01"},
	{"requests-per-second-target-default", NUMBER, OFFSET(rps_default), 0.01, HUGE_VAL, false, "at least 0.01"},
	{"target-burst-capacity", NUMBER, OFFSET(target_burst_capacity), -1, HUGE_VAL, false, "at least 0, or -1"},
	{"stable-window", SECONDS, OFFSET(stable_window_ns), 6, 3600, false, "whole seconds in 6s..1h"},
	{"panic-window-percentage", NUMBER, OFFSET(panic_window_percent), 1, 100, false, "in 1..100"},
	{"panic-threshold-percentage", NUMBER, OFFSET(panic_threshold_percent), -HUGE_VAL, HUGE_VAL, false, "a number"},
	{"max-scale-up-rate", NUMBER, OFFSET(max_scale_up_rate), 1, HUGE_VAL, true, "above 1"},
	{"max-scale-down-rate", NUMBER, OFFSET(max_scale_down_rate), 1, HUGE_VAL, true, "above 1"},
	{"enable-scale-to-zero", BOOLEAN, OFFSET(enable_scale_to_zero), 0, 0, false, "true or false"},
	{"scale-to-zero-grace-period", DURATION, OFFSET(grace_ns), 0, HUGE_VAL, true, "above 0s"},
	{"scale-to-zero-pod-retention-period", DURATION, OFFSET(retention_ns), 0, HUGE_VAL, false, "at least 0s"},
	{"initial-scale", SCALE, OFFSET(initial_scale), 0, INT32_MAX, false, "at least 0"},
	{"allow-zero-initial-scale", BOOLEAN, OFFSET(allow_zero_initial_scale), 0, 0, false, "true or false"},
	{"min-scale", SCALE, OFFSET(min_scale), 0, INT32_MAX, false, "at least 0"},
	{"max-scale", SCALE, OFFSET(max_scale), 0, INT32_MAX, false, "at least 0"},
	{"max-scale-limit", SCALE, OFFSET(max_scale_limit), 0, INT32_MAX, false, "at least 0"},
	{"scale-down-delay", SECONDS, OFFSET(scale_down_delay_ns), 0, HUGE_VAL, false, "whole seconds, at least 0s"},
	{"progress-deadline", SECONDS, OFFSET(progress_deadline_ns), 0, HUGE_VAL, true, "whole seconds, above 0s"},
};

static bool in_bounds(const struct row *row, double value)
{
	if (row->above ? value <= row->minimum : value < row->minimum)
		return false;
	if (strcmp(row->key, "target-burst-capacity") == 0 && value < 0 && value != -1)
		return false;
	return value <= row->maximum;
}

static int set_row(struct rs_autoscaler_config *config, const struct row *row, const char *value)
{
	void *field = (char *)config + row->offset;
	double number;
	int64_t ns;
	switch (row->kind) {
	case NUMBER:
		if (parse_number(value, &number) < 0 || !in_bounds(row, number))
			return -EINVAL;
		/* "70" and "0.7" mean the same; "1" is the fraction 1, not one percent. */
		*(double *)field = row->offset == OFFSET(concurrency_fraction) && number > 1 ? number / 100 : number;
		return 0;
	case SCALE:
		if (parse_number(value, &number) < 0 || number != floor(number) || !in_bounds(row, number))
			return -EINVAL;
		*(int32_t *)field = (int32_t)number;
		return 0;
	case DURATION:
	case SECONDS:
		if (rs_duration_parse(value, &ns) < 0 || ns < 0 || !in_bounds(row, (double)ns / 1e9) ||
		    (row->kind == SECONDS && (uint64_t)ns % SECOND))
			return -EINVAL;
		*(uint64_t *)field = (uint64_t)ns;
		return 0;
	case BOOLEAN:
		return parse_bool(value, (bool *)field);
	}
	return -EINVAL;
}

int rs_autoscaler_config_set(struct rs_autoscaler_config *config, const char *key, const char *value,
			     struct rs_err *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].key, key) != 0)
			continue;
		if (set_row(config, &rows[i], value) < 0)
			return rs_err_set(err, -EINVAL, "%s: must be %s, is \"%s\"", key, rows[i].bounds, value);
		return 0;
	}
	return rs_err_set(err, -ENOENT, "%s: no such key; docs/autoscaling.md lists them", key);
}

int rs_autoscaler_config_check(const struct rs_autoscaler_config *config, struct rs_err *err)
{
	if (config->concurrency_fraction * config->concurrency_default < 0.01)
		return rs_err_set(err, -EINVAL,
				  "container-concurrency-target-percentage x -default must be at least 0.01");
	if (config->initial_scale == 0 && !config->allow_zero_initial_scale)
		return rs_err_set(err, -EINVAL, "initial-scale: 0 needs allow-zero-initial-scale: true");
	if (config->max_scale > 0 && config->min_scale > config->max_scale)
		return rs_err_set(err, -EINVAL, "min-scale: %d is above max-scale %d", config->min_scale,
				  config->max_scale);
	if (config->max_scale_limit > 0 && (config->max_scale < 1 || config->max_scale > config->max_scale_limit))
		return rs_err_set(err, -EINVAL, "max-scale: must be in 1..%d (max-scale-limit), is %d",
				  config->max_scale_limit, config->max_scale);
	return 0;
}
