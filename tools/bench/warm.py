# SPDX-License-Identifier: BSD-2-Clause
"""make bench-warm: requests a second through Rouse and beside it, in turns: A B A C A D A E, and again.

Peers reach the same instance, so their client is Rouse's twin: the same ports of one address would meet connections
that the instance still remembers.
"""

import re
import sys

import peers
from lab import Lab, service
from report import Report, percentile

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 32
MODES = {"keepalive": (), "connection": ("-H", "Connection: close")}


def requests_a_second(lab, client, url, mode):
    text = lab.run(client, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *MODES[mode], url)
    errors = re.search(r"Socket errors: (.*)|Non-2xx.*: (\d+)", text)
    if errors:
        print(f"    {mode} {url}: {errors[0]}", flush=True)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def measure(lab, report, mode, address, port):
    rates = {name: [] for name in ("rouse", *peers.PEERS)}
    ratios = {name: [] for name in peers.PEERS}
    for _ in range(ROUNDS):
        for name, peer in peers.PEERS.items():
            with peers.rouse(lab, "warm", address, port) as url:
                ours = requests_a_second(lab, "client1", url, mode)
            with peer(lab, "warm", address, port) as url:
                theirs = requests_a_second(lab, "client2", url, mode)
            rates["rouse"].append(ours)
            rates[name].append(theirs)
            ratios[name].append(ours / theirs)
        print(f"  {mode}: " + "  ".join(f"{n} {percentile(r, 50):.0f}" for n, r in rates.items()), flush=True)
    for name, values in ratios.items():
        report.add("rps_ratio", "ratio", peer=name, mode=mode, value=round(percentile(values, 50), 3),
                   min=round(min(values), 3), max=round(max(values), 3), n=len(values))
    for name, values in rates.items():
        report.add("rps", "1/s", peer=name, mode=mode, value=round(percentile(values, 50)), min=round(min(values)),
                   max=round(max(values)), n=len(values))


def main():
    report = Report("warm")
    with Lab("warm", clients=2) as lab:
        lab.apply([service("warm", [lab.stub, "0"], {"min-scale": "1", "max-scale": "1"})])
        lab.wait_for_instances("warm", 1)
        status = lab.instances("warm")[0]["status"]
        for mode in sys.argv[1:] or MODES:
            measure(lab, report, mode, status["address"], status["port"])
    report.print()


if __name__ == "__main__":
    main()
