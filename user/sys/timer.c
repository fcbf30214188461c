// SPDX-License-Identifier: BSD-2-Clause
#include "sys/timer.h"

#include "base/time.h"

int rs_timer_at(sd_event *event, sd_event_source **timer, uint64_t at_ns, uint64_t late_us,
		sd_event_time_handler_t handler, void *user)
{
	uint64_t at_us = at_ns / RS_NS_PER_US;
	int r;
	if (!*timer) {
		/* An accuracy of 0 would be the library's default, a quarter of a second. */
		r = sd_event_add_time(event, timer, CLOCK_MONOTONIC, at_us, late_us ? late_us : 1, handler, user);
		return r < 0 ? r : 0;
	}
	r = sd_event_source_set_time(*timer, at_us);
	if (r >= 0)
		r = sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
	return r < 0 ? r : 0;
}

int rs_timer_after(sd_event *event, sd_event_source **timer, uint64_t after_us, uint64_t late_us,
		   sd_event_time_handler_t handler, void *user)
{
	return rs_timer_at(event, timer, rs_now_ns() + after_us * RS_NS_PER_US, late_us, handler, user);
}

bool rs_timer_is_set(sd_event_source *timer)
{
	int enabled = SD_EVENT_OFF;
	return timer && sd_event_source_get_enabled(timer, &enabled) >= 0 && enabled != SD_EVENT_OFF;
}
