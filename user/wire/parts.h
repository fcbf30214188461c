/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the codec share: the parts of an object, read and printed. */
#ifndef RS_WIRE_PARTS_H
#define RS_WIRE_PARTS_H

#include "wire/field.h"
#include "wire/service.h"

#define RS_LABEL_DOMAIN		    "serving.knative.dev/"
#define RS_LABEL_SERVICE	    "serving.knative.dev/service"
#define RS_LABEL_CONFIGURATION	    "serving.knative.dev/configuration"
#define RS_LABEL_GENERATION	    "serving.knative.dev/configurationGeneration"
#define RS_LABEL_ROUTING_STATE	    "serving.knative.dev/routingState"
#define RS_ANNOTATION_ROUTING_SINCE "serving.knative.dev/routingStateModified"

/* metadata.c. In a manifest the server's fields are read past, but for resourceVersion. */
rs_field_read rs_metadata_read_manifest; /* out: struct rs_metadata */
rs_field_read rs_metadata_read_stored;

/* template.c, container.c, probe.c */
rs_field_read rs_template_read;	     /* out: struct rs_template, initialised */
rs_field_read rs_template_spec_read; /* the template's spec alone: a revision's */
rs_field_read rs_containers_read;    /* out: struct rs_container */
rs_field_read rs_readiness_read;     /* out: struct rs_container, whose ports have been read */
rs_field_read rs_liveness_read;
rs_field_read rs_startup_read;

/* traffic.c; out: struct rs_traffic */
rs_field_read rs_traffic_read;

/* print_template.c. NULL when out of memory. */
cJSON *rs_template_print(const struct rs_template *template);
cJSON *rs_template_spec_print(const struct rs_template *template);
cJSON *rs_strings_print(const struct rs_strings *strings);
cJSON *rs_pairs_print(const struct rs_pairs *pairs);

/* Adds `item` under `name`, taking it over. False when it, or memory, is missing. */
bool rs_add(cJSON *object, const char *name, cJSON *item);
bool rs_add_text(cJSON *object, const char *name, const char *text);
bool rs_add_number(cJSON *object, const char *name, double number);
bool rs_add_bool(cJSON *object, const char *name, bool value);
bool rs_append(cJSON *array, cJSON *item);

/* For `cJSON *` variables that give themselves up unless they are taken. */
static inline void rs_json_cleanup(cJSON **json)
{
	cJSON_Delete(*json);
}
#define rs_auto_json __attribute__((cleanup(rs_json_cleanup)))

#endif
