# SPDX-License-Identifier: BSD-2-Clause
"""Figures: percentiles, a table to read, one JSON object a line to keep (BUILD/bench/results.jsonl as well)."""

import json
import math
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("B") or "build")
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD


def percentile(values, percent):
    """Nearest rank: a value that was really measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def spread(values, digits=3):
    """The fields p50, p99, max and n; p50 to max are absent when nothing was measured."""
    if not values:
        return {"n": 0}
    return {"p50": round(percentile(values, 50), digits), "p99": round(percentile(values, 99), digits),
            "max": round(max(values), digits), "n": len(values)}


class Report:
    """Collects the lines of one benchmark; prints the table, then the lines."""

    def __init__(self, bench):
        self.bench = bench
        self.lines = []

    def add(self, metric, unit, **fields):
        self.lines.append({"bench": self.bench, "metric": metric, "unit": unit, **fields})

    def print(self):
        print()
        for line in self.lines:
            fields = {k: v for k, v in line.items() if k not in ("bench", "metric", "unit")}
            print(f"  {line['metric']:<18} {line['unit']:<8} " + "  ".join(f"{k} {v}" for k, v in fields.items()))
        print()
        results = BUILD / "bench/results.jsonl"
        results.parent.mkdir(parents=True, exist_ok=True)
        with results.open("a", encoding="utf-8") as file:
            for line in self.lines:
                text = json.dumps(line, allow_nan=False)
                print(text)
                file.write(text + "\n")
