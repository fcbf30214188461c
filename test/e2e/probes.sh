#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Probes: startup, then readiness, then the first client; liveness from then on.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up

# Says no three times on each path but /, and writes down who asked for what.
cat > "$files/probed.py" << 'PY'
import collections, http.server, os, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    asked = collections.Counter()
    def do_GET(self):
        self.asked[self.path] += 1
        no = self.path == "/never" or self.path != "/" and self.asked[self.path] <= 3
        print("asked", self.path, "no" if no else "yes", flush=True)
        self.send_response(503 if no else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Server(("::", int(os.environ["PORT"])), Handler).serve_forever()
PY

probe() { # KIND PATH PERIOD FAILURES
	echo "          ${1}Probe: {httpGet: {path: $2}, periodSeconds: $3, failureThreshold: $4}"
}

event() { # SERVICE REASON
	contains "$(on node rouse events --service "$1")" "$2"
}

{
	service ordered -- /usr/bin/python3 "$files/probed.py"
	probe startup /startup 1 9
	probe readiness /ready 1 9
	echo ---
	service never rouse.dev/hold-timeout=60s -- /usr/bin/python3 "$files/probed.py"
	probe startup /never 1 2
	echo ---
	service dying -- /usr/bin/python3 "$files/probed.py"
	probe liveness /alive 1 2
} | apply

check "a client waits until both probes have succeeded" equal "$(fetch -o /dev/null -w '%{http_code}' http://ordered.default.rouse/)" 200
on node rouse logs ordered > "$scratch/ordered"
check "startup first, readiness behind it, the client last" equal "$(uniq -c "$scratch/ordered" | awk '{ print $1, $3, $4 }' | paste -sd,)" \
	"3 /startup no,1 /startup yes,3 /ready no,1 /ready yes,1 / yes"

on client1 coldclient -t 9000 never.default.rouse:80 > "$scratch/never" &
check "a startup probe that fails too often ends the instance" wait_until 15 event never StartupProbeFailed
check "and the condition says so" wait_until 5 contains "$(on node rouse get revision never-00001 -o json)" StartupProbeFailed
wait
check "its client was never sent there" bash -c "! grep ' ok ' $scratch/never"

fetch -o /dev/null http://dying.default.rouse/
check "a liveness probe that fails ends the instance" wait_until 15 event dying LivenessFailed
check "and another one serves" equal "$(fetch -o /dev/null -w '%{http_code}' http://dying.default.rouse/)" 200
check_holds
