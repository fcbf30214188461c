# SPDX-License-Identifier: BSD-2-Clause
"""make bench-weights: how far a split of 80 to 20 ever is from 80 to 20, in any 100 connections in a row."""

from lab import Lab, service
from report import Report

CONNECTIONS = 2000
WINDOW = 100
PERCENT = 20


def worst_deviation(second):
    """`second` is a list of booleans: did the second revision answer?"""
    inside = sum(second[:WINDOW])
    worst = abs(inside - PERCENT)
    for i in range(WINDOW, len(second)):
        inside += second[i] - second[i - WINDOW]
        worst = max(worst, abs(inside - PERCENT))
    return worst


def main():
    report = Report("weights")
    with Lab("weights") as lab:
        warm = {"min-scale": "1"}
        lab.apply([service("split", [lab.stub, "0"], warm)])
        lab.wait_for_instances("split", 1)
        lab.apply([service("split", [lab.stub, "1"], warm, [
            {"revisionName": "split-00001", "percent": 100 - PERCENT},
            {"revisionName": "split-00002", "percent": PERCENT}])])
        lab.wait_for_instances("split", 2)
        starts = lab.cold("-s", "-n", CONNECTIONS, "split.default.rouse:80")
        good = [s for s in starts if s.ok]
        report.add("worst_deviation", "connections", connections=len(good), window=WINDOW, failed=len(starts) - len(good),
                   value=worst_deviation([s.revision == "split-00002" for s in good]))
    report.print()


if __name__ == "__main__":
    main()
