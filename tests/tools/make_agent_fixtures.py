#!/usr/bin/env python3
"""Writes tests/fixtures/agent/*.safetensors: small random models and what the references compute.

References: diffusers 0.35.2 (AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel),
transformers 4.57 (SiglipVisionModel, UMT5EncoderModel, T5Tokenizer), torch 2.11, all on the CPU in
float32. Whole model folders, as save_pretrained writes them, are made by tests/tools/compare_towers.py.

    python tests/tools/make_agent_fixtures.py tests/fixtures/agent

Weights are written as float16 under the original checkpoints' names ("w/KEY"), so that the files stay
small; the references run with exactly those values.
"""

import collections
import io
import re
import sys

import compare_towers
import sentencepiece
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from safetensors.torch import save_file
from transformers import (SiglipVisionConfig, SiglipVisionModel, T5Tokenizer, UMT5Config,
                          UMT5EncoderModel)


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


@torch.no_grad()
def vace(folder):
    model = WanVACETransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=4,
        out_channels=4, text_dim=6, freq_dim=16, ffn_dim=40, num_layers=4, rope_max_seq_len=64,
        vace_layers=[0, 2], vace_in_channels=12)
    randomize(model, 11)
    generator = torch.Generator().manual_seed(12)
    tensors = weights(model)  # diffusers' own names
    tensors["latents"] = torch.randn((2, 4, 2, 4, 6), generator=generator)
    tensors["hint"] = torch.randn((2, 12, 2, 4, 6), generator=generator)
    tensors["context"] = torch.randn((1, 3, 6), generator=generator)
    padded = torch.zeros((2, 512, 6))
    padded[:, :3] = tensors["context"]
    # the input of a block is what the one before left, its hint included
    streams = []
    for block in [*model.blocks[1:], model.norm_out]:
        block.register_forward_pre_hook(lambda module, inputs: streams.append(inputs[0].clone()))
    tensors["velocity"] = model(tensors["latents"], torch.tensor([299, 640]), padded,
                                control_hidden_states=tensors["hint"]).sample
    for i, stream in enumerate(streams):
        tensors[f"block{i}"] = stream
    save(f"{folder}/vace_dit.safetensors", tensors)


@torch.no_grad()
def towers(folder):
    """A folder of each kind, sharded, with a clip and what its tower makes of it."""
    for name, seed, vace in (("wan_t2v", 21, False), ("wan_vace", 23, True)):
        config = {
            "vae": {"base_dim": 3, "z_dim": 4, "dim_mult": [1, 2], "num_res_blocks": 1,
                    "temperal_downsample": [True], "latents_mean": [0.25, -0.5, 0.125, 1.0],
                    "latents_std": [1.5, 0.5, 2.0, 0.75]},
            "dit": {"num_attention_heads": 1, "attention_head_dim": 16, "in_channels": 4,
                    "out_channels": 4, "text_dim": 6, "freq_dim": 16, "ffn_dim": 24,
                    "num_layers": 3, "patch_size": [1, 2, 2], "rope_max_seq_len": 64},
            "T": 5, "mode": "clip" if not vace else "frames", "target": 300, "pool": 2, "words": 3,
            "shards": True, "height": 16, "width": 24, "picture": (20, 28), "block": 1, "vace": vace,
        }
        if vace:
            config["dit"]["vace_layers"], config["dit"]["vace_in_channels"] = [0, 2], 12
        case = compare_towers.write_case(config, seed, f"{folder}/{name}")
        save_file({key: value.contiguous() for key, value in case.items()},
                  f"{folder}/{name}/expected.safetensors")


@torch.no_grad()
def umt5(folder):
    target = f"{folder}/umt5"
    config = UMT5Config(vocab_size=200, d_model=24, d_kv=10, d_ff=40, num_heads=2, num_layers=3,
                        relative_attention_num_buckets=8, relative_attention_max_distance=20)
    model = UMT5EncoderModel(config)
    randomize(model, 31)
    model.save_pretrained(target)
    sentences = ["put the wine bottle on top of the cabinet", "open the middle drawer & close it",
                 "pick up the black bowl next to the plate", "a b c d e f g h i j k l m n o p q r"]
    # into memory: a file's path would be kept in the model
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences * 8), model_writer=trained, vocab_size=40,
        model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        normalization_rule_name="identity")
    with open(f"{target}/spiece.model", "wb") as file:
        file.write(trained.getvalue())
    tokenizer = T5Tokenizer(f"{target}/spiece.model", extra_ids=0, legacy=False)
    tensors = {}
    for i, text in enumerate(["", "put the black bowl on the plate", sentences[1] * 12]):
        ids = tokenizer(text, return_tensors="pt").input_ids
        tensors[f"ids{i}"] = ids[0]
        tensors[f"embedding{i}"] = model(ids).last_hidden_state[0]
    save(f"{target}/expected.safetensors", tensors)


def state_dict(folder):
    """A checkpoint as torch.save writes it: an OrderedDict with views, a parameter and half floats."""
    base = torch.arange(24, dtype=torch.float32).view(4, 6)
    tensors = collections.OrderedDict()
    tensors["whole"] = base
    tensors["columns"] = base.t()[1:3]
    tensors["half"] = torch.tensor([0.5, -1.25], dtype=torch.bfloat16)
    tensors["parameter"] = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    tensors["count"] = torch.tensor(7)
    tensors._metadata = collections.OrderedDict({"": {"version": 1}})
    torch.save(tensors, f"{folder}/state_dict.pth")
    torch.save(torch.nn.Linear(2, 2), f"{folder}/module.pth")  # a whole object: to be refused


if __name__ == "__main__":
    torch.manual_seed(0)
    target = sys.argv[1]
    vae(target)
    dit(target)
    siglip(target)
    vace(target)
    towers(target)
    umt5(target)
    state_dict(target)
