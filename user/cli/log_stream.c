// SPDX-License-Identifier: BSD-2-Clause
#include "cli/log_stream.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/noun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 65536 /* a longer line is broken */

struct rs_log_stream {
	struct rs_log_stream *next;
	struct rs_log_streams *owner;
	char *name;
	double pid;	    /* names are used again, name and process are not; 0 = not known yet */
	CURL *curl;	    /* NULL once it has ended */
	struct rs_buf line; /* the last line while it has no end; a refusal's body */
};

int rs_log_streams_init(struct rs_log_streams *streams, const struct rs_client *client, FILE *out)
{
	*streams = (struct rs_log_streams){.client = client, .out = out, .multi = curl_multi_init()};
	return streams->multi ? 0 : -ENOMEM;
}

static void close_stream(struct rs_log_stream *stream)
{
	if (!stream->curl)
		return;
	curl_multi_remove_handle(stream->owner->multi, stream->curl);
	curl_easy_cleanup(stream->curl);
	stream->curl = NULL;
}

static void free_stream(struct rs_log_stream *stream)
{
	close_stream(stream);
	rs_buf_done(&stream->line);
	free(stream->name);
	free(stream);
}

void rs_log_streams_done(struct rs_log_streams *streams)
{
	while (streams->first) {
		struct rs_log_stream *stream = streams->first;
		streams->first = stream->next;
		free_stream(stream);
	}
	if (streams->multi)
		curl_multi_cleanup(streams->multi);
	streams->multi = NULL;
}

static void print_line(struct rs_log_stream *stream)
{
	if (stream->line.length == 0)
		return;
	if (stream->owner->has_several)
		fprintf(stream->owner->out, "%s | ", stream->name);
	fwrite(stream->line.data, 1, stream->line.length, stream->owner->out);
	if (stream->line.data[stream->line.length - 1] != '\n')
		fputc('\n', stream->owner->out);
	rs_buf_clear(&stream->line);
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
	struct rs_log_stream *stream = user;
	size_t length = size * count, left = length;
	long status = 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	while (left) {
		const char *newline = status == 200 ? memchr(data, '\n', left) : NULL;
		size_t n = newline ? (size_t)(newline - data) + 1 : left;
		size_t room = LINE_BYTES_MAX - stream->line.length;
		if (n > room)
			n = room;
		if (rs_buf_append(&stream->line, data, n) < 0)
			return 0;
		data += n;
		left -= n;
		if (status == 200 && (newline || stream->line.length == LINE_BYTES_MAX))
			print_line(stream);
		else if (stream->line.length == LINE_BYTES_MAX)
			break; /* the rest of a refusal tells nothing more */
	}
	fflush(stream->owner->out);
	return length;
}

static char *log_path(const cJSON *instance, long long tail, bool follow)
{
	rs_auto_free char *path = rs_fetch_path(&rs_noun_instance, rs_json_text(instance, "metadata", "namespace"),
						rs_json_text(instance, "metadata", "name"));
	if (!path)
		return NULL;
	if (tail < 0)
		return rs_str_format("%s/log%s", path, follow ? "?follow=true" : "");
	return rs_str_format("%s/log?tailLines=%lld%s", path, tail, follow ? "&follow=true" : "");
}

static bool is_of(struct rs_log_stream *stream, const cJSON *instance)
{
	double pid = rs_json_number(instance, 0, "status", "pid");
	if (!rs_str_equal(stream->name, rs_json_text(instance, "metadata", "name")))
		return false;
	if (stream->pid == 0)
		stream->pid = pid;
	return pid == 0 || stream->pid == pid;
}

static int begin(struct rs_log_stream *stream, const char *path)
{
	CURL *curl = stream->curl = rs_client_transfer(stream->owner->client, path);
	if (!curl)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, stream);
	return curl_multi_add_handle(stream->owner->multi, curl) == CURLM_OK ? 0 : -ENOMEM;
}

int rs_log_streams_add(struct rs_log_streams *streams, const cJSON *instance, long long tail, bool follow)
{
	for (struct rs_log_stream *stream = streams->first; stream; stream = stream->next) {
		if (is_of(stream, instance))
			return 0;
	}
	rs_auto_free char *path = log_path(instance, tail, follow);
	struct rs_log_stream *stream = calloc(1, sizeof(*stream));
	if (!path || !stream) {
		free(stream);
		return -ENOMEM;
	}
	stream->owner = streams;
	stream->name = strdup(rs_json_text(instance, "metadata", "name"));
	stream->pid = rs_json_number(instance, 0, "status", "pid");
	rs_buf_init(&stream->line, LINE_BYTES_MAX);
	if (!stream->name || begin(stream, path) < 0) {
		free_stream(stream);
		return -ENOMEM;
	}
	streams->has_several = streams->has_several || streams->first;
	stream->next = streams->first;
	streams->first = stream;
	return 0;
}

void rs_log_streams_prune(struct rs_log_streams *streams, const cJSON *instances)
{
	for (struct rs_log_stream **link = &streams->first; *link;) {
		struct rs_log_stream *stream = *link;
		const cJSON *instance;
		bool is_needed = stream->curl;
		cJSON_ArrayForEach (instance, rs_json_get(instances, "items"))
			is_needed = is_needed || is_of(stream, instance);
		if (is_needed) {
			link = &stream->next;
			continue;
		}
		*link = stream->next;
		free_stream(stream);
	}
}

static int finish(struct rs_log_stream *stream, CURLcode code, struct rs_err *err)
{
	long status = 0;
	int r = 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		print_line(stream);
		r = rs_client_explain(stream->owner->client, stream->curl, code, err);
	} else if (status != 200) {
		rs_auto_json cJSON *body = stream->line.data ? cJSON_Parse(stream->line.data) : NULL;
		r = rs_client_refused((int)status, body, err);
		rs_buf_clear(&stream->line);
	} else {
		print_line(stream);
	}
	close_stream(stream);
	return r;
}

int rs_log_streams_run(struct rs_log_streams *streams, int timeout_ms, struct rs_err *err)
{
	int running = 0, left, r = 0;
	CURLMcode code = curl_multi_perform(streams->multi, &running);
	if (code == CURLM_OK && running)
		code = curl_multi_poll(streams->multi, NULL, 0, timeout_ms, NULL);
	if (code == CURLM_OK)
		code = curl_multi_perform(streams->multi, &running);
	if (code != CURLM_OK)
		return rs_err_set(err, -EIO, "cannot read logs: %s", curl_multi_strerror(code));
	for (CURLMsg *message; (message = curl_multi_info_read(streams->multi, &left));) {
		struct rs_log_stream *stream = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&stream);
		struct rs_err own = {0};
		int ended = finish(stream, message->data.result, &own);
		if (ended < 0 && r == 0) {
			r = ended;
			*err = own;
		}
	}
	fflush(streams->out);
	return r < 0 ? r : running;
}
