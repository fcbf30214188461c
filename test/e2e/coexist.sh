#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A firewall with state, masquerading and port forwarding beside an agent: foreign traffic meets its rules as before,
# traffic to services meets none of them, and what conntrack sees is what docs/host.md says.
source "$(dirname "$0")/lib.sh"
lab_up --clients 2

node() { # COMMANDS, in the lab's node
	on node bash -ec "$1"
}

# The usual firewall of a router: what is not asked for is dropped, 7000 is open, 8081 leads to client2's 9000, and
# client2's network hides who asks it.
cat > "$files/fw.nft" <<'RULES'
table ip fw {
	counter services_in { }
	counter services_forwarded { }
	counter services_masked { }
	counter host_out { }
	counter host_in { }
	chain input {
		type filter hook input priority filter; policy drop;
		ip daddr 198.18.0.0/15 iifname != { "lo", "rouse0" } counter name services_in
		iifname "rouse0" counter name host_in
		ct state established,related accept
		ct state invalid drop
		iifname { "lo", "rouse0" } accept
		tcp dport 7000 accept
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
		ip daddr 198.18.0.0/15 counter name services_forwarded
		ct state established,related accept
		iifname "client1" oifname "client2" tcp dport 9000 accept
		ip saddr 198.19.0.0/16 accept
	}
	chain output {
		type filter hook output priority filter;
		oifname "rouse0" counter name host_out
	}
	chain prerouting {
		type nat hook prerouting priority dstnat;
		tcp dport 8081 dnat to 10.99.2.2:9000
	}
	chain postrouting {
		type nat hook postrouting priority srcnat;
		ip daddr 198.18.0.0/15 oifname != "rouse0" counter name services_masked
		oifname "client2" masquerade
	}
}
RULES
rules() { # the firewall as it stands, but for what it has counted
	node 'nft -s list table ip fw' | sed 's/ *packets [0-9]* bytes [0-9]*//'
}
counted() { # COUNTER: packets
	node "nft -j list counter ip fw $1" | jq '[.nftables[] | .counter? // empty | .packets][0]'
}

# Foreign servers: each says who asked.
listen() { # WHERE PORT
	on "$1" python3 -c '
import socket, sys
s = socket.create_server(("", int(sys.argv[1])))
while True:
    c, a = s.accept()
    c.sendall((a[0] + "\n").encode())
    c.close()' "$2" > /dev/null 2>&1 &
}
ask() { # WHERE ADDRESS PORT [SECONDS]: what the server there says
	on "$1" python3 -c '
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))
print(c.makefile().readline().strip())' "$2" "$3" "${4:-5}" 2> /dev/null
}
listen node 7000
listen node 7001
listen client2 9000
answers() { # WHERE ADDRESS PORT WANT
	equal "$(ask "$1" "$2" "$3")" "$4"
}
is_silent() { # WHERE ADDRESS PORT
	! ask "$1" "$2" "$3" 0.4
}
foreign_works() { # how the firewall treats who is not a service's client
	answers client1 10.99.1.1 7000 10.99.1.2 || return 1
	is_silent client1 10.99.1.1 7001 || { echo "7001 answers"; return 1; }
	answers client1 10.99.2.2 9000 10.99.2.1 || return 1 # masqueraded
	answers client1 10.99.1.1 8081 10.99.2.1 || return 1 # forwarded and masqueraded
	is_silent client2 10.99.1.2 9000 || { echo "client2 gets through"; return 1; }
}

# conntrack's entries that name an address.
tracked() { # ADDRESS
	node "grep -c 'dst=$1 ' /proc/net/nf_conntrack || true"
}

node "nft -f $files/fw.nft"
before=$(rules)
check "the firewall works without services" wait_until 10 foreign_works

service web min-scale=1 -- python3 -c '
import http.server, os
class Who(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = self.client_address[0].encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Who).serve_forever()' | apply
service cold -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances web 1 Ready
vip=$(on node awk '$2 == "web.default.rouse" { print $1; exit }' /etc/hosts)
cold=$(on node awk '$2 == "cold.default.rouse" { print $1; exit }' /etc/hosts)

who() { # WHERE: as whom the service sees a client
	on "$1" curl -sS -m 5 "http://$vip/"
}
seen_as() { # WHERE ADDRESS
	equal "$(who "$1")" "$2"
}
asks_as_instance() { # as client2 sees it
	node "nsenter --net=/run/netns/\$(ip netns list | grep -o '^rouse-[0-9]*' | head -n 1) python3 -c '
import socket
print(socket.create_connection((\"10.99.2.2\", 9000), 5).makefile().readline().strip())'"
}
check "a client is served under policy drop" seen_as client1 10.99.1.2
check "by its own address, masquerading or not" seen_as client2 10.99.2.2
check "a client on the host is served" who node
check "a cold start is served" on client1 curl -sS -m 10 -o /dev/null "http://$cold/"

for counter in services_in services_forwarded services_masked; do
	check "no packet for a service met a rule: $counter" equal "$(counted "$counter")" 0
done
check "what an instance asks of others is forwarded and masked" equal "$(asks_as_instance)" 10.99.2.1
check "and its answers meet the rules that none of the above has met" test "$(counted services_forwarded)" -gt 0
check "the foreign still is as it was" foreign_works

# --- conntrack --------------------------------------------------------------------------------------------------------

node 'echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct 2> /dev/null || true'
idle=$(tracked "$vip")
for ((i = 0; i < 5; i++)); do
	who client1 > /dev/null
done
check "conntrack sees no client of a service" equal "$(tracked "$vip")" "$idle"
out=$(counted host_out) in=$(counted host_in)
who node > /dev/null
check "but those on the host itself" test "$(tracked "$vip")" -gt "$idle"
check "who go out by rouse0" test "$(counted host_out)" -gt "$out"
check "and are answered by it" test "$(counted host_in)" -gt "$in"
ask client1 10.99.1.1 7000 > /dev/null
check "and the foreign as ever" test "$(tracked 10.99.1.1)" -gt 0

# A rule that drops what conntrack calls invalid is no danger to long connections of services.
# shellcheck disable=SC2016
on client1 python3 -c '
import socket, sys
c = socket.create_connection((sys.argv[1], 80), 5)
for _ in range(200):
    c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    got = b""
    while not got.endswith(b"10.99.1.2\n"):
        more = c.recv(4096)
        assert more
        got += more
print("all")' "$vip" > "$scratch/kept" 2>&1 || true
check "a kept connection lives under ct state invalid drop" equal "$(cat "$scratch/kept")" all

# --- behind an interface that carries nothing -------------------------------------------------------------------------

printf '%s\n' --interface client2=off >> "/run/rouse-lab/$lab/options"
"$root/tools/lab" restart "$lab"
refused() {
	! on client2 curl -s -m 0.5 -o /dev/null "http://$vip/"
}
check "a client behind an interface that carries nothing is forwarded, or not" wait_until 5 refused
check "by the FORWARD chain" test "$(counted services_forwarded)" -gt 0
node 'nft insert rule ip fw forward oifname rouse0 accept'
check "where that lets it, it is served" seen_as client2 10.99.2.2
check "and tracked" test "$(node "grep -c 'src=10.99.2.2 dst=$vip ' /proc/net/nf_conntrack")" -gt 0
check "as others are not" equal "$(node "grep -c 'src=10.99.1.2 dst=$vip ' /proc/net/nf_conntrack || true")" 0

# --- a ruleset that is loaded anew, and an agent that goes ------------------------------------------------------------

node "nft delete table ip fw; nft -f $files/fw.nft"
check "rules that are loaded anew do not matter to services" seen_as client1 10.99.1.2
check "nor services to them" foreign_works
"$root/tools/lab" restart "$lab"
check "a restarted agent leaves them alone" equal "$(rules)" "$before"
check "and serves" wait_until 10 seen_as client1 10.99.1.2
"$root/tools/lab" kill "$lab"
check "with no agent, services" seen_as client1 10.99.1.2
check "and the foreign" foreign_works
mapfile -t options < "/run/rouse-lab/$lab/options"
on node roused "${options[@]}" --cleanup > /dev/null
check "cleanup leaves the firewall as it was" equal "$(rules)" "$before"
check "at work" foreign_works
