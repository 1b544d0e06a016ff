// What the agent's tests share: fixtures, small models and errors relative to an output's scale.

#pragma once

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <filesystem>
#include <string>

#include "agent/config.h"
#include "agent/modules.h"
#include "agent/tensor_file.h"

namespace vega {

// Tensors of tests/fixtures/agent/NAME.safetensors; f16 becomes f32.
inline TensorMap AgentFixture(const std::string& name) {
  TensorMap tensors =
      ReadTensors(std::filesystem::path(VEGA_FIXTURES) / "agent" / (name + ".safetensors"));
  for (auto& [key, tensor] : tensors) {
    if (tensor.scalar_type() == at::kHalf) tensor = tensor.to(at::kFloat);
  }
  return tensors;
}

// The fixture's weights, without their prefix "w/".
inline TensorMap FixtureWeights(const TensorMap& fixture) {
  TensorMap weights;
  for (const auto& [key, tensor] : fixture) {
    if (key.starts_with("w/")) weights.emplace(key.substr(2), tensor);
  }
  return weights;
}

// max |a - b| / max |b|
inline double RelativeError(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return 1e9;
  return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
}

inline at::Tensor Uniform(at::IntArrayRef shape, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::rand(shape, generator, at::TensorOptions()) * 2 - 1;
}

inline VideoVaeOptions SmallVae() {
  VideoVaeOptions o;
  o.dim = 4;
  o.z_dim = 4;
  o.num_res_blocks = 1;
  o.latents_mean = {0.25, -0.5, 0.125, 1.0};
  o.latents_std = {1.5, 0.5, 2.0, 0.75};
  return o;
}

inline VideoDitOptions SmallDit() {
  VideoDitOptions o;
  o.dim = 32;
  o.ffn_dim = 64;
  o.freq_dim = 16;
  o.num_heads = 2;
  o.num_layers = 4;
  o.in_dim = o.out_dim = 4;
  o.text_len = 8;
  o.text_dim = 12;
  return o;
}

}  // namespace vega
