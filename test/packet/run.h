/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of test/packet/rows as tests. */
#ifndef RS_TEST_RUN_H
#define RS_TEST_RUN_H

#include "packet/row.h"

#include <stdbool.h>
#include <stddef.h>

struct CMUnitTest;

/* One test for each row and family. With `clients_only`, one for each row in which a client sends. Returns their
 * number. */
size_t run_collect(struct CMUnitTest *tests, size_t max, bool clients_only);

#endif
