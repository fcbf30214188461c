/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON to objects and back, in Kubernetes' shape. Parsing knows every field of
 * serving.knative.dev/v1: it reads it, or refuses it with its path and reason.
 * parse(print(x)) == x.
 */
#ifndef RS_WIRE_SERVICE_H
#define RS_WIRE_SERVICE_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "core/model/families.h"
#include "core/model/model.h"

#define RS_WIRE_API_VERSION "serving.knative.dev/v1"

/* What status shows of the node: urls and addresses. May be NULL: then it shows none. */
struct rs_wire_context {
	const char *domain;			 /* http://NAME.NAMESPACE.DOMAIN */
	struct rs_address vip_base[RS_FAMILIES]; /* of VIP index 0; all zero = there is no such family */
	enum rs_ip_families ip_families;	 /* of those that do not say otherwise */
};

/* A manifest: parsed, defaulted and validated (rs_service_validate). A missing namespace is "default"; status and
 * what the server sets in metadata are read past, so that `rouse get -o yaml | rouse apply` works. */
int rs_wire_service_parse(const cJSON *json, struct rs_service **ret_service, struct rs_err *err);

/* One object as the store has it: as printed, without validation of names and traffic. */
int rs_wire_object_parse(enum rs_kind kind, const cJSON *json, void **ret_object, struct rs_err *err);

/* NULL when out of memory. The object's type must be the kind's. */
cJSON *rs_wire_object_print(enum rs_kind kind, const void *object, const struct rs_wire_context *context);
cJSON *rs_wire_service_print(const struct rs_service *service, const struct rs_wire_context *context);
cJSON *rs_wire_configuration_print(const struct rs_configuration *configuration);
cJSON *rs_wire_revision_print(const struct rs_model_revision *revision);
cJSON *rs_wire_route_print(const struct rs_model_route *route, const struct rs_wire_context *context);
/* apiVersion, kind and metadata alone. */
cJSON *rs_wire_metadata_print(enum rs_kind kind, const void *object);
/* What the label serving.knative.dev/routingState says. */
const char *rs_wire_routing_state_text(enum rs_routing_state state);

/* `http://[TAG-]NAME.NAMESPACE.DOMAIN` into out; tag "" = none. Returns -E2BIG when it does not fit. */
#define RS_WIRE_URL_SIZE 256
int rs_wire_url(const struct rs_wire_context *context, const char *namespace, const char *name, const char *tag,
		char out[static RS_WIRE_URL_SIZE]);

#endif
