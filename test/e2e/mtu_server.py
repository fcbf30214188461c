#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What test/e2e/mtu.sh talks to: HTTP on 8080 in both families, GET /N answers N bytes, a POST how many came and the
MTU of the route back; datagrams on 5300 come back as they are."""
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"x" * int(self.path[1:] or 0))

    def do_POST(self):
        left = length = int(self.headers["Content-Length"])
        while left:
            part = self.rfile.read(min(left, 65536))
            if not part:
                return
            left -= len(part)
        self.answer(str(length).encode())

    def do_PUT(self):
        peer = self.client_address[0].removeprefix("::ffff:")
        self.answer(subprocess.run(["ip", "route", "get", peer], capture_output=True).stdout)

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def echo():
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    datagrams.bind(("::", 5300))
    while True:
        data, peer = datagrams.recvfrom(65536)
        try:
            datagrams.sendto(data, peer)
        except OSError:
            pass  # the path has become narrower: the next one is cut


threading.Thread(target=echo, daemon=True).start()
Server(("::", 8080), Handler).serve_forever()
