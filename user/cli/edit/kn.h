/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kn's grammar, NOUN VERB: `rouse service create hello ...`. A verb that rouse
 * has under another name leads to the same function; create, update and export
 * are service_verbs.c.
 */
#ifndef RS_CLI_EDIT_KN_H
#define RS_CLI_EDIT_KN_H

#include "cli/cli.h"

/* Named "service create" and so on, ended by a NULL name. */
extern const struct rs_command rs_kn_commands[];

/* Whether kn has verbs for this noun ("service", "services", "ksvc" ...): its kind in small letters, or NULL. */
const char *rs_kn_noun(const char *text);
/* NULL when there is no such verb. */
const struct rs_command *rs_kn_find(const char *noun, const char *verb);
/* The nearest verb to one that is not there, or NULL. */
const char *rs_kn_suggest(const char *noun, const char *verb);
/* "create, update, ..." into out. */
void rs_kn_list_verbs(const char *noun, struct rs_buf *out);

enum rs_exit rs_service_create(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_service_update(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_service_apply(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_service_export(struct rs_cli *cli, const struct rs_args *args);

#endif
