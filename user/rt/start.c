// SPDX-License-Identifier: BSD-2-Clause
#include "rt/start.h"

#include "base/mem.h"
#include "rt/expand.h"
#include "rt/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define OWN_ENV	     6 /* PATH, HOME, PORT, K_SERVICE, K_CONFIGURATION, K_REVISION */

/* The environment: the runtime's own entries first, so that the spec's can refer to them; the spec may set PATH and
 * HOME anew. The entries point into `text`, or into the spec. */
struct env {
	char *entries[OWN_ENV + RS_RT_ENV_MAX];
	size_t count;
};

static void env_done(struct env *env)
{
	while (env->count)
		free(env->entries[--env->count]);
}

static int env_put(struct env *env, char *entry)
{
	if (!entry)
		return -ENOMEM;
	size_t name_length = strcspn(entry, "=");
	for (size_t i = 0; i < env->count; i++) {
		if (!strncmp(env->entries[i], entry, name_length + 1)) {
			free(env->entries[i]);
			env->entries[i] = entry;
			return 0;
		}
	}
	env->entries[env->count++] = entry;
	return 0;
}

static bool is_reserved(const char *entry)
{
	return rs_str_starts_with(entry, "PORT=") || rs_str_starts_with(entry, "K_SERVICE=") ||
	       rs_str_starts_with(entry, "K_CONFIGURATION=") || rs_str_starts_with(entry, "K_REVISION=");
}

static int env_put_expanded(struct env *env, const char *entry)
{
	struct rs_buf value;
	rs_buf_init(&value, RS_START_BYTES_MAX);
	int r = rs_expand(&value, entry, env->entries, env->count);
	char *taken = rs_buf_take(&value);
	rs_buf_done(&value);
	return r < 0 ? r : env_put(env, taken);
}

static int env_build(struct env *env, const struct rs_rt_spec *spec, struct rs_err *err)
{
	int r = env_put(env, strdup(DEFAULT_PATH));
	if (r == 0)
		r = env_put(env, strdup("HOME=/"));
	if (r == 0)
		r = env_put(env, rs_str_format("PORT=%u", spec->port));
	if (r == 0)
		r = env_put(env, rs_str_format("K_SERVICE=%s", spec->service ? spec->service : ""));
	if (r == 0)
		r = env_put(env, rs_str_format("K_CONFIGURATION=%s", spec->configuration ? spec->configuration : ""));
	if (r == 0)
		r = env_put(env, rs_str_format("K_REVISION=%s", spec->revision ? spec->revision : ""));
	for (size_t i = 0; r == 0 && spec->env && spec->env[i]; i++) {
		if (i == RS_RT_ENV_MAX)
			return rs_err_set(err, -E2BIG, "more than %d environment entries", RS_RT_ENV_MAX);
		if (spec->env[i][0] == '=' || !strchr(spec->env[i], '='))
			return rs_err_set(err, -EINVAL, "environment entry %zu is not NAME=value", i);
		if (!is_reserved(spec->env[i]))
			r = env_put_expanded(env, spec->env[i]);
	}
	if (r == -E2BIG)
		return rs_err_set(err, r, "an environment entry is longer than %d bytes", RS_START_BYTES_MAX);
	return r < 0 ? rs_err_set(err, r, "out of memory") : 0;
}

static void put_string(struct rs_buf *out, const char *text)
{
	rs_buf_append(out, text, strlen(text) + 1);
}

static int build(struct rs_buf *out, const struct rs_rt_spec *spec, const struct env *env, struct rs_start *start)
{
	rs_buf_append(out, start, sizeof(*start));
	put_string(out, spec->working_dir && *spec->working_dir ? spec->working_dir : "/");
	for (size_t i = 0; i < start->arguments; i++) {
		rs_expand(out, spec->command[i], env->entries, env->count);
		rs_buf_append(out, "", 1);
	}
	for (size_t i = 0; i < env->count; i++)
		put_string(out, env->entries[i]);
	if (out->error)
		return out->error;
	start->size = (uint32_t)out->length;
	memcpy(out->data, start, sizeof(*start));
	return 0;
}

int rs_start_build(struct rs_buf *out, const struct rs_rt_spec *spec, uid_t uid, gid_t gid, struct rs_err *err)
{
	size_t arguments = 0;
	while (spec->command && spec->command[arguments])
		arguments++;
	if (!arguments || !spec->command[0][0])
		return rs_err_set(err, -EINVAL, "the process runtime needs a command: give the container one");
	if (arguments > RS_RT_ARGS_MAX)
		return rs_err_set(err, -E2BIG, "the command has %zu arguments; %d are possible", arguments,
				  RS_RT_ARGS_MAX);
	struct env env = {.count = 0};
	struct rs_start start = {.uid = uid, .gid = gid, .arguments = (uint32_t)arguments};
	int r = env_build(&env, spec, err);
	if (r == 0) {
		start.environment = (uint32_t)env.count;
		r = build(out, spec, &env, &start);
		if (r == -E2BIG)
			rs_err_set(err, r, "command and environment together exceed %d bytes", RS_START_BYTES_MAX);
		else if (r < 0)
			rs_err_set(err, r, "out of memory");
	}
	env_done(&env);
	return r;
}
