#!/usr/bin/env python3
"""Record LIBERO's own task order and languages: benchmark.get_benchmark_dict()[suite]() of the Python package.

    $ORACLE_PYTHON record_suites.py tests/fixtures/suites.json
"""
import json
import sys

from libero.libero import benchmark

BASE = ["libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90"]


def main():
    suites = {}
    for name in BASE:
        tasks = benchmark.get_benchmark_dict()[name]().tasks
        suites[name] = [[t.name, t.language] for t in tasks]
    for base in BASE[:4]:
        for axis in ("lan", "object", "swap", "task"):
            name = f"{base}_{axis}"
            # names equal the base suite's; only their order is recorded
            names = [n for n, _ in suites[base]]
            suites[name] = [names.index(t.name) for t in benchmark.get_benchmark_dict()[name]().tasks]
    with open(sys.argv[1], "w") as f:
        json.dump(suites, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
