/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's program on an interface: it counts packets, and returns a verdict. */
#ifndef RS_TEST_NET_OTHER_H
#define RS_TEST_NET_OTHER_H

#include "dp/dp.h"

#include <stdbool.h>
#include <stdint.h>

struct other {
	enum rs_hook hook; /* TCX or clsact */
	int map;
	int program;
	int link; /* TCX */
};

/* Loads it, by a name of at most 15 characters. `verdict`: 0 = accept, -1 = next. */
void other_load(struct other *other, const char *name, int verdict);
/* At the front of the interface's programs, or behind them all. */
void other_attach(struct other *other, enum rs_hook hook, unsigned ifindex, bool before);
/* Detaches and unloads. */
void other_detach(struct other *other, unsigned ifindex, bool before);
uint64_t other_count(const struct other *other);
/* The programs of TCX ingress in their order, as "name name name". */
const char *other_list(unsigned ifindex, char *out, size_t size);
unsigned other_id(int program);

#endif
