# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What every end-to-end test begins with: `source "$(dirname "$0")/lib.sh"`. Speaks TAP; tools/test/run adds up.
# A test makes a lab with lab_up, states facts with `check`, and waits with `wait_until`; the lab goes away at the
# end, however the end comes. On a failure the agent's log and events are printed.
#
# RS_TEST_FAMILY=6 makes services reachable over IPv6 alone, so that their names lead there. A script with a line
# "# families: 4 6" is run in both by tools/test/run; its own addresses come from client_address and the like.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${B:-build}
[[ $build == /* ]] || build=$root/build
export B=$build
lab=e2e-$(basename "$0" .sh | tr _ -)
lab=${lab:0:22}-$$
files=/run/rouse-lab/$lab/files # what instances run and read; they are not root, a checkout may be private
family=${RS_TEST_FAMILY:-4}
checks=0
failed=0
labs_up=()
scratch=$(mktemp -d)

finish() {
	local status=$? at
	trap '' INT TERM
	if ((failed || status)) && ((${#labs_up[@]})); then
		for at in "${labs_up[@]}"; do
			explain "$at" | sed 's/^/# /'
		done
	fi
	for at in "${labs_up[@]}"; do
		"$root/tools/lab" down "$at"
	done
	rm -rf "$scratch"
	if ((status)); then
		echo "# ended by a command that failed with $status"
	fi
	echo "1..$checks"
	exit $((status ? status : failed ? 1 : 0))
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

explain() { # LAB: what it says about itself, for a failure
	echo "--- $1: the end of the agent's log"
	tail -n 40 "/run/rouse-lab/$1/agent.log" || true
	echo "--- $1: services, instances, events"
	for what in services instances events; do
		timeout 5 "$root/tools/lab" exec "$1" node rouse get "$what" -A 2>&1 | tail -n 25 || true
	done
	find "/run/rouse-lab/$1/state/logs" -name '*.log' -exec tail -qn 5 {} + 2> /dev/null | tail -n 40 || true
}

# --- facts ------------------------------------------------------------------------------------------------------------

check() { # WHAT COMMAND...: passes when the command does
	local what=$1 output
	shift
	checks=$((checks + 1))
	if output=$("$@" 2>&1); then
		echo "ok $checks - $what"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $checks - $what"
	printf '%s\n' "$*" "$output" | head -n 60 | sed 's/^/# /'
}

skip() { # WHAT WHY
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

equal() { # GOT WANT
	[[ $1 == "$2" ]] || { echo "got \"$1\", want \"$2\""; return 1; }
}

contains() { # TEXT PART
	[[ $1 == *"$2"* ]] || { echo "\"$2\" is not in: $1"; return 1; }
}

at_most() { # GOT MOST
	awk -v got="$1" -v most="$2" 'BEGIN { exit !(got != "" && got <= most) }' || { echo "$1 is more than $2"; return 1; }
}

wait_until() { # SECONDS COMMAND...: runs it until it succeeds
	local end=$((SECONDS + $1)) output
	shift
	until output=$("$@" 2>&1); do
		((SECONDS < end)) || { echo "did not become true: $*"; echo "$output"; return 1; }
		sleep 0.05
	done
}

# --- the lab ----------------------------------------------------------------------------------------------------------

lab_up() { # [OPTION...]: the test's lab; six seconds of quiet and a service is on its way to zero
	labs_up+=("$lab")
	local families=()
	[[ $family != 6 ]] || families=(--option ip-families=IPv6)
	"$root/tools/lab" up "$lab" --stable-window 6s "${families[@]}" "$@" | sed 's/^/# /'
	mkdir "$files"
	cp "$build/bench/stub" "$files/stub"
}

on() { # node|clientN COMMAND...
	"$root/tools/lab" exec "$lab" "$@"
}

client_address() { # N
	[[ $family == 6 ]] && echo "fd99::$1:2" || echo "10.99.$1.2"
}

client_range() { # N: around its address
	[[ $family == 6 ]] && echo "fd99::$1:0/112" || echo "10.99.$1.0/24"
}

elsewhere() { # an address of nobody (RFC 5737, RFC 3849)
	[[ $family == 6 ]] && echo 2001:db8::7 || echo 192.0.2.7
}

bracketed() { # ADDRESS: as a URL has it
	[[ $1 == *:* ]] && echo "[$1]" || echo "$1"
}

fetch() { # URL [CURL-OPTION...]: from client1
	on client1 curl -sS -m 20 "$@"
}

# A manifest on standard output. Annotations without a domain are autoscaling.knative.dev's.
service() { # NAME [ANNOTATION=VALUE...] -- COMMAND...
	local name=$1 annotation key
	shift
	echo "apiVersion: serving.knative.dev/v1"
	echo "kind: Service"
	echo "metadata: {name: $name}"
	echo "spec:"
	echo "  template:"
	echo "    metadata:"
	echo "      annotations:"
	echo "        autoscaling.knative.dev/initial-scale: \"0\""
	for annotation; do
		[[ $annotation != -- ]] || break
		shift
		key=${annotation%%=*}
		[[ $key == */* ]] || key=autoscaling.knative.dev/$key
		echo "        $key: \"${annotation#*=}\""
	done
	shift
	echo "    spec:"
	echo "      containers:"
	echo "        - command: $(jq -nc '$ARGS.positional' --args -- "$@")"
	echo "          ports: [{containerPort: 8080}]"
}

apply() { # the manifest on standard input
	cat > "$scratch/manifest.yaml"
	cp "$scratch/manifest.yaml" "$files/manifest.yaml"
	on node rouse apply -f "$files/manifest.yaml" | sed 's/^/# /'
}

instances() { # SERVICE [STAGE]: how many, in that stage or any but Exited
	on node rouse get instances -o json | jq --arg service "$1" --arg stage "${2:-}" '
		[.items[] | select(.metadata.labels["serving.knative.dev/service"] == $service)
			  | select(if $stage == "" then .status.stage != "Exited" else .status.stage == $stage end)] | length'
}

has_instances() { # SERVICE COUNT [STAGE]
	equal "$(instances "$1" "${3:-}")" "$2"
}

at_least_instances() { # SERVICE COUNT: ready
	(($(instances "$1" Ready) >= $2)) || { instances "$1" Ready; return 1; }
}

counter() { # REASON: the kernel's own count, summed over CPUs
	on node bpftool --json map dump pinned /sys/fs/bpf/rouse/counters |
		jq --arg reason "$1" '[.[0].formatted.values[].value[$reason]] | add'
}

# Every hold ended in exactly one way: begun = released + expired + shed + reset, when none is held.
holds_add_up() {
	on node bpftool --json map dump pinned /sys/fs/bpf/rouse/counters | jq -e '
		[.[0].formatted.values[].value] | map(to_entries) | add | group_by(.key)
		| map({key: .[0].key, value: (map(.value) | add)}) | from_entries
		| if .hold_begun == .hold_released + .hold_expired + .hold_shed + .hold_reset then "ok"
		  else (with_entries(select(.key | startswith("hold_"))) | tostring | halt_error) end' > /dev/null
}

check_holds() {
	check "every hold ended in exactly one way" wait_until 10 holds_add_up
}

# What an agent has in the kernel, by the ids of its pins. `bpftool net` of Debian 12 knows no TCX links.
bpf_ids() { # AGENT: "map ID" and "prog ID" lines
	# shellcheck disable=SC2016 # the lab's shell expands it
	on node sh -c 'for pin in "/sys/fs/bpf/$1"/*; do bpftool --json map show pinned "$pin" 2> /dev/null; echo; done' \
		sh "$1" | jq -r '.id? // empty | "map \(.)"'
	# shellcheck disable=SC2016
	on node sh -c 'for pin in "/sys/fs/bpf/$1/links"/*; do bpftool --json link show pinned "$pin"; echo; done' \
		sh "$1" | jq -r '"prog \(.prog_id)"'
}

bpf_ids_gone() { # FILE: none of them is in the kernel any more
	local kind id
	while read -r kind id; do
		! on node bpftool "$kind" show id "$id" > /dev/null 2>&1 || { echo "$kind $id is there"; return 1; }
	done < "$1"
}
