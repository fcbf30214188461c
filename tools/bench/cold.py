# SPDX-License-Identifier: BSD-2-Clause
"""make bench-cold: the agent's share of a cold start.

Every service is created with initial-scale 0 and woken once. The stub tells when its main() began and when listen()
had returned; what is left of the client's connect() is Rouse's, with fork and exec counted against it.
"""

import subprocess
import sys

import naive
from lab import Lab, service
from report import Report, spread

STARTS = 200
GAP_MS = 150  # the pool is filled again meanwhile
SWEEP_MS = (0, 1, 5, 20, 100, 500, 1500)
SWEEP_STARTS = 10
NAIVE_STARTS = 3
HERD = 1000
HERD_START_MS = 50
TOGETHER = 200
FAMILY_STARTS = 50


def failed(starts):
    return sum(not s.ok for s in starts)


def one_after_another(lab, report):
    names = [f"one-{i}" for i in range(STARTS)]
    lab.apply([service(n, [lab.stub, "0"]) for n in names])
    starts = lab.cold("-s", "-g", GAP_MS, *(f"{n}.default.rouse:80" for n in names))
    good = [s for s in starts if s.ok]
    report.add("overhead_ms", "ms", **spread([s.overhead_ms for s in good]), failed=failed(starts))
    report.add("before_main_ms", "ms", **spread([(s.main_ns - s.start_ns) / 1e6 for s in good]))
    report.add("after_listen_ms", "ms", **spread([s.connect_ms - (s.listen_ns - s.start_ns) / 1e6 for s in good]))
    report.add("first_byte_ms", "ms", **spread([s.first_byte_ms for s in good]))
    lab.delete(names)


def sweep(lab, report):
    for start_ms in SWEEP_MS:
        names = [f"sweep-{start_ms}-{i}" for i in range(SWEEP_STARTS)]
        lab.apply([service(n, [lab.stub, str(start_ms)]) for n in names])
        starts = lab.cold("-s", "-g", GAP_MS, *(f"{n}.default.rouse:80" for n in names))
        report.add("sweep_ms", "ms", start_ms=start_ms, mode="hold", **spread([s.connect_ms for s in starts if s.ok]),
                   overhead_p50=spread([s.overhead_ms for s in starts if s.ok]).get("p50"), failed=failed(starts))
        lab.delete(names)


def sweep_naive(lab, report):
    starts_ms = [ms for ms in SWEEP_MS for _ in range(NAIVE_STARTS)]
    process = subprocess.Popen(lab.command("node", sys.executable, naive.__file__, lab.stub, *starts_ms), text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=lab.environment())
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the naive wake-up did not come up")
        ports = range(naive.FIRST_PORT, naive.FIRST_PORT + len(starts_ms))
        starts = lab.cold("-s", *(f"10.99.1.1:{port}" for port in ports))
    finally:
        process.stdin.close()
        process.wait()
    for i, start_ms in enumerate(SWEEP_MS):
        some = starts[i * NAIVE_STARTS:(i + 1) * NAIVE_STARTS]
        report.add("sweep_ms", "ms", start_ms=start_ms, mode="drop", **spread([s.connect_ms for s in some if s.ok]),
                   failed=failed(some))


def herd(lab, report):
    lab.apply([service("herd", [lab.stub, str(HERD_START_MS)], {"max-scale": "1"})])
    starts = lab.cold_from_all("-n", HERD // lab.clients, "herd.default.rouse:80")
    report.add("herd_ms", "ms", clients=HERD, start_ms=HERD_START_MS,
               **spread([s.first_byte_ms for s in starts if s.ok]),
               connect_p99=spread([s.connect_ms for s in starts if s.ok]).get("p99"),
               failed=failed(starts) + HERD - len(starts))
    lab.delete(["herd"])


def together(lab, report):
    names = [f"many-{i}" for i in range(TOGETHER)]
    lab.apply([service(n, [lab.stub, "0"]) for n in names])
    starts = lab.cold(*(f"{n}.default.rouse:80" for n in names))
    report.add("services_ms", "ms", services=TOGETHER, **spread([s.connect_ms for s in starts if s.ok]),
               failed=failed(starts) + TOGETHER - len(starts))
    lab.delete(names)


def families(lab, report):
    """Both, by turns, so that what else the machine does meets both alike. Only when it is asked for."""
    names = [f"v{family}-{i}" for i in range(FAMILY_STARTS) for family in (4, 6)]
    services = [service(n, [lab.stub, "0"]) for n in names]
    for one in services:
        one["metadata"]["annotations"] = {"rouse.dev/ip-families": "IPv" + one["metadata"]["name"][1]}
    lab.apply(services)
    starts = lab.cold("-s", "-g", GAP_MS, *(f"{n}.default.rouse:80" for n in names))
    for family in (4, 6):
        some = [s for s in starts if s.target.startswith(f"v{family}-")]
        report.add("overhead_ms", "ms", family=f"IPv{family}", **spread([s.overhead_ms for s in some if s.ok]),
                   failed=failed(some))
    lab.delete(names)


def main():
    report = Report("cold")
    parts = {"one": one_after_another, "sweep": sweep, "naive": sweep_naive, "herd": herd, "together": together}
    wanted = sys.argv[1:] or parts
    parts = {**parts, "families": families}
    unknown = [name for name in wanted if name not in parts]
    if unknown:
        sys.exit(f"cold.py: there is no part \"{unknown[0]}\": {', '.join(parts)}")
    options = ["--option", "ip-families=IPv4,IPv6"] if "families" in wanted else []
    with Lab("cold", clients=4, options=options) as lab:
        for name in wanted:
            print(f"{name} ...", flush=True)
            parts[name](lab, report)
    report.print()


if __name__ == "__main__":
    main()
