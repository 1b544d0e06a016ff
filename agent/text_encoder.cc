// MiniLM's forward pass. Keys and order of operations follow Hugging Face's BertModel; the sentence
// is sentence-transformers' mean pooling and L2 normalisation.

#include "agent/text_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "agent/attention.h"
#include "agent/modules.h"
#include "agent/tensor_file.h"

namespace vega {
namespace {

using torch::nn::Embedding;
using torch::nn::Linear;

}  // namespace

BertLayerImpl::BertLayerImpl(const TextEncoderOptions& o)
    : num_heads_(o.num_heads),
      query_(RegisterAt(*this, "attention.self.query", Linear(o.hidden_size, o.hidden_size))),
      key_(RegisterAt(*this, "attention.self.key", Linear(o.hidden_size, o.hidden_size))),
      value_(RegisterAt(*this, "attention.self.value", Linear(o.hidden_size, o.hidden_size))),
      attention_out_(
          RegisterAt(*this, "attention.output.dense", Linear(o.hidden_size, o.hidden_size))),
      up_(RegisterAt(*this, "intermediate.dense", Linear(o.hidden_size, o.intermediate_size))),
      down_(RegisterAt(*this, "output.dense", Linear(o.intermediate_size, o.hidden_size))),
      attention_norm_(RegisterAt(*this, "attention.output.LayerNorm", Norm(o.hidden_size, o.eps))),
      norm_(RegisterAt(*this, "output.LayerNorm", Norm(o.hidden_size, o.eps))) {}

at::Tensor BertLayerImpl::forward(const at::Tensor& x) {
  const auto heads = [this](const at::Tensor& t) {
    return SplitHeads(t, num_heads_);  // [B,M,L,d]
  };
  at::Tensor y = at::scaled_dot_product_attention(heads(query_(x)), heads(key_(x)),
                                                  heads(value_(x)));  // [B,M,L,d]
  y = attention_norm_(x + attention_out_(JoinHeads(y)));              // [B,L,D]
  return norm_(y + down_(at::gelu(up_(y))));                          // [B,L,D]
}

BertEncoderImpl::BertEncoderImpl(const TextEncoderOptions& o)
    : words_(
          RegisterAt(*this, "embeddings.word_embeddings", Embedding(o.vocab_size, o.hidden_size))),
      positions_(RegisterAt(*this, "embeddings.position_embeddings",
                            Embedding(o.max_positions, o.hidden_size))),
      types_(RegisterAt(*this, "embeddings.token_type_embeddings",
                        Embedding(o.type_vocab_size, o.hidden_size))),
      norm_(RegisterAt(*this, "embeddings.LayerNorm", Norm(o.hidden_size, o.eps))) {
  for (int64_t i = 0; i < o.num_layers; ++i) {
    layers_.push_back(RegisterAt(*this, "encoder.layer." + std::to_string(i), BertLayer(o)));
  }
}

at::Tensor BertEncoderImpl::forward(const at::Tensor& ids) {
  const at::Tensor positions = positions_->weight.narrow(0, 0, ids.size(1));  // [L,D]
  const at::Tensor type = types_->weight[0];                                  // [D]
  at::Tensor x = norm_(words_(ids) + type + positions);                       // [B,L,D]
  for (auto& layer : layers_) x = layer(x);
  return x;
}

TextEncoder::TextEncoder(const std::filesystem::path& folder)
    : tokenizer_(folder / "vocab.txt"), encoder_(options_) {
  const auto file = folder / "model.safetensors";
  TensorMap tensors = ReadTensors(file);
  // parts of the published file this encoder does not use
  for (const char* unused :
       {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}) {
    tensors.erase(unused);
  }
  LoadTensors(*encoder_, tensors, file.string());
  Freeze(*encoder_);
}

TextEmbedding TextEncoder::Encode(const std::string& text) const {
  const c10::InferenceMode guard;
  std::vector<int64_t> ids = tokenizer_.Encode(text, options_.max_words);
  const at::Tensor words =
      encoder_->forward(at::tensor(ids, at::kLong).unsqueeze(0)).squeeze(0);  // [L,D]
  const at::Tensor mean = words.mean(0);                                      // [D]
  return {words, mean / mean.norm().clamp_min(1e-12)};
}

}  // namespace vega
