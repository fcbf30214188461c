#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The store is copied while the agent works; put back, it brings services, revisions and addresses again.
source "$(dirname "$0")/lib.sh"

rouse() {
	on node rouse "$@"
}
state=/run/rouse-lab/$lab/state
backup() { # FILE: as sqlite3's .backup
	python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))' "$state/store.db" "$1"
}
all() { # every service with its address, and every revision
	rouse get services -A -o wide --no-headers | awk '{ print $1, $2, $4 }'
	rouse get revisions -A -o name
}
serves() {
	[[ $(on client1 curl -s -m 10 -o /dev/null -w '%{http_code}' http://hello.default.rouse/) == 200 ]]
}

lab_up
for scale in 2 3; do
	service hello "max-scale=$scale" -- python3 -m http.server '$(PORT)' | apply
	check "revision with $scale is ready" rouse wait hello --for=condition=Ready --timeout=20s
done
service other -- true | apply
check "the older has a name" rouse traffic hello @latest=100 --tag hello-00001=old
before=$(all)
check "the store is copied" backup "$scratch/copy.db"

check "everything goes" rouse delete services --all --wait
service late -- true | apply
"$root/tools/lab" kill "$lab"
rm -f "$state"/store.db-wal "$state"/store.db-shm
cp "$scratch/copy.db" "$state/store.db"
check "an agent starts on the copy" "$root/tools/lab" start "$lab"
check "all of it is there, and no more" equal "$(all)" "$before"
check "and works" serves
check "also what had a tag" on client1 curl -sf -m 10 -o /dev/null http://old-hello.default.rouse/
check_holds
