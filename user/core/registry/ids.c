/* SPDX-License-Identifier: BSD-2-Clause */
/* Uids and generated names, from a seed: the same seed gives the same names, which makes tests exact. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/registry/internal.h"

/* splitmix64 (Steele, Lea, Flood 2014): a full period over any seed. */
static uint64_t next_random(struct rs_registry *registry)
{
	uint64_t z = registry->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A UUID of version 4 (RFC 4122). */
void rs_registry_make_uid(struct rs_registry *registry, char out[static RS_UID_SIZE])
{
	const uint64_t high = next_random(registry), low = next_random(registry);

	snprintf(out, RS_UID_SIZE, "%08x-%04x-4%03x-%04x-%04x%08x", (unsigned)(high >> 32),
		 (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff, ((unsigned)(low >> 48) & 0x3fff) | 0x8000,
		 (unsigned)(low >> 32) & 0xffff, (unsigned)low);
}

void rs_registry_make_name(struct rs_registry *registry, const char *prefix, char out[static RS_NAME_SIZE])
{
	/* Without vowels and look-alikes: no words, no doubts. */
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	uint64_t random = next_random(registry);
	char suffix[6] = "";

	for (size_t i = 0; i + 1 < sizeof(suffix); i++) {
		suffix[i] = alphabet[random % (sizeof(alphabet) - 1)];
		random /= sizeof(alphabet) - 1;
	}
	snprintf(out, RS_NAME_SIZE, "%.*s%s", RS_NAME_MAX - 5, prefix, suffix);
}
