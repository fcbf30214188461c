// SPDX-License-Identifier: BSD-2-Clause
#include "cli/client.h"

#include "base/mem.h"
#include "cli/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define CONNECT_TIMEOUT_MS 5000L
#define CALL_TIMEOUT_MS	   120000L

void rs_client_init(struct rs_client *client, const char *socket)
{
	*client = (struct rs_client){.socket = socket};
}

void rs_client_done(struct rs_client *client)
{
	if (client->curl)
		curl_easy_cleanup(client->curl);
	client->curl = NULL;
}

void rs_reply_done(struct rs_reply *reply)
{
	cJSON_Delete(reply->body);
	*reply = (struct rs_reply){0};
}

/* The options that do not change from request to request. */
static int prepare(const struct rs_client *client, CURL *curl)
{
	/* A proxy in the environment is not for us, and ".." as a name is a name. */
	if (curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) != CURLE_OK)
		return -ENOMEM;
	return 0;
}

static int set_url(CURL *curl, const char *path)
{
	rs_auto_free char *url = rs_str_format("http://rouse%s", path);
	return url && curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK ? 0 : -ENOMEM;
}

CURL *rs_client_transfer(const struct rs_client *client, const char *path)
{
	CURL *curl = curl_easy_init();
	if (curl && (prepare(client, curl) < 0 || set_url(curl, path) < 0)) {
		curl_easy_cleanup(curl);
		curl = NULL;
	}
	return curl;
}

int rs_client_explain(const struct rs_client *client, CURL *curl, CURLcode code, struct rs_err *err)
{
	long os_error = 0;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
	if (strlen(client->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return rs_err_set(err, -ENAMETOOLONG, "the socket's path is longer than a socket's can be: %s",
				  client->socket);
	if (code == CURLE_WRITE_ERROR)
		return rs_err_set(err, -EFBIG, "the agent at %s sent more than can be read, or the output is closed",
				  client->socket);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return rs_err_set(err, -ETIMEDOUT,
				  "the agent at %s does not answer; see what it logs, or whether it is stopped",
				  client->socket);
	if (code != CURLE_COULDNT_CONNECT)
		return rs_err_set(err, -EIO, "the agent at %s: %s", client->socket, curl_easy_strerror(code));
	if (os_error == EACCES || os_error == EPERM)
		return rs_err_set(err, -EACCES,
				  "%s: permission denied; use sudo, or become a member of the socket's group",
				  client->socket);
	char name[32] = "";
	int end = 0;
	bool is_named = sscanf(client->socket, "/run/%31[a-z0-9-]/api.sock%n", name, &end) == 1 && end &&
			!client->socket[end] && strcmp(name, "rouse") != 0;
	return rs_err_set(err, -ECONNREFUSED,
			  "no agent answers at %s: it is not running. Start it with \"sudo roused%s%s\" (\"sudo make "
			  "run\" in the source tree), or say which one is meant with --name, --socket or ROUSE_SOCKET",
			  client->socket, is_named ? " --name " : "", is_named ? name : "");
}

int rs_client_refused(int status, const cJSON *body, struct rs_err *err)
{
	const char *message = rs_json_text(body, "message");
	const char *reason = rs_json_text(body, "reason");
	int code = status == 404		     ? -ENOENT
		   : status == 410		     ? -EKEYEXPIRED
		   : status == 503		     ? -EAGAIN
		   : status != 409		     ? (status >= 400 && status < 500 ? -EINVAL : -EREMOTEIO)
		   : strcmp(reason, "Conflict") == 0 ? -ESTALE
						     : -EEXIST;
	if (*message)
		return rs_err_set(err, code, "%s", message);
	return rs_err_set(err, code, "the agent answered with HTTP status %d and no message", status);
}

/* One request and what has come of its answer. */
struct rs_transfer {
	const struct rs_client *client;
	CURL *curl;
	struct curl_slist *headers;
	char *text;	    /* the request's body */
	struct rs_buf body; /* the answer's */
	char applied[16];
};

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct rs_transfer *transfer = user;
	return rs_buf_append(&transfer->body, data, size * count) < 0 ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	static const char applied[] = "X-Rouse-Applied:";
	struct rs_transfer *transfer = user;
	size_t length = size * count, skip = sizeof(applied) - 1;
	if (length <= skip || strncasecmp(data, applied, skip) != 0)
		return length;
	size_t end = length;
	while (skip < end && isspace((unsigned char)data[skip]))
		skip++;
	while (end > skip && isspace((unsigned char)data[end - 1]))
		end--;
	if (end - skip < sizeof(transfer->applied)) {
		memcpy(transfer->applied, data + skip, end - skip);
		transfer->applied[end - skip] = '\0';
	}
	return length;
}

/* On a handle that has been made or reset. */
static int begin(struct rs_transfer *transfer, const struct rs_client *client, CURL *curl, const char *method,
		 const char *path, const cJSON *body)
{
	*transfer = (struct rs_transfer){.client = client, .curl = curl};
	rs_buf_init(&transfer->body, RS_CLIENT_BODY_MAX);
	transfer->text = body ? cJSON_PrintUnformatted(body) : NULL;
	/* Without "Expect:" curl would ask before it sends a large manifest, and wait. */
	struct curl_slist *both = transfer->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (both)
		both = curl_slist_append(transfer->headers, "Expect:");
	if (!both || (body && !transfer->text) || prepare(client, curl) < 0 || set_url(curl, path) < 0 ||
	    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CALL_TIMEOUT_MS);
	if (transfer->text) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(transfer->text));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, transfer->text);
	}
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	return 0;
}

/* What belongs to the transfer but the handle. */
static void end(struct rs_transfer *transfer)
{
	curl_slist_free_all(transfer->headers);
	rs_buf_done(&transfer->body);
	free(transfer->text);
}

struct rs_transfer *rs_transfer_new(const struct rs_client *client, const char *method, const char *path,
				    const cJSON *body)
{
	struct rs_transfer *transfer = calloc(1, sizeof(*transfer));
	CURL *curl = transfer ? curl_easy_init() : NULL;
	if (!curl) {
		free(transfer);
		return NULL;
	}
	return begin(transfer, client, curl, method, path, body) < 0 ? rs_transfer_free(transfer) : transfer;
}

struct rs_transfer *rs_transfer_free(struct rs_transfer *transfer)
{
	if (!transfer)
		return NULL;
	curl_easy_cleanup(transfer->curl);
	end(transfer);
	free(transfer);
	return NULL;
}

CURL *rs_transfer_handle(const struct rs_transfer *transfer)
{
	return transfer->curl;
}

int rs_transfer_finish(struct rs_transfer *transfer, CURLcode code, struct rs_reply *ret_reply, struct rs_err *err)
{
	struct rs_reply reply = {0};
	long status = 0;
	if (code != CURLE_OK)
		return rs_client_explain(transfer->client, transfer->curl, code, err);
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	reply.status = (int)status;
	memcpy(reply.applied, transfer->applied, sizeof(reply.applied));
	reply.body = transfer->body.data ? cJSON_Parse(transfer->body.data) : NULL;
	if (status < 200 || status > 299) {
		int r = rs_client_refused((int)status, reply.body, err);
		rs_reply_done(&reply);
		return r;
	}
	*ret_reply = reply;
	return 0;
}

int rs_client_call(struct rs_client *client, const char *method, const char *path, const cJSON *body,
		   struct rs_reply *ret_reply, struct rs_err *err)
{
	struct rs_transfer transfer;
	if (!client->curl)
		client->curl = curl_easy_init();
	else
		curl_easy_reset(client->curl); /* keeps the connection */
	if (!client->curl)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = begin(&transfer, client, client->curl, method, path, body);
	if (r == 0)
		r = rs_transfer_finish(&transfer, curl_easy_perform(client->curl), ret_reply, err);
	else
		rs_err_set(err, r, "out of memory");
	end(&transfer);
	return r;
}

int rs_client_get(struct rs_client *client, const char *path, cJSON **ret_body, struct rs_err *err)
{
	struct rs_reply reply;
	int r = rs_client_call(client, "GET", path, NULL, &reply, err);
	if (r < 0)
		return r;
	if (!reply.body) {
		rs_reply_done(&reply);
		return rs_err_set(err, -EPROTO, "the answer of %s to GET %s is not JSON: is this socket the agent's?",
				  client->socket, path);
	}
	*ret_body = reply.body;
	return 0;
}

int rs_path_escape(struct rs_buf *path, const char *segment)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	for (; *segment; segment++) {
		if (strchr(plain, *segment))
			rs_buf_append(path, segment, 1);
		else
			rs_buf_printf(path, "%%%02X", (unsigned char)*segment);
	}
	return path->error;
}
