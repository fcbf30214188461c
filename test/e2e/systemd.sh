#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# As a service of systemd: what it is told, the socket that it passes, a restart that no command notices. There is no
# systemd in a lab; fake_systemd.py does what it does, with the capabilities that the unit leaves.
source "$(dirname "$0")/lib.sh"
units=$root/deploy/systemd

# --- the units --------------------------------------------------------------------------------------------------------

verify() { # UNIT...: systemd has nothing to say about them
	local output
	output=$(cd "$scratch/units" && SYSTEMD_UNIT_PATH=$scratch/units:/lib/systemd/system \
		systemd-analyze verify --man=no "$@" 2>&1) || { echo "$output"; return 1; }
	equal "$output" ""
}

if command -v systemd-analyze > /dev/null; then
	mkdir "$scratch/units"
	for unit in "$units"/*; do
		sed "s,/usr/local/sbin/roused,$build/bin/roused," "$unit" > "$scratch/units/${unit##*/}"
	done
	cp "$scratch/units/roused@.service" "$scratch/units/roused@two.service"
	cp "$scratch/units/roused@.socket" "$scratch/units/roused@two.socket"
	check "systemd understands the units" verify ./roused.service ./roused.socket
	check "and those of a second agent" verify ./roused@two.service ./roused@two.socket
	echo "Nonsense=yes" >> "$scratch/units/roused.service"
	tells_nonsense() { ! verify ./roused.service; }
	check "it would have told what it does not understand" tells_nonsense
else
	skip "systemd understands the units" "systemd-analyze is not installed"
fi

# --- the agent --------------------------------------------------------------------------------------------------------

lab_up
service hello min-scale=1 -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances hello 1 Ready
before=$(on node rouse get instances -o json | jq -r '.items[].status.pid')

"$root/tools/lab" kill "$lab"
mapfile -t options < "/run/rouse-lab/$lab/options"
# The unit takes away what it does not name; the rest may not be all there in the place where this runs.
kept=$(sed -n 's/^CapabilityBoundingSet=//p' "$units/roused.service" | tr 'A-Z \n' 'a-z,,')
dropped=$(setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr , '\n' |
	while read -r name; do [[ ,$kept, == *,cap_$name,* ]] || printf '%s' ",-$name"; done)
socket=/run/rouse-lab/$lab/run/api.sock
on node python3 "$root/test/e2e/fake_systemd.py" "$files" "$socket" \
	setpriv --bounding-set "${dropped#,}" --no-new-privs -- roused "${options[@]}" &
fake=$!

told() { # TEXT [COUNT]: at least so many notifications have it
	local count
	count=$(grep -c -- "$1" "$files/notified")
	((count >= ${2:-1})) || { cat "$files/notified"; tail -n 3 "$files/journal"; return 1; }
}

agent_signal() { # SIGNAL
	on node kill "-$1" "$(cat "$files/pid")"
}

check "it says when it is ready" wait_until 30 told "READY=1 STATUS=Serving"
check "and that it has the socket" grep -q "ready .*socket_from=systemd" "$files/journal"
check "the instance was adopted" equal "$(on node rouse get instances -o json | jq -r '.items[].status.pid')" "$before"
check "lines for the journal have a priority and no time" equal "$(grep -vc '^<[3467]>' "$files/journal")" 0
check "the watchdog is fed" wait_until 10 told "^WATCHDOG=1" 2

agent_signal HUP
check "a reload begins and ends" wait_until 10 told "RELOADING=1 MONOTONIC_USEC="
check "it is ready again" wait_until 10 told "READY=1 STATUS=Serving; the configuration was read again"

# --- a restart --------------------------------------------------------------------------------------------------------

touch "$files/wait"
agent_signal KILL
gone() { ! on node kill -0 "$(cat "$files/pid")" 2> /dev/null; }
check "the agent is gone" wait_until 10 gone
timeout 60 "$root/tools/lab" exec "$lab" node rouse get services -o name > "$scratch/waited" 2>&1 &
waiting=$!
asked() { # the command stands in the socket's queue
	on node ss -xlH src "$socket" | awk '{ exit !($3 > 0) }'
}
check "a command waits at the socket" wait_until 10 asked
check "warm traffic does not notice" fetch -o /dev/null http://hello.default.rouse/
rm "$files/wait"
status=0
wait "$waiting" || status=$?
check "the command gets its answer from the next agent" equal "$status" 0
check "the right one" contains "$(cat "$scratch/waited")" hello
check "a cold start works with what the unit leaves of root" bash -c "
	$(declare -f service); files=$files; service cold -- $files/stub 0 > $files/cold.yaml"
on node rouse apply -f "$files/cold.yaml" | sed 's/^/# /'
check "the sleeping service answers" fetch -o /dev/null http://cold.default.rouse/

cold=$(on node rouse get instances -o json |
	jq -r '.items[] | select(.metadata.labels["serving.knative.dev/service"] == "cold") | .status.pid')
check "the agent is as killable as its unit says" equal "$(on node cat "/proc/$(cat "$files/pid")/oom_score_adj")" 500
check "an instance as killable as others" equal "$(on node cat "/proc/$cold/oom_score_adj")" 0

# --- the end ----------------------------------------------------------------------------------------------------------

on node kill "$(on node pgrep -f "fake_systemd.py $files" | head -n 1)"
status=0
wait "$fake" || status=$?
check "it ends well" equal "$status" 0
check "it says that it stops" told "STOPPING=1"
check "the socket stays for the next one" test -S "$socket"
check "so does the instance" on node kill -0 "$before"
