#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every field that docs/manifest.md calls refused is refused, with its path and that reason.
source "$(dirname "$0")/lib.sh"
lab_up

base='{"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "refused"}, "spec": {
	"template": {"spec": {"containers": [{"command": ["true"], "ports": [{"containerPort": 8080}]}]}},
	"traffic": [{"latestRevision": true, "percent": 100}]}}'

# Something that asks for something, whatever the field's type is: the reason comes before the type.
with_field() { # PATH
	jq -c --arg path "$1" 'setpath($path | [splits("[.\\[\\]]+")] | map(select(. != "") | tonumber? // .);
		"something")' <<< "$base"
}

refuses() { # PATH REASON
	local said
	if said=$(with_field "$1" | on node rouse apply --dry-run -f - 2>&1); then
		echo "is taken: $said"
		return 1
	fi
	contains "$said" "$1: " && contains "$said" "$2"
}

while IFS=$'\t' read -r path reason; do
	check "$path" refuses "$path" "$reason"
done < <("$root/tools/test/manifest-fields" --list)
check "none was applied" equal "$(on node rouse get services -o name)" ""
