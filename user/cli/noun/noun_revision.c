// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"NAME", RS_COLUMN_TEXT, {"metadata", "name"}, false},
	{"SERVICE", RS_COLUMN_TEXT, {"metadata", "labels", "serving.knative.dev/service"}, false},
	{"GENERATION", RS_COLUMN_TEXT, {"metadata", "labels", "serving.knative.dev/configurationGeneration"}, false},
	{"DESIRED", RS_COLUMN_TEXT, {"status", "desiredReplicas"}, false},
	{"ACTUAL", RS_COLUMN_TEXT, {"status", "actualReplicas"}, false},
	{"ACTIVE", RS_COLUMN_CONDITION, {"Active", "status"}, false},
	{"READY", RS_COLUMN_CONDITION, {"Ready", "status"}, false},
	{"REASON", RS_COLUMN_CONDITION, {"Ready", "reason"}, false},
	{"AGE", RS_COLUMN_AGE, {"metadata", "creationTimestamp"}, false},
	{"HELD", RS_COLUMN_TEXT, {"status", "rouse", "held"}, true},
	{"PICK", RS_COLUMN_TEXT, {"status", "rouse", "pick"}, true},
	{"WHY", RS_COLUMN_TEXT, {"status", "rouse", "why"}, true},
};

const struct rs_noun rs_noun_revision = {
	.plural = "revisions",
	.kind = "Revision",
	.group = "serving.knative.dev",
	.api = "/apis/serving.knative.dev/v1",
	.aliases = {"rev"},
	.summary = "the immutable versions of a service, each scaled on its own",
	.has_names = true,
	.has_services = true,
	.can_delete = true,
	.can_page = true,
	.can_watch = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
