// SPDX-License-Identifier: BSD-2-Clause
/* The list of interfaces: NAME, NAME=xdp, NAME=tc+uplink, NAME=off. */
#include "agent/config/option_table.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const carries[RS_CARRY_COUNT] = {
	[RS_CARRY_AUTO] = "auto",
	[RS_CARRY_TC] = "tc",
	[RS_CARRY_XDP] = "xdp",
	[RS_CARRY_XDP_NATIVE] = "xdp-native",
	[RS_CARRY_XDP_GENERIC] = "xdp-generic",
	[RS_CARRY_OFF] = "off",
};
#define UPLINK "uplink"

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static int set_word(struct rs_interface_option *interface, const char *text, size_t length)
{
	if (is_word(text, length, UPLINK)) {
		interface->is_uplink = true;
		return 0;
	}
	for (unsigned i = 0; i < RS_CARRY_COUNT; i++) {
		if (is_word(text, length, carries[i])) {
			interface->carry = i;
			return 0;
		}
	}
	return -EINVAL;
}

int rs_interface_option_parse(const char *text, struct rs_interface_option *ret_interface, struct rs_err *err)
{
	struct rs_interface_option interface = {.carry = RS_CARRY_AUTO};
	size_t length = strcspn(text, "=");
	if (!length || length >= sizeof(interface.name) || strcspn(text, "/ \t") < length)
		return rs_err_set(err, -EINVAL, "\"%.80s\" cannot be a link's name", text);
	memcpy(interface.name, text, length);
	for (const char *at = text + length; *at;) {
		size_t word = strcspn(++at, "+");
		if (set_word(&interface, at, word) < 0)
			return rs_err_set(err, -EINVAL,
					  "\"%.80s\" must end in =auto, =tc, =xdp, =xdp-native, =xdp-generic, =off or "
					  "=uplink, or "
					  "in two of them like =tc+uplink",
					  text);
		at += word;
	}
	*ret_interface = interface;
	return 0;
}

void rs_interface_option_print(const struct rs_interface_option *interface, char out[static RS_INTERFACE_TEXT_MAX])
{
	const char *carry = interface->carry ? carries[interface->carry] : "";
	const char *uplink = interface->is_uplink ? UPLINK : "";
	snprintf(out, RS_INTERFACE_TEXT_MAX, "%s%s%s%s%s", interface->name, *carry || *uplink ? "=" : "", carry,
		 *carry && *uplink ? "+" : "", uplink);
}

const struct rs_interface_option *rs_options_interface(const struct rs_options *options, const char *name)
{
	for (unsigned i = 0; i < options->interface_count; i++) {
		if (rs_str_equal(options->interfaces[i].name, name))
			return &options->interfaces[i];
	}
	return NULL;
}

bool rs_options_name_interfaces(const struct rs_options *options)
{
	for (unsigned i = 0; i < options->interface_count; i++) {
		if (options->interfaces[i].carry != RS_CARRY_OFF)
			return true;
	}
	return false;
}
