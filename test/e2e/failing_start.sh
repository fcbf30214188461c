#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Services that cannot start: the client hears of it, and the owner finds out why in words.
source "$(dirname "$0")/lib.sh"
lab_up

says() { # SERVICE TEXT: an event or an instance of it does
	contains "$(on node rouse events --service "$1"; on node rouse get instances -o wide | grep " $1-")" "$2"
}

cat > "$files/loopback.py" << 'PY'
import http.server, os
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
PY
{
	service missing rouse.dev/hold-timeout=4s -- /nonexistent/program
	echo ---
	service exits rouse.dev/hold-timeout=4s -- /bin/sh -c 'echo giving up; exit 3'
	echo ---
	service silent rouse.dev/hold-timeout=4s -- sleep 1000
	echo ---
	service loopback rouse.dev/hold-timeout=4s -- /usr/bin/python3 "$files/loopback.py"
	echo ---
	service elsewhere rouse.dev/hold-timeout=4s -- /usr/bin/python3 -m http.server 9999
} | apply

on client1 coldclient -t 20000 missing.default.rouse:80 > "$scratch/missing" || true
check "a command that does not exist: refused at once" contains "$(cat "$scratch/missing")" ECONNREFUSED
check "and the reason names it" wait_until 5 says missing "/nonexistent/program"

on client1 coldclient -t 20000 exits.default.rouse:80 > "$scratch/exits" || true
check "a command that exits: refused" contains "$(cat "$scratch/exits")" ECONNREFUSED
check "and the reason has the exit code" wait_until 5 says exits "exited with code 3"
check "and its output is kept" contains "$(on node rouse logs exits)" "giving up"

for server in silent loopback elsewhere; do
	on client1 coldclient -t 6000 $server.default.rouse:80 > "$scratch/$server" &
done
check "listens on 127.0.0.1 only: said in words" wait_until 10 says loopback "127.0.0.1"
check "listens on another port: said in words" wait_until 10 says elsewhere "9999"
wait
for server in silent loopback elsewhere; do
	check "$server: its client was not served" bash -c "! grep ' ok ' $scratch/$server"
done
check_holds
