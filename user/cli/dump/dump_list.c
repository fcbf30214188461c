// SPDX-License-Identifier: BSD-2-Clause
/* What a node is asked for. In commands NAME is the agent's name and PINS its directory of pins. */
#include "cli/dump/dump.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#define LOG_BYTES    (1UL << 20)
#define PINS_MAX     64
#define COMMAND_SIZE 1024

static const struct {
	const char *item;
	const char *command;
} commands[] = {
	{"host/uname.txt", "uname -a; cat /etc/os-release"},
	{"host/kernel-config.txt",
	 "{ zcat /proc/config.gz 2>/dev/null || cat \"/boot/config-$(uname -r)\"; } | grep -E "
	 "'BPF|BTF|NET_CLS|NET_SCH_INGRESS|NET_NS|VETH|CGROUP|NF_TABLES|NETKIT|FTRACE|SYN_COOK'"},
	{"host/load.txt", "uptime; free; df -h; df -hi"},
	/* Names alone: arguments may hold secrets. */
	{"host/processes.txt", "ps -eo pid,ppid,user,stat,etime,rss,nlwp,comm --forest"},
	{"host/dmesg.txt", "dmesg | tail -n 500"},
	{"host/sysctls.txt",
	 "sysctl -a 2>/dev/null | grep -E '^net.ipv4.(ip_forward|conf.*(rp_filter|forwarding|arp_ignore|"
	 "accept_local|route_localnet)|tcp_(syn|max_syn|fin|tw_|abort)|ip_local_port)|^net.core.(bpf|"
	 "somaxconn|netdev_max|rps)|^kernel.(unprivileged_bpf|pid_max|threads-max)|^fs.(file-max|nr_open|"
	 "inotify)|^user.max|^vm.(overcommit|swappiness|max_map)'"},
	{"host/cgroups.txt",
	 "root=$(awk '$3 == \"cgroup2\" { print $2; exit }' /proc/mounts); cat \"$root/cgroup.controllers\" "
	 "\"$root/cgroup.subtree_control\"; find \"$root\" -path '*NAME*' -type f \\( -name "
	 "cgroup.controllers -o -name cgroup.procs -o -name cgroup.events -o -name memory.current -o -name "
	 "memory.max -o -name memory.events -o -name cpu.max -o -name pids.max \\) -exec grep -H . {} +"},
	{"net/links.txt", "ip -d -s link"},
	{"net/addresses.txt", "ip address"},
	{"net/routes.txt", "ip route show table all; ip -6 route show table all"},
	{"net/rules.txt", "ip rule; ip -6 rule"},
	{"net/neighbours.txt", "ip neighbour"},
	{"net/namespaces.txt", "ip netns list"},
	{"net/nft.txt", "nft list ruleset"},
	{"net/sockets.txt", "ss -s; ss -ltnH | head -n 200"},
	{"bpf/programs.txt", "bpftool prog show"},
	{"bpf/maps.txt", "bpftool map show"},
	{"bpf/links.txt", "bpftool link show"},
	{"bpf/net.txt", "bpftool net show"},
	{"bpf/pins.txt", "find PINS -ls"},
	{"agent/journal.txt", "journalctl --no-pager -n 5000 -u roused -u 'roused@*'"},
	{"agent/files.txt", "ls -laR /run/NAME /var/lib/NAME"},
};

static const struct {
	const char *item;
	const char *path;
} files[] = {
	{"host/mounts.txt", "/proc/self/mountinfo"},
	{"host/cmdline.txt", "/proc/cmdline"},
	{"host/meminfo.txt", "/proc/meminfo"},
	{"host/resolv.conf", "/etc/resolv.conf"},
};

/* Of the process, when it is known which. Its descriptors say where it logs. */
static const char *const process_files[] = {"status", "limits", "mountinfo", "cgroup", "stack", "wchan"};

static char *expand(const struct rs_dump *dump, const char *command)
{
	struct rs_buf text;
	rs_buf_init(&text, COMMAND_SIZE);
	while (*command) {
		if (rs_str_starts_with(command, "NAME")) {
			rs_buf_puts(&text, dump->places.name);
			command += strlen("NAME");
		} else if (rs_str_starts_with(command, "PINS")) {
			rs_buf_puts(&text, dump->places.bpf_dir);
			command += strlen("PINS");
		} else {
			rs_buf_append(&text, command++, 1);
		}
	}
	char *taken = rs_buf_take(&text);
	rs_buf_done(&text);
	return taken;
}

/* Names that come from a socket's path go into commands: only those that agents can have. */
static bool is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
	return *path && strspn(path, plain) == strlen(path);
}

/* The dataplane's maps, as bpftool prints them with their BTF. */
static void dump_maps(struct rs_dump *dump)
{
	DIR *directory = opendir(dump->places.bpf_dir);
	unsigned count = 0;
	if (!directory)
		return;
	for (struct dirent *entry; count < PINS_MAX && (entry = readdir(directory));) {
		char item[RS_DUMP_PATH_MAX], command[COMMAND_SIZE];
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR || !is_plain(entry->d_name))
			continue;
		snprintf(item, sizeof(item), "bpf/pinned/%s.txt", entry->d_name);
		snprintf(command, sizeof(command),
			 "map=%s/%s; bpftool map show pinned $map && { bpftool map show pinned $map | grep -q ringbuf "
			 "|| bpftool map dump pinned $map; }",
			 dump->places.bpf_dir, entry->d_name);
		rs_dump_run(dump, item, command);
		count++;
	}
	closedir(directory);
}

static void dump_process(struct rs_dump *dump)
{
	char item[64], path[64], target[RS_DUMP_PATH_MAX];
	if (!dump->agent_pid) {
		rs_dump_note(dump, "agent/process", "it is not known which process the agent is");
		return;
	}
	for (size_t i = 0; i < rs_array_length(process_files); i++) {
		snprintf(item, sizeof(item), "agent/process/%s", process_files[i]);
		snprintf(path, sizeof(path), "/proc/%ld/%s", dump->agent_pid, process_files[i]);
		rs_dump_copy(dump, item, path, RS_DUMP_ITEM_BYTES);
	}
	snprintf(path, sizeof(path), "tr '\\0' '\\n' < /proc/%ld/cmdline", dump->agent_pid);
	rs_dump_run(dump, "agent/process/options.txt", path);
	snprintf(path, sizeof(path), "ls -l /proc/%ld/fd", dump->agent_pid);
	rs_dump_run(dump, "agent/process/descriptors.txt", path);
	snprintf(path, sizeof(path), "/proc/%ld/fd/2", dump->agent_pid);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	/* A file; a pipe or socket is the journal's, or nobody's. */
	if (target[0] == '/' && !rs_str_starts_with(target, "/dev/"))
		rs_dump_copy(dump, "agent/log.txt", path, LOG_BYTES);
	else
		rs_dump_note(dump, "agent/log.txt", "it does not log into a file");
}

void rs_dump_host(struct rs_dump *dump)
{
	for (size_t i = 0; i < rs_array_length(files); i++)
		rs_dump_copy(dump, files[i].item, files[i].path, RS_DUMP_ITEM_BYTES);
	bool is_named = is_plain(dump->places.name) && is_plain(dump->places.bpf_dir);
	for (size_t i = 0; i < rs_array_length(commands); i++) {
		rs_auto_free char *command = expand(dump, commands[i].command);
		if (command && is_named)
			rs_dump_run(dump, commands[i].item, command);
		else
			rs_dump_note(dump, commands[i].item, "the agent's name is none");
	}
	if (is_named)
		dump_maps(dump);
	rs_dump_run(dump, "agent/configuration.txt", "head -n 1000 /etc/rouse/rouse.yaml /etc/rouse/rouse.d/*.yaml");
	dump_process(dump);
}
