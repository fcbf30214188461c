// SPDX-License-Identifier: BSD-2-Clause
#include "rt/http.h"

#include "base/range.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (!isgraph((unsigned char)*text))
			return false;
	}
	return true;
}

int rs_http_request(char *out, size_t size, const struct rs_address *address, uint16_t port, const char *host,
		    const char *path)
{
	char text[RS_ADDRESS_TEXT_MAX], own[RS_ADDRESS_TEXT_MAX + 16];
	bool is_v4 = rs_address_family(address) == RS_V4;
	snprintf(own, sizeof(own), is_v4 ? "%s:%u" : "[%s]:%u", rs_address_print(address, text), port);
	host = host && *host ? host : own;
	path = path && *path ? path : "/";
	if (!is_plain(host) || !is_plain(path))
		return -EINVAL;
	/* The user agent by which services know a kubelet's probes, so that they need not learn another. */
	int n = snprintf(out, size,
			 "GET %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\n"
			 "Connection: close\r\n\r\n",
			 *path == '/' ? "" : "/", path, host);
	return n < 0 || (size_t)n >= size ? -E2BIG : n;
}

int rs_http_status(const char *answer)
{
	static const char begin[] = "HTTP/1.d ddd";
	int status = 0;
	for (size_t i = 0; begin[i]; i++) {
		if (!answer[i])
			return -EAGAIN;
		if (begin[i] != 'd' ? answer[i] != begin[i] : !isdigit((unsigned char)answer[i]))
			return -EBADMSG;
		if (i >= sizeof("HTTP/1.d ") - 1)
			status = status * 10 + (answer[i] - '0');
	}
	return status;
}
