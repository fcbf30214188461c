// SPDX-License-Identifier: BSD-2-Clause
#include "cli/print/wrap.h"

#include "base/str.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 100000
#define HANG	    2 /* behind a line's own indent */

size_t rs_wrap_columns(int fd)
{
	struct winsize size = {0};
	long long columns;
	const char *text = getenv("COLUMNS");
	if (text && rs_str_to_long(text, 1, COLUMNS_MAX, &columns) == 0)
		return (size_t)columns;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t rs_wrap_width(const char *text, size_t length)
{
	size_t width = 0;
	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static size_t count_blanks(const char *text, size_t length)
{
	size_t count = 0;
	while (count < length && text[count] == ' ')
		count++;
	return count;
}

void rs_wrap_text(const char *text, size_t length, size_t at, size_t hang, size_t columns, FILE *out)
{
	bool is_bounded = columns >= hang + RS_WRAP_ROOM, has_word = false;
	while (length) {
		size_t blanks = count_blanks(text, length);
		const char *end = memchr(text + blanks, ' ', length - blanks);
		size_t word = end ? (size_t)(end - text) - blanks : length - blanks;
		size_t width = rs_wrap_width(text + blanks, word);
		if (is_bounded && has_word && at + blanks + width > columns) {
			fprintf(out, "\n%*s", (int)hang, "");
			at = hang;
		} else {
			fprintf(out, "%*s", (int)blanks, "");
			at += blanks;
		}
		fwrite(text + blanks, 1, word, out);
		at += width;
		has_word = true;
		text += blanks + word;
		length -= blanks + word;
	}
}

void rs_wrap_lines(const char *text, size_t columns, FILE *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		rs_wrap_text(text, length, 0, count_blanks(text, length) + HANG, columns, out);
		fputc('\n', out);
		text += length + (text[length] == '\n');
	}
}
