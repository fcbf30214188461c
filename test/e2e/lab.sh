#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Labs: several at once, and nothing left of one, whatever state it was in.
source "$(dirname "$0")/lib.sh"

inventory() { # what a lab could leave in the host's own namespaces: links, namespaces, mounts, tables, directories
	{
		ip -o link | awk '{ print "link", $2 }' | grep -E 'rouse|client[0-9]' || true
		ip netns list | sed -n 's/^rouse/netns &/p'
		awk '$2 ~ /rouse/ { print "mount", $2 }' /proc/mounts
		ls -d /run/rouse /var/lib/rouse /sys/fs/bpf/rouse 2> /dev/null || true
		nft list tables 2> /dev/null | grep rouse || true
	} | sort
}

gone() { # LAB
	! [[ -e /run/rouse-lab/$1 ]] || { echo "/run/rouse-lab/$1 is there"; return 1; }
	[[ -z $(find /sys/fs/cgroup -path "*rouse-lab*$1*" -print -quit) ]] || { find /sys/fs/cgroup -path "*$1*"; return 1; }
	! grep -l "rouse-lab/$1/" /proc/[0-9]*/mounts 2> /dev/null || return 1
	! pgrep -af "rouse-lab[-/]$1" || return 1
}

still_there() { # LAB: that `gone` can say no
	! gone "$1"
}

maps_gone() { # ID...
	local id
	for id; do
		! bpftool map show id "$id" 2> /dev/null || return 1
	done
}

map_ids() {
	on node sh -c 'for pin in /sys/fs/bpf/rouse/*; do bpftool --json map show pinned "$pin" 2> /dev/null; echo; done' |
		jq -r '.id? // empty'
}

other=o${lab:1}
lab_up --clients 2
labs_up+=("$other")
check "a second lab stands beside the first" "$root/tools/lab" up "$other" --clients 1
check "a name is given once" bash -c "! $root/tools/lab up $lab"
check "list shows the first" contains "$("$root/tools/lab" list)" "$lab "
check "list shows the second" contains "$("$root/tools/lab" list)" "$other "
check "the labs are apart" bash -c "! '$root/tools/lab' exec $other node ip link show client2"
check "the agent answers in the node" on node rouse status
check "the agent answers in a client" on client2 rouse status
check "the node has a bpffs of its own" on node ls /sys/fs/bpf/rouse

ids=$(map_ids)
check "maps are pinned" test -n "$ids"
service sleepy -- "$files/stub" 0 | apply
check "an instance starts" fetch http://sleepy.default.rouse/
check "a lab that is up is seen" still_there "$lab"
check "the agent is killed" "$root/tools/lab" kill "$lab"
check "a lab with a dead agent goes down" "$root/tools/lab" down "$lab"
check "nothing is left of it" wait_until 10 gone "$lab"
# shellcheck disable=SC2086 # numbers
check "its maps are gone from the kernel" wait_until 20 maps_gone $ids
check "the other lab goes on" "$root/tools/lab" exec "$other" node rouse status
check "down of what is not there succeeds" "$root/tools/lab" down "$lab"

before=$(inventory)
for milliseconds in 20 60 120 250 500 900; do
	timeout --signal KILL "0.$(printf %03d "$milliseconds")" "$root/tools/lab" up "$lab" --clients 2 > /dev/null 2>&1 || true
	"$root/tools/lab" down "$lab"
	check "nothing is left of an up killed after $milliseconds ms" wait_until 10 gone "$lab"
done
check "the host is as it was" equal "$(inventory)" "$before"
