// SPDX-License-Identifier: BSD-2-Clause
#include "rt/names.h"

#include "base/str.h"
#include "rt/rt.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 4 /* RS_INSTANCES_MAX is 4096 */

void rs_rt_link_prefix(const char *name, char out[static RS_SANDBOX_NAME_MAX + 1])
{
	if (strlen(name) + 1 + ID_DIGITS <= RS_SANDBOX_NAME_MAX) {
		snprintf(out, RS_SANDBOX_NAME_MAX + 1, "%s-", name);
		return;
	}
	uint32_t hash = 2166136261U; /* FNV-1a */
	for (const char *at = name; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619U;
	snprintf(out, RS_SANDBOX_NAME_MAX + 1, "rs%07x-", hash & 0xfffffffU);
}

void rs_rt_link_name(const char *name, uint32_t id, char out[static RS_SANDBOX_NAME_MAX + 1])
{
	char prefix[RS_SANDBOX_NAME_MAX + 1], text[sizeof(prefix) + 16];
	rs_rt_link_prefix(name, prefix);
	snprintf(text, sizeof(text), "%s%u", prefix, id);
	rs_str_copy(out, RS_SANDBOX_NAME_MAX + 1, text);
}

struct in_addr rs_rt_address(struct in_addr range, unsigned bits, uint32_t id)
{
	struct in_addr out = {.s_addr = 0};
	uint64_t size = 1ULL << (32 - bits);
	/* Neither the network's own address nor the broadcast's: not needed with /32 routes, but people look twice. */
	if (bits >= 8 && bits <= 30 && id && id < size - 1)
		out.s_addr = htonl(ntohl(range.s_addr) + id);
	return out;
}

struct rs_address rs_rt_address6(const struct rs_range *range, uint32_t id)
{
	return range->bits ? rs_address_plus(&range->address, id) : (struct rs_address){.byte = {0}};
}

void rs_rt_mac(struct in_addr address, bool inner, uint8_t out[static 6])
{
	out[0] = 0x02;
	out[1] = inner ? 'i' : 'h';
	memcpy(out + 2, &address.s_addr, 4);
}

bool rs_rt_is_path_part(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/') && strlen(name) < RS_RT_NAME_MAX / 2;
}

uint32_t rs_rt_id_of(const char *name, const char *prefix)
{
	long long id = 0;
	size_t length = strlen(prefix);
	if (strncmp(name, prefix, length) != 0 || name[length] == '0' ||
	    rs_str_to_long(name + length, 1, UINT32_MAX, &id) < 0)
		return 0;
	return (uint32_t)id;
}
