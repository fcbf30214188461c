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
failures() { # seconds of the clock at which a sandbox could not be prepared
	sed -n 's/^[^T]*T\([0-9]*\):\([0-9]*\):\([0-9.]*\)Z error cannot prepare a sandbox.*/\1 \2 \3/p' "/run/rouse-lab/$lab/agent.log" |
		awk '{ print $1 * 3600 + $2 * 60 + $3 }'
}
has_failed() { # TIMES
	(($(failures | wc -l) >= $1)) || { failures; return 1; }
}
backs_off() { # each wait is longer than the one before, but over midnight
	failures | awk 'NR > 2 && $1 > before && $1 - before < 1.5 * last { print last, $1 - before; failed = 1 }
		{ last = $1 - before; before = $1 } END { exit failed }'
}
check "it is tried again" wait_until 15 has_failed 3
check "less and less often" backs_off
mv "$helper.away" "$helper"
wait $client || true
check "mended: its client is served" contains "$(cat "$scratch/second")" " ok "
check_holds
