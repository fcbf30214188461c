#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Ports of the node's own addresses that lead to a service (rouse.dev/external-port): from outside, asleep and awake, as
# addresses come and go, over kill -9; what is refused, and that everything else of the node is left alone.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up --clients 2 --option external-port-range=30000-30100

node_address() { # N: the one that client N knows the node by
	[[ $family == 6 ]] && echo "fd99::$1:1" || echo "10.99.$1.1"
}

another=$([[ $family == 6 ]] && echo 2001:db8:77::1 || echo 192.0.2.77)
nodad=()
[[ $family == 4 ]] || nodad=(nodad)
bits=$([[ $family == 6 ]] && echo 128 || echo 32)

external() { # NAME PORTS [VISIBILITY]
	local labels=
	[[ ! ${3:-} ]] || labels=", labels: {networking.knative.dev/visibility: $3}"
	service "$1" -- "$files/stub" 0 |
		sed "s|^metadata: .*|metadata: {name: $1, annotations: {rouse.dev/external-port: \"$2\"}$labels}|"
}

answers() { # CLIENT ADDRESS PORT CODE
	local got
	got=$(on "$1" curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://$(bracketed "$2"):$3/" || true)
	equal "$got" "$4"
}

refused_there() { # CLIENT ADDRESS PORT: by the node's own stack
	local status=0
	on "$1" curl -sS -m 5 -o /dev/null "http://$(bracketed "$2"):$3/" 2> /dev/null || status=$?
	equal $status 7
}

says() { # TEXT: the manifest on standard input is refused, and why
	cat > "$files/refused.yaml"
	contains "$(on node rouse apply -f "$files/refused.yaml" 2>&1 || true)" "$1"
}

external web "30080, 30081:8080" | apply
check "asleep" has_instances web 0
check "a client outside wakes it by a port of the node" answers client1 "$(node_address 1)" 30080 200
check "the other port leads there too" answers client1 "$(node_address 1)" 30081 200
check "at every address of the node" answers client2 "$(node_address 1)" 30080 200
check "and by its own" answers client2 "$(node_address 2)" 30080 200
check "by name as ever" answers client1 web.default.rouse 80 200
check "a port that nobody asked for is the node's" refused_there client1 "$(node_address 1)" 30082
check "describe has them" contains "$(on node rouse describe service web)" "30080/TCP, 30081/TCP"
check "the node's own programs have the VIP" refused_there node "$(node_address 1)" 30080

# A server of the node itself beside them.
on node python3 -m http.server --bind "$([[ $family == 6 ]] && echo :: || echo 0.0.0.0)" 30090 > /dev/null 2>&1 &
check "a server of the node is left alone" wait_until 10 answers client1 "$(node_address 1)" 30090 200

check "an address that is not there leads nowhere" answers client1 "$another" 30080 000
on node ip address add "$another/$bits" dev client2 "${nodad[@]}"
check "one that comes leads to the service" wait_until 10 answers client1 "$another" 30080 200
"$root/tools/lab" restart "$lab"
check "a killed agent changes nothing" answers client1 "$another" 30080 200
on node ip address del "$another/$bits" dev client2
frontends() {
	on node bpftool --json map dump pinned /sys/fs/bpf/rouse/frontends | jq length
}
check "one that goes does not any more" wait_until 10 answers client1 "$another" 30080 000

check "a port of another service: whose it is" says "30080/tcp is the service default/web's" < <(external thief 30080)
check "a port out of the range" says "29999 is not in 30000-30100" < <(external far 29999)
check "a port that the container has not" says "30083: the container has no TCP port 9" < <(external odd 30083:9)
check "a protocol that it has not" says "30083/udp: the container has no UDP port" < <(external odd 30083/udp)
check "from outside and not from outside" says "contradicts the label networking.knative.dev/visibility" \
	< <(external inner 30083 cluster-local)
check "of all that nothing was made" equal "$(on node rouse get services -o json | jq -c '[.items[].metadata.name]')" '["web"]'

before=$(frontends)
external web "30081" | apply
check "a port that is withdrawn is the node's again" refused_there client1 "$(node_address 1)" 30080
check "the other one stays" answers client1 "$(node_address 1)" 30081 200
check "its frontends are gone" at_most "$(frontends)" $((before - 1))
external thief 30080 | apply
check "and free for another" answers client1 "$(node_address 1)" 30080 200

restricted=$(external web 30081 | sed "s|annotations: {|annotations: {rouse.dev/allow-from: \"$(client_range 1)\", |")
apply <<< "$restricted"
check "who may reach the service may by its port" answers client1 "$(node_address 1)" 30081 200
check "and who may not may not" answers client2 "$(node_address 2)" 30081 000

on node rouse delete service web thief | sed 's/^/# /'
check "deleted, it has no port" refused_there client1 "$(node_address 1)" 30081
check_holds
