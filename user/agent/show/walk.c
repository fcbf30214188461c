// SPDX-License-Identifier: BSD-2-Clause
#include "agent/show/walk.h"

#include "agent/show/view.h"
#include "base/str.h"

/* No error of anybody: `each` is not asked any more in this piece. */
#define ENOUGH 1

struct walk {
	const struct rs_filter *filter;
	struct rs_place *place;
	unsigned looks;
	int (*each)(void *user, void *object);
	void *user;
};

static int look(void *user, void *object)
{
	struct walk *walk = user;
	const struct rs_metadata *metadata = object;
	if (walk->looks == 0)
		return ENOUGH;
	walk->looks--;
	rs_str_copy(walk->place->namespace, sizeof(walk->place->namespace), metadata->namespace);
	rs_str_copy(walk->place->name, sizeof(walk->place->name), metadata->name);
	return rs_filter_takes(walk->filter, object) ? walk->each(walk->user, object) : 0;
}

static int walk_objects(struct rs_agent *agent, struct walk *walk)
{
	/* A copy: the place moves with the walk. */
	struct rs_place from = *walk->place;
	bool has_begun = from.name[0];
	return rs_registry_each_after(agent->registry, (enum rs_kind)walk->filter->resource, walk->filter->namespace,
				      has_begun ? from.namespace : NULL, has_begun ? from.name : NULL, look, walk);
}

static int walk_instances(struct rs_agent *agent, struct walk *walk)
{
	for (unsigned id = (unsigned)walk->place->number + 1; id <= RS_INSTANCES_MAX; id++) {
		if (walk->looks == 0)
			return ENOUGH;
		walk->looks--;
		walk->place->number = id;
		struct rs_agent_instance *instance = rs_instance_by_id(agent, id);
		int r = instance && rs_filter_takes(walk->filter, instance) ? walk->each(walk->user, instance) : 0;
		if (r)
			return r;
	}
	return 0;
}

int rs_walk(struct rs_agent *agent, const struct rs_filter *filter, struct rs_place *place, unsigned looks,
	    int (*each)(void *user, void *object), void *user)
{
	struct walk walk = {.filter = filter, .place = place, .looks = looks, .each = each, .user = user};
	return filter->resource == RS_API_INSTANCES ? walk_instances(agent, &walk) : walk_objects(agent, &walk);
}

cJSON *rs_walk_print(const struct rs_agent *agent, enum rs_api_resource resource, void *object)
{
	return resource == RS_API_INSTANCES ? rs_view_instance(object)
					    : rs_view_object(agent, (enum rs_kind)resource, object);
}

uint64_t rs_walk_version(enum rs_api_resource resource, const void *object)
{
	return resource == RS_API_INSTANCES ? ((const struct rs_agent_instance *)object)->version
					    : ((const struct rs_metadata *)object)->resource_version;
}
