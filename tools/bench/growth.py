# SPDX-License-Identifier: BSD-2-Clause
"""make bench-growth: a node of 10 000 sleeping services: how long it takes to make them, to list them, to start the
agent over them, and to delete them; what they cost in memory, once and again; and that nothing that was acknowledged
is lost when the agent is killed in the middle.

Options: --services N.
"""

import argparse
import http.client
import json
import socket
import subprocess
import threading
import time

from idle import agent, cpu_seconds, rss_mb
from lab import Lab, parse_starts, service
from report import Report, percentile, spread

COLD_STARTS = 100
APPLIES_PER_S = 100
APPLIERS = 4
START_GAP_MS = 150  # the pool of sandboxes fills up again in between, as in bench-cold


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
    time.sleep(5)  # the round that gives memory back comes every fourth second


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


class Applying:
    """PUTs services at a steady rate over the agent's socket while the block runs, over several connections: each of
    them waits for the disk."""

    def __init__(self, lab, per_second):
        self.lab, self.gap, self.count = lab, APPLIERS / per_second, 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(APPLIERS)]

    def run(self, number):
        connection = http.client.HTTPConnection("rouse")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.lab.files.parent / "run/api.sock"))
        due, count = time.monotonic() + self.gap * number / APPLIERS, 0
        while not self.over.wait(max(0, due - time.monotonic())):
            name = f"applied-{number}-{count}"
            connection.request("PUT", f"/apis/serving.knative.dev/v1/namespaces/default/services/{name}",
                               json.dumps(service(name, [self.lab.stub, "0"])))
            answer = connection.getresponse()
            assert answer.read() and answer.status == 201
            count += 1
            due += self.gap
        self.count += count
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def cold_while_applying(lab, report):
    """What a change of others costs a wake-up: the same cold starts, quiet and while services are applied."""
    names_of = {kind: [f"{kind}-{i}" for i in range(COLD_STARTS)] for kind in ("quiet", "busy")}
    lab.apply([service(name, [lab.stub, "0"]) for kind in names_of.values() for name in kind])
    wait_quiet(lab, agent(lab))

    def measure(kind):
        starts = lab.cold("-s", "-g", START_GAP_MS, *(f"{name}.default.rouse:80" for name in names_of[kind]))
        return [start.overhead_ms for start in starts if start.ok]
    quiet = measure("quiet")
    began = time.monotonic()
    with Applying(lab, APPLIES_PER_S) as applying:
        busy = measure("busy")
        took = time.monotonic() - began
    rate = round(applying.count / took)
    report.add("cold_quiet_ms", "ms", **spread(quiet))
    report.add("cold_applying_ms", "ms", applies_per_s=rate, **spread(busy))
    report.add("cold_p99_more_ms", "ms", value=round(percentile(busy, 99) - percentile(quiet, 99), 3))


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
    with Lab("growth", clients=1) as lab:
        cold_while_applying(lab, report)
    report.print()


if __name__ == "__main__":
    main()
