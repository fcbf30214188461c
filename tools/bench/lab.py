# SPDX-License-Identifier: BSD-2-Clause
"""A lab for a benchmark, its services, and what the cold client measures."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from report import BUILD, ROOT

LAB = str(ROOT / "tools/lab")


@dataclass
class Start:
    """One connection, in milliseconds since it was begun; `start_ns` is CLOCK_MONOTONIC."""

    target: str
    status: str
    start_ns: int
    connect_ms: float
    first_byte_ms: float
    main_ns: int
    listen_ns: int
    revision: str

    @property
    def ok(self):
        return self.status == "ok"

    @property
    def own_ms(self):
        """The instance's own start, from main() to listen()."""
        return (self.listen_ns - self.main_ns) / 1e6

    @property
    def overhead_ms(self):
        """What remains of connect() without the instance's own start. exec itself is counted against us."""
        return self.connect_ms - self.own_ms


def parse_starts(text):
    starts = []
    for line in text.splitlines():
        target, status, *numbers, revision = line.split()
        start, connect, first, main, listen = map(int, numbers)
        starts.append(Start(target, status, start, connect / 1e6, first / 1e6, main, listen, revision))
    return starts


def service(name, command, annotations=None, traffic=None):
    """A Service."""
    prefix = "autoscaling.knative.dev/"
    notes = {"initial-scale": "0", **(annotations or {})}
    spec = {"template": {"metadata": {"annotations": {k if "/" in k else prefix + k: v for k, v in notes.items()}},
                         "spec": {"containers": [{"command": command, "ports": [{"containerPort": 8080}]}]}}}
    if traffic:
        spec["traffic"] = traffic
    return {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


class Lab:
    """`with Lab("cold", clients=4) as lab:`; it goes down at the end, also on Ctrl-C."""

    def __init__(self, name, clients=1, options=()):
        self.name = f"bench-{name}-{os.getpid()}"
        self.clients = clients
        self.options = options
        self.files = Path(f"/run/rouse-lab/{self.name}/files")

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            subprocess.run([LAB, "up", self.name, "--clients", str(self.clients), *self.options], check=True,
                           stdout=subprocess.DEVNULL, env=self.environment())
            self.files.mkdir()
            shutil.copy(BUILD / "bench/stub", self.files)
        except BaseException:
            self.__exit__()
            raise
        self.stub = str(self.files / "stub")
        return self

    def __exit__(self, *_):
        subprocess.run([LAB, "down", self.name], check=False)

    @staticmethod
    def environment():
        return dict(os.environ, B=str(BUILD))

    def command(self, where, *command):
        return [LAB, "exec", self.name, where, *map(str, command)]

    def run(self, where, *command, check=True):
        """Runs a command to its end; returns its standard output."""
        done = subprocess.run(self.command(where, *command), stdout=subprocess.PIPE, text=True, check=False,
                              env=self.environment())
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))} failed with {done.returncode}: {done.stdout[-2000:]}")
        return done.stdout

    def spawn(self, where, *command):
        return subprocess.Popen(self.command(where, *command), stdout=subprocess.PIPE, text=True,
                                env=self.environment())

    def verb(self, verb):
        subprocess.run([LAB, verb, self.name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=self.environment())

    def apply(self, services):
        manifest = self.files / "manifest.yaml"
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": services}), encoding="utf-8")
        self.run("node", "rouse", "apply", "-f", manifest)

    def delete(self, names):
        for name in names:
            self.run("node", "rouse", "delete", "service", name)

    def get(self, what):
        return json.loads(self.run("node", "rouse", "get", what, "-o", "json"))["items"]

    def status(self):
        return json.loads(self.run("node", "rouse", "status", "-o", "json"))["status"]

    def instances(self, name, stage="Ready"):
        label = "serving.knative.dev/service"
        return [i for i in self.get("instances") if i["metadata"]["labels"].get(label) == name
                and (stage is None or i["status"]["stage"] == stage)]

    def wait_for_instances(self, name, count, seconds=30):
        self.wait(lambda: len(self.instances(name)) == count, seconds, f"{count} instances of {name}")

    @staticmethod
    def wait(condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds} s for {what}")
            time.sleep(0.05)

    def cold(self, *arguments, where="client1"):
        """coldclient in a client; failures are in the result."""
        return parse_starts(self.run(where, "coldclient", *arguments, check=False))

    def cold_from_all(self, *arguments):
        """The same from every client at one moment."""
        at = time.monotonic_ns() + 500_000_000
        running = [self.spawn(f"client{i + 1}", "coldclient", "-a", at, *arguments) for i in range(self.clients)]
        return [start for process in running for start in parse_starts(process.communicate()[0])]
