#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Logs: of several instances, of gone ones, of removed revisions; followed over new instances, a rotation and a restart
# of the agent; since when, and with times; and deleted when they are not to be kept any longer.
source "$(dirname "$0")/lib.sh"
lab_up --grace 1s --option log-bytes=65536 --option log-keep=3

logs() { # WORD...
	on node rouse logs "$@"
}

has_logs() { # COUNT SERVICE: on the disk
	equal "$(find "/run/rouse-lab/$lab/state/logs/default/$2" -name '*.log' 2> /dev/null | wc -l)" "$1"
}

log_contains() { # TEXT WORD...
	local text=$1
	shift
	contains "$(logs "$@" 2>&1)" "$text"
}

# Numbers its lines, and says more when the file "more" names a number: up to that.
cat > "$files/talker.py" << 'PY'
import http.server, os, threading, time
here, n = os.path.dirname(__file__), 0
def talk():
    global n
    while True:
        try: until = int(open(os.path.join(here, "more")).read())
        except (OSError, ValueError): until = 0
        while n < until:
            n += 1
            print("line", n, "x" * 40, flush=True)
        time.sleep(0.05)
threading.Thread(target=talk, daemon=True).start()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *_): pass
print("hello from", os.getpid(), flush=True)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
PY

{
	service talker min-scale=2 -- /usr/bin/python3 "$files/talker.py"
	echo ---
	service short -- /bin/sh -c 'echo round $PPID; exit 1'
} | apply
check "two instances run" wait_until 15 has_instances talker 2 Ready
check "lines of several instances have their names" equal "$(logs talker | sed -E 's/^rouse-[0-9]+ \| hello from [0-9]+$/fine/' | uniq -c | awk '{ print $1, $2 }')" "2 fine"
one=$(on node rouse get instances -o json | jq -r '[.items[] | select(.metadata.labels["serving.knative.dev/service"] == "talker")][0].metadata.name')
check "of one instance they have none" equal "$(logs "instance/$one" | cut -d' ' -f1,2)" "hello from"

# A follower sees everything once: over rotations, a restart of the agent, and of instances that come later.
"$root/tools/lab" exec "$lab" node rouse logs talker -f > "$scratch/followed" 2> "$scratch/complaints" &
follower=$!
echo 1000 > "$files/more"
check "a log is followed" wait_until 10 grep -q "$one | line 1000 " "$scratch/followed"
for until in 3000 5000; do
	echo $until > "$files/more"
	check "over a rotation, to line $until" wait_until 10 grep -q "$one | line $until " "$scratch/followed"
done
check "it was rotated" wait_until 5 bash -c "ls /run/rouse-lab/$lab/state/logs/default/talker/*/*.log.1"
"$root/tools/lab" kill "$lab"
echo 5500 > "$files/more"
"$root/tools/lab" start "$lab"
check "over a restart of the agent" wait_until 10 grep -q "$one | line 5500 " "$scratch/followed"
check "each line came once, in order" equal "$(grep "^$one | line" "$scratch/followed" | awk '$4 != NR' | wc -l)" 0

# Three new ones, of a new revision; the old revision is removed.
service talker min-scale=1 -- /usr/bin/python3 -u "$files/talker.py" | apply
check "a follower takes up new instances" wait_until 20 equal "$(wait_until 20 bash -c "[ \$(grep -c 'hello from' $scratch/followed) -ge 3 ]"; grep -c 'hello from' "$scratch/followed")" 3
kill $follower 2> /dev/null || true
wait $follower || true
check "the old instances go" wait_until 30 has_instances talker 1
on node rouse delete revision talker-00001 | sed 's/^/# /'
check "logs of a removed revision can be read" log_contains "line 5500 " revision/talker-00001 --tail 1
check "and those of a gone instance" log_contains "line 5500 " "instance/$one" --tail 1
check "the last that has ended" log_contains "line 5500 " talker --previous --tail 1

check "with times" grep -qE "^20[0-9]{2}(-[0-9]{2}){2}T[0-9:]{8}Z line 5500 " <(logs talker --previous --timestamps --tail 1)
check "since a time that is not over: all" log_contains "line 5499 " talker --previous --since 1h
check "since a time that has not come: nothing" equal "$(logs talker --previous --since-time 2100-01-01T00:00:00Z)" ""

# A crash loop has many instances: the last ones are kept. The next look is five seconds after the last exit.
on client1 coldclient -t 9000 short.default.rouse:80 > /dev/null || true
check "of a crash loop the last logs are there" log_contains "round" short
check "and not more than are to be kept" wait_until 20 has_logs 3 short
check_holds
