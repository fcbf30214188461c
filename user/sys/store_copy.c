// SPDX-License-Identifier: BSD-2-Clause
/* What waits for the writer thread: each item is one block of memory with all its text behind it. */
#include "sys/store_write.h"

#include <stdlib.h>
#include <string.h>

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static const char *copy_text(char **to, const char *text)
{
	if (!text)
		return NULL;
	size_t bytes = strlen(text) + 1;
	char *copy = memcpy(*to, text, bytes);
	*to += bytes;
	return copy;
}

struct rs_store_commit *rs_store_commit_copy(const struct rs_store_op *ops, size_t count)
{
	size_t bytes = sizeof(struct rs_store_commit) + count * sizeof(*ops);
	for (size_t i = 0; i < count; i++) {
		const struct rs_store_object *o = &ops[i].object;
		bytes += text_bytes(o->kind) + text_bytes(o->namespace) + text_bytes(o->name) + text_bytes(o->uid) +
			 text_bytes(o->json) + text_bytes(ops[i].tag);
	}
	struct rs_store_commit *commit = malloc(bytes);
	if (!commit)
		return NULL;
	*commit = (struct rs_store_commit){.bytes = bytes, .count = count};
	char *text = (char *)&commit->ops[count];
	for (size_t i = 0; i < count; i++) {
		struct rs_store_op *op = &commit->ops[i];
		*op = ops[i];
		op->object.kind = copy_text(&text, op->object.kind);
		op->object.namespace = copy_text(&text, op->object.namespace);
		op->object.name = copy_text(&text, op->object.name);
		op->object.uid = copy_text(&text, op->object.uid);
		op->object.json = copy_text(&text, op->object.json);
		op->tag = copy_text(&text, op->tag);
	}
	return commit;
}

struct rs_store_queued_event *rs_store_event_copy(const struct rs_store_event *event)
{
	size_t bytes = sizeof(struct rs_store_queued_event) + text_bytes(event->type) + text_bytes(event->kind) +
		       text_bytes(event->namespace) + text_bytes(event->name) + text_bytes(event->reason) +
		       text_bytes(event->message);
	struct rs_store_queued_event *copy = malloc(bytes);
	if (!copy)
		return NULL;
	*copy = (struct rs_store_queued_event){.event = *event};
	char *text = (char *)(copy + 1);
	copy->event.type = copy_text(&text, event->type);
	copy->event.kind = copy_text(&text, event->kind);
	copy->event.namespace = copy_text(&text, event->namespace);
	copy->event.name = copy_text(&text, event->name);
	copy->event.reason = copy_text(&text, event->reason);
	copy->event.message = copy_text(&text, event->message);
	return copy;
}
