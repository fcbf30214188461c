// SPDX-License-Identifier: BSD-2-Clause
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int rs_err_set(struct rs_err *err, int code, const char *format, ...)
{
	if (!err)
		return code;
	err->code = code;
	va_list args;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

int rs_err_prefix(struct rs_err *err, const char *format, ...)
{
	if (!err)
		return 0;
	char old[RS_ERR_MESSAGE_MAX];
	memcpy(old, err->message, sizeof(old));
	va_list args;
	va_start(args, format);
	int n = vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->message) - 1)
		snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %s", old);
	return err->code;
}
