# SPDX-License-Identifier: BSD-2-Clause
"""make bench-weights: how far splits of traffic are ever from what was asked for, and who keeps a sticky revision.

The splits: 10 000 connections of 8 clients at once, on two CPUs. In the order in which they were begun, as clients see
it, any 100 in a row are counted; connections that are under way together may be numbered in another order than they
were begun, so one or two are to be expected. Over all of them, whole hundreds are exact.

Sticky: 800 addresses. Nobody who was with the canary at 10 percent leaves it at 20 and 50.
"""

from lab import Lab, service
from report import Report

CLIENTS = 8
CONNECTIONS = 10000
WINDOW = 100
SPLITS = [(50, 50), (90, 10), (99, 1), (34, 33, 33)]
ADDRESSES = 100  # of each client
STEPS = [10, 20, 50]

# Asks from each address: "ADDRESS REVISION" lines. A fragment of a head would be an error, not half a name.
ASK = r"""
import socket, sys
target, count, number = sys.argv[1], int(sys.argv[2]), sys.argv[3]
where = socket.getaddrinfo(target, 80, socket.AF_INET, socket.SOCK_STREAM)[0][4]
for i in range(count):
    source = f"10.99.{number}.{100 + i}"
    with socket.create_connection(where, 10, (source, 0)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = b"".join(iter(lambda: connection.recv(4096), b"")).split(b"\r\n")
    print(source, next(line.split()[1].decode() for line in head if line.startswith(b"X-Revision")))
"""


def worst_deviation(answers, percents):
    """`answers`: the number of the revision that answered, in order."""
    worst = 0
    for number, percent in enumerate(percents):
        inside = 0
        for i, answer in enumerate(answers):
            inside += (answer == number) - (i >= WINDOW and answers[i - WINDOW] == number)
            if i >= WINDOW - 1:
                worst = max(worst, abs(inside - percent * WINDOW / 100))
    return worst


def traffic(name, percents):
    return [{"revisionName": f"{name}-{n + 1:05}", "percent": p} for n, p in enumerate(percents)]


def deploy(lab, name, revisions, notes=None):
    """As many revisions, each with a ready instance."""
    for n in range(revisions):
        split = [100 if i == 0 else 0 for i in range(n + 1)]
        applied = service(name, [lab.stub, str(n)], {"min-scale": "1"}, traffic(name, split))
        applied["metadata"]["annotations"] = notes or {}
        lab.apply([applied])
        lab.wait(lambda: all(i["status"]["stage"] == "Ready" for i in lab.get("instances")), 30, "ready instances")
    return applied


def measure_split(lab, report, percents):
    name = "split-" + "-".join(map(str, percents))
    applied = deploy(lab, name, len(percents))
    applied["spec"]["traffic"] = traffic(name, percents)
    lab.apply([applied])
    lab.wait_for_instances(name, len(percents))
    starts = lab.cold_from_all("-s", "-n", CONNECTIONS // CLIENTS, f"{name}.default.rouse:80")
    good = sorted((s for s in starts if s.ok), key=lambda s: s.start_ns)
    answers = [int(s.revision.rsplit("-", 1)[1]) - 1 for s in good]
    total = max(abs(answers.count(n) - p * len(good) / 100) for n, p in enumerate(percents))
    report.add("worst_deviation", "connections", split=":".join(map(str, percents)), connections=len(good),
               clients=CLIENTS, window=WINDOW, failed=len(starts) - len(good), of_all=total,
               value=worst_deviation(answers, percents))
    lab.delete([name])


def ask(lab, name):
    asked = [lab.spawn(f"client{n}", "python3", "-c", ASK, f"{name}.default.rouse", ADDRESSES, n)
             for n in range(1, CLIENTS + 1)]
    return dict(line.split() for process in asked for line in process.communicate()[0].splitlines())


def measure_sticky(lab, report):
    for n in range(1, CLIENTS + 1):
        lab.run(f"client{n}", "sh", "-c", f"for i in $(seq 100 {99 + ADDRESSES}); do "
                f"ip address add 10.99.{n}.$i/24 dev eth0; done")
    applied = deploy(lab, "sticky", 2, {"rouse.dev/sticky": "client"})
    before = set()
    for percent in STEPS:
        applied["spec"]["traffic"] = traffic("sticky", (100 - percent, percent))
        lab.apply([applied])
        lab.wait_for_instances("sticky", 2)
        answers = ask(lab, "sticky")
        cohort = {a for a, revision in answers.items() if revision == "sticky-00002"}
        report.add("cohort_kept", "clients", percent=percent, asked=len(answers), cohort=len(cohort),
                   left=len(before - cohort), value=len(before & cohort) / len(before) if before else 1.0)
        before = cohort


def main():
    report = Report("weights")
    with Lab("weights", clients=CLIENTS) as lab:
        for percents in SPLITS:
            measure_split(lab, report, percents)
        measure_sticky(lab, report)
    report.print()


if __name__ == "__main__":
    main()
