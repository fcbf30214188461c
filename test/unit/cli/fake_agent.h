/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An agent that answers what the test told it to, on a socket in a directory of
 * its own, and remembers what it was asked. And a way to run a command line
 * against it in this process.
 */
#ifndef RS_TEST_CLI_FAKE_AGENT_H
#define RS_TEST_CLI_FAKE_AGENT_H

#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>

#define FAKE_ANSWERS_MAX  32
#define FAKE_REQUESTS_MAX 64
#define FAKE_TEXT_MAX	  4096

struct fake_answer {
	char request[256]; /* "GET /version": method, path and query */
	int status;
	const char *applied; /* X-Rouse-Applied, or NULL */
	const char *body;    /* borrowed */
	int times;	     /* how often before the next answer to the same request counts; 0 = always */
};

struct fake_agent {
	char directory[32];
	char socket[64];
	int fd;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	struct fake_answer answers[FAKE_ANSWERS_MAX];
	size_t answer_count;
	char requests[FAKE_REQUESTS_MAX][FAKE_TEXT_MAX]; /* "PUT /path BODY" in the order of arrival */
	size_t request_count;

	/* What the last command line did. */
	int code;
	char *out;
	char *err;
};

void fake_agent_start(struct fake_agent *fake);
void fake_agent_stop(struct fake_agent *fake);
/* Forgets answers, requests and outputs. */
void fake_agent_clear(struct fake_agent *fake);
/* What is not taught is answered with 404 and a Status. */
void fake_agent_teach(struct fake_agent *fake, const char *request, int status, const char *body);
struct fake_answer *fake_agent_last(struct fake_agent *fake);

/* Runs `rouse --socket SOCKET WORD...` with `input` as standard input: code, out and err are in *fake. */
void fake_agent_run(struct fake_agent *fake, const char *input, const char *const *words);
#define fake_run(fake, ...)	    fake_agent_run(fake, "", (const char *const[]){__VA_ARGS__, NULL})
#define fake_pipe(fake, input, ...) fake_agent_run(fake, input, (const char *const[]){__VA_ARGS__, NULL})

#endif
