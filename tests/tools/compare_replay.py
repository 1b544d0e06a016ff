#!/usr/bin/env python3
"""Compare a rollout of `vega replay` with the recording of Python LIBERO it was made from.

    compare_replay.py CASE OURS [--free-steps N] [--contact-rich]

For each tensor: the largest difference, the step of it, and the first step beyond the tolerance. Rows of
[T+1,...] tensors count from the initial state (step 0). Needs numpy and safetensors. Exit code 0 when all hold:
  row 0 of the states       bit-equal
  robot joints              < 1e-9 rad over the first --free-steps steps
  objects, fixture joints   < 1e-6 m, rad over the same steps (rotations of objects are printed only)
  ctrl, goal_pos, goal_ori  < 1e-6 N m, 1e-9 m, 1e-9 over the same steps
  success                   equal at every step
  images                    >= 99.9 % of pixels within 1 of 255, over the same steps
With --contact-rich only row 0, success, and the images up to the first diverging step must hold.
"""
import argparse
import json
import sys

import numpy as np
from safetensors import safe_open

TOLERANCES = {"arm": 1e-9, "objects": 1e-6, "fixtures": 1e-6, "eef_pos": 1e-9, "eef_quat": 1e-9,
              "gripper_qpos": 1e-9, "joint_pos": 1e-9, "ctrl": 1e-6, "goal_pos": 1e-9, "goal_ori": 1e-9}
NO_TOLERANCE = ("time", "rotations", "qvel")


def load(path):
    with safe_open(path, "np") as f:
        return {k: f.get_tensor(k) for k in f.keys()}, f.metadata() or {}


def split_states(tensors, metadata):
    """Splits states [T+1,1+nq+nv] into the robot's nine joints, objects' positions and rotations, fixtures' joints."""
    states = tensors.pop("states")
    adr, names = json.loads(metadata["qpos_adr"]), json.loads(metadata["joint_names"])
    free = [i for i, n in enumerate(names) if n.endswith("_joint0")]
    nq = adr[-1] + (7 if len(names) - 1 in free else 1)
    if states.shape[1] != 1 + 2 * nq - len(free):
        sys.exit(f"states have width {states.shape[1]}, the joint names say {1 + 2 * nq - len(free)}")
    qpos = states[:, 1:1 + nq]
    columns = {"arm": list(range(9)), "objects": [adr[i] + k for i in free for k in range(3)],
               "rotations": [adr[i] + k for i in free for k in range(3, 7)],
               "fixtures": [a for i, a in enumerate(adr) if i >= 9 and i not in free]}
    tensors["time"] = states[:, :1]
    tensors.update({k: qpos[:, v] for k, v in columns.items()})
    tensors["qvel"] = states[:, 1 + nq:]
    return states, [names[i] for i in free]


def compare_images(name, case, ours, steps, free):
    ok = True
    for row, step in enumerate(steps):
        d = np.abs(case[row].astype(int) - ours[row].astype(int))
        within = float((d.max(axis=-1) <= 1).mean())
        mark = "" if within >= 0.999 else "   <-- below 99.9 %"
        ok &= within >= 0.999 or step > free
        print(f"  {name} step {step:4d}: {100 * within:8.4f} % of pixels within 1, max {d.max()}, "
              f"mean {d.mean():.5f}{mark}")
    return ok


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("case")
    p.add_argument("ours")
    p.add_argument("--free-steps", type=int, default=60)
    p.add_argument("--contact-rich", action="store_true")
    a = p.parse_args()
    case, meta = load(a.case)
    ours, our_meta = load(a.ours)
    ok = True
    for key in sorted(meta):
        if meta[key] != our_meta.get(key):
            print(f"  metadata {key}: recorded {meta[key]}, ours {our_meta.get(key)}")
            ok &= key in ("language", "free_steps", "gl_renderer")  # PRO's instructions come from the BDDL file here
    for name in sorted(set(case) ^ set(ours)):
        print(f"  tensor {name}: only in {'the recording' if name in case else 'ours'}")
        ok &= name not in case
    for name in sorted(set(case) & set(ours)):
        if case[name].shape != ours[name].shape or case[name].dtype != ours[name].dtype:
            sys.exit(f"{a.ours}: {name} is {ours[name].dtype}{ours[name].shape}, "
                     f"recorded {case[name].dtype}{case[name].shape}")
    (s, objects), (o, _) = split_states(case, meta), split_states(ours, meta)
    ok &= bool((s[0] == o[0]).all())
    print(f"  row 0 {'bit-equal' if (s[0] == o[0]).all() else f'differs by {np.abs(s[0] - o[0]).max():.3g}'}; "
          f"{int((s == o).all(axis=1).cumprod().sum())} of {len(s)} rows bit-equal from the start")
    agree = a.free_steps
    for name in (*NO_TOLERANCE, *TOLERANCES):
        d = np.abs(case[name].astype(np.float64) - ours[name]).reshape(len(case[name]), -1)
        if d.shape[1] == 0:
            continue
        offset = 0 if len(d) == len(s) else 1
        tol = TOLERANCES.get(name)
        line = f"  {name:13s} max {d.max():9.3g} at step {int(d.max(axis=1).argmax()) + offset:3d}"
        if tol is not None:
            over = np.flatnonzero(d.max(axis=1) >= tol)
            first = int(over[0]) + offset if len(over) else None
            line += f"; first step >= {tol:g}: {first if first is not None else 'none'}"
            if first is not None:
                agree = min(agree, first - 1)
                if name == "objects":
                    line += f" ({objects[int(d[first - offset].argmax()) // 3]})"
                ok &= a.contact_rich or first > a.free_steps
        print(line)
    same = case["success"] == ours["success"]
    first = [int(np.flatnonzero(t["success"])[0]) if t["success"].any() else None for t in (case, ours)]
    verdict = "equal at every step" if same.all() else f"differs in {int((~same).sum())} steps"
    print(f"  success {verdict}; first success: recorded {first[0]}, ours {first[1]}")
    ok &= bool(same.all())
    if "image_steps" in case and "image_steps" in ours:
        ok &= bool((case["image_steps"] == ours["image_steps"]).all())
        for name in sorted(k for k in case if k.startswith("image_") and k != "image_steps" and k in ours):
            ok &= compare_images(name, case[name], ours[name], case["image_steps"],
                                 agree if a.contact_rich else a.free_steps)
    print("PASS" if ok else "FAIL")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
