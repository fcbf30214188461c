#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The configuration is read again on SIGHUP: what is live changes, what is not is named, what is wrong changes nothing.
source "$(dirname "$0")/lib.sh"
config=$scratch/rouse.yaml
touch "$config"
chmod 755 "$scratch"
lab_up --grace 1s --option "config=$config"
log=/run/rouse-lab/$lab/agent.log

reload() { # the file on standard input
	cat > "$config"
	on node kill -HUP "$(cat "/run/rouse-lab/$lab/agent.pid")"
}

said() { # TEXT COUNT: so many lines of the log have it
	equal "$(grep -c -F -- "$1" "$log")" "$2"
}

part() { # what `rouse status` says of the configuration
	on node rouse status -o json | jq -r '.status.parts[] | select(.name == "configuration") | "\(.ok) \(.message)"'
}

service hello -- "$files/stub" 0 | apply
check "it is asleep" has_instances hello 0
check "status names the file" contains "$(part)" "$config, read at 20"

# --- what changes live ------------------------------------------------------------------------------------------------

reload << 'YAML'
log-level: debug
pool: 3
autoscaler:
  min-scale: 1
defaults:
  revision-timeout-seconds: 17
YAML
check "the file was read again" wait_until 10 said "the configuration was read again" 1
check "a floor wakes a service that sleeps" wait_until 20 has_instances hello 1 Ready
service other -- "$files/stub" 0 | apply
check "a new manifest gets the new default" equal \
	"$(on node rouse get service other -o json | jq .spec.template.spec.timeoutSeconds)" 17
check "an old one keeps its own" equal \
	"$(on node rouse get service hello -o json | jq .spec.template.spec.timeoutSeconds)" 300
check "status shows the new pool" contains "$(on node rouse status)" "a pool of 3 sandboxes"

# Windows of another length, in the middle of work.
on client1 sh -c "until [ -e '$files/stop' ]; do curl -s -m 5 -o /dev/null http://hello.default.rouse/; done" &
traffic=$!
reload << 'YAML'
autoscaler:
  min-scale: 1
  panic-window-percentage: 50
  scale-down-delay: 8s
YAML
check "the file was read again under load" wait_until 10 said "the configuration was read again" 2
scale_of() { on node rouse get revision hello-00001 -o json | jq -e "$1"; }
check "the panic window is half of the stable one" wait_until 10 scale_of '[.. | .panicWindowSeconds?] | any(. == 3)'
check "the load is still measured" wait_until 10 scale_of '[.. | .stableConcurrency? // empty] | any(. > 0)'
touch "$files/stop"
wait "$traffic"

# --- what does not ----------------------------------------------------------------------------------------------------

reload << 'YAML'
hook: clsact
max-flows: 8192
pool: 4
YAML
check "what needs a restart is named once" wait_until 10 said 'need a restart options="hook, max-flows (after rouse cleanup)"' 1
check "status says so as well" contains "$(part)" "these need a restart: hook, max-flows (after rouse cleanup)"
check "without the floor it goes to sleep again" wait_until 40 has_instances hello 0

# --- what is wrong ----------------------------------------------------------------------------------------------------

reload << 'YAML'
pool: 5
autoscaler:
  stabel-window: 6s
  max-scale: -3
YAML
check "a file with errors is refused" wait_until 10 said "the configuration was refused" 1
check "the line says where and what" said "$config:3:3: autoscaler.stabel-window: there is no such key" 1
check "status is not well" contains "$(part)" "false refused at 20"
check "nothing of it counts" contains "$(on node rouse status || true)" "a pool of 4 sandboxes"
check "the agent goes on" fetch -o /dev/null http://hello.default.rouse/

reload <<< ''
is_well() { contains "$(part)" "$config, read at 20"; }
check "a good one makes it well again" wait_until 10 is_well

# --- old revisions ----------------------------------------------------------------------------------------------------

revisions() { # their names
	on node rouse get revisions -o json | jq -r '[.items[].metadata.name | select(startswith("many-"))] | join(" ")'
}
have_revisions() { equal "$(revisions)" "$1"; }
for round in 1 2 3 4 5; do
	service many "target=$round" "serving.knative.dev/no-gc=$([[ $round == 1 ]] && echo true || echo false)" \
		-- "$files/stub" 0 | apply
	check "revision $round serves" fetch -o /dev/null http://many.default.rouse/
done
check "all are there" have_revisions "many-00001 many-00002 many-00003 many-00004 many-00005"
reload << 'YAML'
gc:
  min-non-active-revisions: 0
  max-non-active-revisions: 2
  retain-since-create-time: disabled
  retain-since-last-active-time: disabled
YAML
check "beyond the maximum the oldest is collected, unless it asks not to be" \
	wait_until 20 have_revisions "many-00001 many-00003 many-00004 many-00005"
has_event() { contains "$(on node rouse events)" Collected; }
check "an event says so" wait_until 10 has_event
check "the service goes on" fetch -o /dev/null http://many.default.rouse/

# --- without an agent -------------------------------------------------------------------------------------------------

printf 'pool: 0\nquite: else\n' > "$config"
check "--check-config tells every error" equal "$("$build/bin/roused" --check-config --config "$config" 2>&1 > /dev/null | wc -l)" 2
check "and exits with 2" bash -c "'$build/bin/roused' --check-config --config '$config' 2> /dev/null; [[ \$? == 2 ]]"
echo 'pool: 9' > "$config"
check "a good file is ok" equal "$("$build/bin/roused" --check-config --bpf-dir /sys/fs/bpf --config "$config")" "$config: ok"
"$build/bin/roused" --print-config --config "$config" > "$scratch/printed.yaml"
check "what is printed reads back" equal "$("$build/bin/roused" --print-config --config "$scratch/printed.yaml")" \
	"$(cat "$scratch/printed.yaml")"
check "and has what was set" contains "$(cat "$scratch/printed.yaml")" "pool: 9"

# The files of /etc, in a mount namespace where /etc has nothing else.
pool_of() { # [OPTION...]: what the files come to
	unshare --mount sh -c '
		mount -t tmpfs tmpfs /etc && mkdir -p /etc/rouse/two.d
		echo "pool: 3" > /etc/rouse/rouse.yaml
		echo "pool: 4" > /etc/rouse/two.yaml
		echo "pool: 5" > /etc/rouse/two.d/10-more.yaml
		echo "pool: 6" > /etc/rouse/two.d/README
		exec "$@"' sh "$build/bin/roused" --print-config "$@" | sed -n 's/^pool: //p'
}
check "an agent reads its file of /etc" equal "$(pool_of)" 3
check "another one its own, and what is beside it" equal "$(pool_of --name two)" 5
check "but not when a file is named" equal "$(pool_of --config /dev/null)" 8
