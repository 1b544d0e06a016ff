#!/usr/bin/env python3
"""Times VAE and DiT features against diffusers: same weights, threads and dtype, runs alternating.

    python bench/compare_features.py --weights DIR [--vega build/vega] [--threads 2] [--rounds 3]
        [--size 832x480] [--reference-size 832x480] [--block 20] [--dtype fp32] [--device cpu]

DIR is a folder as diffusers writes it; where it does not exist, random weights of the published size
(Wan2.1-T2V-1.3B, 6 GB in fp32) are written there first. The reference runs as VEGA-3D does: every
block, and the features read by a hook. One picture a run, empty prompt of one row. Prints one JSON
line a figure (ms, medians over the rounds) and their ratios; on a GPU the reference's is the median
of 20 runs a round, as ours is, and the most memory it took is printed too. Needs diffusers 0.35.2, accelerate and torch, the
machine to itself, and about 14 GB of memory in fp32.
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel


def write_random(folder):
    generator = torch.Generator().manual_seed(0)
    torch.set_grad_enabled(False)
    vae = AutoencoderKLWan()
    dit = WanTransformer3DModel(num_attention_heads=12, attention_head_dim=128, ffn_dim=8960,
                                num_layers=30)
    for parameter in [*vae.parameters(), *dit.parameters()]:
        if parameter.dim() > 1 and parameter.shape[0] != parameter.numel():
            scale = parameter[0].numel() ** -0.5
            parameter.data.normal_(0, scale, generator=generator)
    vae.save_pretrained(folder / "vae", max_shard_size="20GB")
    dit.save_pretrained(folder / "transformer", max_shard_size="20GB")


class Reference:
    def __init__(self, folder, size, block, dtype, device):
        self.device = device
        self.vae = AutoencoderKLWan.from_pretrained(folder / "vae",
                                                    torch_dtype=dtype).eval().to(device)
        self.dit = WanTransformer3DModel.from_pretrained(folder / "transformer",
                                                         torch_dtype=dtype).eval().to(device)
        width, height = (int(side) for side in size.split("x"))
        self.pixels = 2 * torch.rand(1, 3, 1, height, width).to(device, dtype) - 1
        self.prompt = torch.zeros(1, 512, self.dit.config.text_dim, dtype=dtype, device=device)
        self.dit.blocks[block].register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        self.features = output

    def now(self):
        if self.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter()

    @torch.no_grad()
    def once(self):
        begin = self.now()
        latents = self.vae.encode(self.pixels).latent_dist.mean
        middle = self.now()
        self.dit(latents, torch.tensor([299], device=self.device), self.prompt)
        return 1e3 * (middle - begin), 1e3 * (self.now() - middle)

    def run(self):
        runs = [self.once() for _ in range(runs_of(self.device))]
        return tuple(statistics.median(part) for part in zip(*runs))


def runs_of(device):
    return 1 if device == "cpu" else 20


def run_vega(args):
    command = [args.vega, "bench", "features", "--tower", "wan_t2v", "--weights", str(args.weights),
               "--size", args.size, "--block", str(args.block), "--dtype", args.dtype,
               "--threads", str(args.threads), "--device", args.device,
               "--runs", str(runs_of(args.device))]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    figures = {line["name"]: line["median"] for line in map(json.loads, lines)}
    return figures["features.vae"], figures["features.dit"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--vega", default="build/vega")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="832x480")
    parser.add_argument("--reference-size", default="832x480")
    parser.add_argument("--block", type=int, default=20)
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if not args.weights.exists():
        write_random(args.weights)
    dtype = torch.float32 if args.dtype == "fp32" else torch.bfloat16
    reference = Reference(args.weights, args.reference_size, args.block, dtype, args.device)
    reference.run()  # warm-up, as vega's bench does its own
    theirs, ours = [], []
    for _ in range(args.rounds):
        theirs.append(reference.run())
        ours.append(run_vega(args))

    def report(name, runs, pick, size):
        values = [pick(run) for run in runs]
        median = statistics.median(values)
        print(json.dumps({"name": name, "unit": "ms", "median": round(median, 1),
                          "min": round(min(values), 1), "max": round(max(values), 1),
                          "n": len(values), "threads": args.threads, "dtype": args.dtype,
                          "size": size}), flush=True)
        return median

    if args.device != "cpu":
        print(json.dumps({"name": "diffusers.memory", "unit": "GB",
                          "value": round(torch.cuda.max_memory_allocated() / 1e9, 2)}))
    for part, pick in (("vae", lambda r: r[0]), ("dit", lambda r: r[1]), ("total", sum)):
        slow = report(f"diffusers.{part}", theirs, pick, args.reference_size)
        fast = report(f"features.{part}", ours, pick, args.size)
        print(json.dumps({"name": f"ratio.{part}", "value": round(slow / fast, 2)}), flush=True)


if __name__ == "__main__":
    main()
