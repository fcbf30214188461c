// SPDX-License-Identifier: BSD-2-Clause
/* link: base core */
#include "core/model/model.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* NAME:NUMBER of TCP, or ending in /u of UDP. */
static void add(struct rs_container *container, size_t index, const char *text)
{
	struct rs_port port = {0};
	const char *colon = strchr(text, ':');
	memcpy(port.name, text, (size_t)(colon - text));
	port.number = (uint16_t)atoi(colon + 1);
	port.is_udp = strchr(text, '/') != NULL;
	if (index == 0)
		container->port = port;
	else
		assert_int_equal(rs_container_add_port(container, &port), 0);
}

static void test_ports_of_an_address(void **state)
{
	(void)state;
	static const struct {
		const char *ports[4];
		const char *want; /* of the address: number, /u of UDP, the port's place */
	} rows[] = {
		{{":8080"}, "8080=0 80=0 "},
		{{":80"}, "80=0 "},
		{{"http1:8080"}, "8080=0 80=0 "},
		{{"h2c:8080"}, "8080=0 80=0 "},
		{{"grpc:8080"}, "8080=0 80=0 "},
		{{"redis:6379"}, "6379=0 "},
		{{":53/u"}, "53/u=0 "},
		{{":53/u", ":53"}, "53/u=0 53=1 80=1 "},
		{{":443/u", "http1:8443", ":9000"}, "443/u=0 8443=1 9000=2 80=1 "},
		{{":8080", "admin:80"}, "8080=0 80=1 "}, /* its own port 80 comes first */
		{{":8080", ":80/u"}, "8080=0 80/u=1 80=0 "},
		{{"redis:6379", ":8080"}, "6379=0 8080=1 "}, /* the first TCP port alone */
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_container container = {0};
		struct rs_vip_port ports[RS_VIP_PORTS_MAX];
		char got[128] = "";
		for (size_t k = 0; k < rs_array_length(rows[i].ports) && rows[i].ports[k]; k++)
			add(&container, k, rows[i].ports[k]);
		size_t count = rs_container_vip_ports(&container, ports);
		for (size_t k = 0; k < count; k++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u%s=%u ", ports[k].number,
				 ports[k].is_udp ? "/u" : "", ports[k].index);
		assert_string_equal(got, rows[i].want);
		rs_container_clear_more_ports(&container);
	}
}

static void test_as_many_as_there_may_be(void **state)
{
	(void)state;
	struct rs_container container = {.port.number = 9000};
	struct rs_vip_port ports[RS_VIP_PORTS_MAX];
	for (uint16_t i = 1; i < RS_PORTS_MAX; i++)
		assert_int_equal(
			rs_container_add_port(&container, &(struct rs_port){.number = 9000U + i, .is_udp = i % 2}), 0);
	assert_int_equal(rs_container_vip_ports(&container, ports), RS_VIP_PORTS_MAX);
	assert_int_equal(rs_container_port_bits(&container), 0xff);
	assert_int_equal(rs_container_udp_bits(&container), 0xaa);
	rs_container_clear_more_ports(&container);
	assert_int_equal(rs_container_port_bits(&container), 1);
	assert_int_equal(rs_container_udp_bits(&container), 0);
}

static void test_names(void **state)
{
	(void)state;
	struct rs_container container = {0};
	add(&container, 0, ":8080");
	add(&container, 1, "metrics:9100");
	assert_int_equal(rs_container_port_named(&container, "metrics")->number, 9100);
	assert_null(rs_container_port_named(&container, "other"));
	assert_null(rs_container_port_named(&container, "")); /* no name is nobody's name */
	rs_container_clear_more_ports(&container);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports_of_an_address),
		cmocka_unit_test(test_as_many_as_there_may_be),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
