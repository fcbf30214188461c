/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>

#include "wire/service.h"

int rs_wire_url(const struct rs_wire_context *context, const char *namespace, const char *name, const char *tag,
		char out[static RS_WIRE_URL_SIZE])
{
	const int length = snprintf(out, RS_WIRE_URL_SIZE, "http://%s%s%s.%s.%s", tag, tag[0] ? "-" : "", name,
				    namespace, context->domain);

	return length < RS_WIRE_URL_SIZE ? 0 : -E2BIG;
}
