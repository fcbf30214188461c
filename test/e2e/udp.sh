#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Services of UDP, and several ports: woken by a datagram, which arrives whole and in its order.
source "$(dirname "$0")/lib.sh"
lab_up --option udp-timeout=12 --option udp-unanswered-timeout=3

cat > "$files/echo.py" <<'PY'
import os, socket, sys, threading
# Answers each datagram with its own bytes; over TCP on the same port the name of the protocol.
port = int(os.environ["PORT"])
def tcp():
    listener = socket.create_server(("0.0.0.0", port))
    while True:
        peer, _ = listener.accept()
        peer.sendall(b"tcp\n")
        peer.close()
threading.Thread(target=tcp, daemon=True).start()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", port))
while True:
    data, peer = server.recvfrom(65536)
    server.sendto(data, peer)
PY
cat > "$files/ask.py" <<'PY'
import socket, sys
# ask.py HOST PORT COUNT: so many datagrams at once; prints whether all come back, whole and in order.
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(15)
client.connect((host, port))
sent = [bytes([n]) * (1 + 131 * n % 900) for n in range(count)]
for data in sent:
    client.send(data)
got = [client.recv(65536) for _ in sent]
print("in order" if got == sent else "not in order")
PY
cat > "$files/crowd.py" <<'PY'
import select, socket, sys, time
# crowd.py HOST PORT COUNT: so many clients with one datagram each; prints how many are answered.
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
clients = []
for n in range(count):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((host, port))
    client.send(b"%d" % n)
    clients.append(client)
    if n == 0:
        time.sleep(0.05)
waiting, end = {c.fileno(): c for c in clients}, time.monotonic() + 20
poll = select.poll()
for fd in waiting:
    poll.register(fd, select.POLLIN)
while waiting and time.monotonic() < end:
    for fd, _ in poll.poll(200):
        waiting.pop(fd).recv(100)
        poll.unregister(fd)
print(count - len(waiting))
PY
service dns max-scale=1 -- python3 "$files/echo.py" | sed 's/ports: .*/ports: [{containerPort: 5353, protocol: UDP}, {containerPort: 5353, name: tcp}]/' | apply
check "nothing runs" has_instances dns 0
check "a first datagram wakes it, and eight come in their order" \
	equal "$(on client1 python3 "$files/ask.py" dns.default.rouse 5353 8)" "in order"
check "its instance is ready" wait_until 5 has_instances dns 1 Ready
check "warm, forty do" equal "$(on client1 python3 "$files/ask.py" dns.default.rouse 5353 40)" "in order"
check "the second port, of the other protocol" \
	equal "$(on client1 python3 -c 'import socket; print(socket.create_connection(("dns.default.rouse", 5353), 5).recv(9))')" "b'tcp\\n'"
flows() { # of UDP, that are tracked
	on node rouse get flows -o json | jq '[.items[] | select(.status.state | test("Unanswered|Answered|ToAndFro"))] | length'
}
no_flows() {
	equal "$(flows)" 0
}
check "its flows are there" at_most 2 "$(flows)"
# An idle flow is looked at each half minute.
check "silent for long enough, they are forgotten" wait_until 50 no_flows
check "it sleeps again" wait_until 40 has_instances dns 0
check "a thousand clients at once are all answered" equal "$(on client1 python3 "$files/crowd.py" dns.default.rouse 5353 1000)" 1000

# Real QUIC on both ends: a cold handshake, and a page of 200 kB over HTTP/3.
if command -v gtlsserver > /dev/null && command -v gtlsclient > /dev/null; then
	mkdir "$files/www" "$scratch/got"
	head -c 200000 /dev/urandom > "$files/www/page"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=quic \
		-keyout "$files/key.pem" -out "$files/cert.pem" 2> /dev/null
	chmod 644 "$files"/*.pem
	service quic max-scale=1 -- "$(command -v gtlsserver)" -q -d "$files/www" 0.0.0.0 4433 "$files/key.pem" "$files/cert.pem" |
		sed 's/ports: .*/ports: [{containerPort: 4433, protocol: UDP}]/' | apply
	check "a QUIC client's first flight wakes its server, and the page comes" \
		timeout 20 "$root/tools/lab" exec "$lab" client1 gtlsclient -q --exit-on-all-streams-close \
		--download="$scratch/got" quic.default.rouse 4433 https://quic.default.rouse/page
	check "it is the same page" cmp "$files/www/page" "$scratch/got/page"
else
	skip "real QUIC" "gtlsserver and gtlsclient are not here (ngtcp2-server, ngtcp2-client)"
fi
check_holds
