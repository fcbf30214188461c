# SPDX-License-Identifier: BSD-2-Clause
"""make bench-growth: a node of 10 000 sleeping services: how long it takes to make them, to list them, to start the
agent over them, and to delete them; what they cost in memory, once and again; and that nothing that was acknowledged
is lost when the agent is killed in the middle.

Options: --services N.
"""

import argparse
import json
import subprocess
import time

from idle import agent, cpu_seconds, rss_mb
from lab import Lab, parse_starts, service
from report import Report, spread

RANGE = ("--option", "vip-range=198.18.0.0/15", "--option", "instance-range=198.20.0.0/16")


def manifest(lab, name, count, version="1"):
    """One file, one YAML document (JSON is YAML) for each service."""
    path = lab.files / f"{name}.yaml"
    command = [lab.stub, "0"]
    with path.open("w", encoding="utf-8") as file:
        for i in range(count):
            document = service(f"{name}-{i}", command)
            document["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "VERSION", "value": version}]
            file.write("---\n" + json.dumps(document, indent=1) + "\n")
    return path


def timed(function, *arguments):
    began = time.monotonic()
    result = function(*arguments)
    return time.monotonic() - began, result


def names(lab):
    return set(lab.run("node", "rouse", "get", "services", "-o", "name").split())


def wait_quiet(lab, process):
    """Until the agent has nothing to do any more: its memory is that of sleeping services."""
    def is_quiet():
        before = cpu_seconds(process)
        time.sleep(0.5)
        return cpu_seconds(process) - before < 0.02
    lab.wait(is_quiet, 60, "the agent to come to rest")


def first_wake(lab, name):
    """Seconds from exec until a connection to a sleeping service is answered. The client asks again and again: what
    arrives before the dataplane is there is refused or lost, and the next one is 5 ms away."""
    asking = lab.spawn("client1", "coldclient", "-t", 20000, f"{name}.default.rouse:80")
    began = time.monotonic()
    lab.verb("start")
    started = time.monotonic() - began
    starts = parse_starts(asking.communicate()[0])
    return started, max((s.start_ns / 1e9 + s.first_byte_ms / 1e3 for s in starts if s.ok), default=0) - began


def round_trip(lab, report, number, count):
    path = manifest(lab, "asleep", count)
    process = agent(lab)
    cpu = cpu_seconds(process)
    took, text = timed(lab.run, "node", "rouse", "apply", "-f", path)
    assert text.count(" created\n") == count, text[-500:]
    report.add("apply_s", "s", services=count, round=number, value=round(took, 2),
               agent_cpu=round(cpu_seconds(process) - cpu, 2))
    wait_quiet(lab, process)
    report.add("rss_mb", "MB", services=count, round=number, value=round(rss_mb(process), 1))
    took, _ = timed(lab.run, "node", "rouse", "get", "services")
    report.add("get_s", "s", services=count, round=number, value=round(took, 3))
    wait_quiet(lab, process)
    report.add("rss_after_get_mb", "MB", services=count, round=number, value=round(rss_mb(process), 1))


def restart(lab, report, count):
    lab.verb("kill")
    started, served = first_wake(lab, f"asleep-{count // 2}")
    report.add("start_s", "s", services=count, ready=round(started, 3), value=round(served, 3))
    process = agent(lab)
    wait_quiet(lab, process)
    report.add("rss_restarted_mb", "MB", services=count, value=round(rss_mb(process), 1))


def delete(lab, report, number, count):
    took, _ = timed(lab.run, "node", "rouse", "delete", "-f", lab.files / "asleep.yaml")
    report.add("delete_s", "s", services=count, round=number, value=round(took, 2))
    assert not names(lab)
    process = agent(lab)
    wait_quiet(lab, process)
    report.add("rss_deleted_mb", "MB", round=number, value=round(rss_mb(process), 1))


def kill_in_the_middle(lab, report, count, kills=3):
    """What `apply` has printed is there after the restart."""
    lost = said = 0
    for i in range(kills):
        path = manifest(lab, f"killed{i}", count)
        applying = subprocess.Popen(lab.command("node", "rouse", "apply", "-f", path), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True, env=lab.environment())
        acknowledged = [applying.stdout.readline() for _ in range(1 + count // 4)]
        lab.verb("kill")
        acknowledged += applying.communicate()[0].splitlines()
        lab.verb("start")
        wanted = {line.split()[0] for line in acknowledged if line.endswith("created") or line.endswith("created\n")}
        lost += len(wanted - names(lab))
        said += len(wanted)
    report.add("lost_by_kill", "1", kills=kills, acknowledged=said, value=lost)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--services", type=int, default=10000)
    count = parser.parse_args().services
    report = Report("growth")
    with Lab("growth", clients=1) as lab:
        report.add("rss_empty_mb", "MB", value=round(rss_mb(agent(lab)), 1))
        round_trip(lab, report, 1, count)
        restart(lab, report, count)
        delete(lab, report, 1, count)
        round_trip(lab, report, 2, count)
        delete(lab, report, 2, count)
        kill_in_the_middle(lab, report, count // 5)
    report.print()


if __name__ == "__main__":
    main()
