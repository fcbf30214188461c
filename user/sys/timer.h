/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers of the event loop that ring once and are set again and again: one
 * source for each purpose, made when it is first set, kept until its owner
 * drops it with sd_event_source_disable_unref().
 */
#ifndef RS_SYS_TIMER_H
#define RS_SYS_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Rings at `at_ns` of CLOCK_MONOTONIC, at most `late_us` later (0 = as exactly as the kernel can). A timer that was
 * set before is set anew and keeps its handler. */
int rs_timer_at(sd_event *event, sd_event_source **timer, uint64_t at_ns, uint64_t late_us,
		sd_event_time_handler_t handler, void *user);
/* The same, `after_us` from now. */
int rs_timer_after(sd_event *event, sd_event_source **timer, uint64_t after_us, uint64_t late_us,
		   sd_event_time_handler_t handler, void *user);
/* True while it is to ring. Accepts NULL. */
bool rs_timer_is_set(sd_event_source *timer);

#endif
