// Numpy's pickle of an array: a call of _reconstruct with a state, whose dtype and bytes are calls
// of their own.

#include "tasks/suite/array_pickle.h"

#include "sim/base/error.h"
#include "sim/base/pickle.h"

namespace vega {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kAllowed[] = {"numpy.dtype", "numpy.ndarray",
                                         "numpy.core.multiarray._reconstruct",
                                         "numpy._core.multiarray._reconstruct", "_codecs.encode"};
constexpr char kHint[] = "expected a float64 array of initial states, one row each";

[[noreturn]] void Fail(const std::string& source, const std::string& what) {
  throw Error(source + " " + what, kHint);
}

// the tuple given to a call, and that set as its state
const std::vector<PickleValue>& Arguments(const PickleValue& call) {
  return *(*call.items)[1].items;
}
const std::vector<PickleValue>* State(const PickleValue& call) {
  if (call.items->size() != 3 || !(*call.items)[2].Is(Kind::kTuple)) return nullptr;
  return (*call.items)[2].items.get();
}

void CheckDtype(const PickleValue& dtype, const std::string& source) {
  if (!dtype.Calls("numpy.dtype")) Fail(source, "holds no plain array");
  const auto& arguments = Arguments(dtype);
  const auto* state = State(dtype);
  if (arguments.empty() || arguments[0].text != "f8") {
    Fail(source, "holds numbers that are not float64");
  }
  if (state == nullptr || state->size() < 2 || (*state)[1].text != "<") {
    Fail(source, "holds numbers that are not little-endian");
  }
}

// UTF-8 text of the code points 0 to 255 to one byte each
std::string Latin1(std::string_view utf8, const std::string& source) {
  std::string bytes;
  bytes.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes.push_back(utf8[i]);
      continue;
    }
    const bool pair = (lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size();
    const auto next = pair ? static_cast<unsigned char>(utf8[++i]) : 0;
    if ((next & 0xc0) != 0x80) Fail(source, "has damaged array data");
    bytes.push_back(static_cast<char>((lead & 0x03) << 6 | (next & 0x3f)));
  }
  return bytes;
}

}  // namespace

RawArray ReadArrayPickle(std::string_view pickle, const std::string& source) {
  const PickleValue root = ReadPickle(pickle, kAllowed, source, kHint);
  const bool array = root.Calls("numpy.core.multiarray._reconstruct") ||
                     root.Calls("numpy._core.multiarray._reconstruct");
  if (!array) Fail(source, "holds no array");
  // version, shape, dtype, Fortran order, raw bytes
  const auto* state = State(root);
  if (state == nullptr || state->size() != 5 || !(*state)[1].Is(Kind::kTuple) ||
      !(*state)[3].Is(Kind::kBool) || !(*state)[4].Calls("_codecs.encode")) {
    Fail(source, "holds no plain array");
  }
  CheckDtype((*state)[2], source);
  if ((*state)[3].number != 0) Fail(source, "holds an array in Fortran order");
  const std::vector<PickleValue>& shape = *(*state)[1].items;
  if (shape.size() != 2 || !shape[0].Is(Kind::kInt) || !shape[1].Is(Kind::kInt)) {
    Fail(source, "holds an array that has not two dimensions");
  }
  const auto& encoded = Arguments((*state)[4]);
  if (encoded.size() != 2 || !encoded[0].Is(Kind::kText) || encoded[1].text != "latin1") {
    Fail(source, "holds no plain array");
  }
  return {shape[0].number, shape[1].number, Latin1(encoded[0].text, source)};
}

}  // namespace vega
