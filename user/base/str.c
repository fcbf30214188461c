// SPDX-License-Identifier: BSD-2-Clause
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rs_buf_init(struct rs_buf *buf, size_t maximum)
{
	*buf = (struct rs_buf){.maximum = maximum};
}

void rs_buf_done(struct rs_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct rs_buf){.maximum = buf->maximum};
}

void rs_buf_clear(struct rs_buf *buf)
{
	buf->length = 0;
	buf->error = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

static int reserve(struct rs_buf *buf, size_t extra)
{
	if (buf->error)
		return buf->error;
	if (extra > buf->maximum - buf->length)
		return buf->error = -E2BIG;
	size_t needed = buf->length + extra + 1;
	if (needed <= buf->capacity)
		return 0;
	size_t capacity = buf->capacity ? buf->capacity : 256;
	while (capacity < needed)
		capacity *= 2;
	char *data = realloc(buf->data, capacity);
	if (!data)
		return buf->error = -ENOMEM;
	buf->data = data;
	buf->capacity = capacity;
	return 0;
}

int rs_buf_append(struct rs_buf *buf, const void *data, size_t length)
{
	int r = reserve(buf, length);
	if (r < 0)
		return r;
	if (length)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
	return 0;
}

int rs_buf_puts(struct rs_buf *buf, const char *text)
{
	return rs_buf_append(buf, text, strlen(text));
}

int rs_buf_printf(struct rs_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	int r = n < 0 ? -EINVAL : reserve(buf, (size_t)n);
	if (r == 0) {
		vsnprintf(buf->data + buf->length, (size_t)n + 1, format, again);
		buf->length += (size_t)n;
	}
	va_end(again);
	return r;
}

char *rs_buf_take(struct rs_buf *buf)
{
	if (buf->error || rs_buf_append(buf, "", 0) < 0)
		return NULL;
	char *text = buf->data;
	*buf = (struct rs_buf){.maximum = buf->maximum};
	return text;
}

bool rs_str_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool rs_str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int rs_str_copy(char *out, size_t size, const char *text)
{
	size_t length = strlen(text);
	bool fits = length < size;
	if (!fits)
		length = size - 1;
	memcpy(out, text, length);
	out[length] = '\0';
	return fits ? 0 : -E2BIG;
}

int rs_str_to_long(const char *text, long long minimum, long long maximum, long long *ret_value)
{
	char *end;
	if (!text || !*text || !(*text == '-' || (*text >= '0' && *text <= '9')))
		return -EINVAL;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || value < minimum || value > maximum)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

char *rs_str_format(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = NULL;
	int n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? NULL : text;
}
