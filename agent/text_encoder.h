// The instruction encoder: all-MiniLM-L6-v2, a BERT of six layers, with its published weights.

#pragma once

#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/wordpiece_tokenizer.h"

namespace vega {

// One BERT layer, post-norm: attention, add, norm; exact-GELU MLP, add, norm.
class BertLayerImpl : public torch::nn::Module {
 public:
  explicit BertLayerImpl(const TextEncoderOptions& options);
  // x [B,L,D] -> [B,L,D]
  at::Tensor forward(const at::Tensor& x);

 private:
  int64_t num_heads_;
  torch::nn::Linear query_, key_, value_, attention_out_, up_, down_;
  torch::nn::LayerNorm attention_norm_, norm_;
};
TORCH_MODULE(BertLayer);

// BERT without its pooler; keys as in Hugging Face's BertModel.
class BertEncoderImpl : public torch::nn::Module {
 public:
  explicit BertEncoderImpl(const TextEncoderOptions& options = {});
  // ids [B,L] i64, no padding -> last hidden state [B,L,D]
  at::Tensor forward(const at::Tensor& ids);

 private:
  torch::nn::Embedding words_, positions_, types_;
  torch::nn::LayerNorm norm_;
  std::vector<BertLayer> layers_;
};
TORCH_MODULE(BertEncoder);

struct TextEmbedding {
  at::Tensor words;     // [L,D] last hidden states, [CLS] first, [SEP] last
  at::Tensor sentence;  // [D] mean of words, of length 1
};

class TextEncoder {
 public:
  // Reads model.safetensors and vocab.txt of `folder` (Data().minilm). Throws Error.
  explicit TextEncoder(const std::filesystem::path& folder);

  // Throws Error when the text is not usable.
  TextEmbedding Encode(const std::string& text) const;
  const WordpieceTokenizer& tokenizer() const { return tokenizer_; }

 private:
  TextEncoderOptions options_;
  WordpieceTokenizer tokenizer_;
  mutable BertEncoder encoder_;  // forward() is not const in LibTorch, but changes nothing
};

}  // namespace vega
