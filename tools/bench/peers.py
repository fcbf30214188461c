# SPDX-License-Identifier: BSD-2-Clause
"""What stands beside Rouse in front of the same instance, in the same node: each a context manager that gives a URL."""

import subprocess
from contextlib import contextmanager

NODE = "10.99.2.1"  # as client2 sees it
TABLE = "bench_peer"
NFTABLES_PORT = 9001
NGINX_PORT = 9002
HAPROXY_PORT = 9003

NGINX = """
daemon off;
pid {files}/nginx.pid;
error_log stderr;
worker_processes auto;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path {files}/nginx-body;
	proxy_temp_path {files}/nginx-proxy;
	fastcgi_temp_path {files}/nginx-fastcgi;
	uwsgi_temp_path {files}/nginx-uwsgi;
	scgi_temp_path {files}/nginx-scgi;
	upstream instance {{ server {address}:{port}; keepalive 256; keepalive_requests 1000000000; }}
	server {{
		listen {node}:{listen} backlog=4096;
		location / {{
			proxy_pass http://instance;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
		}}
	}}
}}
"""

HAPROXY = """
global
	maxconn 4096
defaults
	mode http
	http-reuse always
	timeout connect 5s
	timeout client 60s
	timeout server 60s
frontend peer
	bind {node}:{listen} backlog 4096
	default_backend instance
backend instance
	server instance {address}:{port} pool-max-conn 256
"""


@contextmanager
def rouse(_lab, name, _address, _port):
    yield f"http://{name}.default.rouse/"


@contextmanager
def direct(_lab, _name, address, port):
    yield f"http://{address}:{port}/"


@contextmanager
def nftables(lab, _name, address, port):
    # Tracking costs every packet of the node: the table stands only while it is measured.
    text = f"""table ip {TABLE} {{
        chain prerouting {{ type nat hook prerouting priority -100;
            ip daddr {NODE} tcp dport {NFTABLES_PORT} dnat to {address}:{port}
        }}
    }}"""
    lab.run("node", "nft", text)
    try:
        yield f"http://{NODE}:{NFTABLES_PORT}/"
    finally:
        lab.run("node", "nft", "delete", "table", "ip", TABLE)


@contextmanager
def proxy(lab, configuration, command, listen, address, port):
    path = lab.files / f"{command[0]}.conf"
    path.write_text(configuration.format(files=lab.files, node=NODE, listen=listen, address=address, port=port),
                    encoding="utf-8")
    process = subprocess.Popen(lab.command("node", *command, path), env=lab.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        url = f"http://{NODE}:{listen}/"
        lab.wait(lambda: lab.run("client2", "curl", "-sf", "-m", "2", url, check=False), 10, command[0])
        yield url
    finally:
        lab.run("node", "pkill", "-x", command[0], check=False)
        process.wait()


def nginx(lab, _name, address, port):
    return proxy(lab, NGINX, ("nginx", "-e", "stderr", "-c"), NGINX_PORT, address, port)


def haproxy(lab, _name, address, port):
    return proxy(lab, HAPROXY, ("haproxy", "-f"), HAPROXY_PORT, address, port)


PEERS = {"direct": direct, "nftables": nftables, "nginx": nginx, "haproxy": haproxy}
