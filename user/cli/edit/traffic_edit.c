// SPDX-License-Identifier: BSD-2-Clause
#include "cli/edit/traffic_edit.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LATEST	       "@latest"
#define GENERATION_MAX 99999999

/* Where a target points: a revision's name, or NULL for the latest. `entry` is set when a tag was named. */
struct pointed {
	const char *revision;
	cJSON *entry;
};

static const char *find_revision(const cJSON *revisions, const char *name)
{
	const cJSON *revision;
	cJSON_ArrayForEach (revision, rs_json_get(revisions, "items")) {
		const char *own = rs_json_text(revision, "metadata", "name");
		if (rs_str_equal(own, name))
			return own;
	}
	return NULL;
}

static cJSON *find_tag(cJSON *traffic, const char *tag)
{
	cJSON *entry;
	cJSON_ArrayForEach (entry, traffic) {
		if (rs_str_equal(rs_json_text(entry, "tag"), tag))
			return entry;
	}
	return NULL;
}

/* The short forms, most literal first. */
static const char *find_short(const char *service, const cJSON *revisions, const char *text)
{
	rs_auto_free char *suffixed = rs_str_format("%s-%s", service, text + (text[0] == '-'));
	const char *found = suffixed ? find_revision(revisions, suffixed) : NULL;
	long long number;
	if (found || rs_str_to_long(text + strspn(text, "v-"), 1, GENERATION_MAX, &number) < 0)
		return found;
	rs_auto_free char *numbered = rs_str_format("%s-%05lld", service, number);
	return numbered ? find_revision(revisions, numbered) : NULL;
}

static int resolve(const cJSON *service, cJSON *traffic, const cJSON *revisions, const char *text,
		   struct pointed *ret_pointed, struct rs_err *err)
{
	const char *name = rs_json_text(service, "metadata", "name");
	struct pointed pointed = {0};
	if (rs_str_equal(text, LATEST)) {
		*ret_pointed = pointed;
		return 0;
	}
	pointed.revision = find_revision(revisions, text);
	if (!pointed.revision)
		pointed.entry = find_tag(traffic, text);
	if (!pointed.revision && !pointed.entry)
		pointed.revision = find_short(name, revisions, text);
	if (!pointed.revision && !pointed.entry)
		return rs_err_set(
			err, -EINVAL,
			"service %s has no revision or tag \"%s\"; \"rouse get revisions --service %s\" lists "
			"its revisions, and " LATEST " is the newest",
			name, text, name);
	*ret_pointed = pointed;
	return 0;
}

static bool points_at(const cJSON *entry, const char *revision)
{
	const char *own = rs_json_text(entry, "revisionName");
	return revision ? rs_str_equal(own, revision) : !*own;
}

/* An entry without a tag if there is one, else one with. */
static cJSON *find_entry(cJSON *traffic, const char *revision)
{
	cJSON *entry, *tagged = NULL;
	cJSON_ArrayForEach (entry, traffic) {
		if (points_at(entry, revision) && !*rs_json_text(entry, "tag"))
			return entry;
		if (points_at(entry, revision) && !tagged)
			tagged = entry;
	}
	return tagged;
}

static cJSON *add_entry(cJSON *traffic, const char *revision)
{
	cJSON *entry = cJSON_CreateObject();
	bool is_whole = revision ? cJSON_AddStringToObject(entry, "revisionName", revision) != NULL
				 : cJSON_AddTrueToObject(entry, "latestRevision") != NULL;
	if (is_whole && cJSON_AddItemToArray(traffic, entry))
		return entry;
	cJSON_Delete(entry);
	return NULL;
}

static int set_percent(cJSON *entry, long long percent)
{
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "percent");
	return cJSON_AddNumberToObject(entry, "percent", (double)percent) ? 0 : -ENOMEM;
}

/* Splits "TARGET=VALUE" at the last '='. The caller frees the target. */
static int split(const char *word, const char *what, char **ret_target, const char **ret_value, struct rs_err *err)
{
	const char *equals = strrchr(word, '=');
	if (!equals || equals == word || !equals[1])
		return rs_err_set(err, -EINVAL, "\"%s\" is not TARGET=%s", word, what);
	*ret_target = strndup(word, (size_t)(equals - word));
	*ret_value = equals + 1;
	return *ret_target ? 0 : -ENOMEM;
}

/* Calls `visit` for each word, and for each of the parts that commas make of it. */
static int each_part(const struct rs_words *words, int (*visit)(void *user, const char *part, struct rs_err *err),
		     void *user, struct rs_err *err)
{
	int r = 0;
	for (size_t i = 0; i < words->count && r == 0; i++) {
		for (const char *at = words->items[i]; at && r == 0;) {
			const char *comma = strchr(at, ',');
			rs_auto_free char *part = comma ? strndup(at, (size_t)(comma - at)) : strdup(at);
			r = part ? visit(user, part, err) : -ENOMEM;
			at = comma ? comma + 1 : NULL;
		}
	}
	return r;
}

struct context {
	const cJSON *service;
	cJSON *traffic;
	const cJSON *revisions;
	long long total;
};

static int read_percent(const char *word, const char *value, long long *ret_percent, struct rs_err *err)
{
	rs_auto_free char *digits = strndup(value, strlen(value) - (value[strlen(value) - 1] == '%'));
	if (!digits || rs_str_to_long(digits, 0, 100, ret_percent) < 0)
		return rs_err_set(err, -EINVAL, "%s: the percent must be a whole number from 0 to 100", word);
	return 0;
}

static int check_total(long long total, struct rs_err *err)
{
	return total == 100 ? 0
			    : rs_err_set(err, -EINVAL, "the percents must add up to 100, they add up to %lld", total);
}

static int add_percent(void *user, const char *word, struct rs_err *err)
{
	long long *total = user, percent;
	char *split_target = NULL;
	const char *value;
	int r = split(word, "PERCENT", &split_target, &value, err);
	rs_auto_free char *target = split_target;
	if (r == 0)
		r = read_percent(word, value, &percent, err);
	if (r == 0)
		*total += percent;
	return r;
}

int rs_traffic_check(const struct rs_words *percents, struct rs_err *err)
{
	long long total = 0;
	int r = each_part(percents, add_percent, &total, err);
	return r < 0 || percents->count == 0 ? r : check_total(total, err);
}

static int apply_percent(void *user, const char *word, struct rs_err *err)
{
	struct context *context = user;
	char *split_target = NULL;
	const char *value;
	struct pointed pointed;
	long long percent;
	int r = split(word, "PERCENT", &split_target, &value, err);
	rs_auto_free char *target = split_target;
	if (r == 0)
		r = resolve(context->service, context->traffic, context->revisions, target, &pointed, err);
	if (r == 0)
		r = read_percent(word, value, &percent, err);
	if (r < 0)
		return r;
	cJSON *entry = pointed.entry ? pointed.entry : find_entry(context->traffic, pointed.revision);
	if (entry && rs_json_number(entry, 0, "percent") > 0)
		return rs_err_set(err, -EINVAL, "%s: the same target is given twice", word);
	if (!entry)
		entry = add_entry(context->traffic, pointed.revision);
	context->total += percent;
	return entry ? set_percent(entry, percent) : -ENOMEM;
}

static int apply_percents(struct context *context, const struct rs_words *words, struct rs_err *err)
{
	cJSON *entry;
	int r = 0;
	if (words->count == 0)
		return 0;
	cJSON_ArrayForEach (entry, context->traffic) {
		r = set_percent(entry, 0);
		if (r < 0)
			return r;
	}
	r = each_part(words, apply_percent, context, err);
	return r < 0 ? r : check_total(context->total, err);
}

static int remove_tag(void *user, const char *tag, struct rs_err *err)
{
	const struct context *context = user;
	cJSON *entry = find_tag(context->traffic, tag);
	if (!entry)
		return rs_err_set(err, -EINVAL, "--untag: service %s has no tag \"%s\"",
				  rs_json_text(context->service, "metadata", "name"), tag);
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "tag");
	return 0;
}

static int apply_tag(void *user, const char *word, struct rs_err *err)
{
	const struct context *context = user;
	char *split_target = NULL;
	const char *tag;
	struct pointed pointed;
	int r = split(word, "TAG", &split_target, &tag, err);
	rs_auto_free char *target = split_target;
	if (r == 0)
		r = resolve(context->service, context->traffic, context->revisions, target, &pointed, err);
	if (r < 0)
		return r;
	const char *revision = pointed.revision;
	if (pointed.entry && *rs_json_text(pointed.entry, "revisionName"))
		revision = rs_json_text(pointed.entry, "revisionName");
	cJSON *holder = find_tag(context->traffic, tag);
	if (holder && points_at(holder, revision))
		return 0;
	if (holder)
		return rs_err_set(err, -EINVAL, "the tag \"%s\" is %s's; give --untag %s as well to move it", tag,
				  *rs_json_text(holder, "revisionName") ? rs_json_text(holder, "revisionName") : LATEST,
				  tag);
	cJSON *entry = find_entry(context->traffic, revision);
	if (!entry || *rs_json_text(entry, "tag")) {
		entry = add_entry(context->traffic, revision);
		if (!entry || set_percent(entry, 0) < 0)
			return -ENOMEM;
	}
	return cJSON_AddStringToObject(entry, "tag", tag) ? 0 : -ENOMEM;
}

/* What has neither percent nor tag says nothing. */
static void sweep(cJSON *traffic)
{
	for (int i = cJSON_GetArraySize(traffic) - 1; i >= 0; i--) {
		const cJSON *entry = cJSON_GetArrayItem(traffic, i);
		if (rs_json_number(entry, 0, "percent") == 0 && !*rs_json_text(entry, "tag"))
			cJSON_DeleteItemFromArray(traffic, i);
	}
}

static cJSON *traffic_of(cJSON *service)
{
	cJSON *spec = rs_json_member(service, "spec");
	cJSON *traffic = cJSON_GetObjectItemCaseSensitive(spec, "traffic");
	if (cJSON_GetArraySize(traffic) > 0)
		return traffic;
	/* As Knative reads a Service without traffic. */
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "traffic");
	traffic = cJSON_AddArrayToObject(spec, "traffic");
	cJSON *entry = traffic ? add_entry(traffic, NULL) : NULL;
	return entry && set_percent(entry, 100) == 0 ? traffic : NULL;
}

int rs_traffic_edit(cJSON *service, const cJSON *revisions, const struct rs_traffic_edit *edit, struct rs_err *err)
{
	struct context context = {.service = service, .traffic = traffic_of(service), .revisions = revisions};
	int r = context.traffic ? 0 : -ENOMEM;
	/* Percents first: they may name a tag that is taken away. */
	if (r == 0)
		r = apply_percents(&context, edit->percents, err);
	if (r == 0)
		r = each_part(edit->untags, remove_tag, &context, err);
	if (r == 0)
		r = each_part(edit->tags, apply_tag, &context, err);
	if (r == -ENOMEM)
		return rs_err_set(err, r, "out of memory");
	if (r == 0)
		sweep(context.traffic);
	return r;
}
