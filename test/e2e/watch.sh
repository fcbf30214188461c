#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Watches: what changes is told, also after a disconnect; after kill -9 a client lists again; one that does not read
# costs the agent nothing; nor does a body of 100 MB.
source "$(dirname "$0")/lib.sh"
lab_up

serving=http://rouse/apis/serving.knative.dev/v1
rouse=http://rouse/apis/rouse.dev/v1

ask() { # CURL-ARGUMENT...
	on node curl -sS -m 20 --unix-socket /run/rouse/api.sock "$@"
}

version() { # RESOURCE
	ask "$serving/$1?limit=1" | jq -r .metadata.resourceVersion
}

watch() { # FILE URL: in the background, until `leave`
	# shellcheck disable=SC2016 # for the lab's shell
	on node sh -c 'echo $$ >> "$1"; exec curl -sSN --unix-socket /run/rouse/api.sock "$2"' - "$files/pids" "$2" \
		> "$1" 2> /dev/null &
}

leave() { # all that watch
	xargs -a "$files/pids" "$root/tools/lab" exec "$lab" node kill
	rm "$files/pids"
	wait
}

told() { # FILE TYPE NAME [JQ-CONDITION]: an empty name is any
	jq -se --arg type "$2" --arg name "$3" \
		"any(.[]; .type == \$type and (.object.metadata.name == \$name or \$name == \"\") and (.object | ${4:-true}))" "$1" > /dev/null ||
		{ jq -c '[.type, .object.metadata.name]' "$1"; return 1; }
}

resident() { # in KiB
	ask http://rouse/metrics | awk '$1 == "rouse_process_resident_bytes" { printf "%d\n", $2 / 1024 }'
}

metric() { # SERIES
	ask http://rouse/metrics | awk -v series="$1" '$1 == series { print $2 }'
}

metric_is() { # SERIES VALUE
	equal "$(metric "$1")" "$2"
}

# --- what changes is told ---------------------------------------------------------------------------------------------

from=$(version services)
watch "$scratch/services" "$serving/services?watch=true&resourceVersion=$from"
watch "$scratch/revisions" "$serving/revisions?watch=true"
watch "$scratch/instances" "$rouse/instances?watch=true"
service hello -- "$files/stub" 200 | sed 's/initial-scale: "0"/initial-scale: "1"/' | apply
check "a new service is told" wait_until 5 told "$scratch/services" ADDED hello
fetch -o /dev/null http://hello.default.rouse/
check "that it has become ready" wait_until 5 told "$scratch/services" MODIFIED hello \
	'any(.status.conditions[]?; .type == "Ready" and .status == "True")'
check "that its revision has scaled" wait_until 5 told "$scratch/revisions" MODIFIED hello-00001 \
	'.status.actualReplicas == 1'
check "that an instance is ready" wait_until 5 told "$scratch/instances" MODIFIED '' '.status.stage == "Ready"'

check "answers have the fields of docs/openapi.json" on node "$root/tools/test/openapi" /run/rouse/api.sock

# --- a client that was away -------------------------------------------------------------------------------------------

seen=$(jq -s '.[-1].object.metadata.resourceVersion | tonumber' "$scratch/services")
leave
check "who leaves is noticed" wait_until 5 metric_is rouse_watches 0
{
	service second -- "$files/stub" 0
	echo ---
	service third -- "$files/stub" 0
} | apply
on node rouse delete service third | sed 's/^/# /'
ask "$serving/services?watch=true&timeoutSeconds=1&resourceVersion=$seen" > "$scratch/resumed"
check "what came meanwhile is told" told "$scratch/resumed" ADDED second
check "and what went" told "$scratch/resumed" DELETED third
check "and nothing that it had seen" bash -c "! grep -q '\"ADDED\".*\"name\":\"hello\"' '$scratch/resumed'"

# --- a client that does not read --------------------------------------------------------------------------------------

cat > "$files/stall.py" << 'END'
import select, socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/rouse/api.sock")
s.sendall(b"GET /apis/serving.knative.dev/v1/services?watch=true HTTP/1.1\r\nHost: rouse\r\n\r\n")
s.recv(12)
print("begun", flush=True)
# Reads nothing, until the agent has hung up.
hangup = select.poll()
hangup.register(s, 0)
assert hangup.poll(60000), "the agent has not hung up"
END
cat > "$files/churn.py" << 'END'
import http.client, json, socket
class Client(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/rouse/api.sock")
client = Client("rouse")
for i in range(400):
    patch = {"metadata": {"annotations": {"note": f"{i:05}" * 2000}}}
    client.request("PATCH", "/apis/serving.knative.dev/v1/namespaces/default/services/second", json.dumps(patch),
                   {"Content-Type": "application/merge-patch+json"})
    answer = client.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
END
on node python3 "$files/stall.py" > "$scratch/stall" &
stalled=$!
check "a client watches and does not read" wait_until 5 grep -q begun "$scratch/stall"
before=$(resident)
watch "$scratch/other" "$serving/services?watch=true"
on node python3 "$files/churn.py"
check "another sees all of it" wait_until 5 told "$scratch/other" MODIFIED second \
	'.metadata.annotations.note[:5] == "00399"'
check "a request is served meanwhile" fetch -o /dev/null http://hello.default.rouse/
check "4 MB of changes cost the agent no memory" at_most $(($(resident) - before)) 4096

# --- a body of 100 MB -------------------------------------------------------------------------------------------------

head -c 104857600 /dev/zero > "$files/large"
before=$(resident)
ask -w '\n%{http_code} %{size_upload}\n' -H 'Content-Type: application/json' -H 'Expect: 100-continue' \
	-T "$files/large" "$serving/namespaces/default/services/large" > "$scratch/large"
check "100 MB are refused with a sentence before they are sent" contains "$(< "$scratch/large")" "larger than 3 MiB"
check "the status is 413" equal "$(tail -n 1 "$scratch/large")" "413 0"

# Who does not ask first writes until the agent has closed behind its answer, which is there to be read all the same.
# (curl may give up at the EPIPE, and not read.)
cat > "$files/eager.py" << 'END'
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("/run/rouse/api.sock")
s.sendall(b"PUT /apis/serving.knative.dev/v1/namespaces/default/services/large HTTP/1.1\r\nHost: rouse\r\n"
          b"Content-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
sent = 0
try:
    while sent < 104857600:
        sent += s.send(bytes(65536))
except (BrokenPipeError, ConnectionResetError):
    pass
answer = b""
try:
    while part := s.recv(65536):
        answer += part
except ConnectionResetError:
    pass
print(answer.decode(), sent, sep="\n")
END
on node python3 "$files/eager.py" > "$scratch/large"
check "who writes all the same is refused with 413" contains "$(head -n 1 "$scratch/large")" " 413 "
check "and with a sentence" contains "$(< "$scratch/large")" "larger than 3 MiB"
check "and early" at_most "$(tail -n 1 "$scratch/large")" 4194304
check "they cost no memory" at_most $(($(resident) - before)) 8192

check "the client that does not read is let go" wait_until 45 metric_is 'rouse_watches_ended_total{why="stalled"}' 1
check "the log says so" grep -q "a watch ended: its client does not read resource=services version=[0-9]* seconds=30" \
	"/run/rouse-lab/$lab/agent.log"
wait $stalled

# --- kill -9 ----------------------------------------------------------------------------------------------------------

before=$(version services)
"$root/tools/lab" kill "$lab"
"$root/tools/lab" start "$lab"
check "a version of before the restart is too old" contains \
	"$(ask -w '%{http_code}' "$serving/services?watch=true&resourceVersion=$before")" '"reason":"Expired","code":410}'
after=$(version services)
check "versions have risen" at_most "$before" $((after - 1))
watch "$scratch/again" "$serving/services?watch=true&resourceVersion=$after"
on node rouse delete service hello | sed 's/^/# /'
check "who lists again watches on" wait_until 5 told "$scratch/again" DELETED hello
