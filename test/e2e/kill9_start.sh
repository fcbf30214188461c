#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The agent is killed around the moment that it starts an instance, again and again: whatever it had done by then, the
# next agent serves the client, and in the end no process, namespace or cgroup is left that nobody knows of.
# (net/rt_adopt kills at the exact moment.)
source "$(dirname "$0")/lib.sh"
lab_up

rounds=8
for ((i = 0; i < rounds; i++)); do
	service "cold$i" -- "$files/stub" 20
	echo ---
done | apply

known() { # names and processes of all instances
	on node rouse get instances -o json | jq -r '.items[] | select(.status.stage != "Exited") | .metadata.name, .status.pid'
}

# Sandboxes are instances or wait in the pool (of 8); a program runs in instances alone.
nothing_is_lost() {
	local names pid
	names=$(known)
	for pid in $(on node pgrep -x stub); do
		grep -qx "$pid" <<< "$names" || { echo "process $pid is nobody's"; return 1; }
	done
	(($(on node pgrep -xc stub) == $(wc -l <<< "$names") / 2)) || { echo "processes and instances differ"; return 1; }
	(($(on node ip netns list | grep -c ^rouse-) == $(wc -l <<< "$names") / 2 + 8)) || { on node ip netns list; return 1; }
}

served=0
for ((i = 0; i < rounds; i++)); do
	on client1 coldclient -t 30000 "cold$i.default.rouse:80" > "$scratch/cold" &
	client=$!
	sleep "0.0$((RANDOM % 10))"
	"$root/tools/lab" kill "$lab"
	"$root/tools/lab" start "$lab"
	wait $client || true
	! grep -q ' ok ' "$scratch/cold" || served=$((served + 1))
done
check "every client was served, whenever its agent was killed" equal $served $rounds
check "nothing is left that nobody knows of" wait_until 10 nothing_is_lost
check_holds
