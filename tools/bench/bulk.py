# SPDX-License-Identifier: BSD-2-Clause
"""make bench-bulk: one TCP stream through a VIP and straight to the same instance, in turns, by iperf3.

Both ways lead from a client's namespace over veths into the instance's; straight, the node routes. `value` is the
median of the rounds' ratios. Families that the agent or the instance does not have are left out, and named.

Options: --seconds N, --rounds N, --option OPTION=VALUE (of roused; may be repeated).
"""

import argparse
import json
import subprocess

from lab import Lab, service
from report import BUILD, Report, percentile

PORT = 8080
DUAL_STACK = "ip-families=IPv4,IPv6"


def gbit_per_s(lab, client, family, host, seconds):
    answer = json.loads(lab.run(client, "iperf3", f"-{family}", "-c", host, "-p", PORT, "-t", seconds, "-J"))
    return answer["end"]["sum_received"]["bits_per_second"] / 1e9


def measure(lab, report, family, direct, options):
    ways = {"vip": ("client1", "bulk.default.rouse"), "direct": ("client2", direct)}
    rates = {way: [] for way in ways}
    for number in range(options.rounds):
        order = list(ways) if number % 2 == 0 else list(reversed(ways))
        for way in order:
            client, host = ways[way]
            rates[way].append(gbit_per_s(lab, client, family, host, options.seconds))
    ratios = [ours / theirs for ours, theirs in zip(rates["vip"], rates["direct"])]
    report.add("ratio", "ratio", family=family, value=round(percentile(ratios, 50), 3),
               low=round(min(ratios), 3), high=round(max(ratios), 3), n=len(ratios))
    for way, values in rates.items():
        report.add("gbit_per_s", "Gbit/s", family=family, way=way, value=round(percentile(values, 50), 2),
                   low=round(min(values), 2), high=round(max(values), 2), n=len(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--option", action="append", default=[])
    options = parser.parse_args()
    report = Report("bulk")
    text = subprocess.run([BUILD / "bin/roused", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if "--ip-families" in text:
        options.option.append(DUAL_STACK)
    with Lab("bulk", clients=2, options=[word for option in options.option for word in ("--option", option)]) as lab:
        one = {"min-scale": "1", "max-scale": "1"}
        lab.apply([service("bulk", ["/usr/bin/iperf3", "-s", "-p", str(PORT)], one)])
        lab.wait_for_instances("bulk", 1)
        status = lab.instances("bulk")[0]["status"]
        for family, address in ((4, status["address"]), (6, status.get("address6"))):
            if address:
                measure(lab, report, family, address, options)
            else:
                print(f"  IPv{family}: the instance has no such address")
    report.print()


if __name__ == "__main__":
    main()
