// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"NAME", RS_COLUMN_TEXT, {"metadata", "name"}, false},
	{"REVISION", RS_COLUMN_TEXT, {"metadata", "labels", "serving.knative.dev/revision"}, false},
	{"STAGE", RS_COLUMN_TEXT, {"status", "stage"}, false},
	{"ADDRESS", RS_COLUMN_TEXT, {"status", "address"}, false},
	{"PORT", RS_COLUMN_TEXT, {"status", "port"}, true},
	{"PID", RS_COLUMN_TEXT, {"status", "pid"}, false},
	{"INFLIGHT", RS_COLUMN_TEXT, {"status", "inFlight"}, false},
	{"CONNECTIONS", RS_COLUMN_TEXT, {"status", "connections"}, false},
	{"MEMORY", RS_COLUMN_BYTES, {"status", "memoryBytes"}, true},
	{"LISTEN-MS", RS_COLUMN_MS, {"status", "listenMs"}, true},
	{"READY-MS", RS_COLUMN_MS, {"status", "readyMs"}, false},
	{"AGE", RS_COLUMN_AGE, {"metadata", "creationTimestamp"}, false},
	{"COMPLAINT", RS_COLUMN_TEXT, {"status", "complaint"}, true},
};

const struct rs_noun rs_noun_instance = {
	.plural = "instances",
	.kind = "Instance",
	.group = "rouse.dev",
	.api = "/apis/rouse.dev/v1",
	.aliases = {"inst", "pods", "po"},
	.summary = "the running copies of revisions",
	.has_names = true,
	.has_services = true,
	.can_page = true,
	.can_watch = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
