#!/usr/bin/env python3
"""Times a step of policy training against the same model in PyTorch: same pack, batch, threads and dtype, alternating.

    python bench/compare_train.py RECIPE --data DIR [--vega build/vega] [--threads 2] [--rounds 3] [--steps 20]

Takes the sizes and the policy stage of a recipe of `vega train` whose head is no flow and whose fusion is token_gated.
The reference reads the same shards, augments likewise, runs semantic encoder, projectors, token gate, head and the
losses, and steps torch's fused AdamW with an average of the weights; generative tokens are random numbers, as their
values cost nothing. Prints one JSON line: ms a step of both, their ratio and samples/s. Needs torch and safetensors.
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn


class Layer(nn.Module):
    def __init__(self, dim, ffn, heads, approximate):
        super().__init__()
        self.heads, self.approximate = heads, approximate
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, ffn), nn.Linear(ffn, dim)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.out(y.transpose(1, 2).flatten(2))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate=self.approximate))


class Policy(nn.Module):
    def __init__(self, agent, cells):
        super().__init__()
        model, head = agent["model"], agent["head"]
        s = model["semantic"]
        width, dim, fused = s["hidden_size"], head["dim"], model["fusion"]["dim"]
        self.size, self.grid, self.chunk, self.cameras = s["image_size"], model["grid"], head["chunk_length"], 2
        side = s["image_size"] // s["patch_size"]
        self.patch = nn.Conv2d(3, width, s["patch_size"], s["patch_size"])
        self.position = nn.Parameter(torch.zeros(side * side, width))
        self.encoder = nn.ModuleList(
            Layer(width, s["intermediate_size"], s["num_heads"], "tanh") for _ in range(s["num_layers"]))
        self.mm = nn.Sequential(nn.Linear(width, fused), nn.GELU(), nn.Linear(fused, fused))
        self.generative = nn.Sequential(
            nn.Linear(model["dit"]["dim"], fused), nn.GELU(), nn.Linear(fused, fused))
        self.norm1, self.norm2, self.gate = nn.LayerNorm(fused), nn.LayerNorm(fused), nn.Linear(2 * fused, 1)
        self.token_in, self.word_in = nn.Linear(fused, dim), nn.Linear(384, dim)
        self.sentence_in, self.proprio_in = nn.Linear(384, dim), nn.Linear(8, dim)
        self.camera = nn.Parameter(torch.zeros(2, 1, dim))
        self.token = nn.Parameter(torch.zeros(self.grid**2, dim))
        self.queries = nn.Parameter(torch.randn(self.chunk, dim) * 0.02)
        self.layers = nn.ModuleList(
            Layer(dim, head["ffn_dim"], head["num_heads"], "none") for _ in range(head["num_layers"]))
        self.norm, self.action = nn.LayerNorm(dim), nn.Linear(dim, 7)
        self.roles, self.points = nn.Linear(dim, 2 * cells), nn.Linear(dim, 6)

    def forward(self, pixels, generative, words, mask, sentence, proprio):
        batch = proprio.shape[0]
        x = self.patch(F.interpolate(pixels, (self.size, self.size), mode="bilinear")
                       if pixels.shape[-1] != self.size else pixels)
        x = x.flatten(2).transpose(1, 2) + self.position
        for layer in self.encoder:
            x = layer(x)
        s = self.mm(x)
        side = int(s.shape[1]**0.5)
        if side != self.grid:
            s = F.interpolate(s.transpose(1, 2).unflatten(2, (side, side)), (self.grid, self.grid), mode="bilinear")
            s = s.flatten(2).transpose(1, 2)
        s, v = self.norm1(s), self.norm2(self.generative(generative))
        g = torch.sigmoid(self.gate(torch.cat([s, v], -1)))
        tokens = self.token_in((g * s + (1 - g) * v).unflatten(0, (batch, 2))) + self.camera + self.token
        x = torch.cat([self.queries.expand(batch, -1, -1), self.sentence_in(sentence)[:, None],
                       self.proprio_in(proprio)[:, None], tokens.flatten(1, 2), self.word_in(words)], 1)
        seen = torch.cat([mask.new_ones(batch, x.shape[1] - words.shape[1]), mask], 1)[:, None, None]
        for layer in self.layers:
            x = layer(x, seen)
        x = self.norm(x)
        k, n = self.chunk, 2 * self.grid**2
        return self.action(x[:, :k]), self.roles(x[:, k + 2:k + 2 + n]), self.points(x[:, k])


class Reference:
    def __init__(self, recipe, stage, data):
        self.stage, agent = stage, recipe["agent"]
        self.files = [safe_open(file, "pt") for pack in stage["packs"]
                      for file in sorted((data / pack).glob("shard-*.safetensors"))]
        self.shards = [{k: f.get_tensor(k) for k in ("frames", "actions", "valid", "proprio", "roles", "points")}
                       for f in self.files[:4]]
        self.model = Policy(agent, (self.shards[0]["roles"].shape[2] // agent["model"]["grid"])**2)
        self.average = [p.detach().clone() for p in self.model.parameters()]
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-4, betas=(0.9, 0.99), fused=True)
        self.bf16 = stage.get("precision", "fp32") == "bf16"
        self.width, self.height = agent["model"]["width"], agent["model"]["height"]
        self.dim = agent["model"]["dit"]["dim"]

    def batch(self):
        n = self.stage["batch"]
        where = torch.randint(len(self.shards), (n,)).tolist()
        rows = [(self.shards[i], int(torch.randint(self.shards[i]["frames"].shape[0], (1,)))) for i in where]
        return {k: torch.stack([s[k][r] for s, r in rows]) for k in self.shards[0]}

    def pixels(self, frames):
        a = self.stage.get("augmentation", {})
        x = frames[:, :, -1].flatten(0, 1).permute(0, 3, 1, 2).float() / 127.5 - 1
        if x.shape[-1] != self.width:
            x = F.interpolate(x, (self.height, self.width), mode="bilinear")
        shift = a.get("shift", 0)
        if shift:
            padded = F.pad(x, (shift,) * 4, mode="replicate")
            where = torch.randint(2 * shift + 1, (len(x), 2)).tolist()
            h, w = x.shape[-2:]
            x = torch.stack([p[:, i:i + h, j:j + w] for p, (i, j) in zip(padded, where)])
        if a.get("contrast", 0):
            draw = lambda r: (torch.rand(len(x), 1, 1, 1) * 2 - 1) * r
            mean = x.mean((1, 2, 3), keepdim=True)
            x = mean + (x - mean) * (1 + draw(a["contrast"])) + draw(a.get("brightness", 0))
            grey = x.mean(1, keepdim=True)
            x = (grey + (x - grey) * (1 + draw(a.get("saturation", 0)))).clamp_(-1, 1)
        return x

    def step(self):
        b = self.batch()
        n, k = self.stage["batch"], self.model.chunk
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            words, mask = torch.zeros(n, 16, 384), torch.ones(n, 16, dtype=torch.bool)
            actions, roles, points = self.model(self.pixels(b["frames"]), torch.randn(2 * n, self.model.grid**2, self.dim),
                                                words, mask, torch.zeros(n, 384), b["proprio"])
            target, valid = b["actions"][:, :k], b["valid"][:, :k, None].float()
            loss = ((actions.tanh() - target).abs() * valid).mean()
            loss = loss + 0.2 * F.binary_cross_entropy_with_logits(2 * actions[..., -1], (target[..., -1] > 0).float())
            side = b["roles"].shape[2] // self.model.grid
            truth = torch.stack([b["roles"] & 1, (b["roles"] & 2) // 2], -1).float()
            truth = truth.unflatten(3, (-1, side)).unflatten(2, (-1, side)).permute(0, 1, 2, 4, 3, 5, 6)
            loss = loss + 0.1 * F.binary_cross_entropy_with_logits(roles, truth.flatten(4).flatten(1, 3))
            known = b["points"][:, :6].isfinite()
            loss = loss + 0.1 * torch.where(known, (points - 10 * b["points"][:, :6]).abs(), 0).mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.model.parameters()), 0.001)

    def run(self, steps):
        times = []
        for i in range(steps + 3):
            begin = time.perf_counter()
            self.step()
            times.append(1e3 * (time.perf_counter() - begin))
        return statistics.median(times[3:])


def run_vega(args):
    command = [args.vega, "bench", "train", str(args.recipe), "--data", str(args.data), "--steps", str(args.steps),
               "--threads", str(args.threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["median"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--vega", default="build/vega")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe = json.loads(args.recipe.read_text())
    stage = next(s for s in recipe["stages"] if s["stage"] == "policy")
    reference = Reference(recipe, stage, args.data)
    ours, theirs = [], []
    for _ in range(args.rounds):
        theirs.append(reference.run(args.steps))
        ours.append(run_vega(args))
    vega, torch_ms = statistics.median(ours), statistics.median(theirs)
    print(json.dumps({"name": "train.step", "unit": "ms", "vega": vega, "pytorch": torch_ms,
                      "ratio": torch_ms / vega, "samples_per_s": 1e3 * stage["batch"] / vega,
                      "threads": args.threads, "rounds": args.rounds}))


if __name__ == "__main__":
    main()
