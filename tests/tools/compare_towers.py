#!/usr/bin/env python3
"""Compares `vega features --tower` with diffusers on random small models.

    python tests/tools/compare_towers.py [--vega build/vega] [--count 20] [--seed 0]

Each case draws a configuration (heads and their width, layers, patches, widths, VAE levels and time
flags, clip length, sizes, sharding, prompt), writes it with diffusers' save_pretrained, runs both on
the same noise and prints the largest difference relative to the reference's scale. Needs diffusers
0.35.2, transformers and torch; exit code 0 when every case is within 1e-5.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from diffusers.models.transformers.transformer_wan import WanAttnProcessor
from safetensors.torch import load_file, save_file


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1 or "gamma" in name:
            one = "norm" in name and not name.endswith("bias")
            parameter.data.copy_((1.0 if one else 0.0) + 0.1 * noise)
        else:
            parameter.data.copy_(noise * (1.2 / parameter[0].numel() ** 0.5))
    return model.eval()


def preprocess(frames, height, width):
    """[T,H,W,3] u8 -> [T,3,height,width]: cover, bilinear, centre crop (VEGA-3D)."""
    x = frames.permute(0, 3, 1, 2).float() / 127.5 - 1
    scale = max(height / x.shape[2], width / x.shape[3])
    new_h, new_w = round(x.shape[2] * scale), round(x.shape[3] * scale)
    x = F.interpolate(x, size=(new_h, new_w), mode="bilinear", align_corners=False)
    top, left = (new_h - height) // 2, (new_w - width) // 2
    return x[:, :, top : top + height, left : left + width]


def sigma_of(target, shift):
    """Nearest entry of Wan's FlowUniPC table of 1000 steps."""
    import numpy as np

    top = float(np.float32(1 - 1 / 1000))
    even = np.linspace(top, 0, 1001)[:-1]
    sigma = shift * even / (1 + (shift - 1) * even)
    t = (sigma * 1000).astype(np.int64)
    best = int(np.flatnonzero(t == t[np.abs(t - target).argmin()])[-1])
    return int(t[best]), float(np.float32(sigma[best]))


@torch.no_grad()
def features(model, latents, timestep, prompt, block):
    """Tokens after `block`."""
    found = []
    model.blocks[block].register_forward_hook(lambda m, i, o: found.append(o))
    model(latents, torch.full((latents.shape[0],), timestep), prompt)
    return found[0]


class MaskedProcessor(WanAttnProcessor):
    """Self-attention over the first `valid` tokens only."""

    def __init__(self, valid):
        self.valid = valid

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, mask=None, rotary_emb=None):
        if encoder_hidden_states is None:
            mask = torch.arange(hidden_states.shape[1]) < self.valid
            mask = mask.view(1, 1, 1, -1)
        return super().__call__(attn, hidden_states, encoder_hidden_states, mask, rotary_emb)


@torch.no_grad()
def padded_vace(model, latents, timestep, prompt, block, control):
    """VACE as VEGA-3D runs it: latents zero-padded in time to the context's length, the padding
    masked as keys and not turned; the later tokens are kept."""
    patch, rope = model.patch_embedding.forward, model.rope.forward
    extra = control.shape[2] - latents.shape[2]

    def padded_patch(x):
        return F.pad(patch(x), (0, 0, 0, 0, 0, extra))

    def padded_rope(x):
        cos, sin = rope(x)
        rows = cos.shape[1] // latents.shape[2] * extra
        shape = (1, rows, 1, cos.shape[3])
        return torch.cat([cos, torch.ones(shape)], 1), torch.cat([sin, torch.zeros(shape)], 1)

    class Found(Exception):
        pass

    def stop(tensor):
        raise Found(tensor)

    _, ph, pw = model.config.patch_size
    per_frame = (latents.shape[3] // ph) * (latents.shape[4] // pw)
    for b in [*model.blocks, *model.vace_blocks]:
        b.attn1.set_processor(MaskedProcessor(latents.shape[2] * per_frame))
    model.patch_embedding.forward, model.rope.forward = padded_patch, padded_rope
    after = model.blocks[block + 1] if block + 1 < len(model.blocks) else model.norm_out
    after.register_forward_pre_hook(lambda m, i: stop(i[0]))
    try:
        model(latents, torch.full((latents.shape[0],), timestep), prompt,
              control_hidden_states=control)
    except Found as found:
        return found.args[0][:, extra * per_frame :]


def draw(r):
    z = r.choice([4, 8, 16])
    levels = r.choice([2, 3, 4])
    head = r.choice([8, 10, 12, 16, 20, 22, 28, 34])
    config = {
        "vae": {
            "base_dim": r.choice([3, 4, 6]), "z_dim": z,
            "dim_mult": [r.choice([1, 2, 4]) for _ in range(levels - 1)] + [r.choice([2, 4])],
            "num_res_blocks": r.choice([1, 2]),
            "temperal_downsample": [r.random() < 0.5 for _ in range(levels - 1)],
            "latents_mean": [round(r.gauss(0, 0.5), 3) for _ in range(z)],
            "latents_std": [round(0.5 + r.random(), 3) for _ in range(z)],
        },
        "dit": {
            "num_attention_heads": r.choice([1, 2, 3]), "attention_head_dim": head,
            "in_channels": z, "out_channels": z, "text_dim": r.choice([6, 12, 32]),
            "freq_dim": r.choice([16, 32, 256]), "ffn_dim": r.choice([24, 56, 100]),
            "num_layers": r.choice([1, 2, 4, 5]), "cross_attn_norm": r.random() < 0.8,
            "patch_size": [1, *r.choice([(2, 2), (1, 1), (2, 1), (1, 2)])], "rope_max_seq_len": 64,
        },
        "T": r.choice([1, 1, 5, 9]), "mode": r.choice(["frames", "clip"]),
        "target": r.choice([50, 100, 200, 250, 300, 400, 700]), "pool": r.choice([1, 2, 3, 0]),
        "words": r.choice([0, 1, 4, 40]), "shards": r.random() < 0.4,
    }
    # more than two halvings of time do not divide diffusers' pieces of four frames
    while sum(config["vae"]["temperal_downsample"]) > 2:
        config["vae"]["temperal_downsample"].remove(True)
        config["vae"]["temperal_downsample"].append(False)
    config["dit"]["num_layers"] = max(config["dit"]["num_layers"], 1)
    stride = 2 ** (levels - 1)
    _, ph, pw = config["dit"]["patch_size"]
    config["height"] = stride * ph * r.choice([1, 2, 3])
    config["width"] = stride * pw * r.choice([1, 2, 4])
    config["picture"] = (r.choice([24, 32, 47]), r.choice([24, 32, 51]))
    config["block"] = r.randrange(config["dit"]["num_layers"])
    config["vace"] = r.random() < 0.3
    if config["vace"]:
        layers = config["dit"]["num_layers"]
        config["dit"]["vace_layers"] = sorted({0} | {r.randrange(layers) for _ in range(2)})
        config["dit"]["vace_in_channels"] = 2 * z + stride * stride
    return config


@torch.no_grad()
def write_case(config, seed, folder):
    """Writes model, clip and noise below `folder`; returns what the reference makes of them."""
    model_dir = Path(folder) / "model"
    model_dir.mkdir(parents=True, exist_ok=True)
    vae = randomize(AutoencoderKLWan(**config["vae"]), seed)
    cls = WanVACETransformer3DModel if config["vace"] else WanTransformer3DModel
    dit = randomize(cls(**config["dit"]), seed + 1)
    size = "20KB" if config["shards"] else "10GB"
    vae.save_pretrained(model_dir / "vae", max_shard_size=size)
    dit.save_pretrained(model_dir / "transformer", max_shard_size=size)
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randint(0, 256, (config["T"], *config["picture"], 3), generator=generator).byte()
    save_file({"frames": frames}, f"{folder}/clip.safetensors")
    prompt = torch.zeros(1, 512, config["dit"]["text_dim"])
    if config["words"]:
        rows = torch.randn(config["words"], config["dit"]["text_dim"], generator=generator)
        save_file({"prompt_embedding": rows}, f"{model_dir}/prompt_embedding.safetensors")
        prompt[0, : config["words"]] = rows

    pixels = preprocess(frames, config["height"], config["width"])
    clip = config["mode"] == "clip"
    video = pixels.transpose(0, 1)[None] if clip else pixels[:, :, None]  # [B,3,T,H,W]
    z = config["vae"]["z_dim"]
    mean = torch.tensor(config["vae"]["latents_mean"]).view(1, z, 1, 1, 1)
    std = torch.tensor(config["vae"]["latents_std"]).view(1, z, 1, 1, 1)

    def encode(x):
        return (vae.encode(x).latent_dist.mean - mean) / std

    latents = encode(video)
    noise = torch.randn(latents.shape, generator=generator)
    save_file({"noise": noise}, f"{folder}/noise.safetensors")
    t, sigma = sigma_of(config["target"], 5.0)
    noisy = (1 - sigma) * latents + sigma * noise
    prompt = prompt.expand(latents.shape[0], -1, -1)
    if config["vace"]:
        stride = pixels.shape[2] // latents.shape[3]
        # VEGA-3D: nothing masked, the first frame as reference, one frame of context before the clip
        first = encode(video[:, :, :1])
        empty = encode(torch.zeros_like(video))
        context = torch.cat([torch.cat([first, torch.zeros_like(first)], 1),
                             torch.cat([empty, latents], 1)], 2)
        mask = torch.ones(len(context), stride * stride, *context.shape[2:])
        mask[:, :, 0] = 0
        tokens = padded_vace(dit, noisy, t, prompt, config["block"], torch.cat([context, mask], 1))
    else:
        tokens = features(dit, noisy, t, prompt, config["block"])
    grid_h = latents.shape[3] // config["dit"]["patch_size"][1]
    grid_w = latents.shape[4] // config["dit"]["patch_size"][2]
    tokens = tokens.unflatten(1, (-1, grid_h * grid_w)).flatten(0, 1)
    maps = tokens.transpose(1, 2).unflatten(2, (grid_h, grid_w))
    pooled = F.adaptive_avg_pool2d(maps, config["pool"]) if config["pool"] else maps
    return {"latents": latents, "noisy": noisy, "tokens": tokens, "pooled": pooled}


def run_case(vega, config, seed, folder, dtype):
    wanted = write_case(config, seed, folder)
    model_dir = Path(folder) / "model"
    command = [vega, "features", "--tower", "wan_vace" if config["vace"] else "wan_t2v", "--weights", str(model_dir),
               "--clip", f"{folder}/clip.safetensors", "--noise", f"{folder}/noise.safetensors",
               "--timestep", str(config["target"]), "--block", str(config["block"]),
               "--size", f"{config['width']}x{config['height']}", "--pool", str(config["pool"]),
               "--fps-mode", config["mode"], "--dtype", dtype, "--out", f"{folder}/out.safetensors"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    out = load_file(f"{folder}/out.safetensors")
    if dtype == "bf16":
        cosine = F.cosine_similarity(out["tokens"], wanted["tokens"], dim=-1).min()
        return {"1 - cosine": 1 - cosine.item()}
    errors = {}
    for name, reference in wanted.items():
        if out[name].shape != reference.shape:
            raise RuntimeError(f"{name} is {tuple(out[name].shape)}, not {tuple(reference.shape)}")
        errors[name] = ((out[name] - reference).abs().max() / reference.abs().max()).item()
    return errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vega", default="build/vega")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", default="fp32")
    args = parser.parse_args()
    torch.set_num_threads(1)
    bound = 1e-5 if args.dtype == "fp32" else 1e-3
    worst, failed = 0.0, 0
    for seed in range(args.seed, args.seed + args.count):
        config = draw(random.Random(seed))
        with tempfile.TemporaryDirectory() as folder:
            try:
                errors = run_case(args.vega, config, seed, folder, args.dtype)
            except Exception as error:  # a case that cannot be run is a failure with its reason
                errors = {str(error): float("inf")}
        bad = max(errors.values()) > bound
        failed += bad
        worst = max(worst, max(errors.values()))
        text = ", ".join(f"{name} {value:.1e}" for name, value in errors.items())
        print(f"{'FAIL' if bad else 'ok'}  seed {seed}: {text}", flush=True)
        if bad:
            print("      " + json.dumps(config))
    print(f"worst {worst:.2e}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
