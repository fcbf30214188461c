# SPDX-License-Identifier: BSD-2-Clause
"""make bench-flows: a million connections at once: made, held, answered, closed, forgotten. What they cost in memory,
how fast the sweeper looks after them, and how far off the counters ever are (`wrong`, which must be 0).

Options: --flows N, --family 4 or 6.
"""

import argparse
import json
import subprocess

from report import BUILD, Report


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--flows", type=int, default=1000000)
    parser.add_argument("--family", type=int, default=4, choices=(4, 6))
    options = parser.parse_args()
    labels = {"flows": options.flows, "family": options.family}
    done = subprocess.run([str(BUILD / "bench/flows"), "-c", str(options.flows), "-f", str(options.family)],
                          stdout=subprocess.PIPE, text=True, check=True)
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    report = Report("flows")
    made = steps["made"]
    report.add("bytes_per_flow", "B", **labels, value=round(made["bytes"] / options.flows),
               table=round(made["bytes_empty"] / options.flows))
    report.add("wrong", "1", **labels, value=sum(step["wrong"] for step in steps.values()))
    report.add("made_per_s", "1/s", **labels, value=round(options.flows / made["seconds"]))
    report.add("visits_per_s", "1/s", **labels, value=round(steps["held"]["visits_per_s"]))
    for step in ("answered", "closed", "forgotten"):
        report.add(f"{step}_s", "s", **labels, value=steps[step]["seconds"])
    report.print()


if __name__ == "__main__":
    main()
