/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors-run FILE...: runs golden vectors against the pure core.
 *
 * One line for each section, skipped ones with the reason, failed cases before
 * it; the last line is the sum. Exit status 0 when nothing failed, 1 when a case
 * failed, 2 when a file could not be used.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "vectors/vectors.h"

#define FILE_BYTES_MAX (64 << 20)

static const char later_activator[] = "no activator here; its part is the dataplane's, turned on with the hold path";
static const char later_exact[] = "instances are not sampled, the kernel counts exactly";
static const char later_validation[] = "turned on with the validation of manifests and configuration";
static const char later_rollout[] = "turned on with the gradual rollout";
static const char later_route[] = "turned on with the routing of traffic targets";

static const struct section {
	const char *name;
	vector_check *check;
	const char *skipped; /* the reason, when there is no check */
} sections[] = {
	/* kpa.json */
	{"decide", check_decide, NULL},
	{"start_mode", check_start_mode, NULL},
	{"average", check_average, NULL},
	{"smoothing_coefficient", check_smoothing_coefficient, NULL},
	{"ewma_example", check_ewma_example, NULL},
	{"rounding", check_rounding, NULL},
	{"max_window", check_max_window, NULL},
	{"max_time_window", check_max_time_window, NULL},
	{"sample_size", NULL, later_exact},
	{"extrapolate", NULL, later_exact},
	{"target", check_target, NULL},
	{"panic_window", check_panic_window, NULL},
	{"initial_scale", check_initial_scale, NULL},
	{"initial_status", check_initial_status, NULL},
	{"same_sign", check_same_sign, NULL},
	{"num_activators", NULL, later_activator},
	{"pa_status", check_pa_status, NULL},
	{"active_condition", check_active_condition, NULL},
	{"apply_scale", check_apply_scale, NULL},
	{"request_stats", check_request_stats, NULL},
	{"activator_stats", NULL, later_activator},
	{"activator_capacity", NULL, later_activator},
	{"activator_pick", NULL, later_activator},
	{"activator_assign", NULL, later_activator},
	{"activator_index", NULL, later_activator},
	{"breaker", NULL, later_activator},
	{"lb_policy", NULL, later_activator},
	{"timeouts", NULL, later_activator},
	{"config_validation", check_config_validation, NULL},
	{"annotation_validation", check_annotation_validation, NULL},
	{"revision_gc", check_revision_gc, NULL},
	{"revision_stale", check_revision_stale, NULL},
	{"gc_config_validation", check_gc_config_validation, NULL},
	/* rollout.json */
	{"step", NULL, later_rollout},
	{"adjust_percentage", NULL, later_rollout},
	{"step_revisions", NULL, later_rollout},
	{"invalid_state", NULL, later_rollout},
	{"observe_ready", NULL, later_rollout},
	{"done", NULL, later_rollout},
	{"schedules", NULL, later_rollout},
	{"status_during_rollout", NULL, later_rollout},
	{"traffic_resolution", NULL, later_route},
	{"traffic_errors", NULL, later_route},
	{"revision_ownership", NULL, later_route},
	{"traffic_target_validation", NULL, later_validation},
	{"route_validation", NULL, later_validation},
};

struct tally {
	int passed, failed, skipped;
};

void vector_fail(struct vector_case *c, const char *format, ...)
{
	va_list arguments;

	if (c->failed)
		return;
	c->failed = true;
	va_start(arguments, format);
	vsnprintf(c->why, sizeof(c->why), format, arguments);
	va_end(arguments);
}

const cJSON *vector_get(struct vector_case *c, const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!item)
		vector_fail(c, "the case has no \"%s\"", key);
	return item;
}

bool vector_is_set(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return item && !cJSON_IsNull(item);
}

double vector_number(struct vector_case *c, const cJSON *object, const char *key)
{
	const cJSON *item = vector_get(c, object, key);
	if (cJSON_IsNumber(item))
		return item->valuedouble;
	vector_fail(c, "\"%s\" is not a number", key);
	return 0;
}

double vector_number_or(struct vector_case *c, const cJSON *object, const char *key, double otherwise)
{
	return vector_is_set(object, key) ? vector_number(c, object, key) : otherwise;
}

bool vector_bool(struct vector_case *c, const cJSON *object, const char *key)
{
	const cJSON *item = vector_get(c, object, key);
	if (!cJSON_IsBool(item))
		vector_fail(c, "\"%s\" is not true or false", key);
	return cJSON_IsTrue(item);
}

const char *vector_text(struct vector_case *c, const cJSON *object, const char *key)
{
	const cJSON *item = vector_get(c, object, key);
	if (cJSON_IsString(item))
		return item->valuestring;
	vector_fail(c, "\"%s\" is not a text", key);
	return "";
}

void vector_expect_number(struct vector_case *c, const char *what, double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		vector_fail(c, "%s is %.12g, expected %.12g", what, got, want);
}

void vector_expect_bool(struct vector_case *c, const char *what, bool got, bool want)
{
	if (got != want)
		vector_fail(c, "%s is %s, expected %s", what, got ? "true" : "false", want ? "true" : "false");
}

void vector_expect_key(struct vector_case *c, const cJSON *expect, const char *key, double got, double tolerance)
{
	if (vector_is_set(expect, key))
		vector_expect_number(c, key, got, vector_number(c, expect, key), tolerance);
}

void vector_expect_key_bool(struct vector_case *c, const cJSON *expect, const char *key, bool got)
{
	if (vector_is_set(expect, key))
		vector_expect_bool(c, key, got, vector_bool(c, expect, key));
}

uint64_t vector_duration_ns(double seconds)
{
	return seconds > 0 ? (uint64_t)llround(seconds * 1e9) : 0;
}

uint64_t vector_time_ns(double seconds)
{
	return vector_duration_ns(VECTOR_EPOCH_S + seconds);
}

static const struct section *find_section(const char *name)
{
	for (size_t i = 0; i < rs_array_length(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

static const char *case_name(const cJSON *json, int index, char *number, size_t size)
{
	static const char *const keys[] = {"id", "note"};

	for (size_t i = 0; i < rs_array_length(keys); i++) {
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, keys[i]));
		if (text)
			return text;
	}
	snprintf(number, size, "#%d", index);
	return number;
}

static void run_section(const cJSON *list, struct tally *sum)
{
	const struct section *section = find_section(list->string);
	struct tally tally = {0};
	int index = 0;
	char number[16];

	if (!section || !section->check) {
		tally.skipped = cJSON_GetArraySize(list);
	} else {
		for (const cJSON *json = list->child; json; json = json->next, index++) {
			struct vector_case c = {.section = section->name, .json = json};
			c.name = case_name(json, index, number, sizeof(number));
			section->check(&c);
			if (c.failed)
				printf("  FAIL %s %s: %s\n", c.section, c.name, c.why);
			c.failed ? tally.failed++ : tally.passed++;
		}
	}
	printf("%s: %d passed, %d failed, %d skipped", list->string, tally.passed, tally.failed, tally.skipped);
	if (tally.skipped > 0)
		printf(" (%s)", section ? section->skipped : "this runner does not know the section");
	printf("\n");

	sum->passed += tally.passed;
	sum->failed += tally.failed;
	sum->skipped += tally.skipped;
}

/* Reads the whole file. Returns text that the caller frees, or NULL with the reason in *err. */
static char *read_file(const char *path, struct rs_err *err)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		rs_err_set(err, -errno, "cannot open: %s", strerror(errno));
		return NULL;
	}
	rs_auto_free char *text = NULL;
	size_t length = 0, capacity = 0;
	do {
		if (capacity - length < 2) {
			capacity = capacity ? capacity * 2 : 1 << 16;
			char *larger = capacity > FILE_BYTES_MAX ? NULL : realloc(text, capacity);
			if (!larger) {
				rs_err_set(err, -E2BIG, "too large, the limit is %d bytes", FILE_BYTES_MAX);
				fclose(file);
				return NULL;
			}
			text = larger;
		}
		length += fread(text + length, 1, capacity - length - 1, file);
	} while (!feof(file) && !ferror(file));
	text[length] = '\0';

	int failed = ferror(file), code = errno;
	fclose(file);
	if (failed) {
		rs_err_set(err, -code, "cannot read: %s", strerror(code));
		return NULL;
	}
	if (strlen(text) != length) {
		rs_err_set(err, -EINVAL, "not JSON: a NUL byte at offset %zu", strlen(text));
		return NULL;
	}
	return rs_take_ptr(text);
}

static int line_of(const char *text, const char *position)
{
	int line = 1;
	for (; text < position; text++)
		line += *text == '\n';
	return line;
}

/* Checks that this is a vector file: an object with schema_version 1 and lists of objects. */
static int check_schema(const cJSON *root, struct rs_err *err)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "schema_version");
	int lists = 0;

	if (!cJSON_IsObject(root))
		return rs_err_set(err, -EINVAL, "not a vector file: the top level is not an object");
	if (!cJSON_IsNumber(version) || version->valuedouble != 1)
		return rs_err_set(err, -EINVAL, "not a vector file: \"schema_version\" is not 1");
	for (const cJSON *item = root->child; item; item = item->next) {
		if (cJSON_IsObject(item))
			return rs_err_set(err, -EINVAL, "section \"%s\" is not a list of cases", item->string);
		if (!cJSON_IsArray(item))
			continue; /* schema_version, upstream, note */
		lists++;
		for (const cJSON *json = item->child; json; json = json->next)
			if (!cJSON_IsObject(json))
				return rs_err_set(err, -EINVAL, "section \"%s\": a case is not an object",
						  item->string);
	}
	if (lists == 0)
		return rs_err_set(err, -EINVAL, "not a vector file: it has no section (no list of cases)");
	return 0;
}

static int run_file(const char *path, struct tally *sum)
{
	struct rs_err err = {0};
	rs_auto_free char *text = read_file(path, &err);
	const char *end = NULL;

	if (!text)
		goto bad;
	cJSON *root = cJSON_ParseWithOpts(text, &end, true);
	if (!root) {
		rs_err_set(&err, -EINVAL, "not JSON: line %d, near \"%.20s\"", line_of(text, end ? end : text),
			   end ? end : "");
		goto bad;
	}
	if (check_schema(root, &err) < 0) {
		cJSON_Delete(root);
		goto bad;
	}
	printf("# %s\n", path);
	for (const cJSON *item = root->child; item; item = item->next)
		if (cJSON_IsArray(item))
			run_section(item, sum);
	cJSON_Delete(root);
	return 0;
bad:
	fflush(stdout);
	fprintf(stderr, "vectors-run: %s: %s\n", path, err.message);
	return err.code;
}

int main(int argc, char **argv)
{
	struct tally sum = {0};
	int bad_files = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: vectors-run FILE...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		bad_files += run_file(argv[i], &sum) < 0;
	printf("%d passed, %d failed, %d skipped\n", sum.passed, sum.failed, sum.skipped);
	fflush(stdout);
	if (bad_files)
		return 2;
	return sum.failed ? 1 : 0;
}
