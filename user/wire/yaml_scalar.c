/* SPDX-License-Identifier: BSD-2-Clause */
/* YAML 1.2, 10.3.2: the tag resolution of the core schema. */
#include "wire/yaml_scalar.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}
#define IS_ONE_OF(text, ...)                                                                                           \
	is_one_of((text), (const char *const[]){__VA_ARGS__},                                                          \
		  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_decimal(const char *text)
{
	size_t whole, fraction = 0;

	text += *text == '-' || *text == '+';
	whole = digits(text);
	text += whole;
	if (*text == '.') {
		text++;
		fraction = digits(text);
		text += fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		if (digits(text) == 0)
			return false;
		text += digits(text);
	}
	return *text == '\0';
}

/* 0o17, 0x1f */
static bool read_based(const char *text, double *ret_number)
{
	const bool is_octal = text[0] == '0' && text[1] == 'o', is_hex = text[0] == '0' && text[1] == 'x';
	double value = 0;

	if ((!is_octal && !is_hex) || !text[2])
		return false;
	for (text += 2; *text; text++) {
		const char *all = "0123456789abcdef0123456789ABCDEF";
		const char *place = strchr(all, *text);
		const int digit = place ? (int)((place - all) % 16) : 16;

		if (digit >= (is_octal ? 8 : 16))
			return false;
		value = value * (is_octal ? 8 : 16) + digit;
	}
	*ret_number = value;
	return true;
}

enum rs_yaml_type rs_yaml_resolve(const char *text, double *ret_number)
{
	if (IS_ONE_OF(text, "", "~", "null", "Null", "NULL"))
		return RS_YAML_NULL;
	if (IS_ONE_OF(text, "true", "True", "TRUE"))
		return RS_YAML_TRUE;
	if (IS_ONE_OF(text, "false", "False", "FALSE"))
		return RS_YAML_FALSE;
	if (IS_ONE_OF(text, ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
		      "-.INF"))
		return RS_YAML_NO_JSON;
	if (!read_based(text, ret_number)) {
		if (!is_decimal(text))
			return RS_YAML_STRING;
		*ret_number = strtod(text, NULL);
	}
	return isfinite(*ret_number) ? RS_YAML_NUMBER : RS_YAML_NO_JSON;
}
