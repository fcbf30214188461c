#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A client keeps its revision while a canary grows and shrinks and the agent is killed (rouse.dev/sticky), and its
# instance where the revision picks by hash; small concurrency limits fill one instance before the next.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up

clients=24 # addresses of client1, beside its own

address() { # N
	[[ $family == 6 ]] && printf 'fd99::1:%x' $((0x100 + $1)) || echo "10.99.1.$((100 + $1))"
}

for ((i = 1; i <= clients; i++)); do
	if [[ $family == 6 ]]; then
		on client1 ip address add "$(address $i)/112" dev eth0 nodad
	else
		on client1 ip address add "$(address $i)/24" dev eth0
	fi
done

# "ADDRESS REVISION INSTANCE" of two connections of each; an instance is told by when it began.
ask_all() { # SERVICE
	local addresses=() i
	for ((i = 1; i <= clients; i++)); do addresses+=("$(address $i)"); done
	# shellcheck disable=SC2016 # the lab's shell expands it
	on client1 bash -c 'service=$1; shift
		for address; do for again in 1 2; do
			curl -sS -m 10 -o /dev/null -D - --interface "$address" "http://$service.default.rouse/" | tr -d "\r" |
				awk -v address="$address" "/^X-Main-Ns/ { main = \$2 } /^X-Revision/ { revision = \$2 }
					END { print address, revision, main }"
		done; done' bash "$1" "${addresses[@]}"
}

each_has_one() { # FILE FIELD: who asks twice gets the same twice
	equal "$(awk -v field="$2" '{ print $1, $field }' "$1" | sort -u | wc -l)" $clients
}

second() { # FILE: the addresses that the second revision answered
	awk '$2 == "canary-00002" { print $1 }' "$1" | sort -u
}

stays_in() { # FEW MANY: whoever the second revision answered at first
	equal "$(comm -23 <(second "$1") <(second "$2"))" ""
}

grows() { # FEW MANY: this says nothing unless somebody has moved
	(($(second "$1" | wc -l) < $(second "$2" | wc -l))) || { second "$1"; second "$2"; return 1; }
}

canary() { # PERCENT: to the second revision
	service canary min-scale=1 -- "$files/stub" 1 | sed 's|^metadata: .*|metadata: {name: canary, annotations: {rouse.dev/sticky: client}}|'
	echo "  traffic:"
	echo "    - {revisionName: canary-00001, percent: $((100 - $1))}"
	echo "    - {revisionName: canary-00002, percent: $1}"
}

service canary min-scale=1 -- "$files/stub" 0 | sed 's|^metadata: .*|metadata: {name: canary, annotations: {rouse.dev/sticky: client}}|' | apply
check "the first revision is ready" wait_until 20 has_instances canary 1 Ready
canary 30 | apply
check "the second revision is ready" wait_until 20 has_instances canary 2 Ready
ask_all canary > "$scratch/30"
check "at 30 percent every client has one revision" each_has_one "$scratch/30" 2
canary 80 | apply
ask_all canary > "$scratch/80"
check "at 80 percent too" each_has_one "$scratch/80" 2
check "who was with the second revision still is" stays_in "$scratch/30" "$scratch/80"
check "and others have come" grows "$scratch/30" "$scratch/80"
"$root/tools/lab" restart "$lab"
ask_all canary > "$scratch/again"
check "a killed agent changes nothing" equal "$(second "$scratch/again")" "$(second "$scratch/80")"
canary 30 | apply
ask_all canary > "$scratch/back"
check "back at 30 percent the same clients are with it" equal "$(second "$scratch/back")" "$(second "$scratch/30")"

service cache min-scale=3 rouse.dev/pick=hash -- "$files/stub" 0 | apply
check "three instances are ready" wait_until 20 has_instances cache 3 Ready
ask_all cache > "$scratch/hash"
check "every client has one instance" each_has_one "$scratch/hash" 3
check "and not all have the same" equal "$(awk '{ print $3 }' "$scratch/hash" | sort -u | wc -l)" 3
"$root/tools/lab" restart "$lab"
ask_all cache > "$scratch/hash_again"
check "a killed agent changes nothing here either" cmp "$scratch/hash" "$scratch/hash_again"
gone=$(on node rouse get instances -o json | jq -r '[.items[]
	| select(.metadata.labels["serving.knative.dev/service"] == "cache" and .status.stage == "Ready")][0].status.pid')
on node kill -9 "$gone"
replaced() { # the dead one is not counted any more, and another is there
	[[ $(on node rouse get instances -o json | jq --argjson pid "$gone" '[.items[] | select(.status.pid == $pid and
		.status.stage == "Ready")] | length') == 0 ]] && has_instances cache 3 Ready
}
check "one is killed and replaced" wait_until 20 replaced
ask_all cache > "$scratch/hash_after"
# A third has to move; of the others few do.
kept=$(comm -12 <(sort -u "$scratch/hash") <(sort -u "$scratch/hash_after") | wc -l)
check "most clients keep their instance" at_most $((clients / 3)) "$kept"

service narrow min-scale=2 target=2 -- "$files/stub" 0 | sed 's|^    spec:$|&\n      containerConcurrency: 2|' | apply
check "two instances are ready" wait_until 20 has_instances narrow 2 Ready
ask_all narrow > "$scratch/narrow"
check "one connection after the other has the first of them" equal "$(awk '{ print $3 }' "$scratch/narrow" | sort -u | wc -l)" 1
check_holds
