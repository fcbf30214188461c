/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The output of several instances at once, line by line: a transfer for each,
 * side by side, with the instance's name before each line when there are
 * several. One that breaks off while it is followed goes on where it was.
 */
#ifndef RS_CLI_FOLLOW_LOG_STREAM_H
#define RS_CLI_FOLLOW_LOG_STREAM_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/client.h"

struct rs_log_stream;

/* Of each log. */
struct rs_log_choice {
	long long tail;		/* < 0 = all */
	int64_t since_ns;	/* ago; 0 = all */
	const char *since_time; /* RFC 3339, or NULL */
	bool timestamps;
	bool follow;
};

struct rs_log_streams {
	const struct rs_client *client;
	FILE *out;
	CURLM *multi;
	struct rs_log_stream *first;
	bool has_several; /* lines get a prefix from the second instance on */
};

int rs_log_streams_init(struct rs_log_streams *streams, const struct rs_client *client, FILE *out);
void rs_log_streams_done(struct rs_log_streams *streams);

/* Begins to read a log (an object of the API), unless it is being read or was; goes on with one that broke off. */
int rs_log_streams_add(struct rs_log_streams *streams, const cJSON *log, const struct rs_log_choice *choice);
/* Forgets streams that have ended and whose logs are not on the list. */
void rs_log_streams_prune(struct rs_log_streams *streams, const cJSON *logs);
/* Prints what comes within `timeout_ms`. Returns how many transfers go on, or the first error of one that ended. */
int rs_log_streams_run(struct rs_log_streams *streams, int timeout_ms, struct rs_err *err);
/* True when one broke off and has not gone on yet. */
bool rs_log_streams_broken(const struct rs_log_streams *streams);

#endif
