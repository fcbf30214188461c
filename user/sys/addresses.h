/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's own addresses, of both families, and news of them. Those that reach no further than a link do not count.
 */
#ifndef RS_SYS_ADDRESSES_H
#define RS_SYS_ADDRESSES_H

#include "abi/address.h"
#include "base/err.h"

#include <stdbool.h>

/* Visits every address that others can send to: not loopback's, no multicast, none of scope link. Stops at the first
 * non-zero return, and returns it. */
int rs_addresses_each(int (*each)(void *user, const char *link, const struct rs_address *address), void *user,
		      struct rs_err *err);

/* A non-blocking socket with news of addresses. */
int rs_addresses_news_open(void);
/* Reads all news there are. True when one of the above has come or gone, or news were lost. */
bool rs_addresses_news_read(int socket);

#endif
