#!/usr/bin/env python3
"""Record LIBERO's predicates on states built on both sides of every threshold.

    $ORACLE_PYTHON record_predicates.py tests/fixtures/predicates [CASE ...]

Each case is one predicate in one task after seed(0) and one reset. One joint of the scene is set to N values: the free
joint of the judged object (position m, quaternion w,x,y,z) or the joint of a drawer, door or knob. One safetensors file a
case: values [N,7] f32 or [N,1] f64, truth [N] u8; metadata suite, task, predicate, joint.
"""
import os
import sys

os.environ.setdefault("MUJOCO_GL", "egl")
import numpy as np

N = 5000

# case: suite, task, predicate, instance or region that is judged against
CASES = {
    "on_object": ("libero_spatial", 0, ["on", "akita_black_bowl_1", "plate_1"]),
    "on_object_mug": ("libero_10", 6, ["on", "porcelain_mug_1", "plate_1"]),
    "on_fixture_site": ("libero_spatial", 9, ["on", "akita_black_bowl_1", "wooden_cabinet_1_top_side"]),
    "on_fixture_site_stove": ("libero_goal", 1, ["on", "akita_black_bowl_1", "flat_stove_1_cook_region"]),
    "on_workspace_region": ("libero_10", 6, ["on", "chocolate_pudding_1", "living_room_table_plate_right_region"]),
    "in_object_site": ("libero_object", 0, ["in", "alphabet_soup_1", "basket_1_contain_region"]),
    "in_fixture_site": ("libero_spatial", 4, ["in", "akita_black_bowl_1", "wooden_cabinet_1_top_region"]),
    "in_fixture_site_caddy": ("libero_10", 5, ["in", "black_book_1", "desk_caddy_1_back_contain_region"]),
    "open_region": ("libero_goal", 0, ["open", "wooden_cabinet_1_middle_region"]),
    "close_region": ("libero_10", 3, ["close", "white_cabinet_1_bottom_region"]),
    "open_fixture": ("libero_10", 9, ["open", "microwave_1"]),
    "close_fixture": ("libero_10", 9, ["close", "microwave_1"]),
    "turnon": ("libero_10", 2, ["turnon", "flat_stove_1"]),
    "turnoff": ("libero_10", 2, ["turnoff", "flat_stove_1"]),
}
THRESHOLDS = [-1.3, -0.14, -0.005, 0.0, 0.5]  # rad or m, of all joints


def near(rng, n):
    """Signed distances from a threshold, from 1e-7 to 3e-2."""
    return rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-7, -1.5, n)


def joint_values(rng, lo, hi):
    at = rng.choice(THRESHOLDS, N)
    values = np.where(rng.random(N) < 0.7, at + near(rng, N), rng.uniform(lo, hi, N))
    exact = [f(t, d) for t in THRESHOLDS for f, d in
             ((lambda t, d: t, 0), (np.nextafter, np.inf), (np.nextafter, -np.inf))]
    values[: len(exact)] = exact
    return values[:, None]


def quaternions(rng, base):
    """Half the time the object's own rotation, else any."""
    q = rng.normal(size=(N, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    own = rng.random(N) < 0.8
    q[own] = base
    return q


def offsets(rng, half, low, high):
    """Offsets d [N,3] in a box |d_x| < h_x, |d_y| < h_y, low < d_z < high: inside, with one entry near a border."""
    d = np.stack([rng.uniform(-half[0], half[0], N), rng.uniform(-half[1], half[1], N), rng.uniform(low, high, N)], 1)
    axis = rng.integers(0, 4, N)  # 3: stays inside
    side = rng.choice([-1.0, 1.0], N)
    step = near(rng, N)
    for a in (0, 1):
        d[:, a] = np.where(axis == a, side * half[a] + step, d[:, a])
    d[:, 2] = np.where(axis == 2, np.where(side < 0, low, high) + step, d[:, 2])
    return d


def positions(rng, env, predicate):
    data, model = env.sim.data, env.sim.model
    name, target = predicate[0], predicate[2]
    if target in env.env.objects_dict:
        centre = np.array(data.body_xpos[env.env.obj_body_id[target]])
        angle, radius = rng.uniform(0, 2 * np.pi, N), np.where(rng.random(N) < 0.5, 0.03 + near(rng, N),
                                                              rng.uniform(0, 0.04, N))
        height = np.where(rng.random(N) < 0.3, near(rng, N), rng.uniform(-0.01, 0.06, N))
        return centre + np.stack([radius * np.cos(angle), radius * np.sin(angle), height], 1)
    centre = np.array(data.get_site_xpos(target))
    turn = np.array(data.get_site_xmat(target)).reshape(3, 3)
    half = np.array(env.env.object_sites_dict[target].size, dtype=np.float64)
    if name == "on":
        # most are low enough to touch what carries the region
        d = offsets(rng, half, half[2] - 0.005, half[2] + 0.10)
        low = rng.random(N) < 0.6
        d[low, 2] = rng.uniform(half[2] - 0.01, half[2] + 0.02, low.sum())
        return centre + d @ turn  # the transpose of turn times d
    half = np.abs(turn @ half)
    return centre + offsets(rng, half, -half[2] - 0.01, half[2])


def make_env(suite_name, index):
    from libero.libero import benchmark, get_libero_path
    from libero.libero.envs.env_wrapper import ControlEnv

    task = benchmark.get_benchmark_dict()[suite_name]().get_task(index)
    bddl = os.path.join(get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
    env = ControlEnv(bddl_file_name=bddl, has_renderer=False, has_offscreen_renderer=False, use_camera_obs=False)
    env.seed(0)
    env.reset()
    return env


def record(case, out):
    from safetensors.numpy import save_file

    suite, index, predicate = CASES[case]
    env = make_env(suite, index)
    rng = np.random.default_rng(sorted(CASES).index(case))
    base = np.array(env.sim.data.qpos)
    if len(predicate) == 3:
        joint = env.env.objects_dict[predicate[1]].joints[-1]
        first = env.sim.model.get_joint_qpos_addr(joint)[0]
        quats = quaternions(rng, base[first + 3 : first + 7])
        values = np.concatenate([positions(rng, env, predicate), quats], 1).astype(np.float32)
    else:
        owner = env.env.get_object(predicate[1])
        joint = owner.joints[0]
        first = env.sim.model.get_joint_qpos_addr(joint)
        lo, hi = env.sim.model._model.joint(joint).range
        values = joint_values(rng, lo, hi)
    truth = np.zeros(N, np.uint8)
    for i, value in enumerate(values):
        env.sim.data.qpos[:] = base
        env.sim.data.qpos[first : first + len(value)] = value
        env.sim.forward()
        truth[i] = bool(env.env._eval_predicate(predicate))
    save_file({"values": values, "truth": truth}, os.path.join(out, case + ".safetensors"),
              metadata=dict(suite=suite, task=str(index), predicate=" ".join(predicate), joint=joint))
    print(f"{case}: {int(truth.sum())} of {N} true, joint {joint}", flush=True)
    env.close()


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for case in sys.argv[2:] or CASES:
        record(case, out)


if __name__ == "__main__":
    main()
