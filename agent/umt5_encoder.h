// UMT5, the encoder that turns a prompt into the embedding Wan2.1 attends to, with its tokenizer.
// Keys as in Wan's models_t5_umt5-xxl-enc-bf16.pth; Hugging Face's UMT5EncoderModel is read too.

#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/modules.h"
#include "agent/sentencepiece_tokenizer.h"

namespace vega {

// Defaults are UMT5-XXL's.
struct Umt5Options {
  int64_t vocab_size = 256384;
  int64_t dim = 4096;      // D
  int64_t head_dim = 64;   // d
  int64_t num_heads = 64;  // M; M d need not be D
  int64_t ffn_dim = 10240;
  int64_t num_layers = 24;
  int64_t num_buckets = 32;    // of relative positions, both signs
  int64_t max_distance = 128;  // positions from here on share the last bucket
  double eps = 1e-6;
};

// x * rsqrt(mean x^2 + eps) * weight.
class Umt5NormImpl : public torch::nn::Module {
 public:
  Umt5NormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);  // [B,L,D] -> same

 private:
  double eps_;
  at::Tensor weight_;
};
TORCH_MODULE(Umt5Norm);

// Pre-norm layer: attention without scaling, with a bias by relative position that is its own; then
// fc2(fc1(x) gelu_tanh(gate(x))).
class Umt5LayerImpl : public torch::nn::Module {
 public:
  explicit Umt5LayerImpl(const Umt5Options& options);
  // x [B,L,D], buckets [L,L] i64 -> [B,L,D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& buckets);

 private:
  int64_t num_heads_;
  Umt5Norm norm1_, norm2_;
  Dense q_, k_, v_, o_, gate_, fc1_, fc2_;
  at::Tensor position_bias_;  // [buckets,M]
};
TORCH_MODULE(Umt5Layer);

class Umt5EncoderImpl : public torch::nn::Module {
 public:
  // Weights are unset: load or draw them.
  explicit Umt5EncoderImpl(const Umt5Options& options = {});
  // ids [B,L] i64, no padding -> last hidden state [B,L,D], in the dtype of the weights
  at::Tensor forward(const at::Tensor& ids);

 private:
  Umt5Options options_;
  at::Tensor words_;  // [vocab,D]
  std::vector<Umt5Layer> layers_;
  Umt5Norm norm_;
};
TORCH_MODULE(Umt5Encoder);

// Buckets of relative positions [L,L] i64, row query, column key (T5, both directions).
at::Tensor RelativeBuckets(int64_t length, const Umt5Options& options);

// Reads Hugging Face's config.json. Throws Error on another architecture.
Umt5Options Umt5OptionsFromJson(const nlohmann::json& json, const std::string& where);

// Hugging Face's name of an original one.
std::string HuggingFaceUmt5Name(const std::string& original);

class Umt5TextEncoder {
 public:
  // Reads a folder with Hugging Face's config.json and model.safetensors (or shards), or Wan's
  // models_t5_umt5-xxl-enc-bf16.pth; and spiece.model, there, in tokenizer/ or google/umt5-xxl/
  // below, or in tokenizer/ beside it. Computes in the dtype of the weights. Throws Error.
  explicit Umt5TextEncoder(const std::filesystem::path& folder);

  // The embedding [L,D] f32 of a prompt, cleaned as published and cut to 512 words, the last of
  // which is the end of the sentence.
  at::Tensor Encode(const std::string& text);
  const SentencepieceTokenizer& tokenizer() const { return tokenizer_; }

 private:
  SentencepieceTokenizer tokenizer_;
  Umt5Encoder encoder_{nullptr};
};

}  // namespace vega
