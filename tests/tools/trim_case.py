#!/usr/bin/env python3
"""Trim a recording of Python LIBERO to what the parity test needs, so that it can be committed.

    trim_case.py IN OUT [--steps N] [--frames K --renderer NAME] [--free-steps N]

Keeps the first N steps and K frames of each camera: the first and the last ones. --renderer, the GL_RENDERER that drew
them, is stored as metadata `gl_renderer`: pictures are compared on the same one only. --free-steps, the steps before
the robot first touches something (first_contact.py), is stored as metadata `free_steps`; by default all of them.
"""
import argparse

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("input")
    p.add_argument("output")
    p.add_argument("--steps", type=int, default=10**9)
    p.add_argument("--frames", type=int, default=0)
    p.add_argument("--renderer", default="")
    p.add_argument("--free-steps", type=int, default=10**9)
    a = p.parse_args()
    with safe_open(a.input, "np") as f:
        tensors, meta = {k: f.get_tensor(k) for k in f.keys()}, dict(f.metadata())
    steps = tensors.pop("image_steps", np.zeros(0, np.int64))
    images = {k: tensors.pop(k) for k in list(tensors) if k.startswith("image_")}
    total = len(tensors["actions"])
    n = min(a.steps, total)
    out = {k: v[:n + len(v) - total] for k, v in tensors.items()}
    rows = [i for i, s in enumerate(steps) if s <= n]
    rows = [0, *rows[len(rows) - a.frames + 1:]] if a.frames > 1 and len(rows) > a.frames else rows[:a.frames]
    if rows:
        out["image_steps"] = steps[rows]
        out.update({k: v[rows] for k, v in images.items()})
        meta["gl_renderer"] = a.renderer
    meta["free_steps"] = str(min(n, a.free_steps))
    save_file({k: np.ascontiguousarray(v) for k, v in out.items()}, a.output, metadata=meta)


if __name__ == "__main__":
    main()
