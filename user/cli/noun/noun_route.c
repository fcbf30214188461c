// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"NAME", RS_COLUMN_TEXT, {"metadata", "name"}, false},
	{"URL", RS_COLUMN_TEXT, {"status", "url"}, false},
	{"VIP", RS_COLUMN_TEXT, {"status", "rouse", "addresses"}, true},
	{"READY", RS_COLUMN_CONDITION, {"Ready", "status"}, false},
	{"REASON", RS_COLUMN_CONDITION, {"Ready", "reason"}, false},
	{"AGE", RS_COLUMN_AGE, {"metadata", "creationTimestamp"}, true},
};

const struct rs_noun rs_noun_route = {
	.plural = "routes",
	.kind = "Route",
	.group = "serving.knative.dev",
	.api = "/apis/serving.knative.dev/v1",
	.aliases = {"rt"},
	.summary = "where connections to a service go",
	.has_names = true,
	.can_page = true,
	.can_watch = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
