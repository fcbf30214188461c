# SPDX-License-Identifier: BSD-2-Clause
"""make bench-flows: a million connections at once: made, held, answered, closed, forgotten. What they cost in memory,
how fast the sweeper looks after them, and how far off the counters ever are (`wrong`, which must be 0).

Their packets are sent through the programs one by one; some thousand real connections, to a real instance, are counted
by the agent beside them (kind = real).

Options: --flows N, --family 4 or 6.
"""

import argparse
import json
import subprocess

from lab import Lab, service
from report import BUILD, Report

REAL = 10000

# Answers each connection's first byte, and holds it.
SERVER = r"""
import os, resource, selectors, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
listener = socket.create_server(("", int(os.environ["PORT"])), backlog=4096)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            selector.register(listener.accept()[0], selectors.EVENT_READ)
        elif data := key.fileobj.recv(64):
            key.fileobj.send(data)
        else:
            selector.unregister(key.fileobj)
            key.fileobj.close()
"""

# Opens that many, says so, and holds them until its input ends.
CLIENT = r"""
import resource, socket, sys
count = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64, max(count + 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
held = []
for _ in range(count):
    held.append(socket.create_connection((sys.argv[1], 80), 10))
    held[-1].sendall(b"x")
for connection in held:
    assert connection.recv(1) == b"x"
print("held", flush=True)
sys.stdin.read()
"""


def count_flows(lab):
    return len(lab.run("node", "rouse", "get", "flows", "-o", "name").split())


def measure_real(report):
    """What the agent lists is what a client holds; nothing is left when it has closed."""
    with Lab("flows", clients=1) as lab:
        lab.apply([service("held", ["/usr/bin/python3", "-c", SERVER], {"min-scale": "1", "max-scale": "1"})])
        lab.wait_for_instances("held", 1)
        command = lab.command("client1", "python3", "-c", CLIENT, "held.default.rouse", REAL)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=lab.environment()) as client:
            if client.stdout.readline() != "held\n":
                raise RuntimeError("the client could not hold its connections")
            wrong = abs(count_flows(lab) - REAL)
            client.stdin.close()
        lab.wait(lambda: count_flows(lab) == 0, 30, "the connections to be forgotten")
        report.add("wrong", "1", flows=REAL, family=4, kind="real", value=wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--flows", type=int, default=1000000)
    parser.add_argument("--family", type=int, default=4, choices=(4, 6))
    options = parser.parse_args()
    labels = {"flows": options.flows, "family": options.family}
    done = subprocess.run([str(BUILD / "bench/flows"), "-c", str(options.flows), "-f", str(options.family)],
                          stdout=subprocess.PIPE, text=True, check=True)
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    report = Report("flows")
    made = steps["made"]
    report.add("bytes_per_flow", "B", **labels, value=round(made["bytes"] / options.flows),
               table=round(made["bytes_empty"] / options.flows))
    report.add("wrong", "1", **labels, value=sum(step["wrong"] for step in steps.values()))
    report.add("made_per_s", "1/s", **labels, value=round(options.flows / made["seconds"]))
    report.add("visits_per_s", "1/s", **labels, value=round(steps["held"]["visits_per_s"]))
    for step in ("answered", "closed", "forgotten"):
        report.add(f"{step}_s", "s", **labels, value=steps[step]["seconds"])
    measure_real(report)
    report.print()


if __name__ == "__main__":
    main()
