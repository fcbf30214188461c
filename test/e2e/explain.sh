#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What explains a node: `why` in each situation, `top`, `status`, `sysdump` with and without the agent, and completion.
source "$(dirname "$0")/lib.sh"
lab_up --grace 1s

why_says() { # WHAT TEXT
	contains "$(on node rouse why "$1")" "$2"
}

secret=tiger-$RANDOM
{
	service hello -- "$files/stub" 0
	echo "          env: [{name: PASSWORD, value: $secret}]"
	echo ---
	service slow -- "$files/stub" 3000
	echo ---
	service bad rouse.dev/hold-timeout=2s -- /bin/sh -c no-such-command
} | apply

# --- why --------------------------------------------------------------------------------------------------------------

check "asleep and never awake" why_says hello "Asleep: nothing has asked for it since the agent's start"
on client1 coldclient -t 20000 slow.default.rouse:80 > "$scratch/slow" &
client=$!
check "held: who and how long" wait_until 5 why_says slow "Held: 1 connection of 1 client, held since"
check "held: what for" why_says slow "they go on when the instance that starts listens"
check "waking: which instance, since when" why_says slow "is starting since"
check "waking: the decision's numbers" wait_until 2 why_says slow "1 instance: concurrency"
wait "$client"
check "the client was served" contains "$(cat "$scratch/slow")" " ok "

check "it answers" fetch -o /dev/null http://hello.default.rouse/
check "serving: how many" why_says hello "Serving: 1 instance is ready, 1 wanted"
check "serving: by which numbers" why_says hello "over the last 6 s, target 70 each (100 x 70 %)"
check "serving: the decision" wait_until 5 why_says hello "Scaled from 0 to 1: 1 connection is held"
check "traffic: why there" why_says hello "100 % of new connections go to hello-00001, because @latest does"

on client1 coldclient -t 10000 bad.default.rouse:80 > "$scratch/bad" || true
check "failing: what happened" wait_until 5 why_says bad "exited with code 127"
check "failing: how often" why_says bad "in a row failed"
check "failing: the next try" wait_until 10 why_says bad "Back-off: the next start is in"
check "failing: what to do" why_says revision/bad-00001 "rouse logs revision/bad-00001 --tail 20"
check "what is not there" bash -c "! '$root/tools/lab' exec $lab node rouse why nobody"

# --- top and status ---------------------------------------------------------------------------------------------------

on node rouse top --once -s 0.5 > "$scratch/top"
check "top has the node" contains "$(cat "$scratch/top")" "3 services"
check "top has who serves" grep -qE '^hello-00001 +serving +1 +0 +1 ' "$scratch/top"
check "top has who fails" grep -qE '^bad-00001 +failing ' "$scratch/top"
check "status is well" on node rouse status
check "status knows the store's size" contains "$(on node rouse status)" "GiB free"
mv "/run/rouse-lab/$lab/state/store.db" "$scratch/store.db"
check "status fails when a part is not well" bash -c "! '$root/tools/lab' exec $lab node rouse status > $scratch/status"
check "and says what to do" contains "$(cat "$scratch/status")" "save them before a restart"
check "as data too" bash -c "'$root/tools/lab' exec $lab node rouse status -o json |
	jq -e '.status.parts[] | select(.name == \"store\") | .ok == false'"
mv "$scratch/store.db" "/run/rouse-lab/$lab/state/store.db"

# --- sysdump ----------------------------------------------------------------------------------------------------------

in_dump() { # FILE TEXT
	contains "$(cat "$scratch/dump/"*/"$1")" "$2"
}

dump() { # makes it anew and unpacks it
	rm -rf "$scratch/dump" "$files/dump.tar.gz"
	mkdir "$scratch/dump"
	on node rouse sysdump -o "$files/dump.tar.gz" > "$scratch/dump.out"
	tar -C "$scratch/dump" -xzf "$files/dump.tar.gz"
}

check "sysdump" dump
check "it has the objects" in_dump api/services.json '"hello"'
check "without the environment's values" bash -c "! grep -r '$secret' $scratch/dump"
check "it has the agent's log" in_dump agent/log.txt ready
check "it has the instances' logs" bash -c "ls $scratch/dump/*/instances/logs/default/*/*"
check "it has the maps" in_dump bpf/pinned/counters.txt connection_new
check "it has the firewall, routes and links" in_dump net/links.txt rouse0
check "every question to the agent was answered" bash -c "! grep 'FAILED *api/' $scratch/dump/*/index.txt"
check "nobody else can read it" equal "$(stat -c %a "$files/dump.tar.gz")" 600
check "--with-env keeps them" bash -c "'$root/tools/lab' exec $lab node rouse sysdump --with-env -o $files/env.tar.gz &&
	tar -xzOf $files/env.tar.gz --wildcards '*/api/services.json' | grep -q '$secret'"

# --- completion -------------------------------------------------------------------------------------------------------

for shell in bash zsh fish; do
	if ! command -v "$shell" > /dev/null; then
		skip "completion in $shell" "it is not installed"
		continue
	fi
	tab() { # TYPED EXPECTED
		on node python3 "$root/test/e2e/tabs.py" "$shell" "$1" "$2"
	}
	check "$shell completes commands" tab "rouse descr" "rouse describe "
	check "$shell completes kinds" tab "rouse get serv" "rouse get services"
	check "$shell completes names" tab "rouse why hel" "rouse why hello"
	check "$shell completes values" tab "rouse get services --output=ya" "--output=yaml"
done

# --- asleep again, and without the agent ------------------------------------------------------------------------------

check "asleep: since when, and after which waits" wait_until 40 why_says hello ": nothing for the stable window of 6 s"
"$root/tools/lab" kill "$lab"
check "status without the agent fails" bash -c "! '$root/tools/lab' exec $lab node rouse status > $scratch/status"
check "and of which version the pins are" contains "$(cat "$scratch/status")" "of this version's ABI: warm"
check "and says what is left" contains "$(cat "$scratch/status")" "warm connections go on"
check "sysdump without the agent" dump
check "says so" contains "$(cat "$scratch/dump.out")" "The agent does not answer"
check "and has the maps all the same" in_dump bpf/pinned/counters.txt connection_new
