#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a manifest, a person or the node's addresses can get wrong: a sentence each, and nothing is half-done.
source "$(dirname "$0")/lib.sh"
lab_up --option vip-range=198.18.0.0/28

says() { # EXIT WORDS COMMAND...
	local want=$1 words=$2 said code=0
	shift 2
	said=$(on node "$@" 2>&1) || code=$?
	contains "$said" "$words" && equal "$code" "$want"
}

names() { # of all services
	on node rouse get services -A -o name | sort | tr '\n' ' '
}

write() { # FILE NAME [ANNOTATION=VALUE...]: a manifest
	service "${@:2}" -- "$files/stub" 0 > "$files/$1"
}

in_namespace() { # NAMESPACE FILE NAME
	write "$2" "$3"
	sed -i "s/metadata: {name: $3}/metadata: {name: $3, namespace: $1}/" "$files/$2"
}

# --- manifests --------------------------------------------------------------------------------------------------------

write bad.yaml hello
sed -i 's/^spec:/ spec:/' "$files/bad.yaml"
check "bad YAML: line and column" says 1 "/bad.yaml:4:2: " rouse apply -f "$files/bad.yaml"
write number.yaml hello
sed -i 's/initial-scale: "0"/initial-scale: 0/' "$files/number.yaml"
check "a number in an annotation: where, and the hint" says 1 \
	'/number.yaml:8:9: service hello: spec.template.metadata.annotations[autoscaling.knative.dev/initial-scale]: must be text, not a number: put it in quotes, "0"' \
	rouse apply -f "$files/number.yaml"
write unknown.yaml hello
sed -i 's/command:/comand:/' "$files/unknown.yaml"
check "an unknown field: where, and the one that was meant" says 1 \
	'unknown.yaml:11:11: service hello: spec.template.spec.containers[0].comand: is not a field here; did you mean "command"?' \
	rouse apply -f "$files/unknown.yaml"
write percents.yaml hello
printf '  traffic:\n    - {latestRevision: true, percent: 60}\n    - {latestRevision: true, percent: 30, tag: old}\n' >> "$files/percents.yaml"
check "percents that do not add up" says 1 "service hello: spec.traffic: the percents add up to 90, must be 100" \
	rouse apply -f "$files/percents.yaml"
write name.yaml My_App
check "a name that DNS forbids: where, and one that it allows" says 1 'name.yaml:3:12: service My_App: metadata.name: "My_App" must be lower-case' \
	rouse apply -f "$files/name.yaml"
long=$(printf 'a%.0s' {1..70})
write long.yaml "$long"
check "a name that is too long: where, and how long it may be" says 1 'metadata.name: "aaaaaaaaaaaaaaaa..." has 70 characters, at most 63 are possible' \
	rouse apply -f "$files/long.yaml"
write six.yaml six
sed -i 's|^metadata: .*|metadata: {name: six, annotations: {rouse.dev/ip-families: IPv6}}|' "$files/six.yaml"
no_v6="this agent serves IPv4 alone"
[[ $(cat /proc/sys/net/ipv6/conf/all/disable_ipv6 2> /dev/null) == 0 ]] || no_v6="this host has no IPv6"
check "IPv6 from an agent that has none: why" says 1 "metadata.annotations[rouse.dev/ip-families]: $no_v6" \
	rouse apply -f "$files/six.yaml"
check "nothing of them is there" equal "$(names)" ""

mkdir "$files/twins" "$files/two"
write twins/1.yaml twin
write twins/2.yaml twin scale-down-delay=5s
check "one name in two files is refused, with both places" says 1 \
	"/twins/2.yaml:3:12: metadata.name: Service \"twin\" is written twice: first at $files/twins/1.yaml:1; keep one of them" \
	rouse apply -f "$files/twins"
check "what the first says stands" equal "$(on node rouse get service twin -o json | jq -c '.spec.template.metadata.annotations | keys')" \
	'["autoscaling.knative.dev/initial-scale"]'
in_namespace one two/1.yaml twin
in_namespace two two/2.yaml twin
check "one name in two namespaces is two services" says 0 "twin created" rouse apply -f "$files/two"
check "each has a name of its own" fetch -o /dev/null http://twin.one.rouse/ http://twin.two.rouse/

# A manifest of 100 MB: one object, and as a stream of many.
{
	service large -- "$files/stub" 0
	head -c 104857600 /dev/zero | tr '\0' '#'
} > "$files/large.yaml"
before=$(names)
check "a manifest of 100 MB is refused with a sentence" says 1 "/large.yaml: has $(stat -c %s "$files/large.yaml") bytes, at most 4194304 are possible" \
	rouse apply -f "$files/large.yaml"
check "and from standard input" says 1 "-: has $(stat -c %s "$files/large.yaml") bytes, at most 4194304 are possible" \
	sh -c "rouse apply -f - < $files/large.yaml"
check "nothing of it is there" equal "$(names)" "$before"
rm "$files/large.yaml"

# --- the node's addresses ---------------------------------------------------------------------------------------------

# Fourteen addresses: three are taken.
for i in {1..11}; do
	service "more$i" -- "$files/stub" 0
	echo ---
done | apply
check "eleven more have an address" equal "$(names | wc -w)" 14
before=$(names)
write more.yaml late
check "no address is left: said, with what helps" says 1 \
	"service late: all 14 virtual addresses are taken: delete services or tags, or start roused with a larger --vip-range" rouse apply -f "$files/more.yaml"
check "nothing of it is there" equal "$(names)" "$before"
check "those that are there can be applied" says 0 "twin unchanged" rouse apply -f "$files/two/1.yaml"
check "and wake" fetch -o /dev/null http://more11.default.rouse/
on node rouse delete service more1 | sed 's/^/# /'
check "what was deleted made room" says 0 "late created" rouse apply -f "$files/more.yaml"
check "which wakes by that address" fetch -o /dev/null http://late.default.rouse/

# --- persons ----------------------------------------------------------------------------------------------------------

check "nobody in particular may not: said, with what to do" says 1 "permission denied; use sudo, or become a member of the socket's group" \
	setpriv --reuid 65534 --regid 65534 --clear-groups rouse get services
check_holds
