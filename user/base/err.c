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
	char context[RS_ERR_MESSAGE_MAX / 2];
	va_list args;
	va_start(args, format);
	vsnprintf(context, sizeof(context) - 2, format, args);
	va_end(args);
	strcat(context, ": ");
	/* The old message moves right, cut at its end where the two do not fit. */
	size_t length = strlen(context);
	memmove(err->message + length, err->message, sizeof(err->message) - length);
	memcpy(err->message, context, length);
	err->message[sizeof(err->message) - 1] = '\0';
	return err->code;
}
