#!/usr/bin/env python3
"""Writes tests/fixtures/agent/*.safetensors: small random models and what the references compute.

References: diffusers 0.35.2 (AutoencoderKLWan, WanTransformer3DModel), transformers 4.57
(SiglipVisionModel), torch 2.11, all on the CPU in float32.

    python tests/tools/make_agent_fixtures.py tests/fixtures/agent

Weights are written as float16 under the original checkpoints' names ("w/KEY"), so that the files stay
small; the references run with exactly those values.
"""

import re
import sys

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import save_file
from transformers import SiglipVisionConfig, SiglipVisionModel


def randomize(model, seed):
    """Gives every parameter, norms and biases too, a random value that float16 holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1 or "gamma" in name:
            one = "norm" in name and not name.endswith("bias")
            value = (1.0 if one else 0.0) + 0.1 * noise
        else:
            fan_in = parameter[0].numel()
            value = noise * (1.5 / fan_in**0.5)
        parameter.data.copy_(value.half().float())
    return model.eval()


def vae_key(key):
    """Original name of a diffusers VAE key, for one residual block a level."""
    key = re.sub(r"^quant_conv", "conv1", key)
    key = re.sub(r"^post_quant_conv", "conv2", key)
    key = re.sub(r"^(encoder|decoder)\.conv_in", r"\1.conv1", key)
    key = re.sub(r"^(encoder|decoder)\.norm_out", r"\1.head.0", key)
    key = re.sub(r"^(encoder|decoder)\.conv_out", r"\1.head.2", key)
    key = key.replace("mid_block.resnets.0", "middle.0").replace("mid_block.resnets.1", "middle.2")
    key = key.replace("mid_block.attentions.0", "middle.1").replace("down_blocks", "downsamples")

    def up(match):
        block, kind, index = int(match[1]), match[2], int(match[3])
        per_block = 3  # two residual blocks and an upsampler
        return f"upsamples.{per_block * block + (index if kind == 'resnets' else 2)}"

    key = re.sub(r"up_blocks\.(\d+)\.(resnets|upsamplers)\.(\d+)", up, key)
    if "middle.1" not in key:
        for name, index in (("norm1", 0), ("conv1", 2), ("norm2", 3), ("conv2", 6)):
            key = re.sub(rf"((?:samples|middle)\.\d+)\.{name}\.", rf"\1.residual.{index}.", key)
    return key.replace("conv_shortcut", "shortcut")


def dit_key(key):
    """Original name of a diffusers DiT key."""
    for new, old in (
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("attn1.", "self_attn."), ("attn2.", "cross_attn."),
        ("to_q.", "q."), ("to_k.", "k."), ("to_v.", "v."), ("to_out.0.", "o."),
        (".norm2.", ".norm3."), ("ffn.net.0.proj", "ffn.0"), ("ffn.net.2", "ffn.2"),
        ("proj_out", "head.head"),
    ):
        key = key.replace(new, old)
    if key == "scale_shift_table":
        return "head.modulation"
    return key.replace("scale_shift_table", "modulation")


def weights(model, rename=lambda key: key):
    return {"w/" + rename(key): value.half() for key, value in model.state_dict().items()}


def save(path, tensors):
    save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    print(path, sum(value.nbytes for value in tensors.values()))


@torch.no_grad()
def vae(folder):
    mean, std = [0.25, -0.5, 0.125, 1.0], [1.5, 0.5, 2.0, 0.75]
    model = AutoencoderKLWan(base_dim=3, z_dim=4, num_res_blocks=1, latents_mean=mean,
                             latents_std=std)
    randomize(model, 1)
    generator = torch.Generator().manual_seed(2)
    clip = (2 * torch.rand((2, 3, 9, 16, 24), generator=generator) - 1).half().float()
    tensors = weights(model, vae_key)
    tensors["clip"] = clip.half()
    shape = (1, 4, 1, 1, 1)
    mean, std = torch.tensor(mean).view(shape), torch.tensor(std).view(shape)
    for length in (1, 5, 9):
        moments = model.encode(clip[:, :, :length]).latent_dist.mean
        tensors[f"latents{length}"] = (moments - mean) / std
    tensors["frames9"] = model.decode(tensors["latents9"] * std + mean).sample[:1]
    save(f"{folder}/video_vae.safetensors", tensors)


@torch.no_grad()
def dit(folder):
    model = WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=20, in_channels=4,
        out_channels=4, text_dim=12, freq_dim=32, ffn_dim=72, num_layers=3, cross_attn_norm=True,
        qk_norm="rms_norm_across_heads", eps=1e-6, rope_max_seq_len=64)
    randomize(model, 3)
    generator = torch.Generator().manual_seed(4)
    latents = torch.randn((2, 4, 2, 4, 6), generator=generator)
    context = torch.randn((1, 3, 12), generator=generator)
    padded = torch.zeros((2, 512, 12))
    padded[:, :3] = context
    blocks = []
    for block in model.blocks:
        block.register_forward_hook(lambda module, inputs, output: blocks.append(output))
    tensors = weights(model, dit_key)
    tensors["latents"], tensors["context"] = latents, context
    tensors["timestep"] = torch.tensor([299, 640])
    tensors["velocity"] = model(latents, tensors["timestep"], padded).sample
    for i, output in enumerate(blocks):
        tensors[f"block{i}"] = output
    save(f"{folder}/video_dit.safetensors", tensors)


@torch.no_grad()
def siglip(folder):
    config = SiglipVisionConfig(hidden_size=32, intermediate_size=56, num_hidden_layers=3,
                                num_attention_heads=2, image_size=28, patch_size=7,
                                vision_use_head=False)
    model = SiglipVisionModel(config)
    randomize(model, 5)
    generator = torch.Generator().manual_seed(6)
    pixels = (2 * torch.rand((2, 3, 28, 28), generator=generator) - 1).half().float()
    out = model(pixels, output_hidden_states=True)
    tensors = weights(model)
    tensors["pixels"] = pixels.half()
    tensors["layer2"] = out.hidden_states[2]  # after two of three layers
    tensors["last"] = out.last_hidden_state  # after all layers and the final norm
    save(f"{folder}/siglip.safetensors", tensors)


if __name__ == "__main__":
    torch.manual_seed(0)
    target = sys.argv[1]
    vae(target)
    dit(target)
    siglip(target)
