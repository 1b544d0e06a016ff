// UMT5's forward pass; the references are wan/modules/t5.py of Wan2.1 and Hugging Face's UMT5.

#include "agent/umt5_encoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <cmath>

#include "agent/attention.h"
#include "agent/weights.h"
#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxWords = 512;
constexpr char kOriginalFile[] = "models_t5_umt5-xxl-enc-bf16.pth";

fs::path FindTokenizer(const fs::path& folder) {
  const fs::path beside = fs::absolute(folder / "").parent_path().parent_path();
  for (const fs::path& place :
       {folder, folder / "tokenizer", folder / "google" / "umt5-xxl", beside / "tokenizer"}) {
    if (fs::exists(place / "spiece.model")) return place / "spiece.model";
  }
  throw Error(fmt::format("no spiece.model for the text encoder in {}", folder.string()),
              "it lies in the folder, in tokenizer/ or google/umt5-xxl/ below, or in tokenizer/ "
              "beside it");
}

}  // namespace

Umt5NormImpl::Umt5NormImpl(int64_t dim, double eps)
    : eps_(eps), weight_(register_parameter("weight", Unset({dim}, 1))) {}

at::Tensor Umt5NormImpl::forward(const at::Tensor& x) {
  const at::Tensor y = at::rms_norm(x.to(at::kFloat), {x.size(-1)}, {}, eps_);
  return y.to(weight_.scalar_type()) * weight_;
}

Umt5LayerImpl::Umt5LayerImpl(const Umt5Options& o)
    : num_heads_(o.num_heads),
      norm1_(register_module("norm1", Umt5Norm(o.dim, o.eps))),
      norm2_(register_module("norm2", Umt5Norm(o.dim, o.eps))),
      q_(RegisterAt(*this, "attn.q", Dense(o.dim, o.num_heads * o.head_dim, false))),
      k_(RegisterAt(*this, "attn.k", Dense(o.dim, o.num_heads * o.head_dim, false))),
      v_(RegisterAt(*this, "attn.v", Dense(o.dim, o.num_heads * o.head_dim, false))),
      o_(RegisterAt(*this, "attn.o", Dense(o.num_heads * o.head_dim, o.dim, false))),
      gate_(RegisterAt(*this, "ffn.gate.0", Dense(o.dim, o.ffn_dim, false))),
      fc1_(RegisterAt(*this, "ffn.fc1", Dense(o.dim, o.ffn_dim, false))),
      fc2_(RegisterAt(*this, "ffn.fc2", Dense(o.ffn_dim, o.dim, false))),
      position_bias_(GroupAt(*this, "pos_embedding.embedding")
                         .register_parameter("weight", Unset({o.num_buckets, o.num_heads}))) {}

at::Tensor Umt5LayerImpl::forward(const at::Tensor& x, const at::Tensor& buckets) {
  const auto heads = [this](const at::Tensor& t) {
    return SplitHeads(t, num_heads_);  // [B,M,L,d]
  };
  const at::Tensor y = norm1_(x);
  at::Tensor logits = at::matmul(heads(q_(y)), heads(k_(y)).transpose(2, 3));  // [B,M,L,L]
  logits = logits + at::embedding(position_bias_, buckets).permute({2, 0, 1});
  const at::Tensor weights = logits.to(at::kFloat).softmax(-1).to(logits.scalar_type());
  const at::Tensor mixed = at::matmul(weights, heads(v_(y)));  // [B,M,L,d]
  const at::Tensor u = x + o_(JoinHeads(mixed));
  const at::Tensor z = norm2_(u);
  return u + fc2_(fc1_(z) * at::gelu(gate_(z), "tanh"));
}

Umt5EncoderImpl::Umt5EncoderImpl(const Umt5Options& o)
    : options_(o), norm_(register_module("norm", Umt5Norm(o.dim, o.eps))) {
  words_ =
      GroupAt(*this, "token_embedding").register_parameter("weight", Unset({o.vocab_size, o.dim}));
  for (int64_t i = 0; i < o.num_layers; ++i) {
    layers_.push_back(RegisterAt(*this, "blocks." + std::to_string(i), Umt5Layer(o)));
  }
}

at::Tensor RelativeBuckets(int64_t length, const Umt5Options& o) {
  const int64_t half = o.num_buckets / 2, exact = half / 2;
  const at::Tensor at = at::arange(length, at::kLong);
  const at::Tensor relative = at.unsqueeze(0) - at.unsqueeze(1);  // key - query
  const at::Tensor distance = relative.abs();
  const double span = std::log(static_cast<double>(o.max_distance) / static_cast<double>(exact));
  const at::Tensor far =
      ((distance.to(at::kFloat) / exact).log() / span * (half - exact)).to(at::kLong) + exact;
  const at::Tensor bucket = at::where(distance < exact, distance, far.clamp_max(half - 1));
  return bucket + (relative > 0).to(at::kLong) * half;
}

at::Tensor Umt5EncoderImpl::forward(const at::Tensor& ids) {
  at::Tensor x = at::embedding(words_, ids);  // [B,L,D]
  const at::Tensor buckets = RelativeBuckets(ids.size(1), options_).to(ids.device());
  for (auto& layer : layers_) x = layer(x, buckets);
  return norm_(x);
}

Umt5Options Umt5OptionsFromJson(const nlohmann::json& json, const std::string& where) {
  Umt5Options o;
  try {
    if (json.value("model_type", "umt5") != "umt5" ||
        json.value("feed_forward_proj", "gated-gelu") != "gated-gelu") {
      throw Error(fmt::format("{} is not a UMT5 encoder", where),
                  "model_type umt5, feed_forward_proj gated-gelu");
    }
    o.vocab_size = json.value("vocab_size", int64_t{250112});
    o.dim = json.value("d_model", int64_t{512});
    o.head_dim = json.value("d_kv", int64_t{64});
    o.num_heads = json.value("num_heads", int64_t{6});
    o.ffn_dim = json.value("d_ff", int64_t{1024});
    o.num_layers = json.value("num_layers", int64_t{8});
    o.num_buckets = json.value("relative_attention_num_buckets", int64_t{32});
    o.max_distance = json.value("relative_attention_max_distance", int64_t{128});
    o.eps = json.value("layer_norm_epsilon", 1e-6);
  } catch (const nlohmann::json::exception&) {
    throw Error(fmt::format("{} has an entry of the wrong type", where));
  }
  return o;
}

std::string HuggingFaceUmt5Name(const std::string& original) {
  if (original == "token_embedding.weight") return "shared.weight";
  if (original == "norm.weight") return "encoder.final_layer_norm.weight";
  const size_t dot = original.find('.', 7);  // "blocks.I.REST"
  const std::string block = "encoder.block." + original.substr(7, dot - 7) + ".layer.";
  const std::string rest = original.substr(dot + 1);
  if (rest == "norm1.weight") return block + "0.layer_norm.weight";
  if (rest == "norm2.weight") return block + "1.layer_norm.weight";
  if (rest == "pos_embedding.embedding.weight") {
    return block + "0.SelfAttention.relative_attention_bias.weight";
  }
  if (rest == "ffn.gate.0.weight") return block + "1.DenseReluDense.wi_0.weight";
  if (rest == "ffn.fc1.weight") return block + "1.DenseReluDense.wi_1.weight";
  if (rest == "ffn.fc2.weight") return block + "1.DenseReluDense.wo.weight";
  return block + "0.SelfAttention." + rest.substr(std::string("attn.").size());
}

Umt5TextEncoder::Umt5TextEncoder(const fs::path& folder) : tokenizer_(FindTokenizer(folder)) {
  Umt5Options options;
  const fs::path config = folder / "config.json";
  if (fs::exists(config)) {
    const MappedFile mapped(config);
    const auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) throw Error(fmt::format("{} is no JSON object", config.string()));
    options = Umt5OptionsFromJson(json, config.string());
  }
  Weights weights = OpenWeights(FindWeights(folder, {"model.safetensors", kOriginalFile}));
  const bool hugging_face = weights.tensors.contains("encoder.final_layer_norm.weight");
  if (hugging_face) {
    // the word table may be there under either of its two names, or both
    auto tied = weights.tensors.extract("encoder.embed_tokens.weight");
    if (!tied.empty() && !weights.tensors.contains("shared.weight")) {
      tied.key() = "shared.weight";
      weights.tensors.insert(std::move(tied));
    }
  }
  encoder_ = Umt5Encoder(options);
  const KeyMap rename = hugging_face ? HuggingFaceUmt5Name : KeyMap();
  for (const auto& [name, tensor] : weights.tensors) {
    if (!tensor.is_floating_point()) continue;
    encoder_->to(tensor.scalar_type());
    break;
  }
  LoadTensors(*encoder_, weights.tensors, weights.source, rename);
  Freeze(*encoder_);
}

at::Tensor Umt5TextEncoder::Encode(const std::string& text) {
  const c10::InferenceMode guard;
  const std::vector<int64_t> ids = tokenizer_.Encode(CleanPrompt(text), kMaxWords);
  return encoder_->forward(at::tensor(ids, at::kLong).unsqueeze(0))[0].to(at::kFloat);
}

}  // namespace vega
