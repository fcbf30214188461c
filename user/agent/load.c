// SPDX-License-Identifier: BSD-2-Clause
/* From the store to the registry: what the agent begins with. */
#include "agent/agent.h"

#include "agent/watch/journal.h"
#include "agent/watch/watch.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/service.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/random.h>

/*
 * An object's JSON is some hundred small pieces of memory that live until it has been read: a hundred thousand
 * services are tens of millions. While objects are loaded they come from one block, which begins anew with each.
 */
static struct {
	alignas(max_align_t) char bytes[256 * 1024];
	size_t used;
} scratch;

static void *scratch_malloc(size_t size)
{
	size_t wanted = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (wanted < size || wanted > sizeof(scratch.bytes) - scratch.used)
		return malloc(size);
	scratch.used += wanted;
	return scratch.bytes + scratch.used - wanted;
}

static void scratch_free(void *memory)
{
	uintptr_t at = (uintptr_t)memory, begin = (uintptr_t)scratch.bytes;
	if (at < begin || at >= begin + sizeof(scratch.bytes))
		free(memory);
}

static int load_object(void *user, const struct rs_store_object *object, struct rs_err *err)
{
	struct rs_agent *agent = user;
	enum rs_kind kind;
	void *parsed = NULL;
	if (rs_kind_parse(object->kind, &kind) < 0)
		return 0; /* a newer agent's: it stays where it is */
	scratch.used = 0;
	cJSON *json = cJSON_Parse(object->json);
	int r = json ? rs_wire_object_parse(kind, json, &parsed, err) : rs_err_set(err, -EUCLEAN, "not JSON");
	cJSON_Delete(json);
	if (r == 0)
		r = rs_registry_load_object(agent->registry, kind, parsed, err);
	if (r < 0)
		rs_err_prefix(err, "%s %s/%s in the store", object->kind, object->namespace, object->name);
	return r;
}

static int load_vip(void *user, uint32_t vip, const char *namespace, const char *route, const char *tag,
		    struct rs_err *err)
{
	return rs_registry_load_vip(((struct rs_agent *)user)->registry, vip, namespace, route, tag, err);
}

static int load_counter(void *user, const char *name, uint64_t value, struct rs_err *err)
{
	(void)err;
	return rs_registry_load_counter(((struct rs_agent *)user)->registry, name, value);
}

int rs_load_objects(struct rs_agent *agent, struct rs_err *err)
{
	static const struct rs_store_loader loader = {
		.object = load_object,
		.vip = load_vip,
		.counter = load_counter,
	};
	/* Not the network's address, not the broadcast's. */
	agent->leg_count = 1U << (32 - agent->options->vip_bits);
	struct rs_registry_config config = {.vip_first = 1, .vip_count = agent->leg_count - 2};
	if (getrandom(&config.uid_seed, sizeof(config.uid_seed), 0) != sizeof(config.uid_seed))
		return rs_err_set(err, -EIO, "cannot read random numbers");
	agent->legs = calloc(agent->leg_count, sizeof(struct rs_leg *));
	int r = agent->legs ? rs_registry_new(&config, &agent->registry) : -ENOMEM;
	if (r < 0)
		return rs_err_set(err, r, "out of memory");
	rs_auto_free char *path = rs_str_format("%s/store.db", agent->options->state_dir);
	r = path ? rs_store_open(path, agent->event, &agent->store, err) : rs_err_set(err, -ENOMEM, "out of memory");
	if (r == 0) {
		cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = scratch_malloc, .free_fn = scratch_free});
		r = rs_store_load(agent->store, &loader, agent, err);
		cJSON_InitHooks(NULL);
	}
	if (r == 0)
		r = rs_registry_load_done(agent->registry, err);
	if (r < 0)
		return r;
	if (rs_journal_new(agent, &agent->journal) < 0 || rs_watches_new(agent, &agent->watches) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	return 0;
}
