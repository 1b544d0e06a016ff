#!/usr/bin/env python3
"""Compare two descriptions of one task (folders with model.json).

Names in order, counts, and every number within 1e-9.

    python compare_describe.py DIR_A DIR_B        exit 0 when equal, 1 with one line a difference
"""
import json
import pathlib
import sys

TOLERANCE = 1e-9
SKIPPED = {"task", "language", "bddl"}  # say where the model comes from


def flat(value):
    if isinstance(value, list):
        for item in value:
            yield from flat(item)
    else:
        yield value


def differences(a, b):
    """Yields one line a difference."""
    for kind in sorted(set(a["names"]) | set(b["names"])):
        x, y = a["names"].get(kind, []), b["names"].get(kind, [])
        if x != y:
            first = next((i for i, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
            yield (f"{kind} names: {len(x)} and {len(y)}, first difference at {first}: "
                   f"{x[first:first + 1]} {y[first:first + 1]}")
    for key in sorted((set(a) | set(b)) - SKIPPED - {"names"}):
        if key not in a or key not in b:
            yield f"{key}: only in one"
            continue
        x, y = list(flat(a[key])), list(flat(b[key]))
        if len(x) != len(y):
            yield f"{key}: {len(x)} and {len(y)} numbers"
            continue
        worst = max(((abs(p - q), i) for i, (p, q) in enumerate(zip(x, y))), default=(0, 0))
        if not worst[0] <= TOLERANCE:
            yield f"{key}: differs by {worst[0]:.3g} at {worst[1]}: {x[worst[1]]} {y[worst[1]]}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        a, b = (json.loads((pathlib.Path(d) / "model.json").read_text()) for d in sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"compare_describe: {error}")
    lines = list(differences(a, b))
    for line in lines:
        print(f"{a['task']}: {line}")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
