/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Digits with at most one point; *ret_length is what was read. No sign, no exponent. */
static long double read_decimal(const char *text, size_t *ret_length)
{
	long double value = 0, place = 1;
	size_t i = 0, digits = 0;
	int point = 0;

	for (;; i++) {
		if (text[i] == '.' && !point) {
			point = 1;
		} else if (text[i] >= '0' && text[i] <= '9') {
			if (point)
				value += (text[i] - '0') * (place /= 10);
			else
				value = value * 10 + (text[i] - '0');
			digits++;
		} else {
			break;
		}
	}
	*ret_length = digits > 0 ? i : 0;
	return value;
}

/* To a whole number: 0.1 in thousandths is 100, although the machine's is a little more. */
static long double round_up(long double value)
{
	const long double nearest = roundl(value);

	return fabsl(value - nearest) <= value * 1e-17L ? nearest : ceill(value);
}

static int quantity(const char *text, long double unit, uint64_t *ret)
{
	static const struct {
		const char *suffix;
		long double factor;
	} suffixes[] = {
		{"", 1},	 {"n", 1e-9L},	  {"u", 1e-6L},	   {"m", 1e-3L},    {"k", 1e3L},  {"M", 1e6L},
		{"G", 1e9L},	 {"T", 1e12L},	  {"P", 1e15L},	   {"E", 1e18L},    {"Ki", 1024}, {"Mi", 1048576},
		{"Gi", 0x1p30L}, {"Ti", 0x1p40L}, {"Pi", 0x1p50L}, {"Ei", 0x1p60L},
	};
	size_t length;
	long double value;

	if (strlen(text) > 64)
		return -EINVAL;
	if (*text == '+')
		text++;
	value = read_decimal(text, &length);
	if (length == 0)
		return -EINVAL;
	text += length;
	if ((text[0] == 'e' || text[0] == 'E') && text[1] != '\0' && text[1] != 'i') {
		char *end;
		const char *digits = text + 1 + (text[1] == '+' || text[1] == '-');
		long exponent;

		if (*digits < '0' || *digits > '9' || strlen(digits) > 3)
			return -EINVAL;
		exponent = strtol(text + 1, &end, 10);
		if (*end)
			return -EINVAL;
		value *= powl(10, exponent);
		text = "";
	}
	for (size_t i = 0; i < rs_array_length(suffixes); i++)
		if (strcmp(text, suffixes[i].suffix) == 0) {
			value = round_up(value * suffixes[i].factor * unit);
			if (!(value < 0x1p63L))
				return -ERANGE;
			*ret = value > 0 ? (uint64_t)value : 0;
			return 0;
		}
	return -EINVAL;
}

int rs_quantity_millis(const char *text, uint64_t *ret_millis)
{
	return quantity(text, 1000, ret_millis);
}

int rs_quantity_units(const char *text, uint64_t *ret_units)
{
	return quantity(text, 1, ret_units);
}

int rs_duration_parse(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *name;
		long double ns;
	} units[] = {
		{"ns", 1},    {"us", 1e3L}, {"\xc2\xb5s", 1e3L}, {"\xce\xbcs", 1e3L},
		{"ms", 1e6L}, {"s", 1e9L},  {"m", 6e10L},	 {"h", 3.6e12L},
	};
	long double total = 0;
	int sign = 1;

	if (strlen(text) > 64)
		return -EINVAL;
	if (*text == '+' || *text == '-')
		sign = *text++ == '-' ? -1 : 1;
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (!*text)
		return -EINVAL;
	while (*text) {
		size_t length, unit_length, i;
		const long double value = read_decimal(text, &length);

		if (length == 0)
			return -EINVAL;
		text += length;
		unit_length = strcspn(text, "0123456789.");
		for (i = 0; i < rs_array_length(units); i++)
			if (strlen(units[i].name) == unit_length && strncmp(text, units[i].name, unit_length) == 0)
				break;
		if (i == rs_array_length(units))
			return -EINVAL;
		total += value * units[i].ns;
		text += unit_length;
	}
	if (!(total < 0x1p63L))
		return -ERANGE;
	*ret_ns = sign * (int64_t)(total + 1e-6L);
	return 0;
}

int rs_number_parse(const char *text, double *ret_value)
{
	const size_t length = strlen(text);
	char *end;
	double value;

	if (length == 0 || length > 64 || strspn(text, "+-.0123456789eE") != length)
		return -EINVAL;
	value = strtod(text, &end);
	if (*end || !isfinite(value))
		return -EINVAL;
	*ret_value = value;
	return 0;
}
