#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The host before an agent and after `roused --cleanup --purge`: identical, in whatever state the agent was left.
source "$(dirname "$0")/lib.sh"
lab_up --agent no --clients 2 --option "hook=${HOOK:-auto}"
dir=/run/rouse-lab/$lab
mapfile -t options < "$dir/options"
# A forwarding that the agent has to switch on, and a table of somebody else.
on node sysctl -qw net.ipv4.conf.client2.forwarding=0
on node nft 'table ip other { chain input { type filter hook input priority 0; ip saddr 10.99.7.7 drop; }; }'
# Once loaded, modules show settings of their own; and neighbours are known once they have spoken.
on node sh -c 'nft "add table ip warm; add chain ip warm nat { type nat hook postrouting priority 0; };
	add rule ip warm nat ip saddr 10.99.7.7 masquerade; delete table ip warm"'
for i in 1 2; do
	on client$i bash -c ": > /dev/tcp/10.99.$i.1/9" 2> /dev/null || true
done
no_tentative() { # the kernel looks for duplicates of its own IPv6 addresses for two seconds
	! on node ip -6 address show tentative | grep .
}
wait_until 10 no_tentative
rmdir "$dir/run" "$dir/state"

cat > "$files/look.sh" << 'LOOK'
cd /
for what in link address "route show table all" rule neigh; do
	for family in -4 -6; do
		echo "--- ip $family $what"
		ip -j $family $what | jq -S 'walk(if type == "object" then del(.state, .used, .refcnt, .probes, .expires) else . end)
			| sort_by(tostring)[]' -c
	done
done
echo "--- bpf"
bpftool --json net | jq -c '.[] | {tc, xdp}'
find /sys/fs/bpf -mindepth 1 ! -name '*.debug'
echo "--- tc"
tc qdisc show
echo "--- nft"
nft -s list ruleset
echo "--- sysctl"
grep -rsH . /proc/sys/net | grep -v -e nf_conntrack_count -e stable_secret -e /neigh/.*/retrans_time
echo "--- cgroups"
find /sys/fs/cgroup -type d \( -path "*$1*" -o -path '*/rouse' -o -path '*/rouse/*' \)
echo "--- mounts"
cut -d ' ' -f 4- /proc/1/mountinfo | sed 's/ shared:[0-9]*//; s/ master:[0-9]*//'
echo "--- namespaces"
ip netns list
ls -l /run/netns 2> /dev/null
echo "--- files"
find /run /etc/hosts "/run/rouse-lab/$1" -xdev ! -name '*.log' ! -name '*.pid' ! -path '*/files*' | sort
cat /etc/hosts
echo "--- processes"
ps -e -o args | grep -v -e ^ps -e look.sh -e ^grep -e ^sort | sort
LOOK

look() {
	on node bash "$files/look.sh" "$lab"
}

is_as_before() {
	look > "$scratch/after"
	diff "$scratch/before" "$scratch/after"
}

clean() {
	on node roused --cleanup --purge "${options[@]}"
}

check_clean() { # AFTER-WHAT
	check "cleanup succeeds after $1" clean
	check "the host is as it was after $1" is_as_before
}

start() { # without waiting; its pid in the lab goes to $dir/agent.pid
	# shellcheck disable=SC2016
	on node bash -c 'log=$1; shift; setsid roused "$@" >> "$log" 2>&1 < /dev/null & echo $! > "${log%.log}.pid"' \
		sh "$dir/agent.log" "${options[@]}"
}

kill_after() { # SECONDS FILE: kill -9 of the process whose pid is in FILE
	# shellcheck disable=SC2016
	on node bash -c 'sleep "$1"; kill -KILL "$(cat "$2")" 2> /dev/null; true' sh "$1" "$2"
}

look > "$scratch/before"
check "the look sees links" grep -q '"ifname":"client1"' "$scratch/before"
check "the look sees tables" grep -q 'table ip other' "$scratch/before"
check "cleanup of nothing succeeds" clean
check "and changes nothing" is_as_before

# --- a whole life -----------------------------------------------------------------------------------------------------

"$root/tools/lab" start "$lab"
service web -- "$files/stub" 0 | apply
service steady min-scale=2 -- "$files/stub" 0 | apply
check "it serves" fetch -o /dev/null http://web.default.rouse/
check "two instances stand" wait_until 20 has_instances steady 2 Ready
look > "$scratch/during"
differs() {
	! diff -q "$scratch/before" "$scratch/during"
}
check "the look sees an agent" differs
bpf_ids rouse > "$scratch/ids"
check "maps and programs are known" grep -q prog "$scratch/ids"
"$root/tools/lab" kill "$lab"
check_clean "kill -9"
check "maps and programs are gone from the kernel" wait_until 10 bpf_ids_gone "$scratch/ids"

# --- killed at some moment --------------------------------------------------------------------------------------------

for after in 0.003 0.02 0.06 0.12 0.25; do
	start
	kill_after $after "$dir/agent.pid"
	check_clean "kill -9 $after s into the start"
done

"$root/tools/lab" start "$lab"
service steady min-scale=2 -- "$files/stub" 0 | apply
for after in 0.001 0.01 0.04; do
	# Twenty instances at once: sandboxes are being built.
	on node rouse scale steady --min 20 > /dev/null
	kill_after $after "$dir/agent.pid"
	check_clean "kill -9 $after s into many starts"
	"$root/tools/lab" start "$lab"
	service steady min-scale=2 -- "$files/stub" 0 | apply
	wait_until 20 has_instances steady 2 Ready
done

# shellcheck disable=SC2016
on node bash -c 'kill -TERM "$1"; sleep 0.002; kill -KILL "$1"; true' sh "$(cat "$dir/agent.pid")" 2> /dev/null
check_clean "kill -9 of an agent that stops"

"$root/tools/lab" start "$lab"
service steady min-scale=2 -- "$files/stub" 0 | apply
wait_until 20 has_instances steady 2 Ready
on node bash -c 'pkill -KILL -x rouse-sandbox; pkill -KILL -x stub; true'
kill_after 0.01 "$dir/agent.pid"
check_clean "kill -9 of the helpers and instances"

for after in 0.005 0.02 0.05 0.1; do
	"$root/tools/lab" start "$lab"
	service steady min-scale=2 -- "$files/stub" 0 | apply
	wait_until 20 has_instances steady 2 Ready
	"$root/tools/lab" kill "$lab"
	# shellcheck disable=SC2016
	on node bash -c 'after=$1; shift; roused --cleanup --purge "$@" & sleep "$after"; kill -KILL $!; wait; true' \
		sh $after "${options[@]}" > /dev/null 2>&1
	check_clean "a cleanup that was killed after $after s"
done

# --- without being told -----------------------------------------------------------------------------------------------

"$root/tools/lab" start "$lab"
service web -- "$files/stub" 0 | apply
"$root/tools/lab" kill "$lab"
without=()
for ((i = 0; i < ${#options[@]}; i++)); do
	if [[ ${options[i]} == --hosts-file ]]; then i=$((i + 1)); else without+=("${options[i]}"); fi
done
check "cleanup finds the hosts file by itself" on node roused --cleanup --purge "${without[@]}"
check "the host is as it was after that" is_as_before
