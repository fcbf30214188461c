#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Sandboxes cannot be built any more: what waits for one is told why, and wakes when it is mended.
source "$(dirname "$0")/lib.sh"
helper=$scratch/rouse-sandbox
cp "$build/bin/rouse-sandbox" "$helper"
lab_up --option pool=1 --option "sandbox-helper=$helper"

waits() { # the second service's condition
	contains "$(on node rouse get revision second-00001 -o json | jq -c '.status.conditions')" "cannot prepare a sandbox"
}

tells() { # an event
	contains "$(on node rouse events --service second)" SandboxFailed
}

{
	service first -- "$files/stub" 0
	echo ---
	service second -- "$files/stub" 0
} | apply
mv "$helper" "$helper.away"
check "what the pool has can be used" fetch -o /dev/null http://first.default.rouse/
on client1 coldclient -t 30000 second.default.rouse:80 > "$scratch/second" &
client=$!
check "the condition tells why there is no more" wait_until 10 waits
check "as an event, too" wait_until 5 tells
mv "$helper.away" "$helper"
wait $client || true
check "mended: its client is served" contains "$(cat "$scratch/second")" " ok "
check_holds
