// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"LAST SEEN", RS_COLUMN_AGE, {"eventTime"}, false}, {"TYPE", RS_COLUMN_TEXT, {"type"}, false},
	{"REASON", RS_COLUMN_TEXT, {"reason"}, false},	    {"OBJECT", RS_COLUMN_OBJECT, {"involvedObject"}, false},
	{"COUNT", RS_COLUMN_TEXT, {"count"}, false},	    {"MESSAGE", RS_COLUMN_TEXT, {"message"}, false},
};

const struct rs_noun rs_noun_event = {
	.plural = "events",
	.kind = "Event",
	.group = "",
	.api = "/api/v1",
	.aliases = {"ev"},
	.summary = "what happened: wakes, scale decisions, starts, failures",
	.has_services = true,
	.can_watch = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
