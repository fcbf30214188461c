/* SPDX-License-Identifier: BSD-2-Clause */
/* As much HTTP as a probe needs. Pure. */
#ifndef RS_RT_HTTP_H
#define RS_RT_HTTP_H

#include "abi/address.h"

#include <stddef.h>
#include <stdint.h>

/* Writes a GET request. `host` NULL = the address and port; `path` NULL = "/". Returns its length, -E2BIG when it
 * does not fit, -EINVAL for a host or path with blanks or control characters. */
int rs_http_request(char *out, size_t size, const struct rs_address *address, uint16_t port, const char *host,
		    const char *path);

/* The status code in the beginning of an answer; -EAGAIN while that is not whole, -EBADMSG when it is not HTTP. */
int rs_http_status(const char *answer);

#endif
