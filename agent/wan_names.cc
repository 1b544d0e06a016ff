// Both naming schemes, as conversions from the original one. Norms swap: the original's norm3 is
// the one with weights, which diffusers calls norm2.

#include "agent/wan_names.h"

#include <charconv>
#include <utility>

namespace vega {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// the first pair whose original part is found is replaced
void ReplaceFirst(std::string& name, std::initializer_list<Pair> pairs) {
  for (const auto& [from, to] : pairs) {
    const size_t at = name.find(from);
    if (at == std::string::npos) continue;
    name.replace(at, from.size(), to);
    return;
  }
}

// reads the number at `at`, moving past it
int64_t TakeNumber(const std::string& text, size_t& at) {
  int64_t number = 0;
  const char* begin = text.data() + at;
  const auto result = std::from_chars(begin, text.data() + text.size(), number);
  at += static_cast<size_t>(result.ptr - begin);
  return number;
}

}  // namespace

std::string DiffusersDitName(const std::string& original) {
  std::string name = original;
  if (name == "head.modulation") return "scale_shift_table";
  ReplaceFirst(name, {{"text_embedding.0", "condition_embedder.text_embedder.linear_1"},
                      {"text_embedding.2", "condition_embedder.text_embedder.linear_2"},
                      {"time_embedding.0", "condition_embedder.time_embedder.linear_1"},
                      {"time_embedding.2", "condition_embedder.time_embedder.linear_2"},
                      {"time_projection.1", "condition_embedder.time_proj"},
                      {"head.head", "proj_out"},
                      {".modulation", ".scale_shift_table"},
                      {".norm3.", ".norm2."},
                      {".before_proj.", ".proj_in."},
                      {".after_proj.", ".proj_out."},
                      {".ffn.0.", ".ffn.net.0.proj."},
                      {".ffn.2.", ".ffn.net.2."},
                      {".self_attn.", ".attn1."},
                      {".cross_attn.", ".attn2."}});
  if (name.find(".attn") != std::string::npos) {
    ReplaceFirst(name,
                 {{".q.", ".to_q."}, {".k.", ".to_k."}, {".v.", ".to_v."}, {".o.", ".to_out.0."}});
  }
  return name;
}

std::string DiffusersVaeName(const std::string& original, int64_t res_blocks) {
  std::string name = original;
  if (name.starts_with("conv1.")) return "quant_" + name.replace(4, 1, "");
  if (name.starts_with("conv2.")) return "post_quant_" + name.replace(4, 1, "");
  ReplaceFirst(name, {{".residual.0.", ".norm1."},
                      {".residual.2.", ".conv1."},
                      {".residual.3.", ".norm2."},
                      {".residual.6.", ".conv2."},
                      {".shortcut.", ".conv_shortcut."},
                      {"coder.conv1.", "coder.conv_in."},
                      {"coder.head.0.", "coder.norm_out."},
                      {"coder.head.2.", "coder.conv_out."}});
  ReplaceFirst(name, {{".middle.0.", ".mid_block.resnets.0."},
                      {".middle.1.", ".mid_block.attentions.0."},
                      {".middle.2.", ".mid_block.resnets.1."},
                      {".downsamples.", ".down_blocks."}});
  // the decoder's levels are one list in the original; a level is res_blocks + 1 blocks and then a
  // resampling layer
  const std::string group = ".upsamples.";
  const size_t at = name.find(group);
  if (at == std::string::npos) return name;
  size_t end = at + group.size();
  const int64_t index = TakeNumber(name, end), level = index / (res_blocks + 2),
                block = index % (res_blocks + 2);
  const std::string place =
      block <= res_blocks ? ".resnets." + std::to_string(block) : std::string(".upsamplers.0");
  return name.substr(0, at) + ".up_blocks." + std::to_string(level) + place + name.substr(end);
}

bool HasDiffusersNames(const TensorMap& tensors) {
  for (const char* name : {"condition_embedder.time_proj.weight", "encoder.conv_in.weight",
                           "decoder.conv_in.weight"}) {
    if (tensors.contains(name)) return true;
  }
  return false;
}

}  // namespace vega
