#!/usr/bin/env python3
"""Write a demonstration file as LIBERO's own scripts do, from a recorded action sequence played in Python LIBERO.

    python make_libero_demo.py --suite libero_object --task 4 --init 6 --actions case.safetensors --steps 20 --image 32 --out F.hdf5

Layout and quirks are those of LIBERO's create_dataset.py: pictures bottom row first, states[t] before actions[t], obs[t]
after them, the first five steps dropped, the whole MJCF with the fixtures' poses in each demo. Needs the reference environment.
"""
import argparse, json, os
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
import h5py
import numpy as np
import robosuite.utils.transform_utils as T
from libero.libero import benchmark, get_libero_path
from libero.libero.envs.bddl_utils import get_problem_info
from libero.libero.envs.env_wrapper import OffScreenRenderEnv
from safetensors.numpy import load_file

DROPPED = 5  # rows at the start, create_dataset.py's cap_index


def main():
    p = argparse.ArgumentParser()
    for name in ("suite", "actions", "out"):
        p.add_argument("--" + name, required=True)
    for name, default in (("task", 0), ("init", 0), ("first", 0), ("steps", 40), ("image", 128)):
        p.add_argument("--" + name, type=int, default=default)
    a = p.parse_args()
    suite = benchmark.get_benchmark_dict()[a.suite]()
    task = suite.get_task(a.task)
    bddl = os.path.join(get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
    env = OffScreenRenderEnv(bddl_file_name=bddl, camera_heights=a.image, camera_widths=a.image)
    env.seed(0)
    env.reset()
    model_xml = env.sim.model.get_xml()
    obs = env.set_init_state(suite.get_task_init_states(a.task)[a.init])
    actions = load_file(a.actions)["actions"].astype(np.float64)
    for action in actions[:a.first]:
        env.step(action)
    rows = {k: [] for k in ("actions", "states", "robot_states", "agentview_rgb", "eye_in_hand_rgb", "gripper_states",
                            "joint_states", "ee_states", "ee_pos", "ee_ori")}
    for t, action in enumerate(actions[a.first:a.first + a.steps + DROPPED]):
        state = env.sim.get_state().flatten()
        obs, _, _, _ = env.step(action)
        if t < DROPPED:
            continue
        rows["actions"].append(action)
        rows["states"].append(state)
        rows["robot_states"].append(np.concatenate(
            [obs["robot0_gripper_qpos"], obs["robot0_eef_pos"], obs["robot0_eef_quat"]]))
        rows["agentview_rgb"].append(obs["agentview_image"])
        rows["eye_in_hand_rgb"].append(obs["robot0_eye_in_hand_image"])
        rows["gripper_states"].append(obs["robot0_gripper_qpos"])
        rows["joint_states"].append(obs["robot0_joint_pos"])
        ori = T.quat2axisangle(obs["robot0_eef_quat"])
        rows["ee_states"].append(np.hstack((obs["robot0_eef_pos"], ori)))
        rows["ee_pos"].append(obs["robot0_eef_pos"])
        rows["ee_ori"].append(ori)
    n = len(rows["actions"])
    info = get_problem_info(bddl)
    info["language_instruction"] = task.language
    with h5py.File(a.out, "w") as f:
        data = f.create_group("data")
        name = info["problem_name"].lower()
        relative = f"bddl_files/{a.suite}/{task.bddl_file}"
        data.attrs["env_name"] = name
        data.attrs["problem_info"] = json.dumps(info)
        data.attrs["macros_image_convention"] = "opengl"
        data.attrs["bddl_file_name"] = relative
        data.attrs["bddl_file_content"] = open(bddl).read()
        data.attrs["env_args"] = json.dumps({"type": 1, "env_name": name, "problem_name": name, "bddl_file": relative,
                                             "env_kwargs": {"robots": ["Panda"]}})
        data.attrs["num_demos"] = 1
        data.attrs["total"] = n
        demo = data.create_group("demo_0")
        demo.attrs["num_samples"] = n
        # a place where the assets were on a collector's machine
        home = os.path.dirname(os.path.dirname(get_libero_path("assets")))
        demo.attrs["model_file"] = model_xml.replace(home, "/collector")
        demo.attrs["init_state"] = rows["states"][0]
        for key in ("actions", "states", "robot_states"):
            demo.create_dataset(key, data=np.stack(rows[key]))
        last = np.zeros(n, dtype=np.uint8)
        last[-1] = 1
        demo.create_dataset("rewards", data=last)
        demo.create_dataset("dones", data=last)
        g = demo.create_group("obs")
        for key in ("gripper_states", "joint_states", "ee_states", "ee_pos", "ee_ori"):
            g.create_dataset(key, data=np.stack(rows[key]))
        for key in ("agentview_rgb", "eye_in_hand_rgb"):
            g.create_dataset(key, data=np.stack(rows[key]), compression="gzip", compression_opts=9)
    print(f"{a.out}: {n} rows, success at the end {bool(env.check_success())}")
    import sys
    sys.stdout.flush()
    os._exit(0)  # robosuite's EGL teardown prints harmless errors


if __name__ == "__main__":
    main()
