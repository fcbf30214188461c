# SPDX-License-Identifier: BSD-2-Clause
"""The naive cold start beside Rouse, for real: the node drops a SYN for a sleeping server, starts the server, and
lets the client's retransmit through once it listens. Same namespaces, same client, same stub.

Run inside the lab's node: naive.py STUB START_MS... waits for each SYN in turn, on 10.99.1.1:9000+i.
"""

import os
import socket
import struct
import subprocess
import sys

TABLE = "naive"
FIRST_PORT = 9000
CLIENT_LINK = "client1"


def nft(text):
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def wait_for_syn(packets, port):
    """Sees the packet before the ingress hook drops it."""
    while True:
        frame = packets.recv(128)
        ip = 14
        tcp = ip + 4 * (frame[ip] & 15)
        if frame[12:14] == b"\x08\x00" and frame[ip + 9] == socket.IPPROTO_TCP and len(frame) >= tcp + 14:
            to = struct.unpack("!H", frame[tcp + 2:tcp + 4])[0]
            if to == port and frame[tcp + 13] & 0x12 == 0x02:
                return


def main(stub, *starts_ms):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    packets.bind((CLIENT_LINK, 0))
    ports = range(FIRST_PORT, FIRST_PORT + len(starts_ms))
    nft(f"""table netdev {TABLE} {{
        set asleep {{ type inet_service; elements = {{ {", ".join(map(str, ports))} }} }}
        chain ingress {{ type filter hook ingress device {CLIENT_LINK} priority 0;
            tcp dport @asleep tcp flags syn / syn,ack drop
        }}
    }}""")
    print("ready", flush=True)
    servers = []
    try:
        for port, start_ms in zip(ports, starts_ms):
            wait_for_syn(packets, port)
            server = subprocess.Popen([stub, start_ms], env=dict(os.environ, PORT=str(port)), stdout=subprocess.PIPE)
            servers.append(server)
            server.stdout.readline()
            nft(f"delete element netdev {TABLE} asleep {{ {port} }}")
        sys.stdin.read()
    finally:
        for server in servers:
            server.kill()
        nft(f"delete table netdev {TABLE}")


if __name__ == "__main__":
    main(*sys.argv[1:])
