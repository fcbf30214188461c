// SPDX-License-Identifier: BSD-2-Clause
#include "agent/agent.h"

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* "Service" to "service": keys are small. */
static const char *kind_key(const char *kind, char out[static RS_NAME_SIZE])
{
	rs_str_copy(out, RS_NAME_SIZE, kind);
	out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}

void rs_record(struct rs_agent *agent, const char *type, const char *reason, const char *namespace, const char *kind,
	       const char *name, const char *format, ...)
{
	char message[RS_ERR_MESSAGE_MAX], key[RS_NAME_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);

	struct rs_store_event event = {
		.wall_ns = rs_wall_ns(),
		.type = type,
		.kind = kind,
		.namespace = namespace,
		.name = name,
		.reason = reason,
		.message = message,
		.count = 1,
	};
	/* The store counts what it has to drop (rouse_events_dropped_total). Before it is open there is only the log.
	 */
	if (agent->store)
		rs_store_append_event(agent->store, &event);
	rs_log(rs_str_equal(type, "Warning") ? RS_LOG_WARN : RS_LOG_INFO, "%s %s=%s/%s message=%s", reason,
	       kind_key(kind, key), namespace, name, rs_log_value(message));
}
