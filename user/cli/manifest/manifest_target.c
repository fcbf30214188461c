// SPDX-License-Identifier: BSD-2-Clause
#include "cli/manifest/manifest_target.h"

#include <errno.h>

#define API_VERSION "serving.knative.dev/v1"

static int check_kind(const char *api_version, const char *kind, struct rs_err *err)
{
	if (!*kind)
		return rs_err_set(err, -EINVAL, "kind: is missing; it must be Service");
	if (rs_str_equal(kind, "Service") && rs_str_equal(api_version, "v1"))
		return rs_err_set(err, -EINVAL,
				  "apiVersion: v1 is Kubernetes' Service; the one that sleeps is " API_VERSION);
	if (rs_str_equal(kind, "Service") && !rs_str_equal(api_version, API_VERSION))
		return rs_err_set(err, -EINVAL, "apiVersion: must be " API_VERSION ", is \"%s\"", api_version);
	if (rs_str_equal(api_version, API_VERSION) && !rs_str_equal(kind, "Service"))
		return rs_err_set(err, -EINVAL, "kind: a %s is made by its Service; write the Service instead", kind);
	if (!rs_str_equal(kind, "Service"))
		return rs_err_set(err, -EINVAL, "kind: must be Service of " API_VERSION ", is %s of \"%s\"", kind,
				  api_version);
	return 0;
}

int rs_manifest_target(const cJSON *object, const char *asked, const struct rs_noun **ret_noun,
		       const char **ret_namespace, const char **ret_name, struct rs_err *err)
{
	if (!cJSON_IsObject(object))
		return rs_err_set(err, -EINVAL, "is no object with apiVersion, kind, metadata and spec");
	int r = check_kind(rs_json_text(object, "apiVersion"), rs_json_text(object, "kind"), err);
	if (r < 0)
		return r;
	const char *name = rs_json_text(object, "metadata", "name");
	const char *own = rs_json_text(object, "metadata", "namespace");
	if (!*name)
		return rs_err_set(err, -EINVAL, "metadata.name: is missing");
	if (asked && *own && !rs_str_equal(asked, own))
		return rs_err_set(err, -EINVAL, "metadata.namespace: is \"%s\", but --namespace says \"%s\"", own,
				  asked);
	*ret_noun = &rs_noun_service;
	*ret_namespace = *own ? own : asked ? asked : "default";
	*ret_name = name;
	return 0;
}
