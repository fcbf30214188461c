// SPDX-License-Identifier: BSD-2-Clause
#include "rt/expand.h"

#include <string.h>

const char *rs_env_get(char *const *entries, size_t count, const char *name, size_t name_length)
{
	while (count--) {
		if (!strncmp(entries[count], name, name_length) && entries[count][name_length] == '=')
			return entries[count] + name_length + 1;
	}
	return NULL;
}

int rs_expand(struct rs_buf *out, const char *text, char *const *entries, size_t count)
{
	while (*text) {
		size_t plain = strcspn(text, "$");
		rs_buf_append(out, text, plain);
		text += plain;
		if (!*text)
			break;
		const char *close = text[1] == '(' ? strchr(text + 2, ')') : NULL;
		if (close) {
			const char *name = text + 2;
			const char *value = rs_env_get(entries, count, name, (size_t)(close - name));
			if (value)
				rs_buf_puts(out, value);
			else
				rs_buf_append(out, text, (size_t)(close + 1 - text));
			text = close + 1;
		} else {
			rs_buf_append(out, "$", 1);
			text += text[1] == '$' ? 2 : 1;
		}
	}
	return out->error;
}
