// SPDX-License-Identifier: BSD-2-Clause
/* Who is held, and what for. */
#include "cli/why/why_part.h"

#include "cli/json.h"

void rs_why_say_holds(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	char age[RS_WHY_NUMBER_MAX];
	(void)facts;
	if (!seen->held)
		return;
	rs_buf_printf(out, "  Held: %u %s", seen->held, seen->held == 1 ? "connection" : "connections");
	if (seen->oldest_hold) {
		double retransmits = rs_json_number(seen->oldest_hold, 0, "status", "retransmits");
		rs_why_span(rs_json_number(seen->oldest_hold, 0, "status", "ageMs") / 1000, age);
		rs_buf_printf(out, " of %u %s, %s since %s", seen->held_clients,
			      seen->held_clients == 1 ? "client" : "clients", seen->held == 1 ? "held" : "the oldest",
			      age);
		if (retransmits > 0)
			rs_buf_printf(out, " (its SYN came %.0f times)", retransmits + 1);
	}
	if (seen->ready)
		rs_buf_puts(out, ": instances are ready and take them in order, as fast as their accept queues have "
				 "room.\n");
	else if (seen->starting)
		rs_buf_puts(out, ": they go on when the instance that starts listens.\n");
	else if (rs_json_number(seen->rouse, 0, "retrySeconds") > 0)
		rs_buf_puts(out, ": they wait for the next start.\n");
	else
		rs_buf_puts(out, ": they wait for an instance to start.\n");
}
