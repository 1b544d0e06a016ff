#!/usr/bin/env python3
"""Open a data set as robomimic and LIBERO do, with h5py and numpy alone, and check its layout.

    python check_hdf5.py F.hdf5
"""
import json, sys
import h5py
import numpy as np

WIDTHS = {"gripper_states": 2, "joint_states": 7, "ee_states": 6, "ee_pos": 3, "ee_ori": 3}


def main():
    with h5py.File(sys.argv[1], "r") as f:
        data = f["data"]
        args = json.loads(data.attrs["env_args"])
        assert args["type"] == 1 and args["env_kwargs"]["control_freq"] == 20
        demos = sorted(data.keys(), key=lambda n: int(n[5:]))
        assert data.attrs["num_demos"] == len(demos)
        assert data.attrs["total"] == sum(data[n].attrs["num_samples"] for n in demos)
        for name in demos:
            demo = data[name]
            n = int(demo.attrs["num_samples"])
            assert demo["actions"].shape == (n, 7) and demo["actions"].dtype == np.float64
            assert np.array_equal(demo.attrs["init_state"], demo["states"][0])
            assert demo["robot_states"].shape == (n, 9)
            assert np.array_equal(demo["robot_states"][:, 2:5], demo["obs/ee_pos"][()])
            assert demo["dones"].dtype == np.uint8 and demo["dones"][()].tolist() == [0] * (n - 1) + [1]
            assert demo.attrs["model_file"].lstrip().startswith("<")
            for key, width in WIDTHS.items():
                assert demo["obs"][key].shape == (n, width), key
            for key in ("agentview_rgb", "eye_in_hand_rgb"):
                pictures = demo["obs"][key]
                assert pictures.shape[0] == n and pictures.shape[3] == 3 and pictures.dtype == np.uint8
                assert pictures[n // 2].std() > 0
        if "mask" in f:
            listed = sorted(n.decode() for key in f["mask"] for n in f["mask"][key][()])
            assert listed == sorted(demos)
        print(f"{sys.argv[1]}: {len(demos)} demos, {data.attrs['total']} rows, layout as robomimic and LIBERO read it")


if __name__ == "__main__":
    main()
