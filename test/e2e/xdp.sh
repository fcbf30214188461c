#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An agent with XDP on one interface and TC on another: what status says, wakes and warm requests, restarts, changes of
# the hook under load, a driver without XDP, and what is left at the end.
source "$(dirname "$0")/lib.sh"
config=$scratch/rouse.yaml
echo 'interface: [client1=xdp+uplink, client2]' > "$config"
lab_up --clients 2 --option "config=$config"
dir=/run/rouse-lab/$lab
# A veth's other end is sent resets only when it has GRO; a wire's needs nothing.
on client1 ethtool -K eth0 gro on > /dev/null

node() { # COMMANDS, in the lab's node
	on node bash -ec "$1"
}
interface() { # NAME FIELD: of `status`
	on node rouse status -o json | jq -r --arg name "$1" --arg field "$2" '
		[.status.interfaces[] | select(.name == $name)][0] | .[$field] | tostring'
}
is() { # NAME FIELD VALUE
	equal "$(interface "$1" "$2")" "$3"
}
says() { # NAME PART
	contains "$(interface "$1" message)" "$2"
}
has_xdp() { # NAME: by the kernel's word
	node "ip -d link show $1" | grep -q prog/xdp
}
carries() { # NAME HOOK: by the agent's word and the kernel's, and that one alone
	is "$1" hook "$2" || return 1
	local index
	index=$(on node ip -j link show "$1" | jq '.[0].ifindex')
	if [[ $2 == xdp* ]]; then
		has_xdp "$1" && node "! test -e /sys/fs/bpf/rouse/links/$index"
	else
		! has_xdp "$1" && node "! test -e /sys/fs/bpf/rouse/links/xdp-$index"
	fi
}
call() { # WHERE SERVICE
	on "$1" curl -sS -m 10 -o /dev/null "http://$2.default.rouse/"
}
reload() { # INTERFACES: reads the configuration again
	echo "interface: [$1]" > "$config"
	on node kill -HUP "$(cat "$dir/agent.pid")"
}

check "the one that is named so carries XDP" carries client1 xdp
check "in its driver" says client1 "native"
check "and is an uplink" is client1 as uplink
check "a virtual one without a word carries TC" carries client2 "$(interface rouse1 hook)"

service web min-scale=1 -- "$files/stub" 0 | apply
service cold -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances web 1 Ready
check "a client by XDP is served" call client1 web
check "a client by TC as well" call client2 web
check "a cold start by XDP" call client1 cold
vip=$(on node awk '$2 == "web.default.rouse" { print $1; exit }' /etc/hosts)
refused() { # 7 = refused, 28 = timed out
	local status=0
	on client1 curl -s -m 0.9 "http://$vip:81/" || status=$?
	equal "$status" 7
}
check "what leads nowhere is refused at once" refused

"$root/tools/lab" kill "$lab"
check "with no agent, warm requests" call client1 web
"$root/tools/lab" start "$lab"
check "the next agent takes the link over" carries client1 xdp
check "and serves" call client1 web

# --- changed under load -----------------------------------------------------------------------------------------------

# shellcheck disable=SC2016
on client1 bash -c 'until test -e "$2"; do curl -sS -m 5 -o /dev/null "http://$1/" || echo failed; echo; done' \
	sh "$vip" "$files/enough" > "$scratch/load" 2>&1 &
load=$!
tc=$(interface rouse1 hook)
for hook in tc xdp-generic xdp-native tc xdp; do
	case $hook in
	tc) want=$tc ;;
	xdp-generic) want=xdp-generic ;;
	*) want=xdp ;;
	esac
	reload "client1=$hook, client2"
	check "told to, it carries $hook" wait_until 10 carries client1 "$want"
done
check "and is no uplink any more" is client1 as client
touch "$files/enough"
wait "$load" || true
check "requests went on meanwhile" test "$(wc -l < "$scratch/load")" -gt 10
check "and none failed" equal "$(grep -c . "$scratch/load" || true)" 0

node 'ip link add br7 type bridge; ip link set br7 up; ip address add 10.78.0.1/24 dev br7'
reload "client1=off, client2, br7=xdp-native"
check "one that is off carries nothing" wait_until 10 is client1 attached false
check "and is left as it was" eval '! has_xdp client1'
check "where the driver has no XDP, TC does it" wait_until 10 carries br7 "$tc"
check "and status says why" says br7 "no XDP: the driver of br7 has no native XDP"
reload "client1=xdp, client2, br7=xdp"
check "where generic XDP will do, it is used" wait_until 10 carries br7 xdp-generic

# --- away -------------------------------------------------------------------------------------------------------------

check "XDP stands at the end" wait_until 10 carries client1 xdp
"$root/tools/lab" kill "$lab"
mapfile -t options < "$dir/options"
on node roused "${options[@]}" --cleanup > /dev/null
check "cleanup takes it away" eval '! has_xdp client1 && ! has_xdp br7'
check "and the pins" node '! test -e /sys/fs/bpf/rouse'
