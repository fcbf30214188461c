// SPDX-License-Identifier: BSD-2-Clause
#include "sys/iptables.h"

#include "base/mem.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TABLE "filter"

/* To ask the kernel for a table makes it, so this asks whether it is there. */
static bool has_table(void)
{
	char line[XT_TABLE_MAXNAMELEN + 1];
	bool found = false;
	FILE *file = fopen("/proc/net/ip_tables_names", "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = strcmp(line, TABLE "\n") == 0;
	if (file)
		fclose(file);
	return found;
}

static struct ipt_get_entries *read_entries(int fd, struct ipt_getinfo *info)
{
	*info = (struct ipt_getinfo){.name = TABLE};
	socklen_t length = sizeof(*info);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, info, &length) < 0)
		return NULL;
	length = (socklen_t)sizeof(struct ipt_get_entries) + info->size;
	struct ipt_get_entries *entries = calloc(1, length);
	if (!entries)
		return NULL;
	strcpy(entries->name, TABLE);
	entries->size = info->size;
	/* -EAGAIN when somebody has changed it between the two. */
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &length) < 0) {
		free(entries);
		return NULL;
	}
	return entries;
}

static const struct ipt_entry *entry_at(const struct ipt_get_entries *entries, unsigned offset)
{
	return (const struct ipt_entry *)((const char *)entries->entrytable + offset);
}

/* The chain's last rule has the policy as its verdict. */
static bool policy_is_drop(const struct ipt_get_entries *entries, const struct ipt_getinfo *info)
{
	unsigned offset = info->underflow[NF_INET_FORWARD];
	if (offset + sizeof(struct ipt_entry) + sizeof(struct xt_standard_target) > info->size)
		return false;
	const struct ipt_entry *policy = entry_at(entries, offset);
	struct xt_standard_target target;
	if (offset + policy->target_offset + sizeof(target) > info->size)
		return false;
	memcpy(&target, (const char *)policy + policy->target_offset, sizeof(target));
	return target.verdict == -NF_DROP - 1;
}

static bool speaks_of(const struct ipt_get_entries *entries, const struct ipt_getinfo *info, struct rs_range range)
{
	unsigned bits = rs_range_bits(&range);
	uint32_t mask = htonl(bits ? ~0U << (32 - bits) : 0), address = rs_address_to_v4(&range.address);
	const struct ipt_entry *entry;
	for (unsigned at = 0; at + sizeof(*entry) <= info->size; at += entry->next_offset) {
		entry = entry_at(entries, at);
		const struct ipt_ip *ip = &entry->ip;
		if ((ip->smsk.s_addr && !((ip->src.s_addr ^ address) & ip->smsk.s_addr & mask)) ||
		    (ip->dmsk.s_addr && !((ip->dst.s_addr ^ address) & ip->dmsk.s_addr & mask)))
			return true;
		if (entry->next_offset < sizeof(*entry))
			break;
	}
	return false;
}

bool rs_iptables_drops_forwarded(struct rs_range range)
{
	struct ipt_getinfo info;
	if (!has_table())
		return false;
	rs_auto_fd int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return false;
	rs_auto_free struct ipt_get_entries *entries = read_entries(fd, &info);
	return entries && policy_is_drop(entries, &info) && !speaks_of(entries, &info, range);
}
