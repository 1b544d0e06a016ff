#!/usr/bin/env python3
"""What compare_libero.sh times of Python LIBERO: one JSON line a figure, named as `vega bench` names its own.

    ORACLE_DIR=... python look_loop.py --suite libero_spatial --task 0 [--render 256] [--episodes 1] [--horizon 220]

ORACLE_DIR holds record.py, whose open_env makes the environment. With --render both cameras are drawn at every step,
as LIBERO's OffScreenRenderEnv does; episodes are the published evaluators' loop around the policy `look`.
"""
import argparse
import json
import math
import os
import statistics
import sys
import time

sys.path.insert(0, os.environ["ORACLE_DIR"])
from record import open_env  # noqa: E402


def action(step):
    """The policy `look` of policies/look_policy.h."""
    return [0.3 * math.sin(0.1 * step + i) for i in range(6)] + [-1.0 if step // 40 % 2 == 0 else 1.0]


def report(name, unit, samples, suite, task):
    print(json.dumps(dict(name=name, unit=unit, median=statistics.median(samples), min=min(samples), max=max(samples),
                          n=len(samples), threads=1, renderer=None, suite=suite, task=task)), flush=True)


def timed(call, *args):
    start = time.perf_counter()
    call(*args)
    return 1e3 * (time.perf_counter() - start)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--suite", default="libero_spatial")
    p.add_argument("--task", type=int, default=0)
    p.add_argument("--render", type=int, default=0, help="image side in pixels; 0: no cameras")
    p.add_argument("--steps", type=int, default=60)
    p.add_argument("--episodes", type=int, default=0)
    p.add_argument("--horizon", type=int, default=220)
    a = p.parse_args()
    env, suite, _, _ = open_env(a.suite, a.task, a.render)
    init = suite.get_task_init_states(a.task)[0]

    def restart():
        env.reset()
        env.set_init_state(init)

    if a.episodes:
        seconds = []
        for _ in range(a.episodes):
            start = time.perf_counter()
            restart()
            for _ in range(10):
                env.step([0.0] * 6 + [-1.0])
            for step in range(a.horizon):
                if env.step(action(step))[2]:
                    break
            seconds.append(time.perf_counter() - start)
        report("python.episode", "s", seconds, a.suite, a.task)
    else:
        report("python.reset", "ms", [timed(restart) for _ in range(2)], a.suite, a.task)
        for _ in range(10):
            env.step([0.0] * 6 + [-1.0])
        report("python.rendered_step" if a.render else "python.control_step", "ms",
               [timed(env.step, action(step)) for step in range(a.steps)], a.suite, a.task)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # robosuite's EGL teardown prints harmless errors
