#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The wall clock jumps under the agent, years ahead and years back: nothing that is decided goes by it.
source "$(dirname "$0")/lib.sh"
${CC:-gcc} -shared -fPIC -O1 -o "$scratch/clock.so" "$root/test/e2e/clock_shim.c"
chmod 755 "$scratch"
export CLOCK_OFFSET_FILE=$scratch/offset
LD_PRELOAD=$scratch/clock.so lab_up --grace 1s

YEAR=31536000

jump() { # SECONDS: to be off by
	echo "$1" > "$scratch/offset.new"
	mv "$scratch/offset.new" "$scratch/offset"
}

agent_year() { # as the agent's newest event has it
	on node rouse get events -o json | jq -r '.items | max_by(.id) | .eventTime[:4]'
}

served() {
	equal "$(fetch -o /dev/null -w '%{http_code}' http://hello.default.rouse/)" 200
}

# Six seconds of quiet, and what the ticks add. `since` is the monotonic clock of bash.
falls_asleep_in_time() {
	local since=$SECONDS
	wait_until 20 has_instances hello 0 || return 1
	((SECONDS - since >= 4)) || { echo "after $((SECONDS - since)) s"; return 1; }
}

service hello -- "$files/stub" 200 | apply
year=$(date -u +%Y)
for at in 10 -20; do
	check "$at years: awake before the jump" served
	jump $((at * YEAR))
	check "$at years: an instance stays its window, not shorter and not longer" falls_asleep_in_time
	check "$at years: its clock did jump" equal "$(agent_year)" $((year + at))
	check "$at years: it wakes as ever" served
	check "$at years: one instance" has_instances hello 1
done

# While a SYN is held: the clock is years ahead when its time is over, and it was never let go before.
held() {
	equal "$(on node rouse get holds -o json | jq '.items | length')" "$1"
}
service slow rouse.dev/hold-timeout=4s -- /usr/bin/sleep 30 | apply
on client1 coldclient -t 2000 slow.default.rouse:80 > /dev/null &
check "a SYN is held" wait_until 5 held 1
jump $((30 * YEAR))
check "the jump does not end it" held 1
check "its own time does" wait_until 15 held 0
wait || true
check "by that alone" equal "$(($(counter hold_expired_total) + $(counter hold_expired_idle) + $(counter hold_reset)))" 1
check "and everything answers" on node rouse status
check_holds
