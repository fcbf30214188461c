/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `rouse traffic` as an edit of a Service's spec.traffic: pure, JSON in and out.
 *
 * A target is @latest, a revision, a tag, or a short form of a revision of
 * hello: v1, 1, 00001 and -00001 all mean hello-00001; blue means hello-blue.
 */
#ifndef RS_CLI_EDIT_TRAFFIC_EDIT_H
#define RS_CLI_EDIT_TRAFFIC_EDIT_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "cli/args.h"

struct rs_traffic_edit {
	const struct rs_words *percents; /* TARGET=PERCENT, together 100; empty = the percents stay */
	const struct rs_words *tags;	 /* TARGET=TAG */
	const struct rs_words *untags;	 /* TAG */
};					 /* each word may be several, with commas */

/* What can be told before the agent is asked: that percents are numbers, and add up to 100. -EINVAL. */
int rs_traffic_check(const struct rs_words *percents, struct rs_err *err);

/* `revisions` is the RevisionList of the service. Tagged targets stay, with 0 percent when they are not named.
 * -EINVAL, and `service` is then half edited: throw it away. */
int rs_traffic_edit(cJSON *service, const cJSON *revisions, const struct rs_traffic_edit *edit, struct rs_err *err);

#endif
