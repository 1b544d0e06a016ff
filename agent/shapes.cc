// Shape checks: one clear line instead of a kernel's assertion.

#include "agent/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "sim/base/error.h"

namespace vega {

std::string ShapeText(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ","));
}

void RequireShape(const at::Tensor& tensor, std::initializer_list<int64_t> shape,
                  std::string_view what, std::string_view letters) {
  bool fits = tensor.defined() && tensor.dim() == static_cast<int64_t>(shape.size());
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    const int64_t wanted = shape.begin()[i];
    fits = wanted < 0 || tensor.size(static_cast<int64_t>(i)) == wanted;
  }
  if (fits) return;
  std::vector<std::string> wanted;
  for (int64_t size : shape) wanted.push_back(size < 0 ? "*" : std::to_string(size));
  throw Error(fmt::format("{} must be {} = [{}], but is {}", what, letters, fmt::join(wanted, ","),
                          tensor.defined() ? ShapeText(tensor.sizes()) : "absent"));
}

}  // namespace vega
