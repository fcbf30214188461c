/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts, and the words that they share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/model.h"

struct rs_why {
	size_t users;
	const char *message; /* behind the reason */
	char reason[];
};

const char *rs_truth_text(enum rs_truth truth)
{
	static const char *const texts[] = {[RS_UNKNOWN] = "Unknown", [RS_TRUE] = "True", [RS_FALSE] = "False"};

	return texts[truth];
}

const char *rs_fact_reason(const struct rs_fact *fact)
{
	return fact->why ? fact->why->reason : "";
}

const char *rs_fact_message(const struct rs_fact *fact)
{
	return fact->why ? fact->why->message : "";
}

static struct rs_why *why_new(const char *reason, const char *message)
{
	const size_t reason_length = strnlen(reason, RS_REASON_SIZE - 1), message_size = strlen(message) + 1;
	struct rs_why *why;

	if (reason_length == 0 && message_size == 1)
		return NULL;
	why = malloc(sizeof(*why) + reason_length + 1 + message_size);
	if (!why)
		return NULL;
	why->users = 1;
	memcpy(why->reason, reason, reason_length);
	why->reason[reason_length] = '\0';
	why->message = memcpy(why->reason + reason_length + 1, message, message_size);
	return why;
}

static void why_release(struct rs_why *why)
{
	if (why && --why->users == 0)
		free(why);
}

bool rs_fact_equal(const struct rs_fact *a, const struct rs_fact *b)
{
	if (a->truth != b->truth)
		return false;
	return a->why == b->why || (strcmp(rs_fact_reason(a), rs_fact_reason(b)) == 0 &&
				    strcmp(rs_fact_message(a), rs_fact_message(b)) == 0);
}

bool rs_fact_set(struct rs_fact *fact, enum rs_truth truth, const char *reason, const char *format, ...)
{
	char message[RS_CONDITION_MESSAGE_SIZE];
	struct rs_fact next = {.truth = truth};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	next.why = why_new(reason ? reason : "", message);
	/* The old words stay when they say the same: others may share them. */
	if (rs_fact_equal(fact, &next)) {
		rs_fact_done(&next);
		return false;
	}
	rs_fact_done(fact);
	*fact = next;
	return true;
}

bool rs_fact_set_true(struct rs_fact *fact)
{
	return rs_fact_set(fact, RS_TRUE, "", "%s", "");
}

void rs_fact_copy(struct rs_fact *out, const struct rs_fact *from)
{
	*out = *from;
	if (out->why)
		out->why->users++;
}

void rs_fact_done(struct rs_fact *fact)
{
	why_release(fact->why);
	*fact = (struct rs_fact){0};
}
