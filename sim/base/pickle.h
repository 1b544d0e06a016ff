// A pickle as inert values, without running it.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vega {

// What a pickle describes. Calls are recorded, never made; a name is the text "module.name".
// Values are immutable and share their parts, so there are no cycles, and a pickle that nests one
// value many times stays small.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        // number
    kInt,         // number
    kFloat,       // real
    kText,        // text
    kTuple,       // items
    kList,        // items
    kDict,        // items: key, value, key, value
    kName,        // text
    kCall,        // items: name, tuple of arguments, then a state and the entries added, if any
    kPersistent,  // items: the id
    kMark,        // never outside the reader
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;
  double real = 0;
  std::string_view text = {};  // part of the pickle, or a name kept in `owned`
  std::shared_ptr<const std::vector<PickleValue>> items = nullptr;
  std::shared_ptr<const std::string> owned = nullptr;
  int depth = 0;  // of values in values

  bool Is(Kind wanted) const { return kind == wanted; }
  // A call of this name.
  bool Calls(std::string_view name) const;
};

// Reads protocols 2 and 3, as far as plain data, tensors and arrays need them. Names outside
// `allowed` ("module.name") are refused. The pickle must outlive the result. Throws Error
// "`source` ..." with `hint`.
PickleValue ReadPickle(std::string_view pickle, std::span<const std::string_view> allowed,
                       const std::string& source, const std::string& hint);

}  // namespace vega
