#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A service of both families: one instance for whoever comes, held together, released together; a way out over both; and
# programs that listen in one family alone.
source "$(dirname "$0")/lib.sh"
lab_up --clients 2 --option ip-families=IPv4,IPv6

# Listens on the address that it is told, and after so many seconds on another one as well.
cat > "$files/listen.py" << 'PY'
import http.server, os, socket, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode() + b"\n")
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    def __init__(self, address):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, int(os.environ["PORT"])), Handler)
    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, len(sys.argv) > 2)
        super().server_bind()
threading.Thread(target=Server(sys.argv[1]).serve_forever).start()
for after, address in zip(sys.argv[2::2], sys.argv[3::2]):
    time.sleep(float(after))
    threading.Thread(target=Server(address).serve_forever).start()
PY

over() { # 4|6 WHERE SERVICE [CURL-OPTION...]
	local family=$1 where=$2 name=$3
	shift 3
	on "$where" curl "-$family" -sS -m 20 "$@" "http://$name.default.rouse/"
}

status_of() { # 4|6 WHERE SERVICE: curl's exit status
	local status=0
	over "$1" "$2" "$3" -m 10 -o /dev/null > /dev/null 2>&1 || status=$?
	echo $status
}

served() { # 4|6 WHERE SERVICE
	equal "$(over "$1" "$2" "$3" -o /dev/null -w '%{http_code}')" 200
}

event() { # SERVICE TEXT
	contains "$(on node rouse events --service "$1")" "$2"
}

why_says() { # SERVICE TEXT
	contains "$(on node rouse why "$1" 2>&1)" "$2"
}

families() { # SERVICE FAMILIES -- COMMAND...: a service that says so
	local name=$1 of=$2
	shift 2
	service "$name" "$@" | sed "s|^metadata: .*|metadata: {name: $name, annotations: {rouse.dev/ip-families: \"$of\"}}|"
}

contains_now() { # TEXT: of the agent's log
	grep -q "$1" "/run/rouse-lab/$lab/agent.log"
}

addresses() { # SERVICE
	on node rouse get service "$1" -o json | jq -r '.status.rouse.addresses | join(" ")'
}

# --- both -------------------------------------------------------------------------------------------------------------

service both max-scale=1 -- "$files/stub" 400 | apply
check "a service has an address of each family" equal "$(addresses both)" "198.18.0.1 fd72:6f75:7365::c612:1"
check "get shows both" contains "$(on node rouse get services -o wide)" "198.18.0.1,fd72:6f75:7365::c612:1"
check "describe does" contains "$(on node rouse describe service both)" "198.18.0.1, fd72:6f75:7365::c612:1"
check "why does" contains "$(on node rouse why both)" "is 198.18.0.1 and fd72:6f75:7365::c612:1."
check "its name has both" equal "$(grep -c ' both.default.rouse ' "/run/rouse-lab/$lab/hosts")" 2
for at in client1 client2 node; do
	for version in 4 6; do
		over $version $at both -o /dev/null -w '%{http_code}\n' >> "$scratch/answers" &
	done
done
wait
check "held connections of both families are released" equal "$(grep -c 200 "$scratch/answers")" 6
check "by one instance" has_instances both 1 Ready
check "the instance has an address of each family" equal "$(on node rouse get instances -o json | jq -r '
	.items[0].status | .address6 | startswith("fd72:6f75:7365::c613:")')" true
check "no connection was reset" equal "$(counter hold_reset)" 0
check_holds

# --- who asks for one -------------------------------------------------------------------------------------------------

families six IPv6 -- /usr/bin/python3 "$files/listen.py" :: | apply
check "a service of IPv6 alone has that address" equal "$(addresses six)" "fd72:6f75:7365::c612:2"
check "and is woken by it" contains "$(over 6 client1 six)" "fd99::1:2"
check "the node comes from the front door's address" contains "$(over 6 node six)" "fd72:6f75:7365::c613:fffe"
check "its name does not resolve in IPv4" equal "$(status_of 4 client1 six)" 6
families six "IPv6, IPv4" -- /usr/bin/python3 "$files/listen.py" :: | apply
check "the order is the one of preference" equal "$(addresses six)" "fd72:6f75:7365::c612:2 198.18.0.2"
check "it is reached over IPv4 then" served 4 client1 six
families six IPv4 -- /usr/bin/python3 "$files/listen.py" :: | apply
check "and over IPv4 alone" equal "$(addresses six)" 198.18.0.2
check "its IPv6 address is nobody's then" equal "$(on client1 curl -sS -m 5 -o /dev/null 'http://[fd72:6f75:7365::c612:2]/' 2> /dev/null || echo $?)" 7

# --- an interface without IPv4 ----------------------------------------------------------------------------------------

on node sh -c 'ip netns add box && ip link add box0 type veth peer name eth0 netns box &&
	ip address add fd98::1/64 dev box0 nodad && ip link set box0 up && ip -n box link set eth0 up &&
	ip -n box address add fd98::2/64 dev eth0 nodad && ip -n box route add default via fd98::1'
check "an interface with an IPv6 address alone is served" wait_until 5 contains_now "serving clients interface=box0"
check "and who is behind it is" equal "$(on node ip netns exec box curl -sS -m 5 -o /dev/null -w '%{http_code}' \
	'http://[fd72:6f75:7365::c612:1]/')" 200

# --- the way out ------------------------------------------------------------------------------------------------------

on client2 env PORT=8080 /usr/bin/python3 "$files/listen.py" :: > /dev/null 2>&1 &
check "a server in a client's namespace listens" wait_until 10 on client2 curl -sS -m 2 -o /dev/null 'http://[::1]:8080/'
netns=$(on node rouse get instances -o json | jq -r '.items[0].metadata.name')
check "an instance reaches it over IPv6, with the node's address" equal \
	"$(on node ip netns exec "$netns" curl -sS -m 5 'http://[fd99::2:2]:8080/')" fd99::2:1
check "and over IPv4" contains "$(on node ip netns exec "$netns" curl -sS -m 5 'http://10.99.2.2:8080/')" 10.99.2.1

# --- one family alone -------------------------------------------------------------------------------------------------

service deaf max-scale=1 -- /usr/bin/python3 "$files/listen.py" 0.0.0.0 | apply
started=$(date +%s%N)
check "a program on 0.0.0.0 refuses who comes over IPv6" equal "$(status_of 6 client1 deaf)" 7
took=$((($(date +%s%N) - started) / 1000000))
check "after its start and a second, not at the end of the hold" at_most "$took" 4000
check "the next is refused at once" equal "$(over 6 client1 deaf -o /dev/null -w '%{time_total}' 2> /dev/null |
	awk '{ print $1 < 0.5 ? "soon" : $1 }')" soon
check "an event says what to do" wait_until 5 event deaf "it listens on IPv4 only, port 8080, and IPv6 clients are refused: bind to ::"
check "why says it too" wait_until 5 why_says deaf "Not well: "
for _ in 1 2 3 4 5; do
	check "who comes over IPv4 is served" served 4 client1 deaf
done
check "a client that knows both addresses is served" equal \
	"$(on client1 curl -sS -m 5 -o /dev/null -w '%{http_code}' http://deaf.default.rouse/)" 200
check "the node does, too" served 4 node deaf

service late max-scale=1 -- /usr/bin/python3 "$files/listen.py" 0.0.0.0 4 :: | apply
check "one that is late with IPv6" equal "$(status_of 6 client1 late)" 7
check "is heard of when it listens there" wait_until 10 served 6 client1 late
check "and is well again" equal "$(on node rouse get instances -o json | jq -r '
	[.items[] | select(.metadata.labels["serving.knative.dev/service"] == "late") | .status.complaint] | add')" ""

service six-only max-scale=1 -- /usr/bin/python3 "$files/listen.py" :: 1000 127.0.0.1 | apply
check "a program with IPV6_V6ONLY refuses who comes over IPv4" equal "$(status_of 4 client1 six-only)" 7
check "an event says so" wait_until 5 event six-only "it listens on IPv6 only"
check "who comes over IPv6 is served" served 6 client1 six-only
check_holds
check "an annotation of another family is refused" contains "$(families odd IPv7 -- /bin/true > "$files/odd.yaml"
	on node rouse apply -f "$files/odd.yaml" 2>&1 || true)" 'metadata.annotations[rouse.dev/ip-families]: "IPv7" must be'

# --- a host without IPv6 ----------------------------------------------------------------------------------------------

lab=${lab:0:20}-no6
files=/run/rouse-lab/$lab/files
lab_up --agent no --option ip-families=IPv4,IPv6
on node sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
check "an agent starts where IPv6 is disabled" "$root/tools/lab" start "$lab"
check "and says so, once" equal "$(grep -c 'this host has no IPv6, services are reached over IPv4 alone' "/run/rouse-lab/$lab/agent.log")" 1
service four -- "$files/stub" 0 | apply
check "services have IPv4" equal "$(addresses four)" 198.18.0.1
check "and are reached by it" served 4 client1 four
check "IPv6 cannot be asked for" contains "$(families six IPv6 -- /bin/true > "$files/six.yaml"
	on node rouse apply -f "$files/six.yaml" 2>&1 || true)" \
	"metadata.annotations[rouse.dev/ip-families]: this host has no IPv6 (net.ipv6.conf.all.disable_ipv6 is 1)"
check "nothing of the host's IPv6 has changed" equal "$(on node cat /proc/sys/net/ipv6/conf/all/forwarding)" 0
"$root/tools/lab" kill "$lab"
sed -i 's/^--ip-families=.*/--ip-families=IPv6/' "/run/rouse-lab/$lab/options"
check "IPv6 alone is refused at the start" contains "$("$root/tools/lab" start "$lab" 2>&1 || true)" \
	"ip-families: IPv6 alone, but this host has no IPv6"
