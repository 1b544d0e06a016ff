#!/usr/bin/env python3
"""Makes tests/fixtures/agent/fusion.safetensors: every fusion method of VEGA-3D, written with torch.nn from the
method's formula, with random weights under the published keys, on one pair of token grids.

    python3 tests/tools/make_fusion_fixtures.py tests/fixtures/agent       (torch and safetensors)

Holds s and v [2,9,16], context [2,16], and for each METHOD its weights METHOD/w/KEY, METHOD/tokens and, where the
method has one, METHOD/gate.
"""
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

B, SIDE, D, HEADS = 2, 3, 16, 2


class Fusion(nn.Module):
    """One method; parameters carry the published names."""

    def __init__(self, method):
        super().__init__()
        self.method = method
        if method == "weighted":
            self.weight_2d = nn.Parameter(torch.tensor(0.5))
            self.weight_gen = nn.Parameter(torch.tensor(0.5))
        elif method == "paper":
            self.ln_sem, self.ln_gen, self.gate_proj = nn.LayerNorm(D), nn.LayerNorm(D), nn.Linear(2 * D, 1)
        elif method == "cross_attention":
            self.cross_attn_blocks = nn.ModuleList([CrossBlock(), CrossBlock()])
        elif method not in ("add", "only"):
            self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        if method == "concat":
            self.projection = nn.Linear(2 * D, D)
        elif method == "gated":
            self.gate_projection = nn.Sequential(nn.Linear(2 * D, D), nn.Sigmoid())
        elif method in ("token_gated", "token_gated_residual"):
            self.gate_projection = nn.Sequential(nn.Linear(2 * D, 1), nn.Sigmoid())
        elif method == "instruction_token_gated":
            self.norm_ctx = nn.LayerNorm(D)
            self.gate_projection = nn.Linear(2 * D, 1)
            self.ctx_projection = nn.Sequential(nn.Linear(D, D // 2), nn.SiLU(), nn.Linear(D // 2, 1))
            self.context_scale = nn.Parameter(torch.tensor(1.0))
            self.gate_bias = nn.Parameter(torch.tensor(-0.5))
        if method == "token_gated_residual":
            self.residual_scale = nn.Parameter(torch.tensor(0.2))

    def forward(self, s, v, context):
        method = self.method
        if method == "add":
            return s + v, None
        if method == "only":
            return v, None
        if method == "weighted":
            total = self.weight_2d + self.weight_gen
            gate = (self.weight_2d / total).expand(B, SIDE * SIDE, 1)
            return (self.weight_2d * s + self.weight_gen * v) / total, gate
        if method == "cross_attention":
            x, position = s, sine_position()
            for block in self.cross_attn_blocks:
                x = block(x, v, position)
            return x, None
        if method == "paper":
            gate = torch.sigmoid(self.gate_proj(torch.cat([self.ln_gen(v), self.ln_sem(s)], -1)))
            return (1 - gate) * v + gate * s, gate
        ns, nv = self.norm1(s), self.norm2(v)
        both = torch.cat([ns, nv], -1)
        if method == "concat":
            return self.projection(both), None
        if method == "instruction_token_gated":
            shift = self.ctx_projection(self.norm_ctx(context)).unsqueeze(1)
            gate = torch.sigmoid(self.gate_projection(both) + self.gate_bias + self.context_scale * shift)
        else:
            gate = self.gate_projection(both)
        if method == "token_gated_residual":
            mixed = gate * s + (1 - gate) * v
            return s + self.residual_scale * (mixed - s), gate
        return gate * ns + (1 - gate) * nv, gate


class CrossBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1_query, self.norm1_key, self.norm1_value = (nn.LayerNorm(D) for _ in range(3))
        self.norm2 = nn.LayerNorm(D)
        self.cross_attention = nn.MultiheadAttention(D, HEADS, dropout=0.1, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Dropout(0.1), nn.Linear(4 * D, D))

    def forward(self, s, v, position):
        attended, _ = self.cross_attention(self.norm1_query(s) + position, self.norm1_key(v) + position,
                                           self.norm1_value(v), need_weights=False)
        x = s + attended
        return x + self.mlp(self.norm2(x))


def sine_position():
    """[SIDE*SIDE,D]: rows in the first half, columns in the second, each [sin | cos]."""
    omega = 10000.0 ** (-torch.arange(D // 4, dtype=torch.float64) / (D // 4))
    angle = torch.arange(SIDE, dtype=torch.float64)[:, None] * omega
    axis = torch.cat([angle.sin(), angle.cos()], 1)
    rows, columns = axis[:, None].expand(SIDE, SIDE, -1), axis[None].expand(SIDE, SIDE, -1)
    return torch.cat([rows, columns], 2).reshape(SIDE * SIDE, D).float()


@torch.no_grad()
def main(folder):
    generator = torch.Generator().manual_seed(7)
    draw = lambda *shape: torch.randn(shape, generator=generator)
    s, v, context = draw(B, SIDE * SIDE, D), 0.3 * draw(B, SIDE * SIDE, D) + 0.5, F.normalize(draw(B, D), dim=-1)
    out = {"s": s, "v": v, "context": context}
    for method in ("add", "only", "weighted", "concat", "gated", "token_gated", "token_gated_residual",
                   "instruction_token_gated", "cross_attention", "paper"):
        model = Fusion(method).eval()
        for name, parameter in model.named_parameters():
            noise = draw(*parameter.shape)
            parameter.copy_(parameter + 0.3 * noise if parameter.dim() < 2 else 0.4 * noise)
            out[f"{method}/w/{name}"] = parameter.clone()
        tokens, gate = model(s, v, context)
        out[f"{method}/tokens"] = tokens.clone()
        if gate is not None:
            out[f"{method}/gate"] = gate.contiguous().clone()
    save_file(out, f"{folder}/fusion.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
