/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/start.c user/rt/expand.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/message.h"
#include "rt/start.h"

static const char *const plain_command[] = {"server", NULL};

static struct rs_rt_spec spec_of(const char *const *command, const char *const *env)
{
	return (struct rs_rt_spec){
		.namespace = "default",
		.service = "hello",
		.configuration = "hello-config",
		.revision = "hello-00001",
		.command = command,
		.env = env,
		.port = 8080,
	};
}

/* The message's strings one after another, each in <>. */
static char *strings_of(const struct rs_buf *message)
{
	struct rs_buf text;
	rs_buf_init(&text, 1 << 20);
	for (const char *at = message->data + sizeof(struct rs_start); at < message->data + message->length;
	     at += strlen(at) + 1)
		rs_buf_printf(&text, "<%s>", at);
	return rs_buf_take(&text);
}

static void builds(const struct rs_rt_spec *spec, const char *expected)
{
	struct rs_buf message;
	struct rs_err err = {0};
	rs_buf_init(&message, RS_START_BYTES_MAX);
	assert_int_equal(rs_start_build(&message, spec, 7, 8, &err), 0);
	struct rs_start start;
	memcpy(&start, message.data, sizeof(start));
	assert_int_equal(start.size, message.length);
	assert_int_equal(start.uid, 7);
	assert_int_equal(start.gid, 8);
	rs_auto_free char *text = strings_of(&message);
	assert_string_equal(text, expected);
	rs_buf_done(&message);
}

static void refuses(const struct rs_rt_spec *spec, int code)
{
	struct rs_buf message;
	struct rs_err err = {0};
	rs_buf_init(&message, RS_START_BYTES_MAX);
	assert_int_equal(rs_start_build(&message, spec, 7, 8, &err), code);
	assert_true(*err.message);
	rs_buf_done(&message);
}

#define OWN                                                                                                            \
	"<PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin><HOME=/><PORT=8080><K_SERVICE=hello>"      \
	"<K_CONFIGURATION=hello-config><K_REVISION=hello-00001>"

static void test_the_plain_case(void **state)
{
	(void)state;
	struct rs_rt_spec spec = spec_of(plain_command, NULL);
	builds(&spec, "</><server>" OWN);
	spec.working_dir = "/srv";
	builds(&spec, "</srv><server>" OWN);
}

static void test_variables_may_refer_to_earlier_ones(void **state)
{
	(void)state;
	const char *const command[] = {"server", "--port=$(PORT)", "$(B)", "$(C)", NULL};
	const char *const env[] = {"A=$(PORT)", "B=$(A)-$(C)", "C=later", NULL};
	struct rs_rt_spec spec = spec_of(command, env);
	builds(&spec, "</><server><--port=8080><8080-$(C)><later>" OWN "<A=8080><B=8080-$(C)><C=later>");
}

static void test_a_later_entry_replaces_an_earlier_one(void **state)
{
	(void)state;
	const char *const env[] = {"A=1", "B=2", "A=$(A)3", "AB=4", NULL};
	struct rs_rt_spec spec = spec_of(plain_command, env);
	builds(&spec, "</><server>" OWN "<A=13><B=2><AB=4>");
}

static void test_path_and_home_can_be_set_but_not_what_knative_reserves(void **state)
{
	(void)state;
	const char *const env[] = {"PORT=1",	"K_SERVICE=x",	     "K_CONFIGURATION=x", "K_REVISION=x",
				   "HOME=/srv", "PATH=/opt:$(PATH)", "PORTAL=2",	  NULL};
	struct rs_rt_spec spec = spec_of(plain_command, env);
	builds(&spec, "</><server><PATH=/opt:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin><HOME=/srv>"
		      "<PORT=8080><K_SERVICE=hello><K_CONFIGURATION=hello-config><K_REVISION=hello-00001><PORTAL=2>");
}

static void test_what_cannot_be_run_is_refused(void **state)
{
	(void)state;
	const char *const none[] = {NULL};
	const char *const empty[] = {"", NULL};
	const char *const nameless[] = {"=x", NULL};
	const char *const valueless[] = {"A", NULL};
	struct rs_rt_spec spec = spec_of(none, NULL);
	refuses(&spec, -EINVAL);
	spec.command = NULL;
	refuses(&spec, -EINVAL);
	spec.command = empty;
	refuses(&spec, -EINVAL);
	spec = spec_of(plain_command, nameless);
	refuses(&spec, -EINVAL);
	spec.env = valueless;
	refuses(&spec, -EINVAL);
}

static void test_what_is_too_long_is_refused(void **state)
{
	(void)state;
	const char *many[RS_RT_ENV_MAX + 2] = {NULL};
	for (size_t i = 0; i <= RS_RT_ARGS_MAX; i++)
		many[i] = "a";
	struct rs_rt_spec spec = spec_of(many, NULL);
	refuses(&spec, -E2BIG);
	for (size_t i = 0; i <= RS_RT_ENV_MAX; i++)
		many[i] = "A=1";
	spec = spec_of(plain_command, many);
	refuses(&spec, -E2BIG);
	rs_auto_free char *huge = malloc(RS_START_BYTES_MAX + 3);
	assert_non_null(huge);
	memset(huge, 'x', RS_START_BYTES_MAX + 2);
	huge[1] = '=';
	huge[RS_START_BYTES_MAX + 2] = '\0';
	const char *const long_env[] = {huge, NULL};
	spec = spec_of(plain_command, long_env);
	refuses(&spec, -E2BIG);
	/* References multiply what is there. */
	huge[40000] = '\0';
	const char *const growing[] = {"server", "$(x)$(x)$(x)$(x)", NULL};
	spec = spec_of(growing, long_env);
	refuses(&spec, -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_plain_case),
		cmocka_unit_test(test_variables_may_refer_to_earlier_ones),
		cmocka_unit_test(test_a_later_entry_replaces_an_earlier_one),
		cmocka_unit_test(test_path_and_home_can_be_set_but_not_what_knative_reserves),
		cmocka_unit_test(test_what_cannot_be_run_is_refused),
		cmocka_unit_test(test_what_is_too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
