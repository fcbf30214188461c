// SPDX-License-Identifier: BSD-2-Clause
/* rouse: the command line. It knows the agent by its API alone. */
#include "cli/cli.h"

#include "base/str.h"
#include "cli/print/wrap.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	if ((no_color && *no_color) || !term || rs_str_equal(term, "dumb"))
		return false;
	return isatty(STDOUT_FILENO);
}

int main(int argc, char **argv)
{
	struct rs_cli cli = {.in = stdin, .out = stdout, .err = stderr, .is_coloured = wants_colour()};
	cli.columns = rs_wrap_columns(STDOUT_FILENO);
	/* `rouse get ... | head` ends without a word, also under a parent that ignores the signal. */
	signal(SIGPIPE, SIG_DFL);
	return rs_cli_run(&cli, argc, argv);
}
