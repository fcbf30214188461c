# SPDX-License-Identifier: BSD-2-Clause
"""make bench-scale: ten, a thousand, a hundred thousand services, all asleep (initial-scale 0): what a packet costs,
how long `apply` takes from one file, how long a restarted agent takes until a wake is served, and memory a service.

`adopt_s` is the time from the agent's exec until a connection to a sleeping service is answered; `ready_s` until its
API is. `bytes_per_service` is what the agent's memory (user) and the maps' (kernel) grow by; `bytes_per_place` what the
maps cost for each service that could be there, used or not. `exponent` says how a figure grows from the second largest
size to the largest: 1 is proportional.

ns_ratio: bench-packet's programs, in turns with the smallest size, which it is the ratio to. A tenth of the services
(1000 at most) is awake. hot: one connection; cold: 50 000, each packet of another one, and each SYN to another service,
so that what has to be looked up for it is in no cache.

Options: --services N (may be repeated), --rounds N.
"""

import argparse
import json
import math
import subprocess

from growth import first_wake, manifest, timed, wait_quiet
from idle import agent, cpu_seconds, rss_mb
from lab import Lab
from report import BUILD, Report, percentile

SIZES = (10, 1000, 100000)
AWAKE_MAX = 1000
CONNECTIONS = 50000
PLACES_MIN = 16384  # as by default


def nanoseconds(services):
    """By path and state: the median of one run."""
    command = [BUILD / "bench/packet", "-S", services, "-a", max(1, min(services // 10, AWAKE_MAX)), "-c", CONNECTIONS,
               "-r", 5, "-n", 200000]
    text = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [json.loads(line) for line in text.splitlines()]
    return {(line["path"], line["state"]): percentile([p - n for p, n in zip(line["program"], line["nothing"])], 50)
            for line in lines}


def measure_packets(report, sizes, rounds):
    runs = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            runs[size].append(nanoseconds(size))
    for path, state in runs[sizes[0]][0]:
        for size in sizes:
            values = [run[path, state] for run in runs[size]]
            ratios = [value / run[path, state] for value, run in zip(values, runs[sizes[0]])]
            report.add("ns_ratio", "ratio", path=path, state=state, services=size,
                       value=round(percentile(ratios, 50), 3), low=round(min(ratios), 3), high=round(max(ratios), 3),
                       ns=round(percentile(values, 50), 1), n=len(ratios))


def map_bytes(lab):
    return lab.status()["mapBytes"]


def measure_agent(report, services):
    """Returns the maps' places and bytes, and what grows: seconds, and bytes of all services together."""
    places = max(PLACES_MIN, 2 ** math.ceil(math.log2(services + 1)))
    options = [f"max-routes={places}", f"max-revisions={places}", "vip-range=100.64.0.0/14"]
    with Lab("scale", clients=1, options=[word for option in options for word in ("--option", option)]) as lab:
        process = agent(lab)
        wait_quiet(lab, process)
        user, kernel = rss_mb(process) * 1e6, map_bytes(lab)
        cpu = cpu_seconds(process)
        took, text = timed(lab.run, "node", "rouse", "apply", "-f", manifest(lab, "asleep", services))
        assert text.count(" created\n") == services, text[-500:]
        report.add("apply_s", "s", services=services, value=round(took, 2),
                   agent_cpu=round(cpu_seconds(process) - cpu, 2))
        wait_quiet(lab, process)
        user, grown = rss_mb(process) * 1e6 - user, map_bytes(lab) - kernel
        report.add("bytes_per_service", "B", services=services, value=round((user + grown) / services),
                   user=round(user / services), kernel=round(grown / services))
        report.add("map_mb", "MB", services=services, places=places, value=round((kernel + grown) / 1e6, 1))
        lab.verb("kill")
        ready, served = first_wake(lab, f"asleep-{services // 2}")
        report.add("adopt_s", "s", services=services, value=round(served, 3), ready_s=round(ready, 3),
                   agent_cpu=round(cpu_seconds(agent(lab)), 2))
        return places, kernel, {"apply_s": took, "adopt_s": served, "bytes": user + grown}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--services", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sizes = sorted(options.services or SIZES)
    if len(sizes) < 2:
        parser.error("--services: two sizes at least, to compare")
    report = Report("scale")
    measure_packets(report, sizes, options.rounds)
    measured = [measure_agent(report, size) for size in sizes]
    (places, kernel, less), (more_places, more_kernel, more) = measured[-2], measured[-1]
    if more_places != places:
        report.add("bytes_per_place", "B", value=round((more_kernel - kernel) / (more_places - places)))
    for what in more:
        exponent = math.log(more[what] / less[what]) / math.log(sizes[-1] / sizes[-2])
        report.add("exponent", "1", of=what, start=sizes[-2], end=sizes[-1], value=round(exponent, 2))
    report.print()


if __name__ == "__main__":
    main()
