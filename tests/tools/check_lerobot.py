#!/usr/bin/env python3
"""Read a converted data set with lerobot's own loader and compare every row with the HDF5 it came from.

    python check_lerobot.py FOLDER F.hdf5 [MEAN_DIFFERENCE]

Actions and states must be equal after rounding to float32, pictures within MEAN_DIFFERENCE (default 5) of 255 on average a frame.
Needs lerobot 0.4 with a video decoder, and h5py.
"""
import json, sys
import h5py
import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def main():
    folder, file = sys.argv[1:3]
    allowed = float(sys.argv[3]) if len(sys.argv) > 3 else 5.0
    data = LeRobotDataset("local/vega", root=folder)
    demos = h5py.File(file)["data"]
    differences = []
    i = 0
    for episode, name in enumerate(sorted(demos, key=lambda n: int(n[5:]))):
        demo = demos[name]
        words = json.loads(demo.attrs["problem_info"])["language_instruction"]
        for t in range(len(demo["actions"])):
            item = data[i]
            assert int(item["episode_index"]) == episode and int(item["frame_index"]) == t, (name, t)
            assert item["task"] == words, (name, t)
            assert np.array_equal(item["action"].numpy(), demo["actions"][t].astype(np.float32)), (name, t)
            state = np.concatenate([demo["obs/ee_states"][t], demo["obs/gripper_states"][t]]).astype(np.float32)
            assert np.array_equal(item["observation.state"].numpy(), state), (name, t)
            for key, stored in (("image", "agentview_rgb"), ("image2", "eye_in_hand_rgb")):
                frame = item["observation.images." + key].numpy().transpose(1, 2, 0) * 255
                differences.append(np.abs(frame - demo["obs/" + stored][t].astype(np.float32)).mean())
            i += 1
    assert i == len(data), (i, len(data))
    print(f"{i} rows of {data.meta.total_episodes} episodes equal; pictures differ by {np.mean(differences):.2f} of 255 on "
          f"average, {np.max(differences):.2f} in the worst frame")
    if np.max(differences) > allowed:
        sys.exit(f"pictures differ by more than {allowed}")


if __name__ == "__main__":
    main()
