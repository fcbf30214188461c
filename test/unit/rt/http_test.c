/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/http.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "rt/http.h"

static const struct rs_address address = {.byte = {[10] = 0xff, 0xff, 127, 0, 0, 1}};

static void test_the_request(void **state)
{
	(void)state;
	char out[512];
	int n = rs_http_request(out, sizeof(out), &address, 8080, NULL, NULL);
	assert_int_equal(n, strlen(out));
	assert_true(rs_str_starts_with(out, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
	assert_string_equal(out + n - 4, "\r\n\r\n");
	static const struct rs_address address6 = {.byte = {0xfd, [15] = 1}};
	rs_http_request(out, sizeof(out), &address6, 8080, NULL, NULL);
	assert_true(rs_str_starts_with(out, "GET / HTTP/1.1\r\nHost: [fd00::1]:8080\r\n"));
	rs_http_request(out, sizeof(out), &address, 8080, "hello.default.rouse", "healthz?full=1");
	assert_true(rs_str_starts_with(out, "GET /healthz?full=1 HTTP/1.1\r\nHost: hello.default.rouse\r\n"));
}

static void test_requests_that_would_be_another(void **state)
{
	(void)state;
	char out[512];
	assert_int_equal(rs_http_request(out, sizeof(out), &address, 80, NULL, "/ HTTP/1.1\r\nX: y"), -EINVAL);
	assert_int_equal(rs_http_request(out, sizeof(out), &address, 80, "a\r\nX: y", "/"), -EINVAL);
	assert_int_equal(rs_http_request(out, 20, &address, 80, NULL, "/"), -E2BIG);
}

static void test_the_status(void **state)
{
	(void)state;
	assert_int_equal(rs_http_status("HTTP/1.1 200 OK\r\n"), 200);
	assert_int_equal(rs_http_status("HTTP/1.0 503"), 503);
	assert_int_equal(rs_http_status(""), -EAGAIN);
	assert_int_equal(rs_http_status("HTTP/1.1 20"), -EAGAIN);
	assert_int_equal(rs_http_status("HTTP/2 200"), -EBADMSG);
	assert_int_equal(rs_http_status("220 smtp"), -EBADMSG);
	assert_int_equal(rs_http_status("HTTP/1.1 abc"), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_request),
		cmocka_unit_test(test_requests_that_would_be_another),
		cmocka_unit_test(test_the_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
