// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"NAME", RS_COLUMN_TEXT, {"metadata", "name"}, false},
	{"URL", RS_COLUMN_TEXT, {"status", "url"}, false},
	{"VIP", RS_COLUMN_TEXT, {"status", "rouse", "addresses"}, true},
	{"LATESTCREATED", RS_COLUMN_TEXT, {"status", "latestCreatedRevisionName"}, false},
	{"LATESTREADY", RS_COLUMN_TEXT, {"status", "latestReadyRevisionName"}, false},
	{"READY", RS_COLUMN_CONDITION, {"Ready", "status"}, false},
	{"REASON", RS_COLUMN_CONDITION, {"Ready", "reason"}, false},
	{"GENERATION", RS_COLUMN_TEXT, {"metadata", "generation"}, true},
	{"PORTS", RS_COLUMN_TEXT, {"status", "rouse", "ports"}, true},
	{"EXTERNAL", RS_COLUMN_TEXT, {"status", "rouse", "externalPorts"}, true},
	{"STICKY", RS_COLUMN_TEXT, {"metadata", "annotations", "rouse.dev/sticky"}, true},
	{"AGE", RS_COLUMN_AGE, {"metadata", "creationTimestamp"}, true},
};

const struct rs_noun rs_noun_service = {
	.plural = "services",
	.kind = "Service",
	.group = "serving.knative.dev",
	.api = "/apis/serving.knative.dev/v1",
	.aliases = {"svc", "ksvc", "kservice"},
	.summary = "what sleeps, wakes and scales",
	.has_names = true,
	.can_delete = true,
	.can_page = true,
	.can_watch = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
