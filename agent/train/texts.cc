// Encoded sentences, padded to one length.

#include "agent/train/texts.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace vega {

Texts::Texts(const TextEncoder& encoder, const std::vector<std::string>& sentences,
             at::Device device, int64_t longest) {
  const at::NoGradGuard guard;
  const auto count = static_cast<int64_t>(sentences.size());
  std::vector<at::Tensor> words(count), means(count);
  // each sentence is too short for more than one thread
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const TextEmbedding text = encoder.Encode(sentences[i]);
      words[i] = longest > 0 ? text.words.slice(0, 0, longest) : text.words;
      means[i] = text.sentence;
    }
  });
  int64_t length = 0;
  for (const at::Tensor& rows : words) length = std::max(length, rows.size(0));
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
