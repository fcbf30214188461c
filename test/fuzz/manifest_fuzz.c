/* SPDX-License-Identifier: BSD-2-Clause */
/* link: yaml */
/*
 * Any text, as YAML, as JSON, as a Service. What is accepted must read back the
 * same after printing, on both ways: JSON to YAML, and Service to JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/service.h"
#include "wire/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what, const char *detail)
{
	if (holds)
		return;
	fprintf(stderr, "manifest_fuzz: %s: %s\n", what, detail);
	abort();
}

static void check_yaml(const cJSON *json)
{
	rs_auto_free char *text = rs_yaml_print(json);
	struct rs_yaml_documents again;
	struct rs_err err = {0};

	require(text != NULL, "JSON was not printed as YAML", "");
	require(rs_yaml_parse(text, strlen(text), "printed", &again, &err) == 0, "printed YAML was refused",
		err.message);
	require(again.count == 1, "printed YAML is not one document", text);
	require(cJSON_Compare(json, again.items[0], 1), "printed YAML means something else", text);
	rs_yaml_documents_done(&again);
}

/* Field by field: there is padding between them. */
static int same_scaling(const struct rs_autoscaling *a, const struct rs_autoscaling *b)
{
	return a->metric == b->metric && a->aggregation == b->aggregation && a->target == b->target &&
	       a->target_utilization_percent == b->target_utilization_percent &&
	       a->has_target_burst_capacity == b->has_target_burst_capacity &&
	       a->target_burst_capacity == b->target_burst_capacity && a->min_scale == b->min_scale &&
	       a->max_scale == b->max_scale && a->initial_scale == b->initial_scale &&
	       a->activation_scale == b->activation_scale && a->scale_down_delay_ns == b->scale_down_delay_ns &&
	       a->window_ns == b->window_ns && a->retention_ns == b->retention_ns &&
	       a->progress_deadline_ns == b->progress_deadline_ns;
}

static void check_service(struct rs_service *service)
{
	struct rs_service *again = NULL;
	struct rs_err err = {0};
	cJSON *json;

	if (!service->metadata.name[0]) /* the registry gives it */
		memcpy(service->metadata.name, "a", 2);
	json = rs_wire_service_print(service, NULL);
	require(json != NULL, "a Service was not printed", "");
	rs_auto_free char *text = cJSON_PrintUnformatted(json);
	require(rs_wire_service_parse(json, &again, &err) == 0, "a printed Service was refused", err.message);
	require(rs_template_equal(service->template, again->template), "another template", text);
	require(same_scaling(&service->template->autoscaling, &again->template->autoscaling) &&
			strcmp(service->metadata.namespace, again->metadata.namespace) == 0 &&
			service->metadata.resource_version == again->metadata.resource_version,
		"other metadata", text);
	check_yaml(json);
	rs_service_free(again);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_yaml_documents documents;
	struct rs_err err = {0};

	if (rs_yaml_parse((const char *)data, size, "-", &documents, &err) < 0) {
		require(err.message[0] != '\0', "refused without a sentence", "");
		return 0;
	}
	for (size_t i = 0; i < documents.count; i++) {
		struct rs_service *service = NULL;

		check_yaml(documents.items[i]);
		if (rs_wire_service_parse(documents.items[i], &service, &err) == 0)
			check_service(service);
		else
			require(err.message[0] != '\0', "refused without a sentence", "");
		rs_service_free(service);
	}
	rs_yaml_documents_done(&documents);
	return 0;
}
