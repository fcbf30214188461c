// SPDX-License-Identifier: BSD-2-Clause
#include "cli/follow/watch_stream.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define LINE_BYTES_MAX (8UL * 1024 * 1024) /* a change carries one object, of at most 3 MiB */

struct stream {
	CURL *curl;
	struct rs_buf line; /* of the change that is arriving, or a refusal's body */
	int (*changed)(void *user, enum rs_change change, const cJSON *object, struct rs_err *err);
	void *user;
	FILE *out;
	int result; /* not 0: ends the transfer */
	struct rs_err *err;
};

/* An ERROR carries a Status. */
static int fail(const struct stream *stream, const cJSON *status)
{
	return rs_client_refused((int)rs_json_number(status, 500, "code"), status, stream->err);
}

static int read_change(const struct stream *stream, const char *text)
{
	rs_auto_json cJSON *event = cJSON_Parse(text);
	const char *type = rs_json_text(event, "type");
	const cJSON *object = rs_json_get(event, "object");
	if (!object)
		return rs_err_set(stream->err, -EPROTO,
				  "a watch brought what is no change: is this socket the agent's?");
	if (rs_str_equal(type, "ERROR"))
		return fail(stream, object);
	for (int change = 0; change < RS_CHANGE_COUNT; change++) {
		if (rs_str_equal(type, rs_change_text((enum rs_change)change)))
			return stream->changed(stream->user, (enum rs_change)change, object, stream->err);
	}
	return 0; /* a BOOKMARK tells a version alone, and we list again anyway */
}

static int take_line(struct stream *stream)
{
	int r = stream->line.error;
	if (r == 0 && stream->line.length)
		r = read_change(stream, stream->line.data);
	rs_buf_clear(&stream->line);
	return r;
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
	struct stream *stream = user;
	size_t length = size * count, left = length;
	long status = 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	while (left && stream->result == 0) {
		const char *newline = status == 200 ? memchr(data, '\n', left) : NULL;
		size_t n = newline ? (size_t)(newline - data) : left;
		stream->result = rs_buf_append(&stream->line, data, n);
		if (newline && stream->result == 0)
			stream->result = take_line(stream);
		n += newline != NULL;
		data += n;
		left -= n;
	}
	return stream->result == 0 ? length : 0;
}

/* Called by curl, once a second at least. `rouse get -w | head` ends here when nothing changes any more. */
static int on_progress(void *user, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	struct stream *stream = user;
	struct pollfd reader = {.fd = stream->out ? fileno(stream->out) : -1};
	(void)down_all, (void)down, (void)up_all, (void)up;
	if (stream->result == 0 && poll(&reader, 1, 0) > 0 && reader.revents & POLLERR)
		stream->result = rs_err_set(stream->err, -EPIPE, "nobody reads the output");
	return stream->result != 0;
}

static int set_deadline(CURL *curl, uint64_t deadline_ns)
{
	uint64_t now_ns = rs_now_ns();
	if (!deadline_ns)
		return 0;
	if (now_ns >= deadline_ns)
		return -ETIMEDOUT;
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)((deadline_ns - now_ns) / RS_NS_PER_MS) + 1);
	return 0;
}

int rs_watch_stream(const struct rs_client *client, const char *path,
		    int (*changed)(void *user, enum rs_change change, const cJSON *object, struct rs_err *err),
		    void *user, FILE *out, uint64_t deadline_ns, struct rs_err *err)
{
	struct stream stream = {
		.curl = rs_client_transfer(client, path), .changed = changed, .user = user, .out = out, .err = err};
	if (!stream.curl)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_buf_init(&stream.line, LINE_BYTES_MAX);
	curl_easy_setopt(stream.curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(stream.curl, CURLOPT_WRITEDATA, &stream);
	curl_easy_setopt(stream.curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(stream.curl, CURLOPT_XFERINFODATA, &stream);
	curl_easy_setopt(stream.curl, CURLOPT_NOPROGRESS, 0L);
	int r = set_deadline(stream.curl, deadline_ns);
	if (r == 0) {
		long status = 0;
		CURLcode code = curl_easy_perform(stream.curl);
		curl_easy_getinfo(stream.curl, CURLINFO_RESPONSE_CODE, &status);
		rs_auto_json cJSON *body = status != 200 && stream.line.data ? cJSON_Parse(stream.line.data) : NULL;
		if (stream.result != 0)
			r = stream.result;
		else if (code != CURLE_OK)
			r = rs_client_explain(client, stream.curl, code, err);
		else if (status != 200)
			r = rs_client_refused((int)status, body, err);
	}
	rs_buf_done(&stream.line);
	curl_easy_cleanup(stream.curl);
	return r;
}
