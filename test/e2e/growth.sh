#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Many services at once: what apply has said is there after kill -9. And a full disk: a change is made or it is not.
source "$(dirname "$0")/lib.sh"

# A disk of 2 MiB, in this test's own mount namespace, which the lab takes over.
if [[ ${GROWTH_DISK:-} == "" ]]; then
	trap - EXIT
	rm -rf "$scratch"
	disk=$(mktemp -d)
	trap 'rmdir "$disk"' EXIT
	# shellcheck disable=SC2016 # the inner shell expands it
	GROWTH_DISK=$disk unshare --mount --propagation private bash -c 'mount -t tmpfs -o size=2m,mode=755 tmpfs "$GROWTH_DISK" && "$0"' \
		"${BASH_SOURCE[0]}"
	exit
fi

many=1500
services() {
	service many-NUMBER -- "$files/stub" 0 > "$scratch/one"
	seq 0 $((many - 1)) | while read -r i; do
		echo ---
		echo "$(< "$scratch/one")"
	done | awk '/^---/ { n++ } { sub("NUMBER", n - 1); print }'
}

acknowledged() { # COUNT: at least
	(($(wc -l < "$scratch/said") >= $1))
}

names() {
	on node rouse get services -o name | sort
}

# --- kill -9 in the middle of an apply --------------------------------------------------------------------------------

lab_up --clients 1
services > "$scratch/many.yaml"
for round in 1 2 3; do
	on node rouse apply -f - < "$scratch/many.yaml" > "$scratch/said" 2> /dev/null &
	applying=$!
	wait_until 10 acknowledged $((1 + 200 * (round - 1)))
	"$root/tools/lab" kill "$lab"
	wait $applying || true
	"$root/tools/lab" start "$lab"
	sed -n 's/ created$//p' "$scratch/said" | sort > "$scratch/acknowledged"
	names > "$scratch/kept"
	check "$round: the agent was killed in between" at_most "$(wc -l < "$scratch/acknowledged")" $((many - 1))
	check "$round: $(wc -l < "$scratch/acknowledged") were acknowledged, none of them is lost" \
		equal "$(comm -23 "$scratch/acknowledged" "$scratch/kept")" ""
	check "$round: what is there can be woken" fetch -o /dev/null "http://many-0.default.rouse/"
	on node rouse apply -f - < "$scratch/many.yaml" > /dev/null
	check "$round: the rest comes with the next apply" equal "$(names | wc -l)" $many
	on node rouse delete -f - < "$scratch/many.yaml" > "$scratch/deleted"
	check "$round: all are deleted at once" equal "$(grep -c ' deleted$' "$scratch/deleted") $(names | wc -l)" "$many 0"
done
check "their names are gone" wait_until 5 bash -c "! grep -q many- /run/rouse-lab/$lab/hosts"
check_holds

# --- a full disk ------------------------------------------------------------------------------------------------------

"$root/tools/lab" down "$lab"
labs_up=()
lab_up --clients 1 --option "state-dir=$GROWTH_DISK"

generation() { # SERVICE
	on node rouse get service "$1" -o json | jq .metadata.generation
}

service kept -- "$files/stub" 0 | apply
dd if=/dev/zero of="$GROWTH_DISK/filler" bs=4k 2> /dev/null || true
for i in 1 2 3 4 5; do
	service kept -- "$files/stub" "$i" | apply > "$scratch/refused" 2>&1 || true
done
check "the answer says that nothing has changed" grep -q 'Service "default/kept" stays as it was: ' "$scratch/refused"
check "where, and how much is free" grep -q "$GROWTH_DISK/store.db: the disk is full (0 KiB of 2048 are free)" "$scratch/refused"
check "status says so, too" grep -q "MiB left: make room, or an apply will be refused" <(on node rouse status)
check "what is shown is what was" equal "$(generation kept)" 1
service refused -- "$files/stub" 0 | apply > /dev/null 2>&1 || true
check "a new one is not there" equal "$(names)" service.serving.knative.dev/kept
check "neither is its name" bash -c "! grep -q refused.default /run/rouse-lab/$lab/hosts"
check "a deletion is refused as well" bash -c "! '$root/tools/lab' exec $lab node rouse delete service kept"
check "and what stands is served" fetch -o /dev/null http://kept.default.rouse/
check "the log says it once" equal "$(grep -c 'cannot keep a change' "/run/rouse-lab/$lab/agent.log")" 1
rm "$GROWTH_DISK/filler"
service kept -- "$files/stub" 9 | apply
check "with room again it changes" equal "$(generation kept)" 2
check "and the log says that, too" grep -q 'the store takes changes again' "/run/rouse-lab/$lab/agent.log"
"$root/tools/lab" restart "$lab"
check "a restart shows the same" equal "$(generation kept) $(names)" "2 service.serving.knative.dev/kept"
check_holds
