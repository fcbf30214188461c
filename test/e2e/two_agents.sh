#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two agents on one host, behind the same interfaces: each serves its own, and goes without the other noticing.
#
#	client1 -- client1 (ingress: both agents' programs) -- node -- rouse0, rouse-N    agent rouse  198.18/198.19
#	                                                        \- beta0,  beta-N     agent beta   198.20/198.21
source "$(dirname "$0")/lib.sh"
lab_up --option "hook=${HOOK:-auto}"
dir=/run/rouse-lab/$lab

beta() { # COMMAND...: with the second agent's socket
	on node rouse --name beta "$@"
}

vip() { # AGENT SERVICE: the address that this agent gave it
	on node sh -c 'cat /etc/hosts /run/beta/hosts' | awk -v name="$2.default.rouse" -v agent="$1" '
		$2 == name && $4 == agent { print $1; exit }'
}

agent_fails() { # WORDS OPTION...: a start that is refused with these words
	local words=$1 said
	shift
	! said=$(on node timeout 10 roused "$@" 2>&1) || { echo "it ran"; return 1; }
	contains "$said" "$words"
}

# --- refused ----------------------------------------------------------------------------------------------------------

other=(--name gamma --run-dir "$dir/gamma" --state-dir "$dir/gamma" --cgroup-root "rouse-lab-$lab/gamma")
free=(--vip-range 198.22.0.0/16 --instance-range 198.23.0.0/16)
pid=$(cat "$dir/agent.pid")
check "the first one's VIP range is refused" agent_fails \
	"VIP range 198.18.0.0/16 overlaps the VIP range 198.18.0.0/16 of another agent (rouse0" "${other[@]}"
check "an instance range inside of the first one's is refused" agent_fails "choose another with --instance-range" \
	"${other[@]}" --vip-range 198.22.0.0/16 --instance-range 198.19.128.0/20
on node ip route add 198.22.9.0/24 dev client1
check "a route of the host is refused" agent_fails "overlaps the route 198.22.9.0/24 dev client1: choose another with --vip-range" \
	"${other[@]}" "${free[@]}"
on node ip route delete 198.22.9.0/24
on node ip address add 198.22.7.7/32 dev client1
check "an address of the host is refused" agent_fails "overlaps the address 198.22.7.7/32 of the link client1" "${other[@]}" "${free[@]}"
on node ip address delete 198.22.7.7/32 dev client1
check "ranges that overlap each other are refused" agent_fails "overlaps instance-range, 198.22.0.0/24" \
	"${other[@]}" --vip-range 198.22.0.0/16 --instance-range 198.22.0.0/24
check "the first one's pins are refused, with its pid" agent_fails "another roused (pid $pid)" \
	"${other[@]}" "${free[@]}" --bpf-dir /sys/fs/bpf/rouse
check "the first one's run directory is refused, with its pid" agent_fails "another roused (pid $pid)" \
	"${other[@]}" "${free[@]}" --run-dir "$dir/run"
check "the first one's name is refused" agent_fails "the link rouse0 belongs to an agent with --run-dir $dir/run" \
	"${other[@]}" "${free[@]}" --name rouse --bpf-dir /sys/fs/bpf/gamma
check "cleanup of a running agent is refused" agent_fails "another roused (pid $pid)" --cleanup --run-dir "$dir/run"
check "cleanup of a name that is another's is refused" agent_fails "belongs to an agent" --cleanup --run-dir "$dir/gamma"
on node roused --cleanup --purge "${other[@]}" || true

# --- side by side -----------------------------------------------------------------------------------------------------

"$root/tools/lab" agent "$lab" beta --vip-range 198.20.0.0/16 --instance-range 198.21.0.0/16 --set stable-window=6s \
	--hook "${HOOK:-auto}"
service web -- "$files/stub" 0 | apply
check "the other one has a service of the same name" beta apply -f "$files/manifest.yaml"
first=$(vip rouse web)
second=$(vip beta web)
check "they are two" test "${first%.*.*} ${second%.*.*}" = "198.18 198.20"
check "the first wakes" fetch "http://$first/"
check "the second wakes" fetch "http://$second/"
check "a client on the host reaches both" on node curl -sS -m 20 "http://$first/" "http://$second/"
check "status of the first is well" on node rouse status
check "status of the second is well" beta status
check "--name completes to both" equal "$(on node rouse __complete -- --name "" | sort | xargs)" "beta rouse"
check "cleanup means the named one, which runs" contains "$(on node rouse --name beta cleanup 2>&1)" "--run-dir /run/beta:"

# An instance of one is a client of the other, which is asleep.
# shellcheck disable=SC2016 # the instance's shell expands it
service caller -- sh -c 'while :; do curl -s -m 5 -o /dev/null -w "called %{http_code}\n" "http://$0/"; sleep 0.2; done & exec "$1" 0' \
	"$second" "$files/stub" | apply
check "the callers instance runs" fetch "http://$(vip rouse caller)/"
calls_arrive() {
	on node rouse logs caller | grep "called 200"
}
check "an instance of the first calls a service of the second" wait_until 20 calls_arrive

# --- one goes ---------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016
kill_and_wait='kill -KILL "$1"; while kill -0 "$1" 2> /dev/null; do sleep 0.01; done'
"$root/tools/lab" kill "$lab"
mapfile -t options < "$dir/options"
check "cleanup of the first succeeds" on node roused --cleanup --purge "${options[@]}"
check "none of its links is left" bash -c "! '$root/tools/lab' exec $lab node ip -o link | grep -E ' rouse[01]@| rouse-'"
check "the other one still serves" fetch "http://$second/"
check "and the host's own clients" on node curl -sS -m 20 "http://$second/"
wakes() {
	beta delete service web
	beta apply -f "$files/manifest.yaml"
	fetch "http://$(vip beta caller)/"
}
check "and wakes" wakes
bpf_ids beta > "$scratch/ids"
check "its maps and programs are in the kernel" bash -c "grep -q map '$scratch/ids' && grep -q prog '$scratch/ids'"
on node bash -c "$kill_and_wait" sh "$(cat "$dir/beta.pid")"
mapfile -t options < "$dir/beta.options"
check "cleanup of the second succeeds" on node roused --cleanup --purge "${options[@]}"
check "no links are left" bash -c "! '$root/tools/lab' exec $lab node ip -o link | grep -E 'rouse|beta'"
check "no pins are left" bash -c "! '$root/tools/lab' exec $lab node ls /sys/fs/bpf | grep -E 'rouse|beta|gamma'"
check "none of them is left" wait_until 10 bpf_ids_gone "$scratch/ids"
check "no filter is left" equal "$(on node bpftool --json net | jq '[.[].tc[]] | length')" 0
check "no qdiscs are left" bash -c "! '$root/tools/lab' exec $lab node tc qdisc show | grep clsact"
check "no namespaces are left" equal "$(on node ip netns list)" ""
check "no firewall tables are left" bash -c "! '$root/tools/lab' exec $lab node nft list tables | grep ."
check "no cgroups are left" bash -c "! find /sys/fs/cgroup -type d -path '*rouse-lab-$lab/*' | grep ."
