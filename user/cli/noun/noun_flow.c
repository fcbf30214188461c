// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/mem.h"

static const struct rs_column columns[] = {
	{"REVISION", RS_COLUMN_TEXT, {"status", "revision"}, false},
	{"INSTANCE", RS_COLUMN_TEXT, {"status", "instance"}, false},
	{"CLIENT", RS_COLUMN_TEXT, {"status", "client"}, false},
	{"DESTINATION", RS_COLUMN_TEXT, {"status", "destination"}, false},
	{"STATE", RS_COLUMN_TEXT, {"status", "state"}, false},
	{"BUSY", RS_COLUMN_TEXT, {"status", "busy"}, false},
	{"IN", RS_COLUMN_BYTES, {"status", "bytesIn"}, false},
	{"OUT", RS_COLUMN_BYTES, {"status", "bytesOut"}, false},
	{"AGE-MS", RS_COLUMN_TEXT, {"status", "ageMs"}, true},
};

const struct rs_noun rs_noun_flow = {
	.plural = "flows",
	.kind = "Flow",
	.group = "rouse.dev",
	.api = "/apis/rouse.dev/v1",
	.aliases = {"connections", "conn"},
	.summary = "connections as the kernel tracks them",
	.has_services = true,
	.can_page = true,
	.columns = columns,
	.column_count = rs_array_length(columns),
};
