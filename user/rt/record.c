// SPDX-License-Identifier: BSD-2-Clause
#include "rt/record.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION 1

/* 64-bit numbers are strings: JSON's are doubles. */
static bool put_wide(cJSON *object, const char *key, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return cJSON_AddStringToObject(object, key, text);
}

char *rs_record_print(const struct rs_record *record)
{
	const struct rs_rt_instance *instance = &record->instance;
	char address[INET_ADDRSTRLEN], address6[RS_ADDRESS_TEXT_MAX];
	inet_ntop(AF_INET, &instance->address, address, sizeof(address));
	rs_address_print(&instance->address6, address6);
	cJSON *object = cJSON_CreateObject();
	bool ok = object && cJSON_AddNumberToObject(object, "version", VERSION) &&
		  cJSON_AddNumberToObject(object, "id", instance->id) &&
		  cJSON_AddStringToObject(object, "name", instance->name) &&
		  cJSON_AddStringToObject(object, "owner", instance->owner) &&
		  cJSON_AddStringToObject(object, "address", address) &&
		  (rs_address_is_none(&instance->address6) || cJSON_AddStringToObject(object, "address6", address6)) &&
		  cJSON_AddNumberToObject(object, "ifindex", instance->ifindex) &&
		  cJSON_AddNumberToObject(object, "pid", instance->pid) &&
		  cJSON_AddNumberToObject(object, "port", instance->port) &&
		  cJSON_AddBoolToObject(object, "udp", instance->is_udp) &&
		  put_wide(object, "pidStart", record->pid_start) &&
		  put_wide(object, "netnsInode", instance->netns_inode) &&
		  put_wide(object, "netnsCookie", instance->netns_cookie) &&
		  put_wide(object, "startedNs", instance->started_ns) &&
		  cJSON_AddStringToObject(object, "logPath", instance->log_path);
	char *text = ok ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	return text;
}

static int get_number(const cJSON *object, const char *key, double maximum, double *ret_value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > maximum ||
	    item->valuedouble != (double)(uint64_t)item->valuedouble)
		return -EINVAL;
	*ret_value = item->valuedouble;
	return 0;
}

static int get_text(const cJSON *object, const char *key, char *out, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsString(item) && *item->valuestring ? rs_str_copy(out, size, item->valuestring) : -EINVAL;
}

/* Not there where there is no IPv6, and in records of agents that had none. */
static int get_address6(const cJSON *object, struct rs_address *ret_address)
{
	char text[RS_ADDRESS_TEXT_MAX];
	if (!cJSON_HasObjectItem(object, "address6"))
		return 0;
	int r = get_text(object, "address6", text, sizeof(text));
	return r < 0 ? r : rs_address_parse(text, ret_address);
}

static int get_wide(const cJSON *object, const char *key, uint64_t *ret_value)
{
	char text[24];
	long long value;
	int r = get_text(object, key, text, sizeof(text));
	if (r == 0)
		r = rs_str_to_long(text, 0, INT64_MAX, &value);
	if (r == 0)
		*ret_value = (uint64_t)value;
	return r;
}

static int parse(const cJSON *object, struct rs_record *record)
{
	struct rs_rt_instance *instance = &record->instance;
	double version, id, ifindex, pid, port;
	char address[INET_ADDRSTRLEN];
	if (get_number(object, "version", VERSION, &version) < 0 || version != VERSION ||
	    get_number(object, "id", UINT32_MAX, &id) < 0 || id < 1 ||
	    get_number(object, "ifindex", INT32_MAX, &ifindex) < 0 || get_number(object, "pid", INT32_MAX, &pid) < 0 ||
	    pid < 2 || get_number(object, "port", UINT16_MAX, &port) < 0 ||
	    get_text(object, "name", instance->name, sizeof(instance->name)) < 0 ||
	    get_text(object, "owner", instance->owner, sizeof(instance->owner)) < 0 ||
	    get_text(object, "logPath", instance->log_path, sizeof(instance->log_path)) < 0 ||
	    get_text(object, "address", address, sizeof(address)) < 0 ||
	    inet_pton(AF_INET, address, &instance->address) != 1 || get_address6(object, &instance->address6) < 0 ||
	    get_wide(object, "pidStart", &record->pid_start) < 0 ||
	    get_wide(object, "netnsInode", &instance->netns_inode) < 0 ||
	    get_wide(object, "startedNs", &instance->started_ns) < 0)
		return -EINVAL;
	instance->id = (uint32_t)id;
	instance->ifindex = (uint32_t)ifindex;
	instance->pid = (pid_t)pid;
	instance->port = (uint16_t)port;
	if (get_wide(object, "netnsCookie", &instance->netns_cookie) < 0)
		instance->netns_cookie = 0;						  /* nor is this */
	instance->is_udp = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "udp")); /* not in older ones */
	return 0;
}

int rs_record_parse(const char *text, struct rs_record *ret_record)
{
	cJSON *object = cJSON_Parse(text);
	struct rs_record record = {.pid_start = 0};
	int r = cJSON_IsObject(object) ? parse(object, &record) : -EINVAL;
	cJSON_Delete(object);
	if (r == 0)
		*ret_record = record;
	return r;
}

uint64_t rs_record_pid_start(const char *stat)
{
	/* The second field is the name in parentheses, and may hold anything; the start time is the 22nd. */
	const char *at = strrchr(stat, ')');
	uint64_t start = 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %" SCNu64, &start) == 1 ? start : 0;
}
