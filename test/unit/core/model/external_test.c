/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/model/annotations.h"
#include "core/model/external.h"

static void check(const char *text, const char *message)
{
	struct rs_external_ports ports;
	struct rs_err err = {0};

	assert_int_equal(rs_external_ports_parse(text, &ports, &err), -EINVAL);
	assert_string_equal(err.message, message);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	check("", "is empty: leave it out to have no port of the node");
	check(" , ", "is empty: leave it out to have no port of the node");
	check("http", "\"http\" is neither a port like 30080 nor one like 30053:53/udp");
	check("0", "\"0\" is neither a port like 30080 nor one like 30053:53/udp");
	check("65536", "\"65536\" is neither a port like 30080 nor one like 30053:53/udp");
	check("30080:", "\"30080:\" is neither a port like 30080 nor one like 30053:53/udp");
	check("30080:80:80", "\"30080:80:80\" is neither a port like 30080 nor one like 30053:53/udp");
	check("30080/", "\"30080/\": the protocol is tcp or udp");
	check("30080/sctp", "\"30080/sctp\": the protocol is tcp or udp");
	check("30080, 30080:80/tcp", "30080/tcp is given twice");
	check("1 2 3 4 5 6 7 8 9", "at most 8 ports are possible");
	check("00000000000000000000000000000000000000000000000000000000000000000000000080",
	      "\"0000000000000000000000000000000000000000\" is neither a port like 30080 nor one like 30053:53/udp");
}

static void test_what_is_meant(void **state)
{
	(void)state;
	struct rs_external_ports ports;
	struct rs_err err = {0};

	assert_int_equal(rs_external_ports_parse("30080:8080, 30053:53/udp 30080/udp", &ports, &err), 0);
	assert_int_equal(ports.count, 3);
	assert_int_equal(ports.items[0].number, 30080);
	assert_int_equal(ports.items[0].container, 8080);
	assert_false(ports.items[0].is_udp);
	assert_int_equal(ports.items[1].number, 30053);
	assert_int_equal(ports.items[1].container, 53);
	assert_true(ports.items[1].is_udp);
	assert_int_equal(ports.items[2].number, 30080);
	assert_int_equal(ports.items[2].container, 0);
	assert_string_equal(rs_external_protocol_text(ports.items[2].is_udp), "udp");
	assert_int_equal(rs_external_ports_parse("1 2 3 4 5 6 7 8", &ports, &err), 0);
	assert_int_equal(ports.count, 8);
}

static void test_where_it_leads(void **state)
{
	(void)state;
	struct rs_template *template = rs_template_new();
	const struct rs_external_port main_port = {30080, 0, false}, same = {30080, 8080, false},
				      other = {30080, 9090, false}, udp = {30080, 0, true};
	const struct rs_port dns = {.number = 53, .is_udp = true};

	assert_int_equal(rs_external_port_index(&main_port, &template->container), 0);
	assert_int_equal(rs_external_port_index(&same, &template->container), 0);
	assert_int_equal(rs_external_port_index(&other, &template->container), -1);
	assert_int_equal(rs_external_port_index(&udp, &template->container), -1);
	assert_int_equal(rs_container_add_port(&template->container, &dns), 0);
	assert_int_equal(rs_external_port_index(&udp, &template->container), 1);
	assert_int_equal(rs_external_port_index(&main_port, &template->container), 0);
	rs_template_unref(template);
}

static void check_service(const char *ports, const char *visibility, int wanted, const char *message)
{
	struct rs_metadata metadata = {0};
	struct rs_err err = {0};

	assert_int_equal(rs_pairs_set(&metadata.annotations, RS_ANNOTATION_EXTERNAL_PORT, ports), 0);
	if (visibility)
		assert_int_equal(rs_pairs_set(&metadata.labels, RS_LABEL_VISIBILITY, visibility), 0);
	assert_int_equal(rs_annotations_check_service(&metadata, &err), wanted);
	assert_string_equal(err.message, message);
	rs_metadata_done(&metadata);
}

static void test_where_it_stands(void **state)
{
	(void)state;
	struct rs_template *template = rs_template_new();
	struct rs_external_ports ports;
	struct rs_metadata none = {0};
	struct rs_err err = {0};

	check_service("30080", NULL, 0, "");
	check_service("web", NULL, -EINVAL,
		      "metadata.annotations[rouse.dev/external-port]: \"web\" is neither a port like 30080 nor one "
		      "like 30053:53/udp");
	check_service("30080", "cluster-local", -EINVAL,
		      "metadata.annotations[rouse.dev/external-port]: contradicts the label "
		      "networking.knative.dev/visibility: cluster-local, which keeps out who comes from outside of "
		      "this node; leave one of them out");
	assert_int_equal(rs_pairs_set(&template->annotations, RS_ANNOTATION_EXTERNAL_PORT, "30080"), 0);
	assert_int_equal(rs_annotations_derive(template, &err), -EINVAL);
	assert_non_null(strstr(err.message, "belongs in metadata.annotations of the Service"));
	rs_template_unref(template);
	assert_int_equal(rs_metadata_external_ports(&none, &ports, &err), 0);
	assert_int_equal(ports.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_what_is_meant),
		cmocka_unit_test(test_where_it_leads),
		cmocka_unit_test(test_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
