# SPDX-License-Identifier: BSD-2-Clause
"""make bench-idle: what a node of 1000 sleeping services costs: the agent's CPU, its memory, the maps'."""

import os
import time
from pathlib import Path

from lab import Lab, service
from report import Report

SERVICES = 1000
SECONDS = 30


def agent(lab):
    """The agent's process as the host sees it: the one that the lab's numbering calls by its pid file."""
    inside = (lab.files.parent / "agent.pid").read_text(encoding="utf-8").strip()
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "Name:\troused\n" in text and f"\t{inside}\n" in text.partition("NSpid:")[2] \
                and lab.name in (path.parent / "cmdline").read_text(encoding="utf-8"):
            return path.parent
    raise RuntimeError("the agent's process is not there")


def cpu_seconds(process):
    fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(process):
    pages = int((process / "statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main():
    report = Report("idle")
    with Lab("idle") as lab:
        process = agent(lab)
        empty = rss_mb(process)
        began = time.monotonic()
        lab.apply([service(f"asleep-{i}", [lab.stub, "0"]) for i in range(SERVICES)])
        applied = time.monotonic() - began
        time.sleep(10)  # what the creation itself leaves to do is not idleness
        before, began = cpu_seconds(process), time.monotonic()
        time.sleep(SECONDS)
        used, passed = cpu_seconds(process) - before, time.monotonic() - began
        report.add("cpu_percent", "%", services=SERVICES, value=round(100 * used / passed, 3))
        report.add("rss_mb", "MB", services=SERVICES, value=round(rss_mb(process), 1), without_services=round(empty, 1))
        report.add("map_mb", "MB", services=SERVICES, value=round(lab.status()["mapBytes"] / 1e6, 1))
        report.add("apply_s", "s", services=SERVICES, value=round(applied, 2))
    report.print()


if __name__ == "__main__":
    main()
