// SPDX-License-Identifier: BSD-2-Clause
#include "unit/cli/fake_agent.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "cli/fetch.h"

#define NOT_FOUND                                                                                                      \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,"      \
	"\"message\":\"not found\"}"

/* A request while its body arrives. */
struct exchange {
	struct rs_buf text; /* as it is remembered */
	char request[256];
};

static enum MHD_Result append_argument(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct rs_buf *request = user;
	(void)kind;
	/* Every list is read in pages of this size; tests need not spell it. */
	if (strcmp(key, "limit") == 0 && value && atoi(value) == RS_FETCH_PAGE)
		return MHD_YES;
	rs_buf_printf(request, "%c%s=%s", strchr(request->data, '?') ? '&' : '?', key, value ? value : "");
	return MHD_YES;
}

static struct exchange *begin(struct MHD_Connection *connection, const char *method, const char *url)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	assert(exchange);
	rs_buf_init(&exchange->text, FAKE_TEXT_MAX - 1);
	rs_buf_printf(&exchange->text, "%s %s", method, url);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, append_argument, &exchange->text);
	rs_str_copy(exchange->request, sizeof(exchange->request), exchange->text.data);
	return exchange;
}

static struct fake_answer choose(struct fake_agent *fake, const char *request)
{
	for (size_t i = 0; i < fake->answer_count; i++) {
		struct fake_answer *answer = &fake->answers[i];
		if (strcmp(answer->request, request) != 0 || answer->times < 0)
			continue;
		if (answer->times > 0 && --answer->times == 0)
			answer->times = -1;
		return *answer;
	}
	return (struct fake_answer){.status = 404, .body = NOT_FOUND};
}

static enum MHD_Result answer(struct fake_agent *fake, struct MHD_Connection *connection, struct exchange *exchange)
{
	pthread_mutex_lock(&fake->lock);
	if (fake->request_count < FAKE_REQUESTS_MAX)
		rs_str_copy(fake->requests[fake->request_count++], FAKE_TEXT_MAX, exchange->text.data);
	struct fake_answer chosen = choose(fake, exchange->request);
	pthread_mutex_unlock(&fake->lock);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(chosen.body), (void *)(uintptr_t)chosen.body, MHD_RESPMEM_MUST_COPY);
	if (chosen.applied)
		MHD_add_response_header(response, "X-Rouse-Applied", chosen.applied);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)chosen.status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *data, size_t *size, void **state)
{
	(void)version;
	struct exchange *exchange = *state;
	if (!exchange) {
		*state = begin(connection, method, url);
		return MHD_YES;
	}
	if (*size) {
		if (strlen(exchange->request) == exchange->text.length)
			rs_buf_puts(&exchange->text, " ");
		rs_buf_append(&exchange->text, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return answer(user, connection, exchange);
}

static void completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;
	(void)user, (void)connection, (void)code;
	if (exchange)
		rs_buf_done(&exchange->text);
	free(exchange);
	*state = NULL;
}

void fake_agent_start(struct fake_agent *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	*fake = (struct fake_agent){.directory = "/tmp/rouse-cli-XXXXXX", .lock = PTHREAD_MUTEX_INITIALIZER};
	assert(mkdtemp(fake->directory));
	snprintf(fake->socket, sizeof(fake->socket), "%s/api.sock", fake->directory);
	rs_str_copy(address.sun_path, sizeof(address.sun_path), fake->socket);
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(fake->fd >= 0);
	assert(bind(fake->fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fake->fd, SOMAXCONN) == 0);
	fake->daemon =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, fake, MHD_OPTION_LISTEN_SOCKET,
				 fake->fd, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
	assert(fake->daemon);
}

void fake_agent_clear(struct fake_agent *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->answer_count = 0;
	fake->request_count = 0;
	pthread_mutex_unlock(&fake->lock);
	free(fake->out);
	free(fake->err);
	fake->out = fake->err = NULL;
}

void fake_agent_stop(struct fake_agent *fake)
{
	fake_agent_clear(fake);
	MHD_stop_daemon(fake->daemon);
	unlink(fake->socket);
	rmdir(fake->directory);
}

void fake_agent_teach(struct fake_agent *fake, const char *request, int status, const char *body)
{
	pthread_mutex_lock(&fake->lock);
	assert(fake->answer_count < FAKE_ANSWERS_MAX);
	struct fake_answer *taught = &fake->answers[fake->answer_count++];
	*taught = (struct fake_answer){.status = status, .body = body};
	rs_str_copy(taught->request, sizeof(taught->request), request);
	pthread_mutex_unlock(&fake->lock);
}

struct fake_answer *fake_agent_last(struct fake_agent *fake)
{
	return &fake->answers[fake->answer_count - 1];
}

#define WORDS_MAX 24

void fake_agent_run(struct fake_agent *fake, const char *input, const char *const *words)
{
	const char *argv[WORDS_MAX + 4] = {"rouse", "--socket", fake->socket};
	int argc = 3;
	size_t out_size, err_size;
	free(fake->out);
	free(fake->err);
	while (*words)
		argv[argc++] = *words++;
	struct rs_cli cli = {
		.in = *input ? fmemopen((void *)(uintptr_t)input, strlen(input), "r") : fopen("/dev/null", "re"),
		.out = open_memstream(&fake->out, &out_size),
		.err = open_memstream(&fake->err, &err_size),
	};
	assert(cli.in && cli.out && cli.err);
	fake->code = rs_cli_run(&cli, argc, (char *const *)(uintptr_t)argv);
	fclose(cli.in);
	fclose(cli.out);
	fclose(cli.err);
}
