/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maximum of the last N slots, for the scale-down delay: a scale that was
 * decided stays the floor until N slots later.
 *
 * Kept as a queue of falling maxima in memory of the caller: a value that is
 * both older and not larger than another can never be the maximum again.
 * Source of the rules: Knative pkg/autoscaler/aggregation/max/{window,timewindow}.go.
 */
#ifndef RS_CORE_AUTOSCALE_MAX_WINDOW_H
#define RS_CORE_AUTOSCALE_MAX_WINDOW_H

#include <stdint.h>

struct rs_max_entry {
	uint64_t slot;
	int32_t value;
};

struct rs_max_window {
	struct rs_max_entry *entries; /* ring of `slots`; from `first` on: slots rising, values falling */
	uint32_t slots;		      /* length of the window; a value expires when its age reaches it */
	uint32_t first;
	uint32_t length; /* entries in use */
};

/* Starts an empty window on `memory` of `slots` (>= 1) entries. Returns 0 or -EINVAL. */
int rs_max_window_init(struct rs_max_window *window, struct rs_max_entry *memory, uint32_t slots);

/* Adds a value at `slot`. A slot before the newest one counts as the newest. */
void rs_max_window_record(struct rs_max_window *window, uint64_t slot, int32_t value);

/* The largest value of the `slots` slots that end at the newest write; 0 before the first. */
int32_t rs_max_window_current(const struct rs_max_window *window);

/* The same with time: a slot is time / slot_ns. */
struct rs_max_time_window {
	struct rs_max_window window;
	uint64_t slot_ns;
};

/* Entries that a window needs: window / slot, rounded up. Both in ns, slot > 0. */
uint32_t rs_max_time_window_slots(uint64_t window_ns, uint64_t slot_ns);

/* Starts an empty window on `memory` of `capacity` entries. Returns 0, -EINVAL
 * for a length of 0, -ENOSPC when `capacity` is below rs_max_time_window_slots(). */
int rs_max_time_window_init(struct rs_max_time_window *window, uint64_t window_ns, uint64_t slot_ns,
			    struct rs_max_entry *memory, uint32_t capacity);
void rs_max_time_window_record(struct rs_max_time_window *window, uint64_t now_ns, int32_t value);
int32_t rs_max_time_window_current(const struct rs_max_time_window *window);

#endif
