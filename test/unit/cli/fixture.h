/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent that a group of tests shares: started before the first, forgetful between them, stopped after the last. */
#ifndef RS_TEST_CLI_FIXTURE_H
#define RS_TEST_CLI_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "unit/cli/fake_agent.h"

static struct fake_agent fake;

__attribute__((unused)) static int clear(void **state)
{
	(void)state;
	fake_agent_clear(&fake);
	return 0;
}

__attribute__((unused)) static int start(void **state)
{
	(void)state;
	fake_agent_start(&fake);
	return 0;
}

__attribute__((unused)) static int stop(void **state)
{
	(void)state;
	fake_agent_stop(&fake);
	return 0;
}

__attribute__((unused)) static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

#endif
