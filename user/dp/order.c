// SPDX-License-Identifier: BSD-2-Clause
/* The place among TCX programs, in words. */
#include "base/mem.h"
#include "base/str.h"
#include "dp/dp.h"

#include <errno.h>
#include <string.h>

int rs_tcx_order_parse(const char *text, struct rs_tcx_order *ret_order)
{
	static const struct {
		const char *word;
		enum rs_tcx_place place;
		bool is_relative;
	} words[] = {
		{"first", RS_TCX_FIRST, false},
		{"last", RS_TCX_LAST, false},
		{"before:", RS_TCX_BEFORE, true},
		{"after:", RS_TCX_AFTER, true},
	};
	for (size_t i = 0; i < rs_array_length(words); i++) {
		size_t length = strlen(words[i].word);
		if (strncmp(text, words[i].word, length) != 0)
			continue;
		const char *program = text + length;
		struct rs_tcx_order order = {.place = words[i].place};
		if (words[i].is_relative != (*program != '\0') ||
		    rs_str_copy(order.program, sizeof(order.program), program) < 0)
			return -EINVAL;
		*ret_order = order;
		return 0;
	}
	return -EINVAL;
}
