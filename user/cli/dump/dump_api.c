// SPDX-License-Identifier: BSD-2-Clause
#include "cli/dump/dump.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_BYTES 65536UL
#define LOGS_MAX  100

static const struct {
	const char *item;
	const char *path;
	bool is_text;
} answers[] = {
	{"api/version.json", "/version", false},
	{"api/status.json", "/apis/rouse.dev/v1/status", false},
	{"api/services.json", "/apis/serving.knative.dev/v1/services", false},
	{"api/configurations.json", "/apis/serving.knative.dev/v1/configurations", false},
	{"api/revisions.json", "/apis/serving.knative.dev/v1/revisions", false},
	{"api/routes.json", "/apis/serving.knative.dev/v1/routes", false},
	{"api/instances.json", "/apis/rouse.dev/v1/instances", false},
	{"api/holds.json", "/apis/rouse.dev/v1/holds", false},
	{"api/flows.json", "/apis/rouse.dev/v1/flows?limit=1000", false},
	{"api/events.json", "/api/v1/events", false},
	{"api/metrics.txt", "/metrics", true},
};

/* --- one answer --------------------------------------------------------------------------------------------------- */

struct sink {
	FILE *out;
	size_t left;
};

static size_t on_text(char *data, size_t size, size_t count, void *user)
{
	struct sink *sink = user;
	size_t length = size * count < sink->left ? size * count : sink->left;
	fwrite(data, 1, length, sink->out);
	sink->left -= length;
	return length; /* less than there is ends the transfer */
}

static int get_text(struct rs_dump *dump, struct rs_client *client, const char *path, FILE *out, struct rs_err *err)
{
	struct sink sink = {.out = out, .left = dump->item_bytes};
	CURL *curl = rs_client_transfer(client, path);
	if (!curl)
		return rs_err_set(err, -ENOMEM, "out of memory");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_text);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)RS_DUMP_ITEM_SECONDS);
	CURLcode code = curl_easy_perform(curl);
	int r = code == CURLE_OK ? 0
		: sink.left == 0 ? rs_err_set(err, -EFBIG, "cut: it is too large")
				 : rs_client_explain(client, curl, code, err);
	curl_easy_cleanup(curl);
	return r;
}

/* What was not asked for may be long; what was not answered must not end the others. */
static int get_json(struct rs_dump *dump, struct rs_client *client, const char *path, FILE *out, cJSON **ret_answer,
		    struct rs_err *err)
{
	cJSON *answer = NULL;
	int r = rs_client_get(client, path, &answer, err);
	if (r < 0)
		return r;
	if (!dump->with_env)
		rs_dump_redact(answer);
	rs_auto_free char *text = cJSON_Print(answer);
	*ret_answer = answer;
	if (!text)
		return rs_err_set(err, -ENOMEM, "out of memory");
	size_t length = strlen(text);
	fwrite(text, 1, length < dump->item_bytes ? length : dump->item_bytes, out);
	return length <= dump->item_bytes ? 0 : rs_err_set(err, -EFBIG, "cut: it is too large");
}

/* --- logs of instances -------------------------------------------------------------------------------------------- */

/* "…/logs/default/hello-00001/rouse-1.log" as logs/default/hello-00001/rouse-1.log. */
static void copy_log(struct rs_dump *dump, const char *path)
{
	const char *logs = strstr(path, "/logs/");
	rs_auto_free char *item = logs ? rs_str_format("instances%s", logs) : NULL;
	if (item && !strstr(item, "/../"))
		rs_dump_copy(dump, item, path, LOG_BYTES);
}

static void copy_logs(struct rs_dump *dump, const cJSON *instances)
{
	unsigned count = 0;
	const cJSON *instance;
	cJSON_ArrayForEach (instance, rs_json_get(instances, "items")) {
		const char *path = rs_json_text(instance, "status", "logPath");
		if (*path && count++ < LOGS_MAX)
			copy_log(dump, path);
	}
	if (count > LOGS_MAX)
		rs_dump_note(dump, "instances/logs", "cut: there are more");
}

/* nftw() has no argument for its user. */
static struct {
	struct rs_dump *dump;
	unsigned count;
} walk;

static int on_log(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)at;
	if (type != FTW_F)
		return 0;
	copy_log(walk.dump, path);
	return ++walk.count >= LOGS_MAX;
}

static void copy_logs_found(struct rs_dump *dump)
{
	rs_auto_free char *path = rs_str_format("%s/logs", dump->places.state_dir);
	walk.dump = dump;
	walk.count = 0;
	if (!path || nftw(path, on_log, 16, FTW_PHYS) < 0)
		rs_dump_note(dump, "instances/logs", strerror(errno));
	else if (walk.count >= LOGS_MAX)
		rs_dump_note(dump, "instances/logs", "cut: there may be more");
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static void dump_outside(struct rs_dump *dump, struct rs_client *client, const char *why)
{
	rs_auto_json cJSON *node = rs_outside_look(client->socket, why);
	rs_auto_free char *text = node ? cJSON_Print(node) : NULL;
	FILE *out = text ? rs_dump_open(dump, "outside.json") : NULL;
	if (!out)
		return;
	fputs(text, out);
	rs_dump_close(dump, "outside.json", out, NULL);
}

void rs_dump_agent(struct rs_dump *dump, struct rs_client *client)
{
	struct rs_err err = {0};
	bool is_dead = false, has_instances = false;
	for (size_t i = 0; i < rs_array_length(answers); i++) {
		rs_auto_json cJSON *answer = NULL;
		/* One that does not answer is not waited for again and again. */
		if (is_dead) {
			rs_dump_note(dump, answers[i].item, "the agent does not answer");
			continue;
		}
		FILE *out = rs_dump_may(dump, answers[i].item) ? rs_dump_open(dump, answers[i].item) : NULL;
		if (!out)
			continue;
		err = (struct rs_err){0};
		int r = answers[i].is_text ? get_text(dump, client, answers[i].path, out, &err)
					   : get_json(dump, client, answers[i].path, out, &answer, &err);
		rs_dump_close(dump, answers[i].item, out, r < 0 ? err.message : NULL);
		is_dead = r == -ECONNREFUSED || r == -ETIMEDOUT || r == -EACCES;
		if (rs_json_number(answer, 0, "status", "pid") > 0)
			dump->agent_pid = (long)rs_json_number(answer, 0, "status", "pid");
		if (rs_str_equal(rs_json_text(answer, "kind"), "InstanceList")) {
			has_instances = true;
			copy_logs(dump, answer);
		}
	}
	dump_outside(dump, client, is_dead ? err.message : "it answers");
	if (!has_instances)
		copy_logs_found(dump);
}
