#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# More services wake than the node has places for: they are served in turn, as soon as a place is free.
source "$(dirname "$0")/lib.sh"
lab_up --grace 1s --option max-instances=3 --option pool=1

for n in 1 2 3 4 5 6; do
	service "wake$n" rouse.dev/hold-timeout=60s -- "$files/stub" 0
	echo ---
done | apply
tells() { # status, while all are in use
	contains "$(on node rouse status)" "all 3 instances of this node are in use (rouse get instances -A"
}
on client1 coldclient -t 60000 wake{1,2,3,4,5,6}.default.rouse:80 > "$scratch/answers" &
clients=$!
check "status says that the node is full" wait_until 5 tells
wait $clients || true
check "all six are served by three places" equal "$(grep -c ' ok ' "$scratch/answers")" 6
check "why some waited is said" contains "$(on node rouse events)" NodeFull
check "a wait is no failure" bash -c "! '$root/tools/lab' exec $lab node rouse events | grep StartFailed"

# One that waits in vain is well again when nobody wants it any more, also while the node is full.
ready_is() { # SERVICE STATUS REASON
	equal "$(on node rouse get revision "$1-00001" -o json | jq -r '.status.conditions[]
		| select(.type == "ResourcesAvailable") | .status + " " + (.reason // "")')" "$2 $3"
}
{
	service hog min-scale=3 -- "$files/stub" 0
	echo ---
	service vain serving.knative.dev/progress-deadline=3s -- "$files/stub" 0
} | apply
check "another takes all places" wait_until 30 has_instances hog 3 Ready
on client1 coldclient -t 2000 vain.default.rouse:80 > /dev/null &
client=$!
check "its condition says why it waits" wait_until 5 ready_is vain False NodeFull
wait $client || true
check "no more when nobody waits" wait_until 40 ready_is vain True ""
check "the node is full all the same" has_instances hog 3 Ready
check_holds
