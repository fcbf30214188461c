// SPDX-License-Identifier: BSD-2-Clause
#include "agent/watch/journal.h"

#include "agent/show/view.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Half of what the registry leaves between two starts: however much status has moved, no version comes twice. */
#define CHECKPOINT_VERSIONS (1 << 19)

struct rs_journal {
	struct rs_agent *agent;
	struct rs_journal_entry *ring;
	uint64_t first, end; /* places */
	uint64_t floor;	     /* the last version that is out of the ring */
	size_t last_bytes;
	uint64_t kept_version; /* as of the last checkpoint */
	void (*changed)(void *user, enum rs_api_resource resource);
	void *user;
};

static struct rs_journal_entry *slot(const struct rs_journal *journal, uint64_t place)
{
	return &journal->ring[place & (RS_JOURNAL_ENTRIES - 1)];
}

static void drop_first(struct rs_journal *journal)
{
	struct rs_journal_entry *entry = slot(journal, journal->first++);
	journal->floor = entry->version;
	if (entry->last)
		journal->last_bytes -= strlen(entry->last) + 1;
	free(entry->last);
	entry->last = NULL;
}

uint64_t rs_journal_place(const struct rs_journal *journal, uint64_t version)
{
	uint64_t low = journal->first, high = journal->end;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (slot(journal, middle)->version <= version)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t born(const struct rs_journal *journal, enum rs_touch touch, uint64_t was, uint64_t version)
{
	if (touch == RS_TOUCH_NEW)
		return version;
	if (was <= journal->floor)
		return 0;
	const struct rs_journal_entry *before = rs_journal_at(journal, rs_journal_place(journal, was - 1));
	return before && before->version == was ? before->born : 0;
}

/* Versions come in order: each is given and noted in one go. */
static struct rs_journal_entry *add(struct rs_journal *journal, enum rs_api_resource resource, enum rs_touch touch,
				    uint64_t was, uint64_t version)
{
	uint64_t since = born(journal, touch, was, version);
	if (journal->end - journal->first == RS_JOURNAL_ENTRIES)
		drop_first(journal);
	struct rs_journal_entry *entry = slot(journal, journal->end++);
	*entry = (struct rs_journal_entry){.version = version, .born = since, .resource = resource, .touch = touch};
	return entry;
}

/* Without memory for it a deletion still has its names. */
static void keep_last(struct rs_journal *journal, struct rs_journal_entry *entry, const cJSON *object)
{
	cJSON *last = cJSON_CreateObject();
	for (const char *const *name = (const char *const[]){"apiVersion", "kind", "metadata", NULL}; *name; name++)
		cJSON_AddItemReferenceToObject(last, *name, cJSON_GetObjectItemCaseSensitive(object, *name));
	entry->last = object && last ? cJSON_PrintUnformatted(last) : NULL;
	cJSON_Delete(last);
	if (!entry->last)
		return;
	journal->last_bytes += strlen(entry->last) + 1;
	while (journal->last_bytes > RS_JOURNAL_LAST_BYTES && slot(journal, journal->first) != entry)
		drop_first(journal);
}

static void tell(struct rs_journal *journal, enum rs_api_resource resource)
{
	if (journal->changed)
		journal->changed(journal->user, resource);
}

/* What status moves on to is not written; the versions that it used up are, now and then. */
static void checkpoint(struct rs_journal *journal, uint64_t version)
{
	if (version - journal->kept_version < CHECKPOINT_VERSIONS)
		return;
	journal->kept_version = version;
	struct rs_transaction *transaction = rs_registry_prepare_checkpoint(journal->agent->registry);
	if (transaction)
		rs_change_begin(journal->agent, transaction, NULL, NULL);
}

static void on_touch(void *user, enum rs_touch touch, enum rs_kind kind, void *object, uint64_t was)
{
	struct rs_journal *journal = user;
	struct rs_registry *registry = journal->agent->registry;
	const struct rs_metadata *metadata = rs_object_metadata(kind, object);
	/* The resources' first four are in the order of the kinds. */
	enum rs_api_resource resource = (enum rs_api_resource)kind;
	struct rs_journal_entry *entry = add(journal, resource, touch, was, metadata->resource_version);
	rs_str_copy(entry->namespace, sizeof(entry->namespace), metadata->namespace);
	rs_str_copy(entry->name, sizeof(entry->name), metadata->name);
	if (touch == RS_TOUCH_DELETED) {
		cJSON *last = rs_wire_metadata_print(kind, object);
		keep_last(journal, entry, last);
		cJSON_Delete(last);
	}
	tell(journal, resource);
	/* A Service shows what its Configuration and Route have come to. */
	if (touch == RS_TOUCH_CHANGED && (kind == RS_KIND_CONFIGURATION || kind == RS_KIND_ROUTE)) {
		struct rs_service *owner = rs_registry_service(registry, metadata->namespace, metadata->name);
		if (owner)
			rs_registry_touch(registry, RS_KIND_SERVICE, owner);
	}
	checkpoint(journal, rs_registry_version(registry));
}

void rs_journal_instance(struct rs_journal *journal, struct rs_agent_instance *instance, enum rs_touch touch)
{
	if (!journal)
		return;
	const struct rs_model_revision *revision = instance->workload->revision;
	uint64_t was = instance->version;
	instance->version = rs_registry_next_version(journal->agent->registry);
	struct rs_journal_entry *entry = add(journal, RS_API_INSTANCES, touch, was, instance->version);
	entry->instance = instance->rt->id;
	rs_str_copy(entry->namespace, sizeof(entry->namespace), revision->metadata.namespace);
	rs_str_copy(entry->name, sizeof(entry->name), instance->rt->name);
	if (touch == RS_TOUCH_DELETED) {
		cJSON *last = rs_view_instance(instance);
		keep_last(journal, entry, last);
		cJSON_Delete(last);
	}
	tell(journal, RS_API_INSTANCES);
	checkpoint(journal, instance->version);
}

uint64_t rs_journal_floor(const struct rs_journal *journal)
{
	return journal->floor;
}

const struct rs_journal_entry *rs_journal_at(const struct rs_journal *journal, uint64_t place)
{
	return place >= journal->first && place < journal->end ? slot(journal, place) : NULL;
}

bool rs_journal_has_lost(const struct rs_journal *journal, uint64_t place)
{
	return place < journal->first;
}

void rs_journal_listen(struct rs_journal *journal, void (*changed)(void *user, enum rs_api_resource resource),
		       void *user)
{
	journal->changed = changed;
	journal->user = user;
}

int rs_journal_new(struct rs_agent *agent, struct rs_journal **ret_journal)
{
	struct rs_journal *journal = calloc(1, sizeof(*journal));
	if (journal)
		journal->ring = calloc(RS_JOURNAL_ENTRIES, sizeof(*journal->ring));
	if (!journal || !journal->ring) {
		free(journal);
		return -ENOMEM;
	}
	journal->agent = agent;
	journal->floor = journal->kept_version = rs_registry_version(agent->registry);
	rs_registry_observe(agent->registry, on_touch, journal);
	*ret_journal = journal;
	return 0;
}

struct rs_journal *rs_journal_free(struct rs_journal *journal)
{
	if (!journal)
		return NULL;
	rs_registry_observe(journal->agent->registry, NULL, NULL);
	while (journal->first < journal->end)
		drop_first(journal);
	free(journal->ring);
	free(journal);
	return NULL;
}
