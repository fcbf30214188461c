// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.h"

void rs_time_rfc3339(uint64_t wall_ns, char out[static RS_TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(wall_ns / RS_NS_PER_S);
	struct tm utc;
	gmtime_r(&seconds, &utc);
	strftime(out, RS_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
