#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A day with the command line: options and manifests, looking, changing, waiting, following over a restart of the agent,
# deleting; and what it says when something is wrong.
source "$(dirname "$0")/lib.sh"
lab_up

rouse() { # on the node
	on node timeout 60 rouse "$@"
}

exits() { # CODE COMMAND...: ends with that exit code
	local want=$1 got=0
	shift
	"$@" > "$scratch/out" 2> "$scratch/err" || got=$?
	equal "$got" "$want" || { cat "$scratch/out" "$scratch/err"; return 1; }
}

says() { # TEXT COMMAND...: with that in its output or messages
	local text=$1
	shift
	"$@" > "$scratch/out" 2>&1 || true
	contains "$(cat "$scratch/out")" "$text"
}

follow() { # NAME ARGUMENT...: in the background, its rows in $scratch/NAME
	local name=$1
	shift
	on node rouse "$@" > "$scratch/$name" 2> "$scratch/$name.err" &
	followers+=($!)
}

row() { # NAME PATTERN: a follower has written it
	grep -qE -- "$2" "$scratch/$1" || { tail -n 20 "$scratch/$1" "$scratch/$1.err"; return 1; }
}

rows() { # NAME PATTERN COUNT: exactly so many
	equal "$(grep -cE -- "$2" "$scratch/$1")" "$3"
}

followers=()

# --- making -----------------------------------------------------------------------------------------------------------

check "a service is made from options" rouse service create hello --env GREETING=one --scale-max 3 --label team=blue \
	-- "$files/stub" 0
check "and is ready when that returns" equal \
	"$(rouse get ksvc hello -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" True
check "it answers" fetch -o /dev/null http://hello.default.rouse/
check "another of that name is refused" says "rouse service update hello" rouse service create hello -- true
check "an image is refused with the reason" says "images are not run" rouse service create other --image nginx

mkdir -p "$files/shop/deep"
service web -- "$files/stub" 0 | sed 's/{name: web}/{name: web, labels: {team: red}}/' > "$files/shop/web.yaml"
service db -- "$files/stub" 0 > "$files/shop/deep/db.yaml"
check "diff says what would come" exits 1 rouse diff -R -f "$files/shop"
check "with a line for each" contains "$(cat "$scratch/out")" "+  name: db"
check "a folder is applied with those inside" rouse apply -R -f "$files/shop"
check "then nothing is different" exits 0 rouse diff -R -f "$files/shop"
check "and nothing changes" says "service.serving.knative.dev/web unchanged" rouse apply -f "$files/shop"
sed -i 's/initial-scale: "0"/initial-scale: "0"\n        autoscaling.knative.dev\/max-scale: "7"/' "$files/shop/web.yaml"
check "a change is different" exits 1 rouse diff -f "$files/shop/web.yaml"
check "and shown" contains "$(cat "$scratch/out")" '+        autoscaling.knative.dev/max-scale: "7"'
check "diff changed nothing" equal "$(rouse get revisions --service web -o name | wc -l)" 1
# shellcheck disable=SC2016 # the inner shell's
check "an exported service is the same" exits 0 \
	on node sh -c 'rouse service export hello > "$1/hello.yaml" && rouse diff -f "$1/hello.yaml"' - "$files"
# shellcheck disable=SC2016
check "and so are all of them" exits 0 \
	on node sh -c 'rouse service export --all > "$1/all.yaml" && rouse diff -f "$1/all.yaml"' - "$files"
check "each stands in it" equal "$(on node rouse service export --all -o json | jq '.items | length')" \
	"$(rouse get services -o name | wc -l)"
check "two by name" equal "$(on node rouse service export hello web -o json | jq -r '[.items[].metadata.name] | join(" ")')" \
	"hello web"
check "nothing named: what to type" exits 2 rouse service export

# --- looking ----------------------------------------------------------------------------------------------------------

check "labels select" equal "$(rouse get svc -l 'team in (blue, green)' -o name)" service.serving.knative.dev/hello
check "and exclude" equal "$(rouse get svc -l '!team' -o name)" service.serving.knative.dev/db
check "lists are sorted" equal "$(rouse get svc --sort-by .metadata.name -o 'jsonpath={.items[*].metadata.name}')" \
	"db hello web"
check "get all has every kind" equal \
	"$(rouse get all -o name | cut -d . -f 1 | sort -u | tr '\n' ' ')" "configuration instance revision route service "
for noun in services configurations revisions routes instances; do
	check "describe $noun" says "Name: " rouse describe "$noun"
done
check "describe says why" says "Conditions" rouse describe revision/hello-00001
check "NAME and KIND/NAME mix kinds" equal "$(rouse get service/hello rev/hello-00001 -o name | wc -l)" 2

# --- following, over a restart of the agent ---------------------------------------------------------------------------

follow services get services -w --output-watch-events
follow events events -f -A
follow one get service hello -w -o json
check "the watch begins with what there is" wait_until 20 row services '^ADDED +hello '
check "and the events with what has happened" wait_until 20 row events 'revision/hello-00001'
check "a change is told" rouse service update hello --env GREETING=two
check "the new revision is the latest ready one" wait_until 20 row services '^MODIFIED +hello .* hello-00002 +hello-00002 +True'
"$root/tools/lab" restart "$lab" | sed 's/^/# /'
check "the watch waits for the agent" wait_until 20 row services.err 'is back'
check "the events, too" wait_until 20 row events.err 'is back'
check "an update after the restart" rouse service update hello --env GREETING=three
check "is told to the watch" wait_until 20 row services '^MODIFIED +hello .* hello-00003 +hello-00003 +True'
check "and to that of one object" wait_until 20 row one '"latestReadyRevisionName":"hello-00003"'
check "a new service is added" rouse service create late --no-wait -- "$files/stub" 0
check "and told" wait_until 20 row services '^ADDED +late '
check "events go on" wait_until 20 row events 'service/late'
check "no event came twice, none was left out" equal "$(grep -cE ' Created +service/' "$scratch/events")" 4
check "unchanged services were not told again" rows services '^ADDED +(db|web) ' 2
# shellcheck disable=SC2016 # the inner shell's
check "a watch ends when nobody reads" exits 1 on node bash -c \
	'timeout 20 rouse get services -w 2> "$1" | head -n 1; exit "${PIPESTATUS[0]}"' - "$scratch/closed"
check "without a word" equal "$(cat "$scratch/closed")" ""

# --- changing and waiting ---------------------------------------------------------------------------------------------

check "percents that do not add up are refused" exits 2 rouse traffic hello --traffic v1=90,v2=5
check "with their sum" contains "$(cat "$scratch/err")" "add up to 95"
check "traffic is split as kn does it" rouse traffic hello --traffic v1=90,@latest=10 --tag v2=mid
check "and shown" equal "$(rouse get service hello -o 'jsonpath={.spec.traffic[*].percent}' | tr ' ' '\n' | sort -n | tr '\n' ' ')" \
	"0 10 90 "
check "the tag goes" rouse service update hello --untag mid --traffic @latest=100
check "scale bounds" rouse scale hello --min 1 --max 2
check "wait for an instance" rouse wait hello --for=instances=1 --timeout 20s
check "wait for a value" rouse wait service/hello --for=jsonpath='{.status.latestReadyRevisionName}'=hello-00004 --timeout 20s
check "wait for all of a kind" says "service.serving.knative.dev/hello condition met" rouse wait services --all --for=ready --timeout 20s
check "wait gives up" exits 1 rouse wait web --for=instances=1 --timeout 1s
check "and says so" contains "$(cat "$scratch/err")" "gave up waiting"
check "events of one object" says "service/late" rouse events --for service/late --since 5m

# --- deleting ---------------------------------------------------------------------------------------------------------

check "delete by label waits until it is gone" rouse delete services -l team=red --wait
check "the watch tells it" wait_until 20 row services '^DELETED +web +http://web'
check "what is gone is an error" exits 1 rouse delete service web
check "unless it is said" exits 0 rouse delete service web db --ignore-not-found
check "delete what manifests name" says "service.serving.knative.dev/hello deleted" rouse delete -f "$files/hello.yaml"
check "delete all" rouse delete services --all --wait
check "nothing is left" equal "$(rouse get services -o name)" ""
for follower in "${followers[@]}"; do
	check "a follower still runs, and ends" kill "$follower"
done

# --- what is wrong ----------------------------------------------------------------------------------------------------

check "a mistyped command" says 'did you mean "describe"' rouse descrbe
check "a mistyped noun" says "did you mean services" rouse get servcies
check "a mistyped option" says "did you mean --selector" rouse get services --selecter x=y
check "a mistyped verb" says 'did you mean "create"' rouse service creat x
printf 'kind: Service\nmetadata: {name: x\n' > "$files/bad.yaml"
check "broken YAML has its place" says "bad.yaml:3:1: " rouse apply -f "$files/bad.yaml"
service twin -- true > "$files/twins.yaml"
{ echo ---; service twin -- true; } >> "$files/twins.yaml"
check "one file, one name, once" says "twins.yaml:16:12: metadata.name: Service \"twin\" is written twice: first at $files/twins.yaml:1" \
	rouse apply --dry-run -f "$files/twins.yaml"
check "no colour without a terminal" bash -c "! '$root/tools/lab' exec $lab node rouse status | grep -q \$'\033'"
check "colour when it is asked for" bash -c "'$root/tools/lab' exec $lab node rouse status --color always | grep -q \$'\033'"
check "a socket that may not be used" says "use sudo" on node setpriv --reuid 65534 --regid 65534 --clear-groups rouse get services
"$root/tools/lab" kill "$lab"
check "no agent" says "no agent answers at /run/rouse/api.sock" rouse get services
