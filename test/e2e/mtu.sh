#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# MTUs: clients and instances of 1280, 1500 and 9000 bytes, GSO on and off, a narrow link behind a router (PMTU
# discovery towards both ends), echo, hops that expire, and datagrams in fragments; over IPv4 and IPv6.
#
#	far 10.98.0.2 --(1300)-- 10.98.0.1 client1 10.99.1.2 ---- 10.99.1.1 node
source "$(dirname "$0")/lib.sh"
lab_up --clients 2 --option instance-mtu=9000 --option ip-families=IPv4,IPv6
cp "$root/test/e2e/mtu_server.py" "$root/test/e2e/mtu_client.py" "$files/"

node() { # COMMANDS, in the lab's node
	on node bash -ec "$1"
}

service web min-scale=1 -- python3 "$files/mtu_server.py" |
	sed 's/ports: .*/ports: [{name: http1, containerPort: 8080}, {name: echo, containerPort: 5300, protocol: UDP}]/' | apply
check "an instance runs" wait_until 30 has_instances web 1 Ready
vip=$(on node awk '$2 == "web.default.rouse" && $1 !~ /:/ { print $1; exit }' /etc/hosts)
vip6=$(on node awk '$2 == "web.default.rouse" && $1 ~ /:/ { print $1; exit }' /etc/hosts)
check "it has an address of each family" test -n "$vip" -a -n "$vip6"
inner() { # COMMANDS, in the instance's namespace
	local name
	name=$(on node rouse get instances -o json | jq -r '[.items[] | select(.status.stage == "Ready")][0].metadata.name')
	on node nsenter "--net=/run/netns/$name" bash -ec "$1"
}

download() { # WHERE URL BYTES
	equal "$(on "$1" curl -sS -m 20 -g "$2/$3" | wc -c)" "$3"
}

upload() { # WHERE URL BYTES
	equal "$(head -c "$3" /dev/zero | on "$1" curl -sS -m 20 -g --data-binary @- "$2/" -H Expect:)" "$3"
}

ping_it() { # WHERE ADDRESS BYTES
	on "$1" python3 "$files/mtu_client.py" ping "$2" "$3"
}

datagram() { # WHERE ADDRESS BYTES: comes back as it went
	on "$1" python3 "$files/mtu_client.py" datagram "$2" "$3"
}

# --- echo -----------------------------------------------------------------------------------------------------------

for from in client1 node; do
	check "$from pings the VIP" ping_it "$from" "$vip" 56
	check "$from pings the VIP over IPv6" ping_it "$from" "$vip6" 56
	check "$from pings it in fragments" ping_it "$from" "$vip" 20000
	check "$from pings it in fragments over IPv6" ping_it "$from" "$vip6" 20000
done
unreachable() { # WHERE ADDRESS
	contains "$(on "$1" python3 "$files/mtu_client.py" ping "$2" 56 2>&1 || true)" unreachable
}
check "nobody's VIP is unreachable" unreachable client1 198.18.200.200
check "for the host, too" unreachable node 198.18.200.200

# --- links ------------------------------------------------------------------------------------------------------------

check "the instance has the MTU that was asked for" contains "$(inner 'ip link show eth0')" "mtu 9000"
for mtu in 1280 1500 9000; do
	for gso in on off; do
		node "ip link set client1 mtu $mtu; ethtool -K client1 gso $gso tso $gso > /dev/null"
		on client1 bash -ec "ip link set eth0 mtu $mtu; ethtool -K eth0 gso $gso tso $gso > /dev/null"
		for at in "$vip" "[$vip6]"; do
			check "client of $mtu bytes, GSO $gso: download from $at" download client1 "http://$at" 3000000
			check "client of $mtu bytes, GSO $gso: upload to $at" upload client1 "http://$at" 3000000
		done
	done
done
check "the host downloads" download node "http://$vip" 3000000
check "the host uploads" upload node "http://$vip" 3000000
check "datagrams in fragments" datagram client1 "$vip" 30000
check "datagrams in fragments over IPv6" datagram client1 "$vip6" 30000
check "datagrams in fragments from the host" datagram node "$vip" 30000

# --- a narrow link behind a router ------------------------------------------------------------------------------------

client1=$(cat "/run/rouse-lab/$lab/client1.pid") # as the lab numbers it
node "ip link set client1 mtu 1500; ip route add 10.98.0.0/24 via 10.99.1.2
	ip route add fd98::/64 via fd99::1:2; ip netns add far
	ip link add narrow type veth peer name eth0 netns far; ip link set narrow netns $client1
	ip -n far address add 10.98.0.2/24 dev eth0; ip -n far link set eth0 mtu 9000 up
	ip -n far address add fd98::2/64 dev eth0 nodad"
on client1 bash -ec 'ip link set eth0 mtu 1500; echo 1 > /proc/sys/net/ipv4/ip_forward
	ip address add 10.98.0.1/24 dev narrow; ip link set narrow mtu 1300 up
	ip address add fd98::1/64 dev narrow nodad; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
node 'ip -n far route add default via 10.98.0.1; ip -n far route add default via fd98::1'
far() {
	on node nsenter --net=/run/netns/far "$@"
}
far_download() { # URL BYTES
	equal "$(far curl -sS -m 20 -g "$1/$2" | wc -c)" "$2"
}
far_upload() { # URL BYTES
	equal "$(head -c "$2" /dev/zero | far curl -sS -m 20 -g --data-binary @- "$1/" -H Expect:)" "$2"
}
learned() { # ADDRESS
	contains "$(inner "ip route get $1")" "mtu 1300"
}
for at in "$vip" "[$vip6]"; do
	check "a download from $at through the narrow link" far_download "http://$at" 3000000
	check "an upload to it" far_upload "http://$at" 1000000
done
check "the instance has learned of it" learned 10.98.0.2
check "over IPv6 as well" learned fd98::2
check "from the router, whose errors the VIPs have passed on" test "$(counter icmp_forwarded)" -gt 1
