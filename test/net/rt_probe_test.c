/* SPDX-License-Identifier: BSD-2-Clause */
/* link: rt test/net/rt.c */
/* Is it there? Probes of the three kinds, and what the kernel knows of the listeners. */
#include "net/rt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static bool probe(struct rt_test *test, struct rs_rt_instance *instance, const struct rs_probe_spec *spec)
{
	static uint64_t cookie = 100;
	unsigned before = test->probes;
	assert_int_equal(rs_rt_probe(test->rt, instance, spec, ++cookie), 0);
	assert_int_equal(test->probes, before); /* never from inside the call */
	assert_true(rt_test_until(test, test->probes > before));
	assert_int_equal(test->probes, before + 1);
	assert_int_equal(test->probe_cookie, cookie);
	return test->probe_ok;
}

static bool listens(struct rt_test *test, struct rs_rt_instance *instance, struct rs_rt_listener *listener)
{
	return rs_rt_listener(test->rt, instance, listener) == 0;
}

static struct rs_rt_instance *start_server(struct rt_test *test, const char *script)
{
	struct rs_rt_instance *instance = rt_test_start(test, script);
	struct rs_rt_listener listener = {0};
	assert_true(rt_test_until(test, listens(test, instance, &listener) || listener.loopback || listener.elsewhere ||
						test->exited));
	assert_int_equal(test->exited, 0);
	return instance;
}

static void test_http_get(void **state)
{
	struct rt_test *test = *state;
	struct rs_probe_spec spec = {.kind = RS_PROBE_HTTP_GET, .path = "/", .port = 8080, .timeout_ms = 5000};
	struct rs_rt_instance *instance = start_server(test, "exec python3 -m http.server $PORT");
	assert_true(probe(test, instance, &spec));
	assert_string_equal(test->probe_text, "HTTP status 200");
	spec.path = "/no-such-page";
	spec.host = "hello.default.rouse";
	assert_false(probe(test, instance, &spec));
	assert_string_equal(test->probe_text, "HTTP status 404");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "GET /no-such-page")));
	spec.port = 81;
	assert_false(probe(test, instance, &spec));
	assert_non_null(strstr(test->probe_text, "port 81"));
	rt_test_end(test, instance);
}

static void test_a_server_that_speaks_something_else_or_nothing(void **state)
{
	struct rt_test *test = *state;
	struct rs_probe_spec spec = {.kind = RS_PROBE_HTTP_GET, .port = 8080, .timeout_ms = 5000};
	struct rs_rt_instance *instance = start_server(
		test, "exec python3 -c 'import socket; s = socket.create_server((\"\", 8080)); c, _ = s.accept(); "
		      "c.sendall(b\"220 smtp here\\r\\n\"); c.close(); c, _ = s.accept(); c.recv(9999); input()'");
	assert_false(probe(test, instance, &spec));
	assert_non_null(strstr(test->probe_text, "HTTP"));
	rt_test_end(test, instance);

	instance = start_server(
		test, "exec python3 -c 'import socket, time; s = socket.create_server((\"\", 8080)); time.sleep(600)'");
	spec.timeout_ms = 100;
	uint64_t before = rs_now_ns();
	assert_false(probe(test, instance, &spec));
	assert_true(rs_now_ns() - before >= 100 * RS_NS_PER_MS);
	assert_string_equal(test->probe_text, "no answer within 100 ms");
	rt_test_end(test, instance);
}

static void test_tcp_socket(void **state)
{
	struct rt_test *test = *state;
	struct rs_probe_spec spec = {.kind = RS_PROBE_TCP_SOCKET, .port = 8080, .timeout_ms = 5000};
	struct rs_rt_instance *instance = start_server(test, "exec python3 -m http.server $PORT");
	assert_true(probe(test, instance, &spec));
	spec.port = 81;
	assert_false(probe(test, instance, &spec));
	assert_non_null(strstr(test->probe_text, "refused"));
	rt_test_end(test, instance);
}

static void test_exec_runs_inside_the_instance(void **state)
{
	struct rt_test *test = *state;
	const char *const inside[] = {
		"sh", "-c",
		"test $PORT = 8080 && test $K_SERVICE = hello && test `id -u` = 65534 && "
		"ip route | grep -q 10.99.255.254 && grep -q elsewhere /etc/hosts && grep -q CapEff:.0000000000000000 "
		"/proc/self/status && grep -qE 0::.*/rt[0-9]+-[0-9]+$ /proc/self/cgroup",
		NULL};
	const char *const failing[] = {"sh", "-c", "echo noise; exit 7", NULL};
	const char *const absent[] = {"no-such-probe", NULL};
	const char *const slow[] = {"sleep", "600", NULL};
	struct rs_probe_spec spec = {.kind = RS_PROBE_EXEC, .command = inside, .timeout_ms = 15000};
	struct rs_rt_instance *instance = rt_test_start(test, "echo ready; exec sleep 600");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "ready\n")));
	if (!probe(test, instance, &spec))
		fail_msg("%s", test->probe_text);
	spec.command = failing;
	assert_false(probe(test, instance, &spec));
	assert_string_equal(test->probe_text, "exit code 7");
	assert_false(rt_test_log_has(instance, "noise"));
	spec.command = absent;
	assert_false(probe(test, instance, &spec));
	assert_non_null(strstr(test->probe_text, "no-such-probe"));
	spec.command = slow;
	spec.timeout_ms = 100;
	assert_false(probe(test, instance, &spec));
	assert_string_equal(test->probe_text, "no answer within 100 ms");
	rt_test_end(test, instance);
}

static void test_probes_end_with_their_instance(void **state)
{
	struct rt_test *test = *state;
	const char *const slow[] = {"sleep", "600", NULL};
	struct rs_probe_spec spec = {.kind = RS_PROBE_EXEC, .command = slow, .timeout_ms = 60000};
	struct rs_rt_instance *instance = rt_test_start(test, "echo ready; exec sleep 600");
	assert_true(rt_test_until(test, rt_test_log_has(instance, "ready\n")));
	assert_int_equal(rs_rt_probe(test->rt, instance, &spec, 1), 0);
	rt_test_end(test, instance);
	assert_int_equal(test->probes, 0);
}

static void test_the_listener_on_the_right_port(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance = start_server(
		test, "exec python3 -c 'import socket, time; s = socket.socket(); s.bind((\"\", 8080)); s.listen(17); "
		      "time.sleep(600)'");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), 0);
	assert_int_equal(listener.backlog, 17);
	assert_int_equal(listener.queued, 0);
	/* Nobody accepts: connections wait, and are counted. */
	struct rs_probe_spec spec = {.kind = RS_PROBE_TCP_SOCKET, .port = 8080, .timeout_ms = 5000};
	assert_true(probe(test, instance, &spec));
	assert_true(probe(test, instance, &spec));
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), 0);
	assert_int_equal(listener.queued, 2);
	rt_test_end(test, instance);
}

static void test_a_listener_for_both_families(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance =
		start_server(test, "exec python3 -c 'import socket, time; s = socket.socket(socket.AF_INET6); "
				   "s.setsockopt(41, 26, 0); s.bind((\"::\", 8080)); s.listen(9); time.sleep(600)'");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), 0);
	assert_int_equal(listener.backlog, 9);
	rt_test_end(test, instance);
}

static void test_a_listener_on_loopback(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance = start_server(test, "exec python3 -m http.server $PORT --bind 127.0.0.1");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), -ENOENT);
	assert_true(listener.loopback);
	assert_int_equal(listener.elsewhere, 0);
	rt_test_end(test, instance);
}

static void test_a_listener_elsewhere(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance = start_server(test, "exec python3 -m http.server 9000");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), -ENOENT);
	assert_false(listener.loopback);
	assert_int_equal(listener.elsewhere, 9000);
	rt_test_end(test, instance);
}

/* IPPROTO_IPV6 is 41, IPV6_V6ONLY 26. */
static const char six_alone[] = "exec python3 -c 'import http.server as h, socket\n"
				"class Server(h.HTTPServer):\n"
				" address_family = socket.AF_INET6\n"
				"s = Server((\"::\", 8080), h.SimpleHTTPRequestHandler, False)\n"
				"s.socket.setsockopt(41, 26, 1)\n"
				"s.server_bind(); s.server_activate(); s.serve_forever()'";

static void test_a_listener_of_ipv6_alone(void **state)
{
	struct rt_test *test = *state;
	struct rs_probe_spec spec = {.kind = RS_PROBE_HTTP_GET, .path = "/", .timeout_ms = 5000};
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance = start_server(test, six_alone);
	char address[RS_ADDRESS_TEXT_MAX];
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), 0);
	assert_int_equal(listener.families, 1 << RS_V6);
	assert_true(rs_str_starts_with(rs_address_print(&instance->address6, address), "fd00:99::"));
	assert_true(probe(test, instance, &spec));
	assert_string_equal(test->probe_text, "HTTP status 200");
	spec.kind = RS_PROBE_TCP_SOCKET;
	assert_true(probe(test, instance, &spec));
	/* Nobody there in either. */
	spec.port = 81;
	assert_false(probe(test, instance, &spec));
	assert_non_null(strstr(test->probe_text, "port 81: Connection refused"));
	rt_test_end(test, instance);
}

static void test_a_listener_of_ipv4_alone(void **state)
{
	struct rt_test *test = *state;
	struct rs_probe_spec spec = {.kind = RS_PROBE_HTTP_GET, .path = "/", .timeout_ms = 5000};
	struct rs_rt_listener listener = {0};
	struct rs_rt_instance *instance = start_server(test, "exec python3 -m http.server $PORT --bind 0.0.0.0");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), 0);
	assert_int_equal(listener.families, 1 << RS_V4);
	assert_true(probe(test, instance, &spec));
	rt_test_end(test, instance);
}

static void test_no_listener(void **state)
{
	struct rt_test *test = *state;
	struct rs_rt_listener listener = {.backlog = 1};
	struct rs_rt_instance *instance = rt_test_start(test, "exec sleep 600");
	assert_int_equal(rs_rt_listener(test->rt, instance, &listener), -ENOENT);
	assert_int_equal(listener.elsewhere, 0);
	assert_int_equal(listener.backlog, 0);
	assert_false(listener.loopback);
	rt_test_end(test, instance);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, rt_test_up, rt_test_down)
	const struct CMUnitTest tests[] = {
		test(test_http_get),
		test(test_a_server_that_speaks_something_else_or_nothing),
		test(test_tcp_socket),
		test(test_exec_runs_inside_the_instance),
		test(test_probes_end_with_their_instance),
		test(test_the_listener_on_the_right_port),
		test(test_a_listener_for_both_families),
		test(test_a_listener_on_loopback),
		test(test_a_listener_elsewhere),
		test(test_no_listener),
		cmocka_unit_test_setup_teardown(test_a_listener_of_ipv6_alone, rt_test_up6, rt_test_down),
		cmocka_unit_test_setup_teardown(test_a_listener_of_ipv4_alone, rt_test_up6, rt_test_down),
	};
	return cmocka_run_group_tests(tests, rt_test_enter, NULL);
}
