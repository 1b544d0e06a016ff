// Encoded sentences, padded to one length.

#include "agent/train/texts.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace vega {

Texts::Texts(const TextEncoder& encoder, const std::vector<std::string>& sentences,
             at::Device device, int64_t longest) {
  const at::NoGradGuard guard;
  std::vector<at::Tensor> words, means;
  int64_t length = 0;
  for (const std::string& sentence : sentences) {
    const TextEmbedding text = encoder.Encode(sentence);
    words.push_back(longest > 0 ? text.words.slice(0, 0, longest) : text.words);
    means.push_back(text.sentence);
    length = std::max(length, words.back().size(0));
  }
  std::vector<at::Tensor> padded, masks;
  for (const at::Tensor& rows : words) {
    padded.push_back(at::constant_pad_nd(rows, {0, 0, 0, length - rows.size(0)}));
    masks.push_back(at::arange(length).lt(rows.size(0)));
  }
  words_ = at::stack(padded).to(device);
  mask_ = at::stack(masks).to(device);
  sentences_ = at::stack(means).to(device);
}

Texts::Batch Texts::Gather(const std::vector<int64_t>& texts) const {
  const at::Tensor index = at::tensor(texts, at::kLong).to(words_.device());
  return {words_.index_select(0, index), mask_.index_select(0, index),
          sentences_.index_select(0, index)};
}

}  // namespace vega
