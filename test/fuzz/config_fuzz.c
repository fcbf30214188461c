/* SPDX-License-Identifier: BSD-2-Clause */
/* link: yaml user/agent/config/options.c user/agent/config/option_table.c user/agent/config/option_print.c */
/* link: user/agent/config/interfaces.c user/dp/order.c */
/* link: user/agent/config/option_check.c user/agent/config/option_range.c */
/* link: user/agent/config/sections.c user/agent/config/config_file.c */
/* Any text as a configuration file: it is refused, or what it comes to can be printed and reads back as the same. */
#include "agent/config/options.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file = -1;
static char path[32];

static int read_text(const void *text, size_t size, struct rs_options *ret_options)
{
	char *argv[] = {"roused", "--config", path, NULL};
	struct rs_problems problems = {0};
	if (ftruncate(file, 0) < 0 || pwrite(file, text, size, 0) != (ssize_t)size)
		abort();
	int r = rs_options_read(ret_options, 3, argv, &problems);
	/* Whoever is refused is told why. */
	if (r < 0 && !*rs_problems_first(&problems))
		abort();
	rs_problems_done(&problems);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_options options, again;
	if (file < 0) {
		file = memfd_create("config", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	if (read_text(data, size, &options) == 0) {
		rs_auto_free char *first = rs_options_yaml(&options);
		rs_auto_free char *second = NULL;
		if (!first || read_text(first, strlen(first), &again) < 0)
			abort();
		second = rs_options_yaml(&again);
		if (!second || strcmp(first, second) != 0)
			abort();
		rs_options_done(&again);
	}
	rs_options_done(&options);
	return 0;
}
