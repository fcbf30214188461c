// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"REVISION", RS_COLUMN_TEXT, {"status", "revision"}, false},
	{"CLIENT", RS_COLUMN_TEXT, {"status", "client"}, false},
	{"DESTINATION", RS_COLUMN_TEXT, {"status", "destination"}, false},
	{"HELD-MS", RS_COLUMN_TEXT, {"status", "ageMs"}, false},
	{"RETRANSMITS", RS_COLUMN_TEXT, {"status", "retransmits"}, false},
};

const struct rs_noun rs_noun_hold = {
	.plural = "holds",
	.kind = "Hold",
	.group = "rouse.dev",
	.api = "/apis/rouse.dev/v1",
	.summary = "connections that wait for an instance now",
	.has_services = true,
	.can_page = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
