/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plain scalar means in YAML 1.2's core schema. */
#ifndef RS_WIRE_YAML_SCALAR_H
#define RS_WIRE_YAML_SCALAR_H

#include <stdbool.h>

enum rs_yaml_type {
	RS_YAML_STRING,
	RS_YAML_NULL,
	RS_YAML_TRUE,
	RS_YAML_FALSE,
	RS_YAML_NUMBER,
	RS_YAML_NO_JSON, /* .inf, .nan, and numbers too large for a double */
};

/* Sets *ret_number for RS_YAML_NUMBER. */
enum rs_yaml_type rs_yaml_resolve(const char *text, double *ret_number);

#endif
