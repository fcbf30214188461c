/* SPDX-License-Identifier: BSD-2-Clause */
/* A registry, and services as a manifest would make them. */
#ifndef RS_TEST_REGISTRY_FIXTURE_H
#define RS_TEST_REGISTRY_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/registry/registry.h"

#define AT(seconds) ((uint64_t)(1700000000 + (seconds)) * RS_NS_PER_S)

static inline struct rs_registry *new_registry(uint32_t vips)
{
	const struct rs_registry_config config = {.uid_seed = 42, .vip_first = 5, .vip_count = vips};
	struct rs_registry *registry;

	assert_int_equal(rs_registry_new(&config, &registry), 0);
	return registry;
}

/* 100 percent to the latest; the command tells versions apart. */
static inline struct rs_service *manifest(const char *name, const char *command)
{
	struct rs_service *service = calloc(1, sizeof(*service));

	assert_non_null(service);
	service->template = rs_template_new();
	assert_non_null(service->template);
	rs_str_copy(service->metadata.namespace, RS_NAME_SIZE, "default");
	rs_str_copy(service->metadata.name, RS_NAME_SIZE, name);
	assert_int_equal(rs_strings_add(&service->template->container.command, command), 0);
	assert_int_equal(rs_traffic_add_default(&service->traffic), 0);
	return service;
}

static inline struct rs_service *named(const char *name, const char *command, const char *revision)
{
	struct rs_service *service = manifest(name, command);

	rs_str_copy(service->template->name, RS_NAME_SIZE, revision);
	return service;
}

static inline void add_target(struct rs_service *service, const char *revision, const char *tag, uint8_t percent)
{
	struct rs_traffic_target target = {.percent = percent};

	rs_str_copy(target.revision, RS_NAME_SIZE, revision);
	rs_str_copy(target.tag, RS_NAME_SIZE, tag);
	assert_int_equal(rs_traffic_add(&service->traffic, &target), 0);
}

/* Applies and forgets the changes. */
static inline enum rs_applied apply(struct rs_registry *registry, struct rs_service *service, uint64_t now)
{
	struct rs_changes changes;
	struct rs_err err = {0};
	enum rs_applied applied = RS_APPLIED_UNCHANGED;
	const int r = rs_registry_apply(registry, service, now, &changes, &applied, &err);

	if (r < 0)
		fail_msg("%s", err.message);
	rs_changes_done(&changes);
	return applied;
}

/* Applies what must be refused, and checks that nothing has changed. */
static inline void refuse(struct rs_registry *registry, struct rs_service *service, int code, const char *message)
{
	const uint64_t version = rs_registry_version(registry);
	struct rs_changes changes;
	struct rs_err err = {0};
	enum rs_applied applied;

	assert_int_equal(rs_registry_apply(registry, service, AT(99), &changes, &applied, &err), code);
	assert_int_equal(changes.count, 0);
	assert_int_equal(rs_registry_version(registry), version);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" does not say \"%s\"", err.message, message);
}

static inline int ready(struct rs_registry *registry, const char *revision, uint64_t now)
{
	struct rs_changes changes;
	struct rs_model_revision *object = rs_registry_revision(registry, "default", revision);
	int r;

	assert_non_null(object);
	r = rs_registry_mark_ready(registry, object, now, &changes);
	rs_changes_done(&changes);
	return r;
}

static inline const struct rs_change *change_of(const struct rs_changes *changes, enum rs_change_op op,
						enum rs_kind kind, const char *name)
{
	const struct rs_change *found = NULL;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].op == op && changes->items[i].kind == kind &&
		    strcmp(changes->items[i].name, name) == 0) {
			assert_null(found); /* once */
			found = &changes->items[i];
		}
	return found;
}

static inline enum rs_routing_state state_of(struct rs_registry *registry, const char *revision)
{
	const struct rs_model_revision *object = rs_registry_revision(registry, "default", revision);

	assert_non_null(object);
	return object->routing_state;
}

#endif
