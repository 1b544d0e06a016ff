#!/usr/bin/env python3
"""Write the small init-state files the tests read: one array in both of LIBERO's file forms.

    python make_init_state_fixtures.py tests/fixtures/init_states
"""
import os
import pickle
import sys
import zipfile

import numpy as np


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    states = np.arange(15, dtype=np.float64).reshape(3, 5) / 8 - 1
    np.savez_compressed(os.path.join(out, "tiny.pruned_init.npz"), states=states)
    # torch.save of an ndarray: a stored zip around a protocol 2 pickle; LIBERO's files were made with numpy 1
    data = pickle.dumps(states, protocol=2).replace(b"numpy._core.", b"numpy.core.")
    with zipfile.ZipFile(os.path.join(out, "tiny.pruned_init"), "w", zipfile.ZIP_STORED) as z:
        for name, content in (("data.pkl", data), ("version", b"3\n")):
            z.writestr(zipfile.ZipInfo("archive/" + name), content)


if __name__ == "__main__":
    main()
