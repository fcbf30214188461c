#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# After ready: a server that closes its listener, and one that says by its probe that it cannot serve now. Neither gets
# connections meanwhile, everybody is told why, and both come back by themselves.
source "$(dirname "$0")/lib.sh"
lab_up

# Serves on $PORT. The file "deaf" closes its listener; "busy" makes /ready say no. It writes down what it does.
cat > "$files/moody.py" << 'PY'
import http.server, os, threading, time
here = os.path.dirname(__file__)
def wants(name): return os.path.exists(os.path.join(here, os.environ["K_SERVICE"] + "." + name))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(503 if self.path == "/ready" and wants("busy") else 200)
        self.send_header("Content-Length", "0")
        self.send_header("X-Pid", str(os.getpid()))
        self.end_headers()
    def log_message(self, *_): pass
ignored = wants("deaf") # for good: of an earlier one
while True:
    server = http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while ignored or not wants("deaf"): time.sleep(0.02)
    server.shutdown()
    server.server_close()
    print("closed", flush=True)
    while wants("deaf"): time.sleep(0.02)
PY

event() { # SERVICE REASON TEXT
	contains "$(on node rouse events --service "$1" | grep " $2 ")" "$3"
}

has_logged() { # SERVICE TEXT
	contains "$(on node rouse logs "$1")" "$2"
}

has_holds() { # SERVICE
	contains "$(on node rouse get holds)" "$1-00001"
}

healthy() { # SERVICE STATUS REASON
	equal "$(on node rouse get revision "$1-00001" -o json | jq -r '.status.conditions[]
		| select(.type == "ContainerHealthy") | .status + " " + (.reason // "")')" "$2 $3"
}

code() { # SERVICE
	fetch -o /dev/null -w '%{http_code}' "http://$1.default.rouse/"
}

{
	service deaf min-scale=1 -- /usr/bin/python3 "$files/moody.py"
	echo ---
	service busy min-scale=1 rouse.dev/hold-timeout=30s -- /usr/bin/python3 "$files/moody.py"
	echo "          readinessProbe: {httpGet: {path: /ready}, periodSeconds: 1, failureThreshold: 2}"
	echo ---
	service mute min-scale=1 serving.knative.dev/progress-deadline=3s -- /usr/bin/python3 "$files/moody.py"
} | apply
for service in deaf busy mute; do
	check "$service is ready" wait_until 15 has_instances $service 1 Ready
done
pid=$(on node rouse get instances -o json | jq '.items[] | select(.metadata.labels["serving.knative.dev/service"] == "deaf") | .status.pid')

touch "$files/deaf.deaf"
check "its listener is closed" wait_until 5 has_logged deaf closed
code deaf > "$scratch/deaf" &
client=$!
check "a closed listener is noticed by the next connection, and said" wait_until 10 event deaf ListenerClosed "closed its listener on port 8080"
check "the instance is out of rotation" wait_until 5 has_instances deaf 1 Unready
check "the condition tells why" wait_until 5 healthy deaf False ListenerClosed
rm "$files/deaf.deaf"
wait $client
check "when it listens again its client is served" equal "$(cat "$scratch/deaf")" 200
check "by the same process" equal "$(on node rouse get instances -o json | jq '.items[] | select(.metadata.labels["serving.knative.dev/service"] == "deaf") | .status.pid')" "$pid"
check "and it is well again" wait_until 5 healthy deaf True ""
check "as an event, too" wait_until 5 event deaf InstanceReady "ready again"

# One that does not come back: another takes its place.
touch "$files/mute.deaf"
check "its listener is closed for good" wait_until 5 has_logged mute closed
on client1 coldclient -t 30000 mute.default.rouse:80 > "$scratch/mute" &
client=$!
check "it is ended at its progress deadline, and why is said" wait_until 15 event mute ListenerClosed "has not listened for 3 s since"
wait $client || true
check "another one serves who waited" contains "$(cat "$scratch/mute")" " ok "
check "which is well" wait_until 10 healthy mute True ""

touch "$files/busy.busy"
check "a readiness probe that fails takes it out of rotation" wait_until 10 has_instances busy 1 Unready
check "and says why" wait_until 5 event busy ReadinessProbeFailed "HTTP status 503"
code busy > "$scratch/busy" &
client=$!
check "its client is held" wait_until 5 has_holds busy
check "not sent there" equal "$(cat "$scratch/busy")" ""
# The next agent knows as much.
"$root/tools/lab" kill "$lab"
"$root/tools/lab" start "$lab"
check "it is out of rotation after a restart of the agent" has_instances busy 1 Unready
rm "$files/busy.busy"
wait $client
check "a probe that succeeds puts it back" equal "$(cat "$scratch/busy")" 200
check_holds
