/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/names.h"

#include <errno.h>
#include <string.h>

#include "core/model/limits.h"

static int is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_alphanumeric(char c)
{
	return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

static int is_label(const char *name, size_t length, int digit_first)
{
	if (length == 0 || !(is_lower(name[0]) || (digit_first && is_digit(name[0]))) || name[length - 1] == '-')
		return 0;
	for (size_t i = 0; i < length; i++)
		if (!is_lower(name[i]) && !is_digit(name[i]) && name[i] != '-')
			return 0;
	return 1;
}

/* The nearest name that would be accepted, or "". */
static void suggest(const char *name, size_t maximum, int digit_first, char out[static RS_NAME_SIZE])
{
	size_t length = 0;

	for (; *name && length < maximum && length < RS_NAME_MAX; name++) {
		char c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (c == '_' || c == '.' || c == ' ' || c == '/')
			c = '-';
		if (!is_lower(c) && !is_digit(c) && c != '-')
			continue;
		if (length == 0 && !(is_lower(c) || (digit_first && is_digit(c))))
			continue;
		out[length++] = c;
	}
	while (length > 0 && out[length - 1] == '-')
		length--;
	out[length] = '\0';
}

static int check_label(const char *name, size_t maximum, int digit_first, const char *path, struct rs_err *err)
{
	const size_t length = strlen(name);
	char hint[RS_NAME_SIZE];

	if (length == 0)
		return rs_err_set(err, -EINVAL, "%s: is missing", path);
	if (is_label(name, length, digit_first)) {
		if (length <= maximum)
			return 0;
		return rs_err_set(err, -EINVAL, "%s: \"%.80s\" has %zu characters, at most %zu are possible", path,
				  name, length, maximum);
	}
	suggest(name, maximum, digit_first, hint);
	return rs_err_set(err, -EINVAL,
			  "%s: \"%.80s\" must be lower-case letters, digits and '-', begin with a letter%s and not end "
			  "with '-' (DNS-%s)%s%s%s",
			  path, name, digit_first ? " or digit" : "", digit_first ? "1123" : "1035",
			  hint[0] ? "; try \"" : "", hint, hint[0] ? "\"" : "");
}

int rs_name_check_1035(const char *name, size_t maximum, const char *path, struct rs_err *err)
{
	return check_label(name, maximum, 0, path, err);
}

int rs_name_check_1123(const char *name, size_t maximum, const char *path, struct rs_err *err)
{
	return check_label(name, maximum, 1, path, err);
}

/* Letters, digits, '-', '_', '.', with a letter or digit at both ends. */
static int is_qualified(const char *text, size_t length)
{
	if (length == 0 || length > RS_NAME_MAX || !is_alphanumeric(text[0]) || !is_alphanumeric(text[length - 1]))
		return 0;
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
			return 0;
	return 1;
}

static int is_subdomain(const char *text, size_t length)
{
	if (length > 253)
		return 0;
	while (1) {
		const char *dot = memchr(text, '.', length);
		const size_t part = dot ? (size_t)(dot - text) : length;

		if (!is_label(text, part, 1))
			return 0;
		if (!dot)
			return 1;
		text += part + 1;
		length -= part + 1;
	}
}

int rs_name_check_key(const char *key, const char *path, struct rs_err *err)
{
	const char *slash = strchr(key, '/');
	const char *name = slash ? slash + 1 : key;

	if ((slash && !is_subdomain(key, (size_t)(slash - key))) || !is_qualified(name, strlen(name)))
		return rs_err_set(err, -EINVAL,
				  "%s: the key \"%.80s\" must be NAME or DOMAIN/NAME, a name being at most 63 letters, "
				  "digits, '-', '_' and '.'",
				  path, key);
	return 0;
}

int rs_name_check_label_value(const char *value, const char *path, struct rs_err *err)
{
	if (*value && !is_qualified(value, strlen(value)))
		return rs_err_set(err, -EINVAL,
				  "%s: \"%.80s\" must be at most 63 letters, digits, '-', '_' and '.', with a letter "
				  "or digit at both ends",
				  path, value);
	return 0;
}

int rs_name_check_env(const char *name, const char *path, struct rs_err *err)
{
	static const char *const reserved[] = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"};

	if (!*name)
		return rs_err_set(err, -EINVAL, "%s: is missing", path);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return rs_err_set(err, -EINVAL, "%s: %s is set by Rouse and cannot be changed", path, name);
	for (size_t i = 0; name[i]; i++)
		if (!is_alphanumeric(name[i]) && name[i] != '_' && name[i] != '-' && name[i] != '.')
			goto bad;
	if (!is_digit(name[0]) && strlen(name) <= 1024)
		return 0;
bad:
	return rs_err_set(err, -EINVAL,
			  "%s: \"%.80s\" must be letters, digits, '_', '-' and '.', and not begin with a digit", path,
			  name);
}

int rs_name_check_port(const char *name, const char *path, struct rs_err *err)
{
	const size_t length = strlen(name);
	int letters = 0;

	for (size_t i = 0; i < length; i++) {
		letters += is_lower(name[i]);
		if (!is_lower(name[i]) && !is_digit(name[i]) && (name[i] != '-' || name[i + 1] == '-'))
			letters = -RS_NAME_SIZE;
	}
	if (letters > 0 && length < RS_PORT_NAME_SIZE && name[0] != '-' && name[length - 1] != '-')
		return 0;
	return rs_err_set(err, -EINVAL,
			  "%s: \"%.80s\" must be at most 15 lower-case letters, digits and '-', with at least one "
			  "letter (usual ones: http1, h2c, grpc)",
			  path, name);
}
