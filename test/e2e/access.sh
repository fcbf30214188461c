#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Who may reach a service: rouse.dev/allow-from and visibility, changed while it serves, over kill -9 and after deletion.
# Only client1's interface is served; what client2 sends, the node routes to the services, as from an uplink.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up --clients 2 --option interface=client1 --option max-allowed=100

restricted() { # NAME LIST|- [VISIBILITY]
	service "$1" -- "$files/stub" 0 | {
		read -r line && echo "$line"
		read -r line && echo "$line"
		read -r line
		echo "metadata:"
		echo "  name: $1"
		if [[ $2 != - ]]; then
			echo "  annotations: {rouse.dev/allow-from: \"$2\"}"
		fi
		if [[ ${3:-} ]]; then
			echo "  labels: {networking.knative.dev/visibility: $3}"
		fi
		cat
	}
}

served() { # WHERE SERVICE
	equal "$(on "$1" curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://$2.default.rouse/")" 200
}

dropped() { # WHERE SERVICE
	local status=0
	on "$1" curl -sS -m 1 -o /dev/null "http://$2.default.rouse/" > /dev/null 2>&1 || status=$?
	equal $status 28 # curl's timeout
}

ranges() {
	on node bpftool --json map dump pinned /sys/fs/bpf/rouse/allowed | jq length
}

has_ranges() { # COUNT
	equal "$(ranges)" "$1"
}

event() { # SERVICE REASON TEXT
	local told
	told=$(on node rouse events --service "$1")
	contains "$told" "$2" && contains "$told" "$3"
}

restricted picky "$(client_range 1), $(elsewhere)" | apply
check "who is on the list is served" served client1 picky
check "who is not is dropped" dropped client2 picky
check "and told of" wait_until 5 event picky NotAllowed "$(client_address 2)"
check "the node itself is not on the list either" dropped node picky
check "it is told once a minute" equal "$(on node rouse events --service picky | grep -c NotAllowed)" 1

restricted asleep "$(elsewhere)" | apply
check "a stranger is dropped" dropped client1 asleep
check "and wakes nothing" has_instances asleep 0
check "the list stands in the dataplane" has_ranges 3

# A connection that is open outlives the change of the list.
on client1 timeout 30 bash -c '
	exec 3<> /dev/tcp/picky.default.rouse/80
	echo > '"$files"'/open
	until [[ -e '"$files"'/changed ]]; do sleep 0.05; done
	printf "GET / HTTP/1.1\r\nHost: picky\r\nConnection: close\r\n\r\n" >&3
	head -1 <&3' > "$scratch/outlives" &
open=$!
wait_until 10 test -e "$files/open"
restricted picky "$(client_address 2)" | apply
touch "$files/changed"
check "a new list shuts out whom the old one let in" dropped client1 picky
check "and lets in whom it names" served client2 picky
check "what was open stays open" wait $open
check "and is answered" contains "$(cat "$scratch/outlives")" "200 OK"
check "the old list is gone" has_ranges 2
check "describe says who is let in" contains "$(on node rouse describe service picky)" "$(client_address 2)"
check "and that somebody was kept out" contains "$(on node rouse describe service picky)" "kept out"

restricted inner - cluster-local | apply
check "a cluster-local service serves a client of this node" served client1 inner
check "and the node itself" served node inner
check "what comes from outside is dropped" dropped client2 inner
check "and told of" wait_until 5 event inner NotVisible "$(client_address 2)"

"$root/tools/lab" kill "$lab"
check "with the agent dead the lists stand" dropped client1 picky
"$root/tools/lab" start "$lab"
check "after a restart too" dropped client1 picky
check "and serve" served client2 picky
check "visibility as well" dropped client2 inner
check "nothing was written twice" has_ranges 2

full=$(seq -s ' ' -f '10.1.0.%g' 60)
restricted first "$full" | apply
check "60 ranges more" has_ranges 62
refused=$({ restricted second "$full" | apply; } 2>&1 || true)
check "a list that does not fit is refused with the map and the option" contains "$refused" "max-allowed"
check "nothing of it is left" has_ranges 62
check "nor is the service" bash -c "! '$root/tools/lab' exec '$lab' node rouse get service second"
bad=$({ restricted third 10.1.2.3/8 | apply; } 2>&1 || true)
check "bits behind the prefix are explained" contains "$bad" "its range is 10.0.0.0/8"

restricted picky - | apply
check "without the annotation everyone is served" served client1 picky
on node rouse delete service first asleep inner picky | sed 's/^/# /'
check "what is deleted leaves no range" has_ranges 0
check_holds
