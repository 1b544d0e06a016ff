#!/usr/bin/env python3
"""Shrink descriptions of Python LIBERO's models (folders SUITE_TASK with model.json) to one fixture.

    python make_describe_fixture.py DIR... > tests/fixtures/describe/scenes.json

Names are kept for bodies, hashed (FNV-1a, 64 bits) for the rest; masses are kept, other numbers
become a plain and a weighted sum. Poses of instances' root bodies are left out: a reset moves
fixtures.
"""
import json
import pathlib
import sys


def flat(value):
    return [y for x in value for y in flat(x)] if isinstance(value, list) else [value]


def fnv1a(text):
    hash_ = 0xCBF29CE484222325
    for byte in text.encode():
        hash_ = (hash_ ^ byte) * 0x100000001B3 % 2**64
    return f"{hash_:016x}"


def sums(values):
    return [sum(values), sum((i % 97 + 1) * v for i, v in enumerate(values))]


def shrink(folder):
    model = json.loads((folder / "model.json").read_text())
    bodies = model["names"]["body"]
    kept = [i for i, name in enumerate(bodies) if not name.endswith("_main")]
    for key in ("body_pos", "body_quat"):
        model[key] = [model[key][i] for i in kept]
    numbers = {k: sums(flat(v)) for k, v in model.items()
               if isinstance(v, list) and k != "body_mass"}
    hashes = {k: fnv1a("".join((n or "") + "\n" for n in v))
              for k, v in model["names"].items() if k != "body"}
    return dict(suite=folder.name.rpartition("_")[0], bddl=model["bddl"], nq=model["nq"],
                nv=model["nv"], nu=model["nu"], bodies=bodies, body_mass=model["body_mass"],
                name_hashes=hashes, sums=numbers)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    scenes = [shrink(pathlib.Path(folder)) for folder in sorted(sys.argv[1:])]
    print("[" + ",\n".join(json.dumps(scene) for scene in scenes) + "]")


if __name__ == "__main__":
    main()
