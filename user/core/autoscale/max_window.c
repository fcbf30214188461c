/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/max_window.h"

#include <errno.h>

static struct rs_max_entry *entry(struct rs_max_window *window, uint32_t position)
{
	return &window->entries[(window->first + position) % window->slots];
}

int rs_max_window_init(struct rs_max_window *window, struct rs_max_entry *memory, uint32_t slots)
{
	if (slots == 0)
		return -EINVAL;
	*window = (struct rs_max_window){.entries = memory, .slots = slots};
	return 0;
}

void rs_max_window_record(struct rs_max_window *window, uint64_t slot, int32_t value)
{
	if (window->length > 0) {
		const struct rs_max_entry *newest = entry(window, window->length - 1);
		if (slot < newest->slot)
			slot = newest->slot;
		if (slot == newest->slot && value < newest->value)
			return;
	}
	/* 1. What is not larger than the newcomer can never be the maximum again. */
	while (window->length > 0 && entry(window, window->length - 1)->value <= value)
		window->length--;
	/* 2. What is too old leaves at the front. */
	while (window->length > 0 && slot - entry(window, 0)->slot >= window->slots) {
		window->first = (window->first + 1) % window->slots;
		window->length--;
	}
	/* 3. All entries lie in different slots of one window, so there is room for one more. */
	*entry(window, window->length) = (struct rs_max_entry){.slot = slot, .value = value};
	window->length++;
}

int32_t rs_max_window_current(const struct rs_max_window *window)
{
	return window->length > 0 ? window->entries[window->first].value : 0;
}

uint32_t rs_max_time_window_slots(uint64_t window_ns, uint64_t slot_ns)
{
	if (slot_ns == 0)
		return 0;
	uint64_t slots = window_ns / slot_ns + (window_ns % slot_ns != 0);
	return slots > UINT32_MAX ? UINT32_MAX : (uint32_t)slots;
}

int rs_max_time_window_init(struct rs_max_time_window *window, uint64_t window_ns, uint64_t slot_ns,
			    struct rs_max_entry *memory, uint32_t capacity)
{
	uint32_t slots = rs_max_time_window_slots(window_ns, slot_ns);
	if (slots > capacity)
		return -ENOSPC;
	window->slot_ns = slot_ns;
	return rs_max_window_init(&window->window, memory, slots);
}

void rs_max_time_window_record(struct rs_max_time_window *window, uint64_t now_ns, int32_t value)
{
	rs_max_window_record(&window->window, now_ns / window->slot_ns, value);
}

int32_t rs_max_time_window_current(const struct rs_max_time_window *window)
{
	return rs_max_window_current(&window->window);
}
