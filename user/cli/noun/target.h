/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which objects are meant, in kubectl's spellings:
 *
 *	services            services,revisions  all  all of a noun, of some, of the everyday ones
 *	service hello web   service/hello rev/web-00001
 *	hello               where a command has a noun of its own
 */
#ifndef RS_CLI_NOUN_TARGET_H
#define RS_CLI_NOUN_TARGET_H

#include "base/err.h"
#include "cli/args.h"
#include "cli/noun/noun.h"

struct rs_target {
	const struct rs_noun *noun;
	const char *name; /* NULL = all of them; borrowed from the words */
};

struct rs_targets {
	struct rs_target *items;
	size_t count;
};

/* `usual` is the noun of words that name none, or NULL when one must be named. -EINVAL, -ENOMEM. */
int rs_targets_parse(const struct rs_words *words, const struct rs_noun *usual, struct rs_targets *ret_targets,
		     struct rs_err *err);
void rs_targets_done(struct rs_targets *targets);

#endif
