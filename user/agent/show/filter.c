// SPDX-License-Identifier: BSD-2-Clause
#include "agent/show/filter.h"

#include "agent/api/query.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/service.h"

#include <errno.h>
#include <string.h>

#define LABEL_SERVICE	    "serving.knative.dev/service"
#define LABEL_CONFIGURATION "serving.knative.dev/configuration"
#define LABEL_REVISION	    "serving.knative.dev/revision"
#define LABEL_ROUTING_STATE "serving.knative.dev/routingState"

static int copy(char **out, const char *text)
{
	if (!text)
		return 0;
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

int rs_filter_init(struct rs_filter *filter, const struct rs_api_request *request, struct rs_err *err)
{
	*filter = (struct rs_filter){.resource = request->resource};
	int r = 0;
	if (copy(&filter->namespace, request->namespace) < 0 || copy(&filter->service, request->service) < 0 ||
	    copy(&filter->kind, request->kind) < 0)
		r = rs_err_set(err, -ENOMEM, "out of memory");
	if (r == 0 && request->label_selector)
		r = rs_selector_parse_labels(request->label_selector, &filter->labels, err);
	if (r == 0 && request->field_selector)
		r = rs_selector_parse_fields(request->field_selector, rs_api_fields(request->resource), &filter->fields,
					     err);
	if (r < 0)
		rs_filter_done(filter);
	return r;
}

void rs_filter_done(struct rs_filter *filter)
{
	free(filter->namespace);
	free(filter->service);
	free(filter->kind);
	rs_selector_free(filter->labels);
	rs_selector_free(filter->fields);
	*filter = (struct rs_filter){0};
}

/* --- fields ----------------------------------------------------------------------------------------------------- */

struct place {
	const char *namespace, *name;
};

static const char *field_of_place(const void *object, const char *key)
{
	const struct place *place = object;
	return rs_str_equal(key, "metadata.name") ? place->name : place->namespace;
}

bool rs_filter_takes_place(const struct rs_filter *filter, const char *namespace, const char *name)
{
	const struct place place = {namespace, name};
	return (!filter->namespace || strcmp(filter->namespace, namespace) == 0) &&
	       rs_selector_matches(filter->fields, field_of_place, &place);
}

bool rs_filter_takes_owner(const struct rs_filter *filter, const char *service)
{
	return !filter->service || strcmp(filter->service, service) == 0;
}

/* --- labels ----------------------------------------------------------------------------------------------------- */

static const char *label_of_instance(const void *object, const char *key)
{
	const struct rs_model_revision *revision = ((const struct rs_agent_instance *)object)->workload->revision;
	return rs_str_equal(key, LABEL_SERVICE)		? revision->service
	       : rs_str_equal(key, LABEL_CONFIGURATION) ? revision->configuration
	       : rs_str_equal(key, LABEL_REVISION)	? revision->metadata.name
							: NULL;
}

static const char *label_of_revision(const void *object, const char *key)
{
	const struct rs_model_revision *revision = object;
	return rs_str_equal(key, LABEL_ROUTING_STATE) ? rs_wire_routing_state_text(revision->routing_state)
						      : rs_pairs_get(&revision->metadata.labels, key);
}

/* Every object of Knative's begins with its metadata. */
static const char *label_of_object(const void *object, const char *key)
{
	return rs_pairs_get(&((const struct rs_metadata *)object)->labels, key);
}

bool rs_filter_takes_labels(const struct rs_filter *filter, const void *object)
{
	return rs_selector_matches(filter->labels,
				   filter->resource == RS_API_INSTANCES	  ? label_of_instance
				   : filter->resource == RS_API_REVISIONS ? label_of_revision
									  : label_of_object,
				   object);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static bool takes_instance(const struct rs_filter *filter, const struct rs_agent_instance *instance)
{
	const struct rs_model_revision *revision = instance->workload->revision;
	return rs_filter_takes_place(filter, revision->metadata.namespace, instance->rt->name) &&
	       rs_filter_takes_owner(filter, revision->service);
}

static bool takes_object(const struct rs_filter *filter, const struct rs_metadata *metadata)
{
	/* All but revisions are called like their service. */
	const char *service = filter->resource == RS_API_REVISIONS
				      ? ((const struct rs_model_revision *)metadata)->service
				      : metadata->name;
	return rs_filter_takes_place(filter, metadata->namespace, metadata->name) &&
	       rs_filter_takes_owner(filter, service);
}

bool rs_filter_takes_fixed(const struct rs_filter *filter, const void *object)
{
	return filter->resource == RS_API_INSTANCES ? takes_instance(filter, object) : takes_object(filter, object);
}

bool rs_filter_takes(const struct rs_filter *filter, const void *object)
{
	return rs_filter_takes_fixed(filter, object) && rs_filter_takes_labels(filter, object);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static const char *field_of_event(const void *object, const char *key)
{
	const struct rs_store_event *event = object;
	return rs_str_equal(key, "involvedObject.name")	  ? event->name
	       : rs_str_equal(key, "involvedObject.kind") ? event->kind
	       : rs_str_equal(key, "reason")		  ? event->reason
	       : rs_str_equal(key, "type")		  ? event->type
							  : event->namespace;
}

/* Events about a service are also those about what it owns. A revision that is gone is known by its name. */
static bool is_about(const struct rs_agent *agent, const struct rs_store_event *event, const char *service)
{
	if (!service || strcmp(event->name, service) == 0)
		return true;
	const struct rs_model_revision *revision = rs_registry_revision(agent->registry, event->namespace, event->name);
	if (revision)
		return strcmp(revision->service, service) == 0;
	size_t length = strlen(service);
	return strcmp(event->kind, "Revision") == 0 && strncmp(event->name, service, length) == 0 &&
	       event->name[length] == '-' &&
	       strspn(event->name + length + 1, "0123456789") == strlen(event->name + length + 1);
}

bool rs_filter_takes_event(const struct rs_filter *filter, const struct rs_agent *agent,
			   const struct rs_store_event *event)
{
	return (!filter->namespace || strcmp(event->namespace, filter->namespace) == 0) &&
	       (!filter->kind || strcmp(event->kind, filter->kind) == 0) && is_about(agent, event, filter->service) &&
	       rs_selector_matches(filter->fields, field_of_event, event);
}
