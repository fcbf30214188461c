// SPDX-License-Identifier: BSD-2-Clause
#include "cli/follow/log_stream.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES_MAX 65536 /* a longer line is broken */
#define TIME_LENGTH    21    /* "2026-11-25T15:18:03Z " */

struct rs_log_stream {
	struct rs_log_stream *next;
	struct rs_log_streams *owner;
	char *name;	/* of the log: no other has it */
	char *instance; /* what stands before its lines */
	char *namespace;
	struct rs_log_choice choice;
	CURL *curl;		   /* NULL once it has ended */
	bool is_broken;		   /* ended before its time: it goes on at `offset` */
	bool has_begun;		   /* the agent has answered once, so `offset` is known */
	unsigned long long offset; /* of the next byte, as the agent counts */
	size_t line_offset;	   /* bytes of the line that has no end yet: the time before it does not count */
	struct rs_buf line;	   /* the last line while it has no end; a refusal's body */
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
	free(stream->instance);
	free(stream->namespace);
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
		fprintf(stream->owner->out, "%s | ", stream->instance);
	fwrite(stream->line.data, 1, stream->line.length, stream->owner->out);
	if (stream->line.data[stream->line.length - 1] != '\n')
		fputc('\n', stream->owner->out);
	rs_buf_clear(&stream->line);
}

/* What has come of the log itself: with timestamps each line has one before it. */
static void count_bytes(struct rs_log_stream *stream, const char *data, size_t length)
{
	if (!stream->choice.timestamps) {
		stream->offset += length;
		return;
	}
	for (size_t i = 0; i < length; i++) {
		stream->offset += stream->line_offset >= TIME_LENGTH;
		stream->line_offset = data[i] == '\n' ? 0 : stream->line_offset + 1;
	}
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	static const char name[] = "x-rouse-log-offset:";
	struct rs_log_stream *stream = user;
	size_t length = size * count;
	if (length > sizeof(name) && strncasecmp(data, name, sizeof(name) - 1) == 0) {
		stream->offset = strtoull(data + sizeof(name) - 1, NULL, 10);
		stream->has_begun = true;
	}
	return length;
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
	struct rs_log_stream *stream = user;
	size_t length = size * count, left = length;
	long status = 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		count_bytes(stream, data, length);
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

static char *log_path(const struct rs_log_stream *stream)
{
	const struct rs_log_choice *choice = &stream->choice;
	struct rs_buf path;
	rs_buf_init(&path, 4096);
	rs_buf_puts(&path, "/apis/rouse.dev/v1/namespaces/");
	rs_path_escape(&path, stream->namespace);
	rs_buf_puts(&path, "/logs/");
	rs_path_escape(&path, stream->name);
	rs_buf_puts(&path, "/log");
	size_t start = path.length;
	if (stream->has_begun)
		rs_buf_printf(&path, "&offset=%llu", stream->offset);
	else if (choice->tail >= 0)
		rs_buf_printf(&path, "&tailLines=%lld", choice->tail);
	if (choice->since_time && !stream->has_begun) {
		rs_buf_puts(&path, "&sinceTime=");
		rs_path_escape(&path, choice->since_time);
	} else if (choice->since_ns > 0 && !stream->has_begun) {
		rs_buf_printf(&path, "&sinceSeconds=%lld", (long long)(choice->since_ns / (int64_t)RS_NS_PER_S));
	}
	if (choice->timestamps)
		rs_buf_puts(&path, "&timestamps=true");
	if (choice->follow)
		rs_buf_puts(&path, "&follow=true");
	char *text = rs_buf_take(&path);
	if (text && text[start] == '&')
		text[start] = '?';
	return text;
}

static int begin(struct rs_log_stream *stream)
{
	rs_auto_free char *path = log_path(stream);
	CURL *curl = stream->curl = path ? rs_client_transfer(stream->owner->client, path) : NULL;
	if (!curl)
		return -ENOMEM;
	stream->is_broken = false;
	/* A line that broke off goes on; its time comes again. */
	if (stream->choice.timestamps) {
		stream->line_offset = 0;
		rs_buf_clear(&stream->line);
	}
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, stream);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, stream);
	return curl_multi_add_handle(stream->owner->multi, curl) == CURLM_OK ? 0 : -ENOMEM;
}

static struct rs_log_stream *find(const struct rs_log_streams *streams, const char *name)
{
	struct rs_log_stream *stream = streams->first;
	while (stream && !rs_str_equal(stream->name, name))
		stream = stream->next;
	return stream;
}

int rs_log_streams_add(struct rs_log_streams *streams, const cJSON *log, const struct rs_log_choice *choice)
{
	struct rs_log_stream *stream = find(streams, rs_json_text(log, "metadata", "name"));
	if (stream)
		return stream->is_broken ? begin(stream) : 0;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->owner = streams;
	stream->choice = *choice;
	stream->name = strdup(rs_json_text(log, "metadata", "name"));
	stream->namespace = strdup(rs_json_text(log, "metadata", "namespace"));
	stream->instance = strdup(rs_json_text(log, "status", "instance"));
	rs_buf_init(&stream->line, LINE_BYTES_MAX);
	if (!stream->name || !stream->namespace || !stream->instance || begin(stream) < 0) {
		free_stream(stream);
		return -ENOMEM;
	}
	streams->has_several = streams->has_several || streams->first;
	stream->next = streams->first;
	streams->first = stream;
	return 0;
}

void rs_log_streams_prune(struct rs_log_streams *streams, const cJSON *logs)
{
	for (struct rs_log_stream **link = &streams->first; *link;) {
		struct rs_log_stream *stream = *link;
		const cJSON *log;
		bool is_needed = stream->curl;
		cJSON_ArrayForEach (log, rs_json_get(logs, "items"))
			is_needed = is_needed || rs_str_equal(stream->name, rs_json_text(log, "metadata", "name"));
		if (is_needed) {
			link = &stream->next;
			continue;
		}
		*link = stream->next;
		free_stream(stream);
	}
}

bool rs_log_streams_broken(const struct rs_log_streams *streams)
{
	const struct rs_log_stream *stream = streams->first;
	while (stream && !stream->is_broken)
		stream = stream->next;
	return stream;
}

static int finish(struct rs_log_stream *stream, CURLcode code, struct rs_err *err)
{
	long status = 0;
	int r = 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK && stream->choice.follow) {
		/* The agent has ended; the next one knows the log as well. */
		stream->is_broken = true;
		if (!stream->has_begun)
			rs_buf_clear(&stream->line);
	} else if (code != CURLE_OK) {
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
