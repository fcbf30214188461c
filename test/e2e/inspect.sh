#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An operator's tools: bpftool prints names, and `cleanup` leaves nothing.
source "$(dirname "$0")/lib.sh"
lab_up

has_btf() { # MAP: is dumped as a list of objects with named fields
	on node bpftool --json map show pinned "/sys/fs/bpf/rouse/$1" | jq -e '.btf_id > 0' > /dev/null
}

service warm min-scale=1 -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances warm 1 Ready
check "it answers" fetch -o /dev/null http://warm.default.rouse/

for map in $(on node find /sys/fs/bpf/rouse -type f -printf '%f\n'); do
	type=$(on node bpftool --json map show pinned "/sys/fs/bpf/rouse/$map" 2> /dev/null | jq -r '.type // empty' || true)
	case $type in
	"" | ringbuf) continue ;; # a link or program; and rings have no entries to dump
	esac
	check "$map carries BTF" has_btf "$map"
done
check "counters have names" contains "$(on node bpftool map dump pinned /sys/fs/bpf/rouse/counters)" '"connection_new"'
check "instances have names" contains "$(on node bpftool map dump pinned /sys/fs/bpf/rouse/instances)" '"in_flight"'

bpf_ids rouse > "$scratch/ids"
check "maps and programs are in the kernel" bash -c "grep -q map '$scratch/ids' && grep -q prog '$scratch/ids'"
"$root/tools/lab" kill "$lab"
mapfile -t options < "/run/rouse-lab/$lab/options"
check "cleanup succeeds" on node roused --cleanup "${options[@]}"
check "no directory is left" bash -c "! ls -d /run/rouse-lab/$lab/run /run/rouse-lab/$lab/state"
check "no name is left" bash -c "! grep rouse /run/rouse-lab/$lab/hosts"
check "no pins are left" on node sh -c '! ls /sys/fs/bpf/rouse'
check "no namespaces are left" equal "$(on node ip netns list)" ""
check "no links are left" bash -c "! '$root/tools/lab' exec $lab node ip -o link | grep -E 'rouse[01]|rouse-'"
check "no map and no program is left in the kernel" wait_until 10 bpf_ids_gone "$scratch/ids"
check "no process is left" bash -c "! '$root/tools/lab' exec $lab node pgrep -x stub"
check "no cgroup is left" bash -c "! find /sys/fs/cgroup -type d -path '*rouse-lab-$lab/*' | grep ."
check "no firewall table is left" bash -c "! '$root/tools/lab' exec $lab node nft list tables | grep ."
