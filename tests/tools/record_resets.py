#!/usr/bin/env python3
"""Record what LIBERO's resets 1, 2 and 3 leave behind, for seeds 0 and 7: the fixtures' poses and the whole qpos.

    $ORACLE_PYTHON record_resets.py tests/fixtures/resets [SUITE/TASK ...]

Each seed has an environment of its own: built, seeded, reset three times. Writes one JSON file a task.
"""
import json
import os
import sys

os.environ.setdefault("MUJOCO_GL", "egl")

TASKS = [
    ("libero_spatial", 0),  # two fixtures, one with a drawn yaw
    ("libero_spatial", 4),  # In a drawer that is drawn open
    ("libero_spatial", 5),  # On another object
    ("libero_spatial", 7),  # On a fixture's site (stove)
    ("libero_spatial", 9),  # On a fixture's site (cabinet with a drawn yaw)
    ("libero_object", 1),  # floor, rotations about two axes
    ("libero_goal", 0),  # three fixtures
    ("libero_10", 3),  # kitchen, an open drawer
    ("libero_10", 4),  # living room
    ("libero_10", 5),  # study
    ("libero_10", 8),  # a stove that is on
    ("libero_10", 9),  # an open microwave
    ("libero_90", 35),  # a closed microwave with something on it
    ("libero_10_object", 3),  # LIBERO-PRO's own categories
    ("libero_object_swap", 4),
    ("libero_object_with_mug", 0),  # an object of its own design
    ("libero_study_table", 0),  # the workspace is not the first fixture
]


def record(suite_name, index, out):
    from libero.libero import benchmark, get_libero_path
    from libero.libero.envs.env_wrapper import ControlEnv

    suite = benchmark.get_benchmark_dict()[suite_name]()
    task = suite.get_task(index)
    bddl = os.path.join(get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
    seeds = {}
    for seed in (0, 7):
        env = ControlEnv(bddl_file_name=bddl, has_renderer=False, has_offscreen_renderer=False,
                         use_camera_obs=False)
        env.seed(seed)
        resets = []
        for _ in range(3):
            env.reset()
            model, data = env.sim.model._model, env.sim.data._data
            fixtures = {}
            for name, fixture in env.env.fixtures_dict.items():
                body = env.sim.model.body_name2id(fixture.root_body)
                fixtures[name] = model.body_pos[body].tolist() + model.body_quat[body].tolist()
            resets.append({"fixtures": fixtures, "qpos": data.qpos.tolist()})
        seeds[str(seed)] = resets
        env.close()
    with open(os.path.join(out, f"{suite_name}_{index}.json"), "w") as f:
        json.dump({"suite": suite_name, "task": task.name, "seeds": seeds}, f, separators=(",", ":"))
        f.write("\n")
    print(suite_name, index, task.name, flush=True)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    chosen = [(a.split("/")[0], int(a.split("/")[1])) for a in sys.argv[2:]] or TASKS
    for suite_name, index in chosen:
        record(suite_name, index, out)


if __name__ == "__main__":
    main()
