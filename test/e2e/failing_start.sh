#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Services that cannot start: the client hears of it, and the owner finds out why in words: an event, and the
# conditions of revision, configuration and service. What was mended recovers.
source "$(dirname "$0")/lib.sh"
lab_up

has_event() { # SERVICE REASON TEXT
	contains "$(on node rouse events --service "$1" | grep " $2 ")" "$3"
}

has_condition() { # SERVICE TYPE STATUS REASON TEXT: of its first revision
	on node rouse get revision "$1-00001" -o json | jq -e --arg type "$2" --arg status "$3" --arg reason "$4" --arg text "$5" '
		.status.conditions[] | select(.type == $type) | .reason //= "" | .message //= ""
		| if .status == $status and .reason == $reason and (.message | contains($text)) then true
		  else (tostring | halt_error) end' > /dev/null
}

is_ready() { # KIND NAME: what it says about that
	on node rouse get "$1" "$2" -o json | jq -r '.status.conditions[] | select(.type == "Ready") | .status + " " + .message'
}

fails() { # SERVICE REASON TEXT: the revision's condition and that of what owns it
	has_condition "$1" ContainerHealthy False "$2" "$3" &&
		contains "$(is_ready configuration "$1")" "$3" && contains "$(is_ready service "$1")" "$3"
}

with() { # YAML: one more line of the container
	echo "          $1"
}

cat > "$files/loopback.py" << 'PY'
import http.server, os
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
PY
cat > "$files/greedy.py" << 'PY'
print("taking all there is", flush=True)
hoard = bytearray(512 << 20)
PY
echo '#!/bin/sh' > "$files/forbidden"
chmod 644 "$files/forbidden"
echo 'echo broken; exit 7' > "$files/mended"
{
	service missing rouse.dev/hold-timeout=4s -- /nonexistent/program
	echo ---
	service forbidden rouse.dev/hold-timeout=4s -- "$files/forbidden"
	echo ---
	service nowhere rouse.dev/hold-timeout=4s -- "$files/stub" 0
	with "workingDir: /nonexistent/directory"
	echo ---
	service stranger rouse.dev/hold-timeout=4s -- /bin/sh -c 'cat /etc/shadow'
	with "securityContext: {runAsUser: 4242}"
	echo ---
	service exits rouse.dev/hold-timeout=4s -- /bin/sh -c 'echo one; echo giving up; exit 3'
	echo ---
	service killed rouse.dev/hold-timeout=4s -- /bin/sh -c 'kill -SEGV $$$$'
	echo ---
	service greedy rouse.dev/hold-timeout=4s -- /usr/bin/python3 "$files/greedy.py"
	with "resources: {limits: {memory: 64Mi}}"
	echo ---
	service silent rouse.dev/hold-timeout=9s serving.knative.dev/progress-deadline=7s -- sleep 1000
	echo ---
	service loopback rouse.dev/hold-timeout=4s -- /usr/bin/python3 "$files/loopback.py"
	echo ---
	service elsewhere rouse.dev/hold-timeout=4s -- /usr/bin/python3 -m http.server 9999
	echo ---
	service unprobed rouse.dev/hold-timeout=4s serving.knative.dev/progress-deadline=3s -- "$files/stub" 0
	with "readinessProbe: {tcpSocket: {port: 81}, periodSeconds: 1}"
	echo ---
	service looping rouse.dev/hold-timeout=20s -- /bin/sh "$files/mended"
} | apply

# Each has one client, all at once: none of them takes long.
for service in missing forbidden nowhere stranger exits killed greedy silent loopback elsewhere unprobed; do
	on client1 coldclient -t 12000 $service.default.rouse:80 > "$scratch/$service" &
done
on client1 coldclient -t 20000 looping.default.rouse:80 > "$scratch/looping" &

check "a command that does not exist: an event names it" wait_until 10 has_event missing StartFailed "/nonexistent/program"
check "and the conditions do" wait_until 5 fails missing ContainerMissing "/nonexistent/program"
check "not executable: said in words" wait_until 5 fails forbidden ContainerMissing "may not be executed by user"
check "a working directory that is missing: said in words" wait_until 5 fails nowhere ContainerMissing "/nonexistent/directory"
check "a user who may not: its own words are told" wait_until 5 fails stranger ExitCode1 "Permission denied"
check "a command that exits: code and last output" wait_until 5 fails exits ExitCode3 'exited with code 3; its last output: "one | giving up"'
check "as an event, too" wait_until 5 has_event exits StartFailed "giving up"
check "its output is kept" contains "$(on node rouse logs exits)" "giving up"
check "a command that dies: the signal" wait_until 5 fails killed ExitCode139 "signal 11"
if on node rouse get status -o json 2> /dev/null | grep -q 'limits of .*memory'; then
	skip "out of memory: named as such" "this node cannot enforce limits of memory"
else
	check "out of memory: named as such, with the limit" wait_until 10 fails greedy OOMKilled "its limit is 64 MiB"
fi
check "a crash loop: how often, and when next" wait_until 10 fails looping ExitCode7 "times in a row, the next try is not before 2"
counts() { # SERVICE REASON: its events of that reason, by how often each happened
	on node rouse events "$1" -o json | jq -c --arg reason "$2" '[.items[] | select(.reason == $reason) | .count]'
}
counts_as_one() { # SERVICE REASON TIMES: they are one event, that happened at least so often
	counts "$1" "$2" | jq -e --argjson times "$3" 'length == 1 and .[0] >= $times' > /dev/null || { counts "$1" "$2"; return 1; }
}
check "and as an event, one with a count" wait_until 10 counts_as_one looping StartFailed 3
check "listens on 127.0.0.1 only: said in words" wait_until 10 has_event loopback ListensOnLoopback "127.0.0.1"
check "listens on another port: said in words" wait_until 10 has_event elsewhere ListensElsewhere "port 9999, containerPort is 8080"
check "its condition is not known yet, for that reason" wait_until 5 has_condition elsewhere ContainerHealthy Unknown ListensElsewhere "9999"
service_says() { # SERVICE REASON: in the column of `get`
	contains "$(on node rouse get service "$1")" "$2"
}
check "and the service is not ready, for that reason" wait_until 5 service_says elsewhere ListensElsewhere
check "never listens: said before its deadline" wait_until 10 has_event silent NotListening "does not listen on port 8080 after 5 s"
check "never ready by its probe: ends at the deadline" wait_until 10 fails unprobed StartTimeout "readiness probe: cannot connect to port 81"

echo "exec $files/stub 0" > "$files/mended"
check "never listens: ends at the deadline" wait_until 10 fails silent StartTimeout "does not listen on port 8080"
check "and the deadline is the reason" wait_until 5 has_condition silent ResourcesAvailable False ProgressDeadlineExceeded "deadline of 7 s"
wait
for service in missing forbidden nowhere stranger exits killed; do
	check "$service: its client was refused" contains "$(cat "$scratch/$service")" ECONNREFUSED
done
for service in silent loopback elsewhere unprobed; do
	check "$service: its client was not served" bash -c "! grep ' ok ' $scratch/$service"
done
check "looping: mended in time, its client is served" contains "$(cat "$scratch/looping")" " ok "
check "and the conditions are well again" wait_until 5 has_condition looping ContainerHealthy True "" ""

# A new revision does not wait for the old one's next try.
service exits rouse.dev/hold-timeout=4s -- "$files/stub" 0 | apply
check "a new revision that is well is served at once" fetch -o /dev/null http://exits.default.rouse/
check_holds
