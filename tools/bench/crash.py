# SPDX-License-Identifier: BSD-2-Clause
"""make bench-crash: the agent is killed under load, 20 times. Warm services must not notice; a SYN for a sleeping
one that arrives while the agent is dead must be served after the restart.

The load is two kinds of client: wrk on kept-alive connections, and new connections one after another.
"""

import re
import time

from lab import Lab, parse_starts, service
from report import Report, spread

KILLS = 20
DEAD_S = 0.3
GAP_MS = 2


def wrk_errors(text):
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return sum(map(int, errors.groups())) if errors else 0, int(other[1]) if other else 0


def main():
    report = Report("crash")
    with Lab("crash", clients=3) as lab:
        lab.apply([service("warm", [lab.stub, "0"], {"min-scale": "2", "max-scale": "2"})] +
                  [service(f"cold-{i}", [lab.stub, "0"]) for i in range(KILLS)])
        lab.wait_for_instances("warm", 2)
        seconds = 4 * KILLS
        wrk = lab.spawn("client1", "wrk", "-t1", "-c4", f"-d{seconds}s", "http://warm.default.rouse/")
        single = lab.spawn("client2", "coldclient", "-s", "-g", GAP_MS, "-n", 1000 * seconds // (4 * GAP_MS),
                           "warm.default.rouse:80")
        waits, lost, adopt = [], 0, []
        for i in range(KILLS):
            lab.verb("kill")
            held = lab.spawn("client3", "coldclient", f"cold-{i}.default.rouse:80")
            time.sleep(DEAD_S)
            began = time.monotonic()
            lab.verb("start")
            adopt.append((time.monotonic() - began) * 1000)
            starts = parse_starts(held.communicate()[0])
            lost += sum(not s.ok for s in starts) + (not starts)
            waits += [s.connect_ms for s in starts if s.ok]
        wrk_text, single_text = wrk.communicate()[0], single.communicate()[0]
        broken, refused = wrk_errors(wrk_text)
        requests = int(re.search(r"(\d+) requests in", wrk_text)[1])
        starts = parse_starts(single_text)
        failures = broken + refused + sum(not s.ok for s in starts)
        report.add("failed_requests", "1", kills=KILLS, requests=requests + len(starts), value=failures)
        report.add("held_while_dead_failed", "1", kills=KILLS, value=lost, **spread(waits))
        report.add("restart_ms", "ms", **spread(adopt))
    report.print()


if __name__ == "__main__":
    main()
