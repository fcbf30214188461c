#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What test/e2e/mtu.sh asks with: `ping ADDRESS BYTES`, `datagram ADDRESS BYTES` (which may be fragmented). Needs root:
the kernels of Debian allow nobody else to ping without a set-uid program."""
import select
import socket
import sys
import time

kind, address, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
is_v6 = ":" in address
family = socket.AF_INET6 if is_v6 else socket.AF_INET
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, DONT = 10, 23, 0
UNREACHABLE = 1 if is_v6 else 3
TRIES, WAIT_S = 4, 2


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping():
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if is_v6 else socket.IPPROTO_ICMP)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if not is_v6:
        raw.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT)
    data = bytes(i * 7 & 255 for i in range(length))
    request, reply = (128, 129) if is_v6 else (8, 0)
    for attempt in range(TRIES):
        head = bytes([request, 0, 0, 0, 0x12, 0x34, 0, attempt])
        if not is_v6:  # the kernel computes ICMPv6's
            head = head[:2] + checksum(head + data).to_bytes(2, "big") + head[4:]
        raw.sendto(head + data, (address, 0))
        end = time.monotonic() + WAIT_S
        while select.select([raw], [], [], max(0, end - time.monotonic()))[0]:
            message = raw.recv(65536)
            message = message if is_v6 else message[(message[0] & 15) * 4 :]
            if message[0] == reply and message[4:8] == head[4:8]:
                return None if message[8:] == data else "another payload came back"
            if message[0] == UNREACHABLE:
                return "unreachable"
    return "no answer"


def datagram():
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.settimeout(WAIT_S)
    if is_v6:
        sender.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, DONT)
    else:
        sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT)
    data = bytes(i * 5 & 255 for i in range(length))
    for _ in range(TRIES):
        sender.sendto(data, (address, 5300))
        try:
            return None if sender.recv(65536) == data else "another payload came back"
        except TimeoutError:
            pass
    return "no answer"


sys.exit(ping() if kind == "ping" else datagram())
