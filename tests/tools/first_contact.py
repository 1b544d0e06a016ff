#!/usr/bin/env python3
"""Step a recorded case in Python LIBERO again and print what the robot touches and when.

    ORACLE_DIR=<folder of record.py> first_contact.py CASE

A line a body the robot (arm, gripper, mount) comes to have a contact with: control step (from 1), body; "robot" when
two parts of the robot touch, as closing fingers do. The steps before the first line are the case's free space,
`--free-steps` of trim_case.py.
"""
import argparse
import os
import sys

import mujoco
from safetensors import safe_open

sys.path.insert(0, os.environ["ORACLE_DIR"])
import record  # noqa: E402


def robot_contacts(model, data):
    """Names of the bodies that have a contact with the robot now."""
    def root(geom):
        body = model.geom_bodyid[geom]
        name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, body)
        if name.startswith(("robot0", "gripper0", "mount0")):
            return "robot"
        return mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, model.body_rootid[body])

    touched = set()
    for i in range(data.ncon):
        pair = {root(data.contact[i].geom1), root(data.contact[i].geom2)}
        if "robot" in pair:
            touched |= pair - {"robot"} or pair
    return touched


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("case")
    a = p.parse_args()
    with safe_open(a.case, "np") as f:
        actions, meta = f.get_tensor("actions"), f.metadata()
    env, suite, _, _ = record.open_env(meta["suite"], int(meta["task"]), 0)
    env.set_init_state(suite.get_task_init_states(int(meta["task"]))[int(meta["init"])])
    sim, known = env.env.sim, set()
    substep = sim.step

    def watched():
        substep()
        touched.update(robot_contacts(sim.model._model, sim.data._data))

    sim.step = watched
    for step, action in enumerate(actions, 1):
        touched = set()
        env.step(action)
        for body in sorted(touched - known):
            print(step, body)
        known |= touched


if __name__ == "__main__":
    main()
