#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An instance floods its log until the disk is full, and never stops: it goes on, others do, the agent says so once and
# makes room again. When somebody else fills it, logs of gone instances go.
source "$(dirname "$0")/lib.sh"
lab_up --agent no --option log-bytes=262144

logs=/run/rouse-lab/$lab/state/logs
on node mkdir -p "$logs"
on node mount -t tmpfs -o size=16m,mode=755 tmpfs "$logs"
"$root/tools/lab" start "$lab"
mkdir -p "$files"
cp "$build/bench/stub" "$files/stub"

free_bytes() {
	on node df --output=avail -B1 "$logs" | tail -n 1
}
has_room() { # BYTES
	(($(free_bytes) >= $1)) || { free_bytes; return 1; }
}
has_left() { # SERVICE: a log
	on node find "$logs/default/$1" -name '*.log' | grep .
}
said() { # TEXT: how often the agent did
	grep -c "$1" "/run/rouse-lab/$lab/agent.log" || true
}
tells() {
	(($(said "MiB left: instances go on") >= 1))
}

# One that has something to leave: it goes when there is no room.
service gone -- /bin/sh -c 'head -c 1000000 /dev/zero | tr "\0" x; exit 1' | apply
on client1 coldclient -t 3000 gone.default.rouse:80 > /dev/null || true
check "a gone instance has left a log" wait_until 5 has_left gone
on node rouse delete service gone | sed 's/^/# /'

service flood min-scale=1 -- /bin/sh -c "while :; do [ ! -e $files/enough ] && yes 2> /dev/null; sleep 0.05; done & exec $files/stub 0" | apply
check "it runs" wait_until 10 has_instances flood 1 Ready
check "the agent says that the disk is full" wait_until 20 tells
pid=$(on node rouse get instances -o json | jq '.items[] | select(.metadata.labels["serving.knative.dev/service"] == "flood") | .status.pid')
for i in 1 2 3; do
	check "$i: it serves meanwhile" fetch -o /dev/null http://flood.default.rouse/
done
service other -- "$files/stub" 0 | apply
check "others wake and serve" fetch -o /dev/null http://other.default.rouse/
check "it was said once" equal "$(said 'MiB left: instances go on')" 1
touch "$files/enough"
check "room is made" wait_until 10 has_room 8000000
on node bash -c "head -c $(($(free_bytes) - 300000)) /dev/zero > $logs/somebody-elses"
check "somebody else fills it: logs of gone instances make room" wait_until 20 has_room 800000
check "it is the same process" equal "$(on node rouse get instances -o json | jq '.items[] | select(.metadata.labels["serving.knative.dev/service"] == "flood") | .status.pid')" "$pid"
check_holds
