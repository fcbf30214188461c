#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The agent is killed and started again: warm traffic does not notice, sleeping services wake afterwards.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up --clients 2

instance_names() { # SERVICE: those that run, and how long they took to become ready
	on node rouse get instances -o json | jq -r --arg service "$1" '.items[]
		| select(.metadata.labels["serving.knative.dev/service"] == $service and .status.stage == "Ready")
		| "\(.metadata.name) \(.status.pid) \(.status.readyMs)"' | sort
}

counted() { # REASON COUNT: at least so many
	(($(counter "$1") >= $2)) || { counter "$1"; return 1; }
}

{
	service warm min-scale=2 -- "$files/stub" 0
	echo ---
	service cold -- "$files/stub" 20
} | apply
check "two instances are warm" wait_until 20 has_instances warm 2 Ready
before=$(instance_names warm)

on client1 wrk -t1 -c20 -d8s http://warm.default.rouse/ > "$scratch/wrk" &
for round in 1 2 3; do
	"$root/tools/lab" kill "$lab"
	on client2 coldclient -t 2000 -s -n 50 warm.default.rouse:80 > "$scratch/dead" || true
	check "$round: without an agent warm services are served" equal "$(grep -c ' ok ' "$scratch/dead")" 50
	on client2 coldclient -n 5 cold.default.rouse:80 > "$scratch/held" &
	held=$!
	check "$round: SYNs are held meanwhile" wait_until 5 counted hold_begun $((5 * round))
	"$root/tools/lab" start "$lab"
	wait $held || true
	check "$round: what arrived while it was dead is served after the restart" equal "$(grep -c ' ok ' "$scratch/held")" 5
	check "$round: instances were adopted, not started anew" equal "$(instance_names warm)" "$before"
	on node rouse delete service cold | sed 's/^/# /'
	service cold -- "$files/stub" 20 | apply
done
wait
check "no request failed under load" bash -c "! grep -E 'Socket errors|Non-2xx' $scratch/wrk"

# Process and agent die together: nobody is left who knows, but the kernel's RST must not reach a client.
"$root/tools/lab" kill "$lab"
while read -r _ pid _; do
	on node kill -KILL "$pid" < /dev/null
done <<< "$before"
on client2 coldclient -n 5 warm.default.rouse:80 > "$scratch/orphans" &
orphans=$!
check "SYNs to a dead process are held back" wait_until 5 counted rst_held_back 1
"$root/tools/lab" start "$lab"
wait $orphans || true
check "and served after the restart" equal "$(grep -c ' ok ' "$scratch/orphans")" 5
check "objects survived" on node rouse get service warm
check "names survived" fetch -o /dev/null http://warm.default.rouse/
check_holds
