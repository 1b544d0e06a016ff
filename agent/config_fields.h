// The fields of every options struct, for json_fields.h.

#pragma once

#include "agent/config.h"
#include "agent/json_fields.h"

namespace vega {

template <class V>
void Fields(V& v, VideoVaeOptions& o) {
  v("dim", o.dim), v("decoder_dim", o.decoder_dim), v("z_dim", o.z_dim);
  v("dim_mult", o.dim_mult);
  v("num_res_blocks", o.num_res_blocks), v("temporal_down", o.temporal_down);
  v("latents_mean", o.latents_mean), v("latents_std", o.latents_std);
  v("decoder", o.decoder), v("chunk_frames", o.chunk_frames);
}

template <class V>
void Fields(V& v, VideoDitOptions& o) {
  v("dim", o.dim), v("ffn_dim", o.ffn_dim), v("freq_dim", o.freq_dim);
  v("num_heads", o.num_heads), v("num_layers", o.num_layers), v("in_dim", o.in_dim);
  v("out_dim", o.out_dim), v("patch_size", o.patch_size), v("text_len", o.text_len);
  v("text_dim", o.text_dim), v("eps", o.eps), v("cross_attn_norm", o.cross_attn_norm);
  v("f64_time", o.f64_time), v("rope", o.rope), v("max_positions", o.max_positions);
  v("head", o.head), v("vace_layers", o.vace_layers), v("vace_in_dim", o.vace_in_dim);
}

template <class V>
void Fields(V& v, SemanticEncoderOptions& o) {
  v("image_size", o.image_size), v("patch_size", o.patch_size), v("hidden_size", o.hidden_size);
  v("intermediate_size", o.intermediate_size), v("num_heads", o.num_heads);
  v("num_layers", o.num_layers), v("eps", o.eps), v("post_norm", o.post_norm);
  v("widths", o.widths), v("depths", o.depths), v("kernel", o.kernel);
}

template <class V>
void Fields(V& v, FusionOptions& o) {
  v("method", o.method), v("dim", o.dim), v("num_heads", o.num_heads);
  v("num_layers", o.num_layers), v("forced_gate", o.forced_gate);
  v("spatial_reasoning_keys", o.spatial_reasoning_keys);
}

template <class V>
void Fields(V& v, VegaModelOptions& o) {
  v("vae", o.vae), v("dit", o.dit), v("semantic", o.semantic), v("fusion", o.fusion);
  v("height", o.height), v("width", o.width), v("frames", o.frames), v("block", o.block);
  v("timestep", o.timestep), v("shift", o.shift), v("grid", o.grid);
  v("tower", o.tower), v("registered", o.registered);
}

template <class V>
void Fields(V& v, ActionHeadOptions& o) {
  v("dim", o.dim), v("ffn_dim", o.ffn_dim), v("num_heads", o.num_heads);
  v("num_layers", o.num_layers), v("query_dim", o.query_dim);
  v("query_ffn_dim", o.query_ffn_dim), v("query_num_heads", o.query_num_heads);
  v("query_num_layers", o.query_num_layers);
  v("token_dim", o.token_dim), v("text_dim", o.text_dim);
  v("num_cameras", o.num_cameras), v("num_tokens", o.num_tokens);
  v("proprio_dim", o.proprio_dim), v("chunk_length", o.chunk_length);
  v("action_dim", o.action_dim), v("flow_steps", o.flow_steps);
}

}  // namespace vega
