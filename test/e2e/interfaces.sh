#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Interfaces that come, change and go under an agent: who sits behind them is served, and `status` says why or why not.
source "$(dirname "$0")/lib.sh"
lab_up
dir=/run/rouse-lab/$lab
service web min-scale=1 -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances web 1 Ready
vip=$(on node awk '$2 == "web.default.rouse" { print $1; exit }' /etc/hosts)

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

node() { # COMMANDS, in the lab's node
	on node bash -ec "$1"
}

call() { # NAMESPACE: a client in it calls the service
	on node nsenter "--net=/run/netns/$1" curl -sS -m 5 -o /dev/null "http://$vip/"
}

clients() { # the interfaces that carry the program for clients
	on node rouse status -o json | jq -r '[.status.interfaces[] | select(.as == "client" and .attached) | .name] | sort | join(" ")'
}

dead_pins() { # of interfaces that are gone
	node 'for pin in /sys/fs/bpf/rouse/links/[0-9]*; do
		ip -o link | grep -q "^${pin##*/}:" || echo "$pin"; done'
}

# --- one at a time ----------------------------------------------------------------------------------------------------

check "loopback is explained" says lo "come in by rouse1"
check "a client's link carries it" is client1 as client
check "and goes to its peer" is client1 way peer
check "the inner link carries it" is rouse1 as host
check "the outer link is explained" says rouse0 "leads to rouse1"
check "an instance's link carries it" is rouse-1 as instance

node 'ip netns add box; ip link add box0 type veth peer name eth0; ip link set box0 up'
check "a link without an address is explained" wait_until 5 says box0 "it has no address"
node 'ip address add 10.77.0.1/24 dev box0'
check "an address makes it a client's" wait_until 5 is box0 attached true
check "with its peer here, replies go by the neighbour" is box0 way neigh
node 'ip link set eth0 netns box; ip -n box address add 10.77.0.2/24 dev eth0; ip -n box link set eth0 up
	ip -n box route add default via 10.77.0.1'
check "with its peer in a container, to the peer" wait_until 5 is box0 way peer
check "a client in the container is served" wait_until 5 call box
node 'ip link set box0 down; ip link set box0 name boxed; ip link set boxed up'
check "a renamed link is known by its new name" wait_until 5 is boxed attached true
check "and still serves" wait_until 5 call box
node 'ip address delete 10.77.0.1/24 dev boxed'
check "without its address it carries nothing" wait_until 5 is boxed attached false
node 'ip address add 10.77.0.1/24 dev boxed'
check "with it, again" wait_until 5 is boxed attached true

node 'ip netns add port1; ip netns add port2; ip link add br7 type bridge; ip link set br7 up
	for i in 1 2; do
		ip link add tap$i type veth peer name eth0 netns port$i; ip link set tap$i master br7 up
		ip -n port$i address add 10.78.0.1$i/24 dev eth0; ip -n port$i link set eth0 up
		ip -n port$i route add default via 10.78.0.1
	done
	ip address add 10.78.0.1/24 dev br7'
check "a bridge carries it" wait_until 5 is br7 attached true
check "its ports do not" says tap1 "a port of br7"
check "a client behind the first port is served" wait_until 5 call port1
check "and behind the second" wait_until 5 call port2

node 'ip link set boxed netns port1'
check "a link that moved to another namespace is forgotten" wait_until 5 is boxed message null
check "and left no pin" equal "$(dead_pins)" ""
node 'ip -n port1 link set boxed netns 1; ip address add 10.77.0.1/24 dev boxed; ip link set boxed up'
check "when it comes back it serves" wait_until 5 is boxed attached true
check "its client as well" wait_until 5 call box
node 'ip link delete boxed; ip link add boxed type bridge; ip address add 10.77.9.1/24 dev boxed; ip link set boxed up'
check "another link of its name is another link" wait_until 5 is boxed type bridge
check "and carries it" wait_until 5 is boxed attached true
node 'ip link delete boxed'

# --- a storm ----------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016
churn='while :; do ip -batch "$1"; ip link delete group 77; done'
for ((i = 0; i < 250; i++)); do
	echo "link add s$i group 77 type veth peer name t$i"
	echo "address add 10.80.0.$((i + 1))/32 dev s$i"
done > "$files/storm"
before=$(clients)
on node bash -c "$churn" sh "$files/storm" > /dev/null 2>&1 &
storm=$!
wait_until 10 node 'ip link show s150'
node 'ip netns add late; ip link add late0 type veth peer name eth0 netns late; ip link set late0 up
	ip address add 10.79.0.1/24 dev late0; ip -n late address add 10.79.0.2/24 dev eth0
	ip -n late link set eth0 up; ip -n late route add default via 10.79.0.1'
check "in a storm of 500 links, a new one is attached" wait_until 10 is late0 attached true
check "and its client served" call late
check "and the agent answers" at_most "$(on node curl -s -o /dev/null -w '%{time_total}' --unix-socket "$dir/run/api.sock" http://rouse/readyz)" 2
# The one that loops, and the batch that it runs.
node 'pkill -KILL -f "files/stor[m]"; until ! pgrep -f "files/stor[m]"; do sleep 0.01; done' > /dev/null || true
wait "$storm" || true
node 'ip link delete group 77' || true
calm() {
	equal "$(dead_pins)" "" && equal "$(clients)" "$before late0"
}
check "afterwards nothing is left of it" wait_until 10 calm

# --- news that were lost ----------------------------------------------------------------------------------------------

node 'ip netns add deaf; ip link add deaf0 type veth peer name eth0 netns deaf; ip link set deaf0 up
	ip -n deaf address add 10.82.0.2/24 dev eth0; ip -n deaf link set eth0 up; ip -n deaf route add default via 10.82.0.1'
agent=$(cat "$dir/agent.pid")
on node kill -STOP "$agent"
node "ip -batch $files/storm; ip link delete group 77; ip -batch $files/storm; ip link delete group 77"
node 'ip address add 10.82.0.1/24 dev deaf0; ip link delete late0'
on node kill -CONT "$agent"
check "after more news than the kernel keeps, a link that changed is attached" wait_until 5 is deaf0 attached true
check "and its client served" call deaf
check "and a link that went is forgotten" wait_until 5 is late0 message null
check "without a trace" equal "$(dead_pins)" ""
node 'ip netns delete late; ip netns add late; ip link add late0 type veth peer name eth0 netns late
	ip address add 10.79.0.1/24 dev late0; ip link set late0 up'

# --- named ------------------------------------------------------------------------------------------------------------

printf '%s\n' --interface client1 --interface later0 >> "$dir/options"
"$root/tools/lab" restart "$lab"
check "the named one carries it" is client1 message "named by --interface"
check "one that was not named does not" says late0 "not among those that --interface names"
late=$(on node ip -j link show late0 | jq '.[0].ifindex')
check "what an earlier agent attached there is gone" on node test "$late" -gt 0 -a ! -e "/sys/fs/bpf/rouse/links/$late"
check "one that is not there is waited for" says later0 "waited for"
node 'ip link add later0 type bridge; ip address add 10.81.0.1/24 dev later0; ip link set later0 up'
check "and attached when it comes" wait_until 5 is later0 attached true
node 'ip link set later0 down; ip link set later0 name other0'
check "under another name it is not named" wait_until 5 is other0 attached false

"$root/tools/lab" kill "$lab"
mapfile -t options < "$dir/options"
ranges_are_kept() {
	local said
	! said=$(on node timeout 10 roused "${options[@]}" --vip-range 198.24.0.0/16 2>&1) || return 1
	contains "$said" 'stands by other ranges (rouse0: vip=198.18.0.0/16'
}
check "ranges do not change under what stands" ranges_are_kept
printf '%s\n' --interface late0=tc+uplink --interface other0=off >> "$dir/options"
"$root/tools/lab" start "$lab"
check "one that is said to lead out is an uplink" wait_until 5 is late0 as uplink
check "and carries the program" is late0 attached true
check "one that is off says so" is other0 message "--interface says off"

# --- other eyes -------------------------------------------------------------------------------------------------------

node 'nft "table ip strict { chain FORWARD { type filter hook forward priority 0; policy drop; }; }"'
part() { # NAME PART: of its message
	contains "$(on node rouse status -o json | jq -r --arg name "$1" '.status.parts[] | select(.name == $name) | .message')" "$2"
}
check "a chain that drops what is forwarded is told" part outbound "the chain ip strict FORWARD drops"
on node nft insert rule ip strict FORWARD ip saddr 198.19.0.0/16 accept
check "not when it speaks of the instances" part outbound "are forwarded"
on node ip route add 198.18.5.0/24 dev client1
check "a route into the range is told" part ranges "overlaps the route 198.18.5.0/24 dev client1"
on node ip route delete 198.18.5.0/24
check "and its end" part ranges "nobody else"
on node sysctl -qw net.ipv4.conf.all.rp_filter=1
check "a strict rp_filter is told" part rp_filter "strict (1) on all"
check "clients are served under it" fetch -o /dev/null http://web.default.rouse/
check "on the host as well" on node curl -sS -m 10 -o /dev/null http://web.default.rouse/
on node sysctl -qw net.ipv4.conf.all.rp_filter=2
check "a loose one is well" part rp_filter "not strict"
on node sysctl -qw net.ipv4.ip_forward=0
check "forwarding that was switched off is told" part outbound "does not forward"
