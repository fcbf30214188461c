#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The dataplane's maps are full: what does not fit is refused whole, with the map and the option that raises it, and
# nobody who was there before notices.
source "$(dirname "$0")/lib.sh"
lab_up --option max-routes=3 --option max-revisions=64 --option max-flows=4096 --option max-holds=2048

refused() { # TEXT: applying the manifest on standard input fails, and says so
	local said
	said=$({ apply; } 2>&1) && return 1
	contains "$said" "$1"
}

tagged() { # NAME TAG...
	service "$1" -- "$files/stub" 0
	shift
	echo "  traffic:"
	echo "    - {latestRevision: true, percent: 100}"
	for tag; do
		echo "    - {latestRevision: true, percent: 0, tag: $tag}"
	done
}

entries() { # MAP
	on node bpftool --json map dump pinned "/sys/fs/bpf/rouse/$1" | jq length
}

event() { # REASON TEXT
	contains "$(on node rouse events)" "$1" && contains "$(on node rouse events | grep "$1")" "$2"
}

served() {
	equal "$(fetch -o /dev/null -w '%{http_code}' http://warm.default.rouse/)" 200
}

service warm min-scale=1 -- "$files/stub" 0 | apply
cp "$files/manifest.yaml" "$files/warm.yaml"
service slow rouse.dev/hold-timeout=20s -- /usr/bin/sleep 60 | apply
check "a warm instance" wait_until 10 served
check "a service with two tags does not fit" refused "map routes has 2 of 3 entries, 3 more are needed" < <(tagged big one two)
check "the option is named" refused "max-routes" < <(tagged big one two)
check "nothing of it is there" bash -c "! '$root/tools/lab' exec '$lab' node rouse get service big"
check "nor in the dataplane" equal "$(entries routes)" 2
check "one without tags does" apply < <(service small -- "$files/stub" 0)
check "what is there can be applied again" apply < <(service small -- "$files/stub" 0)
check "and changed" apply < <(service small rouse.dev/hold-timeout=5s -- "$files/stub" 0)
check "but not given a tag" refused "max-routes" < <(tagged small one)
on node rouse delete service small | sed 's/^/# /'
check "what was deleted made room" apply < <(service other -- "$files/stub" 0)

# 1536 SYNs are held, the others are dropped.
on client1 timeout 8 coldclient -n 1600 slow.default.rouse:80 > /dev/null 2>&1 &
check "the node holds its maximum, and says which option raises it" wait_until 15 event HoldsFull max-holds
check "whom nobody holds for is served meanwhile" served
wait || true

# A flood of SYNs from nowhere, at a warm service.
cat > "$files/flood.py" << 'PY'
import socket, struct, sys
to = socket.gethostbyname("warm.default.rouse")
def total(data):
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for n in range(6000):
    source = socket.inet_aton("10.99.1.%d" % (100 + n % 100))
    tcp = struct.pack("!HHIIBBHHH", 1024 + n, 80, n, 0, 5 << 4, 2, 65535, 0, 0)
    check = total(source + socket.inet_aton(to) + struct.pack("!BBH", 0, 6, 20) + tcp)
    tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, socket.inet_aton(to))
    raw.sendto(ip + tcp, (to, 0))
PY
on client1 timeout 60 bash -c '
	exec 3<> /dev/tcp/warm.default.rouse/80
	echo > '"$files"'/open
	until [[ -e '"$files"'/flooded ]]; do sleep 0.05; done
	printf "GET / HTTP/1.1\r\nHost: warm\r\nConnection: close\r\n\r\n" >&3
	head -1 <&3' > "$scratch/outlives" &
open=$!
wait_until 10 test -e "$files/open"
on client1 python3 "$files/flood.py"
touch "$files/flooded"
check "the flood pushed out its own" wait_until 10 event HalfOpenEvicted max-flows
check "an open connection outlives it" wait $open
check "and is answered" contains "$(cat "$scratch/outlives")" "200 OK"
check "a new client is served" served
# Of the flood's own, some are: those that found none of their client's to end.
check "hardly a connection was dropped for it" bash -c "(($(counter flow_table_full) < 600))"

# Many more connections at once than the map has entries: it fills up, the others are dropped, and who is in stays in.
cat > "$files/crowd.py" << 'PY'
import resource, select, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
to, crowd, opened = (socket.gethostbyname("warm.default.rouse"), 80), {}, []
poll = select.poll()
for _ in range(6000):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(to)
    crowd[s.fileno()] = s
    poll.register(s, select.POLLOUT)
end = time.monotonic() + 8  # SYNs that were dropped come again after 1, 3 and 7 s
while time.monotonic() < end:
    for fd, _ in poll.poll(100):
        poll.unregister(fd)
        opened.append(crowd[fd])
answered = 0
for s in opened:
    s.settimeout(5)
    s.sendall(b"GET / HTTP/1.1\r\nHost: warm\r\n\r\n")
    answered += s.recv(65536).startswith(b"HTTP/1.1 200")
print(len(opened), len(opened) - answered)
PY
before=$(entries flows)
on client1 timeout 60 python3 "$files/crowd.py" > "$scratch/crowd" || true
read -r opened unanswered < "$scratch/crowd"
check "as many connections are open as the map has entries ($opened)" bash -c "(($opened >= 4096 - $before && $opened <= 4096))"
# Half-open ones of its own and of the flood may give way; of those that are open none does.
check "every one that is open is answered: none has ended for another" equal "$unanswered" 0
check "it is told, with the option that raises it" wait_until 10 event FlowTableFull max-flows
check "when they are closed, others come" wait_until 20 served

# All revisions of the dataplane are in use: by a hand that writes them.
on node rouse delete service other | sed 's/^/# /'
on node rouse delete service slow | sed 's/^/# /'
size=$(on node bpftool --json map show pinned /sys/fs/bpf/rouse/revisions | jq .bytes_value)
type=$(on node bpftool --json map show pinned /sys/fs/bpf/rouse/revisions | jq .btf_id)
uid=$(on node bpftool --json btf dump id "$type" | jq '.types[] | select(.name == "rs_revision") | .members[]
	| select(.name == "uid") | .bits_offset / 8')
has_one_revision() { # those of services that were deleted go with their last instance
	equal "$(on node bpftool --json map dump pinned /sys/fs/bpf/rouse/revisions |
		jq '[.[] | select(.formatted.value.uid != 0)] | length')" 1
}
check "only one revision is left" wait_until 15 has_one_revision
free=$(on node bpftool --json map dump pinned /sys/fs/bpf/rouse/revisions |
	jq -r '.[] | select(.formatted.value.uid == 0) | .formatted.key')
fill() { # BYTE: the uid of what is free
	awk -v byte="$1" -v size="$size" -v at="$uid" '$1 > 0 {
		printf "map update pinned /sys/fs/bpf/rouse/revisions key %d %d 0 0 value", $1 % 256, $1 / 256
		for (i = 0; i < size; i++) printf " %d", i == at ? byte : 0
		printf "\n" }' <<< "$free" > "$files/fill"
	on node bpftool batch file "$files/fill" > /dev/null
}
check "the test can fill the map revisions" fill 1
check "a service more is refused, with the map" refused "the dataplane's map revisions has 64 of 64 entries" < <(service extra -- "$files/stub" 0)
check "and with what to do" refused "max-revisions" < <(service extra -- "$files/stub" 0)
check "nothing of it is there" bash -c "! '$root/tools/lab' exec '$lab' node rouse get service extra"
check "a change that makes no revision is taken" on node rouse apply -f "$files/warm.yaml"
check "who is there is served" served
fill 0
check "when there is room, it is taken" apply < <(service extra -- "$files/stub" 0)
on node rouse delete service extra | sed 's/^/# /'

# The ring buffer is full while the agent does not listen. A single SYN, never repeated, is all that asks for `cold`.
cat > "$files/storm.py" << 'PY'
import http.server, os, socket
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        for n in range(8000 if self.path == "/storm" else 0):
            with socket.socket() as s:
                s.listen(1)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
PY
cat > "$files/one_syn.py" << 'PY'
import socket, sys
exec(open(sys.argv[1]).read().split("for n in")[0].replace("warm", "cold"))
source = socket.inet_aton("10.99.1.99")
tcp = struct.pack("!HHIIBBHHH", 4000, 80, 1, 0, 5 << 4, 2, 65535, 0, 0)
check = total(source + socket.inet_aton(to) + struct.pack("!BBH", 0, 6, 20) + tcp)
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, socket.inet_aton(to))
raw.sendto(ip + tcp[:16] + struct.pack("!H", check) + tcp[18:], (to, 0))
PY
{
	service storm min-scale=1 -- /usr/bin/python3 "$files/storm.py"
	echo ---
	service cold -- "$files/stub" 0
} | apply
check "the storm is ready" wait_until 10 fetch -o /dev/null http://storm.default.rouse/
agent=$(cat "/run/rouse-lab/$lab/agent.pid")
on node kill -STOP "$agent"
fetch -o /dev/null http://storm.default.rouse/storm
lost=$(counter event_lost)
on client1 python3 "$files/one_syn.py" "$files/flood.py"
check "events are lost while the agent stands still" bash -c "(($lost > 0 && $(counter event_lost) > $lost))"
on node kill -CONT "$agent"
check "a wake-up whose event was lost is not" wait_until 10 has_instances cold 1
check "and the loss is told" wait_until 10 event EventsLost looked
check_holds
