# SPDX-License-Identifier: BSD-2-Clause
"""make bench-packet: ns that a packet spends in the programs, by BPF_PROG_TEST_RUN (dataplane/harness.h says how).

`value` is the median over the rounds of (product's program - program that does nothing), both measured in turn; `low`
and `high` are the 10th and 90th percentile of these differences. `raw` is the product's median with nothing subtracted.
`floor` is the same difference for a program that only looks the connection up: what the hash table and the cache
misses cost in a table of that size, whoever does it.

hot: one connection. cold: each packet belongs to another one, at random among `connections`.

Options: --family 4 or 6, --hook tc or xdp (else both), --rounds N, --repeat N, --connections N.
"""

import argparse
import itertools
import json
import subprocess

from report import BUILD, Report, percentile

FOUND = ("established_forward", "established_reverse", "ack_forward", "ack_reverse")


def differences(line, name):
    return [sample - nothing for sample, nothing in zip(line[name], line["nothing"])]


def add(report, line):
    spent = differences(line, "program")
    fields = {"value": percentile(spent, 50), "low": percentile(spent, 10), "high": percentile(spent, 90),
              "raw": percentile(line["program"], 50)}
    if line["path"] in FOUND:
        fields["floor"] = percentile(differences(line, "find"), 50)
    report.add("ns", "ns", path=line["path"], hook=line["hook"], family=line["family"], state=line["state"],
               connections=line["connections"], **{name: round(value, 1) for name, value in fields.items()},
               n=len(spent))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--family", type=int, action="append", choices=(4, 6))
    parser.add_argument("--hook", action="append", choices=("tc", "xdp"))
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--repeat", type=int, default=1000000)
    parser.add_argument("--connections", type=int, default=1000000)
    options = parser.parse_args()
    report = Report("packet")
    for family, hook in itertools.product(options.family or [4, 6], options.hook or ["tc", "xdp"]):
        command = [BUILD / "bench/packet", "-f", family, "-r", options.rounds, "-n", options.repeat,
                   "-c", options.connections, *(["-x"] if hook == "xdp" else [])]
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
            for text in process.stdout:
                add(report, json.loads(text))
        if process.returncode != 0:
            raise SystemExit(process.returncode)
    report.print()


if __name__ == "__main__":
    main()
