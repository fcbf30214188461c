/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of kubectl, kn, docker and systemctl that are none here: what to type instead. Pure. */
#ifndef RS_CLI_FOREIGN_H
#define RS_CLI_FOREIGN_H

/* A sentence for whoever typed this command; NULL when the word means nothing elsewhere either. */
const char *rs_foreign_command(const char *word);
/* The same of an option, with its dashes: "--replicas", "-L". */
const char *rs_foreign_option(const char *word);

#endif
