#!/usr/bin/env python3
"""Times a step of policy training against the same model in PyTorch: same pack, batch, threads and dtype, alternating.

    python bench/compare_train.py RECIPE --data DIR [--vega build/vega] [--threads 2] [--rounds 3] [--steps 20]

Takes the sizes and the policy stage of a recipe of `vega train` whose head is no flow and whose fusion is token_gated.
The reference reads the same shards, augments likewise, runs semantic encoder, projectors, token gate, head and the
losses, and steps torch's fused AdamW, with torch's Muon beside it where the recipe says so, and an average of the
weights; generative tokens are random numbers, as their values cost nothing. Prints one JSON line: ms a step of both,
their ratio and samples/s. Needs torch and safetensors.
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


def attend(q, k, v, mask=None):
    """As agent/attention.h where a gradient is taken: PyTorch's fused attention is the slower of the two on a CPU."""
    with torch.autocast("cpu", enabled=False):
        scores = (q * q.shape[-1]**-0.5) @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-1) @ v


def heads(x, n, parts=1):
    return [t.unflatten(-1, (n, -1)).transpose(1, 2) for t in x.chunk(parts, -1)]


def joined(x):
    return x.transpose(1, 2).flatten(2)


class Mlp(nn.Sequential):
    def __init__(self, dim, inner, out=None, approximate="none"):
        super().__init__(nn.Linear(dim, inner), nn.GELU(approximate), nn.Linear(inner, out or dim))


class SiglipLayer(nn.Module):
    def __init__(self, dim, ffn, n):
        super().__init__()
        self.n, self.norm1, self.norm2 = n, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out, self.mlp = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim), Mlp(dim, ffn, approximate="tanh")

    def forward(self, x):
        x = x + self.out(joined(attend(*heads(self.qkv(self.norm1(x)), self.n, 3))))
        return x + self.mlp(self.norm2(x))


class Siglip(nn.Module):
    def __init__(self, s):
        super().__init__()
        width = s["hidden_size"]
        self.patch = nn.Conv2d(3, width, s["patch_size"], s["patch_size"])
        self.position = nn.Parameter(torch.zeros((s["image_size"] // s["patch_size"])**2, width))
        self.layers = nn.Sequential(
            *(SiglipLayer(width, s["intermediate_size"], s["num_heads"]) for _ in range(s["num_layers"])))

    def forward(self, pixels):
        return self.layers(self.patch(pixels).flatten(2).transpose(1, 2) + self.position)


class ConvBlock(nn.Module):
    def __init__(self, width, kernel):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm, self.mlp = nn.LayerNorm(width), Mlp(width, 3 * width)

    def forward(self, x):
        with torch.autocast("cpu", enabled=False):
            y = self.depthwise(x.float().permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.mlp(self.norm(y))


class Merge(nn.Module):
    def __init__(self, before, width, patch):
        super().__init__()
        self.patch = patch
        self.norm = nn.LayerNorm(before) if patch == 2 else nn.Identity()
        self.merge = nn.Linear(patch**2 * before, width)

    def forward(self, x):
        x = self.norm(x).unflatten(2, (-1, self.patch)).unflatten(1, (-1, self.patch))
        return self.merge(x.transpose(2, 3).flatten(3))


class ConvEncoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        layers, before = [], 3
        for i, (width, depth) in enumerate(zip(s["widths"], s["depths"])):
            layers += [Merge(before, width, 2 if i else 4), *(ConvBlock(width, s["kernel"]) for _ in range(depth))]
            before = width
        self.layers, self.norm = nn.Sequential(*layers), nn.LayerNorm(before)
        self.position = nn.Parameter(torch.zeros((s["image_size"] // s["patch_size"])**2, before))

    def forward(self, pixels):
        return self.norm(self.layers(pixels.permute(0, 2, 3, 1)).flatten(1, 2)) + self.position


class TokenLayer(nn.Module):
    def __init__(self, h):
        super().__init__()
        dim, self.n = h["dim"], h["num_heads"]
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out, self.mlp = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim), Mlp(dim, h["ffn_dim"])
        self.modulation, self.strength = nn.Linear(h["query_dim"], 4 * dim), nn.Parameter(torch.full((4 * dim,), 0.1))

    def forward(self, x, condition):
        a, b, c, d = (self.modulation(condition) * self.strength)[:, None].chunk(4, -1)
        x = x + self.out(joined(attend(*heads(self.qkv(self.norm1(x) * (1 + a) + b), self.n, 3))))
        return x + self.mlp(self.norm2(x) * (1 + c) + d)


class QueryLayer(nn.Module):
    def __init__(self, h):
        super().__init__()
        dim, self.n = h["query_dim"], h["query_num_heads"]
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query, self.key_value, self.read = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim), nn.Linear(dim, dim)
        self.qkv, self.out, self.mlp = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim), Mlp(dim, h["query_ffn_dim"])

    def forward(self, x, memory, mask):
        q, (k, v) = heads(self.query(self.norm1(x)), self.n)[0], heads(self.key_value(memory), self.n, 2)
        x = x + self.read(joined(attend(q, k, v, mask)))
        x = x + self.out(joined(attend(*heads(self.qkv(self.norm2(x)), self.n, 3))))
        return x + self.mlp(self.norm3(x))


class Policy(nn.Module):
    def __init__(self, agent, cells):
        super().__init__()
        model, h = agent["model"], agent["head"]
        s = model["semantic"]
        dim, width, fused = h["dim"], h["query_dim"], model["fusion"]["dim"]
        self.size, self.grid, self.chunk = s["image_size"], model["grid"], h["chunk_length"]
        self.encoder = ConvEncoder(s) if s.get("widths") else Siglip(s)
        self.mm = Mlp(s["hidden_size"], fused, fused)
        self.generative = Mlp(model["dit"]["dim"], fused, fused)
        self.norm1, self.norm2, self.gate = nn.LayerNorm(fused), nn.LayerNorm(fused), nn.Linear(2 * fused, 1)
        self.condition = nn.Sequential(nn.Linear(384 + 8, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.token_in, self.token_out = nn.Linear(fused, dim), nn.Linear(dim, width)
        self.word_in, self.query_in = nn.Linear(384, width), nn.Linear(width, width)
        self.camera = nn.Parameter(torch.zeros(2, 1, dim))
        self.token = nn.Parameter(torch.zeros(self.grid**2, dim))
        self.queries = nn.Parameter(torch.randn(1 + self.chunk, width) * 0.02)
        self.token_layers = nn.ModuleList(TokenLayer(h) for _ in range(h["num_layers"]))
        self.query_layers = nn.ModuleList(QueryLayer(h) for _ in range(h["query_num_layers"]))
        self.token_norm, self.query_norm, self.action = nn.LayerNorm(dim), nn.LayerNorm(width), nn.Linear(width, 7)
        self.roles, self.points = nn.Linear(dim, 2 * cells), nn.Linear(width, 6)

    def forward(self, pixels, generative, words, mask, sentence, proprio):
        batch = proprio.shape[0]
        s = self.mm(self.encoder(F.interpolate(pixels, (self.size, self.size), mode="bilinear")
                                 if pixels.shape[-1] != self.size else pixels))
        side = int(s.shape[1]**0.5)
        if side != self.grid:
            s = F.interpolate(s.transpose(1, 2).unflatten(2, (side, side)), (self.grid, self.grid), mode="bilinear")
            s = s.flatten(2).transpose(1, 2)
        s, v = self.norm1(s), self.norm2(self.generative(generative))
        g = torch.sigmoid(self.gate(torch.cat([s, v], -1)))
        condition = self.condition(torch.cat([sentence, proprio], 1))
        tokens = self.token_in((g * s + (1 - g) * v).unflatten(0, (batch, 2))) + self.camera + self.token
        tokens = tokens.flatten(1, 2)
        for layer in self.token_layers:
            tokens = layer(tokens, condition)
        tokens = self.token_norm(tokens)
        memory = torch.cat([self.token_out(tokens), self.word_in(words)], 1)
        seen = torch.cat([mask.new_ones(batch, tokens.shape[1]), mask], 1)[:, None, None]
        x = self.queries + self.query_in(condition)[:, None]
        for layer in self.query_layers:
            x = layer(x, memory, seen)
        x = self.query_norm(x)
        return self.action(x[:, 1:]), self.roles(tokens), self.points(x[:, 0])


class Reference:
    def __init__(self, recipe, stage, data):
        self.stage, agent = stage, recipe["agent"]
        self.files = [safe_open(file, "pt") for pack in stage["packs"]
                      for file in sorted((data / pack).glob("shard-*.safetensors"))]
        self.shards = [{k: f.get_tensor(k) for k in ("frames", "actions", "valid", "proprio", "roles", "points")}
                       for f in self.files[:4]]
        self.model = Policy(agent, (self.shards[0]["roles"].shape[2] // agent["model"]["grid"])**2)
        self.average = [p.detach().clone() for p in self.model.parameters()]
        muon = stage.get("optimizer", {}).get("method") == "muon"
        inner, other = [], []
        for name, p in self.model.named_parameters():
            matrix = p.dim() == 2 and min(p.shape) >= 64 and name.endswith(".weight")
            (inner if muon and matrix else other).append(p)
        self.optimizers = [torch.optim.AdamW(other, lr=3e-4, betas=(0.9, 0.99), fused=True)]
        if muon:
            self.optimizers.append(torch.optim.Muon(inner, lr=3e-4, adjust_lr_fn="match_rms_adamw"))
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
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
        for optimizer in self.optimizers:
            optimizer.step()
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
