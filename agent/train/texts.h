// The sentences a stage needs, encoded once: instructions of its samples, names of categories.

#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "agent/text_encoder.h"

namespace vega {

class Texts {
 public:
  // `longest` words of each are kept; 0: all. What is gathered lies on `device`.
  Texts(const TextEncoder& encoder, const std::vector<std::string>& sentences, at::Device device,
        int64_t longest = 0);

  struct Batch {
    at::Tensor words;      // [B,L,D], zero rows where a text is shorter
    at::Tensor mask;       // [B,L] bool, false there
    at::Tensor sentences;  // [B,D], of length 1
  };
  Batch Gather(const std::vector<int64_t>& texts) const;
  const at::Tensor& sentences() const { return sentences_; }  // [texts,D]

 private:
  at::Tensor words_, mask_, sentences_;
};

}  // namespace vega
