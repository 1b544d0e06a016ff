// Options of every module of the agent, and their JSON form. Plain structs, no torch; defaults are
// the published sizes (Wan2.1-T2V-1.3B, Wan2.1 VAE, SigLIP-so400m, VEGA-3D main branch).

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vega {

// Wan2.1's causal 3-D video VAE (wan/modules/vae.py).
struct VideoVaeOptions {
  int64_t dim = 96;                              // width of the first level
  int64_t decoder_dim = 0;                       // the same of the decoder; 0: as `dim`
  int64_t z_dim = 16;                            // C, latent channels
  std::vector<int64_t> dim_mult = {1, 2, 4, 4};  // width of each level, in dim
  int64_t num_res_blocks = 2;                    // residual blocks a level
  std::vector<bool> temporal_down = {0, 1, 1};   // which spatial halvings also halve time
  std::vector<double> latents_mean = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,
                                      -0.1517, 1.5508,  0.4134,  -0.0715, 0.5517,  -0.3632,
                                      -0.1922, -0.9497, 0.2503,  -0.2921};  // (C)
  std::vector<double> latents_std = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708,
                                     2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579,
                                     1.6382, 1.1253, 2.8251, 1.9160};  // (C)
  bool decoder = true;                                                 // also build the decoder
  int64_t chunk_frames = 4;  // frames encoded at once after the first; 0: all of them
};

// Wan2.1's video diffusion transformer (wan/modules/model.py, wan/modules/vace_model.py).
struct VideoDitOptions {
  int64_t dim = 1536;  // D
  int64_t ffn_dim = 8960;
  int64_t freq_dim = 256;                       // width of the sinusoidal time embedding
  int64_t num_heads = 12;                       // M
  int64_t num_layers = 30;                      // blocks
  int64_t in_dim = 16;                          // latent channels in
  int64_t out_dim = 16;                         // latent channels out
  std::vector<int64_t> patch_size = {1, 2, 2};  // t, h, w of a token
  int64_t text_len = 512;                       // rows of context attended, zero-padded
  int64_t text_dim = 4096;                      // width of the prompt embedding
  double eps = 1e-6;
  bool cross_attn_norm = true;  // LayerNorm before the attention over the prompt
  bool f64_time = true;  // sinusoids of the timestep in f64, as Wan; false: f32, as diffusers
  // How the columns of a head are given to the axes where d is not a multiple of 6: "wan", or
  // "diffusers", whose tables are laid out one way and cut another (see VideoDitImpl::Rope).
  std::string rope = "wan";
  int64_t max_positions = 1024;  // patches along one axis
  bool head = true;              // also build the velocity head
  // VACE: base blocks that a hint is added after, and channels of the hint's input. Empty: none.
  std::vector<int64_t> vace_layers;
  int64_t vace_in_dim = 96;
};

// The semantic encoder: SigLIP's vision transformer, tanh GELU, without pooling head; or, where
// `widths` are given, a convolutional one, see agent/conv_encoder.h.
struct SemanticEncoderOptions {
  int64_t image_size = 384;    // pixels, square
  int64_t patch_size = 14;     // pixels a token
  int64_t hidden_size = 1152;  // D
  int64_t intermediate_size = 4304;
  int64_t num_heads = 16;   // M
  int64_t num_layers = 26;  // layers run; VEGA-3D drops the last of SigLIP's 27
  double eps = 1e-6;
  bool post_norm = false;  // apply the final LayerNorm
  // Of the convolutional encoder, which reads of the above image_size, patch_size, hidden_size and
  // eps only: channels and blocks of each level, and the side of its convolutions, in tokens.
  std::vector<int64_t> widths, depths;
  int64_t kernel = 5;
};

// How semantic and generative tokens become fused tokens (VEGA-3D FeatureFusionModule).
struct FusionOptions {
  std::string method = "token_gated";   // see agent/fusion.h
  int64_t dim = 3584;                   // D of both streams
  int64_t num_heads = 8;                // cross_attention
  int64_t num_layers = 1;               // cross_attention
  double forced_gate = -1;              // in [0, 1] replaces the gate; negative: the learnt gate
  bool spatial_reasoning_keys = false;  // "weighted" with that branch's key weight_3d
};

// The pipeline: clips to fused tokens.
struct VegaModelOptions {
  VideoVaeOptions vae;
  VideoDitOptions dit;
  SemanticEncoderOptions semantic;
  FusionOptions fusion;
  int64_t height = 480;                // H seen by the world model, pixels
  int64_t width = 832;                 // W seen by the world model, pixels
  std::string frames = "independent";  // each frame its own video, or "clip": one causal clip
  int64_t block = 20;                  // k: features are the output of this block, counted from 0
  int64_t timestep = 300;              // target; the nearest of the schedule is used
  double shift = 5.0;                  // of the flow schedule
  int64_t grid = 14;                   // G
  // Where generative tokens come from: "world-model", or a control: "noise-only", which sees
  // nothing, or "semantic-mlp", the semantic encoder's tokens once more, so that all that is left
  // of the second stream is its projector.
  std::string tower = "world-model";
  // Put the region the world model sees where the semantic encoder's tokens are. As published
  // (false) it fills the encoder's whole picture, whose last pixels no token covers where the side
  // is no multiple of the patch: 6 of SigLIP's 384.
  bool registered = true;
};

// The transformer that turns fused tokens, words and proprio into an action chunk.
struct ActionHeadOptions {
  // of the layers over the fused tokens
  int64_t dim = 96;  // D
  int64_t ffn_dim = 192;
  int64_t num_heads = 4;  // M
  int64_t num_layers = 2;
  // of those that read them out
  int64_t query_dim = 96;  // Q
  int64_t query_ffn_dim = 192;
  int64_t query_num_heads = 4;
  int64_t query_num_layers = 2;
  int64_t token_dim = 96;  // width of the fused tokens
  int64_t text_dim = 384;  // width of the words
  int64_t num_cameras = 2;
  int64_t num_tokens = 64;   // N, fused tokens a camera
  int64_t proprio_dim = 8;   // P
  int64_t chunk_length = 8;  // K
  int64_t action_dim = 7;    // A
  // 0: the chunk at once, trained by L1; otherwise by flow matching, integrated in so many steps.
  int64_t flow_steps = 0;
};

// BERT as used by sentence-transformers' all-MiniLM-L6-v2.
struct TextEncoderOptions {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 384;  // D
  int64_t num_heads = 12;     // M
  int64_t num_layers = 6;
  int64_t intermediate_size = 1536;
  int64_t max_positions = 512;
  int64_t type_vocab_size = 2;
  double eps = 1e-12;
  int64_t max_words = 256;  // longer texts are cut
};

nlohmann::json ToJson(const VegaModelOptions& options);
// Reads an object; keys that are absent keep their default. Throws Error naming an unknown key or a
// value of the wrong type, with its path below `where`.
VegaModelOptions VegaModelOptionsFromJson(const nlohmann::json& json, const std::string& where);

// Options by name: "vega-tiny" (runs in milliseconds on one core), "vega3d-main" (published 3-D
// release: block 20, 14x14), "vega3d-sr" (spatial-reasoning release: last block). Throws Error.
VegaModelOptions ModelPreset(const std::string& name);

}  // namespace vega
